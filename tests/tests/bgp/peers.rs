//! Peers: who they are, which families they speak, and what a change beside a session leaves alone.

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{
    neighbor_lines, originate, peer, prefixes_from, second_tor, sessions_so_far, wait_neighbor, wait_neighbor_lines,
    wait_path,
};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, on_each_frr, request, v1};

/// Own prefixes of both families.
const PREFIXES: [&str; 2] = ["10.66.0.1/32", "fd66::1/128"];
/// What the router of the rack originates.
const LEARNED: [&str; 2] = ["10.88.0.0/24", "fd88::/64"];

on_each_frr! {
    /// One peer by its IPv4 and one by its IPv6 address: routes of both families go over both, both ways.
    async fn each_transport_carries_both_families(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let tor = &scene.tor;
        bgp_session(tor, TOR_AS, tor.node_ipv6.into(), NODE_AS).await?;
        originate(&tor.router, TOR_AS, LEARNED[0], LEARNED[1]).await?;
        client.apply_peer(request::apply_peer(LB, peer(tor.ipv6, TOR_AS))).await?;
        scene.established(tor.ipv6.into()).await?;
        for prefix in PREFIXES {
            client.advertise_prefix(request::advertise(LB, prefix)).await?;
        }
        for (node, rack) in [(tor.node_ipv4.into(), tor.ipv4.into()), (tor.node_ipv6.into(), IpAddr::from(tor.ipv6))] {
            for (own, learned) in PREFIXES.into_iter().zip(LEARNED) {
                wait_path(&tor.router, own, node, usable).await?;
                wait_path(&scene.node, learned, rack, usable).await?;
            }
        }
        Ok(())
    }

    /// Only the families that were asked for are negotiated: IPv6 alone has no IPv4, and none named means IPv4.
    async fn families_that_were_not_asked_for_are_off(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let tor = &scene.tor;
        bgp_session(tor, TOR_AS, tor.node_ipv6.into(), NODE_AS).await?;
        for prefix in PREFIXES {
            client.advertise_prefix(request::advertise(LB, prefix)).await?;
        }
        let ipv6_only = vec![v1::AddressFamily::Ipv6Unicast.into()];
        let ipv6_only = v1::BgpPeer { address_families: ipv6_only, ..peer(tor.ipv6, TOR_AS) };
        client.apply_peer(request::apply_peer(LB, ipv6_only)).await?;
        let node = IpAddr::from(tor.node_ipv6);
        negotiated(&scene, node, &["ipv6Unicast"]).await?;
        wait_path(&tor.router, PREFIXES[1], node, usable).await?;
        ensure!(prefixes_from(&tor.router, "ipv4", node).await?.is_empty());

        let default = v1::BgpPeer { address_families: Vec::new(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, default)).await?;
        let node = IpAddr::from(tor.node_ipv4);
        negotiated(&scene, node, &["ipv4Unicast"]).await?;
        wait_path(&tor.router, PREFIXES[0], node, usable).await?;
        ensure!(prefixes_from(&tor.router, "ipv6", node).await?.is_empty());

        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        negotiated(&scene, node, &["ipv4Unicast", "ipv6Unicast"]).await?;
        wait_path(&tor.router, PREFIXES[1], node, usable).await?;
        Ok(())
    }

    /// A peer whose type contradicts the AS numbers is refused with the reason and never reaches FRR, while other
    /// intents go on; with the right type the internal peer comes up.
    async fn a_peer_type_that_contradicts_the_as_is_refused(release) {
        let scene = Scene::new(release).await?;
        let tor = &scene.tor;
        let (node, rack) = (IpAddr::from(tor.node_ipv4), IpAddr::from(tor.ipv4));
        bgp_session(tor, NODE_AS, node, NODE_AS).await?;
        originate(&tor.router, NODE_AS, LEARNED[0], LEARNED[1]).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        let of_type = |address, remote_as, kind: v1::PeerType| {
            request::apply_peer(LB, v1::BgpPeer { peer_type: kind.into(), ..peer(address, remote_as) })
        };
        let stranger = IpAddr::from([10, 0, 1, 77]);
        client.apply_peer(of_type(rack, NODE_AS, v1::PeerType::External)).await?;
        client.apply_peer(of_type(stranger, TOR_AS, v1::PeerType::Internal)).await?;
        for (address, word) in [(rack, "internal"), (stranger, "external")] {
            let refused = scene.peer_intent_state(address, "refused").await?;
            ensure!(refused.reason.starts_with("PEER_TYPE_MISMATCH") && refused.reason.contains(word), "{refused:?}");
        }
        for prefix in PREFIXES {
            client.advertise_prefix(request::advertise(LB, prefix)).await?;
            scene.prefix_state(prefix, "programmed").await?;
        }
        let running = scene.running(Daemon::Bgpd).await?;
        ensure!(!running.contains(" neighbor "), "refused peers are in FRR:\n{running}");

        client.apply_peer(of_type(rack, NODE_AS, v1::PeerType::Internal)).await?;
        scene.established(rack).await?;
        for (own, learned) in PREFIXES.into_iter().zip(LEARNED) {
            let path = wait_path(&tor.router, own, node, usable).await?;
            assert_eq!((&path["peer"]["type"], &path["aspath"]["length"]), (&"internal".into(), &0.into()));
            wait_path(&scene.node, learned, rack, usable).await?;
        }
        scene.peer_intent_state(stranger, "refused").await?;
        Ok(())
    }

    /// The session goes by the peer's AS: a new one replaces the old in place.
    async fn the_remote_as_of_a_peer_changes(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let (node, rack) = (IpAddr::from(scene.tor.node_ipv4), IpAddr::from(scene.tor.ipv4));
        client.advertise_prefix(request::advertise(LB, PREFIXES[0])).await?;
        client.apply_peer(request::apply_peer(LB, peer(rack, 65_200))).await?;
        wait_neighbor(&scene.node, rack, "the new AS", |said| said["remoteAs"] == 65_200).await?;
        scene.tor.router.configure(Daemon::Bgpd, &[format!("no router bgp {TOR_AS}")]).await?;
        bgp_session(&scene.tor, 65_200, node, NODE_AS).await?;
        scene.established(rack).await?;
        wait_path(&scene.tor.router, PREFIXES[0], node, usable).await?;
        Ok(())
    }

    /// A session stays as it is, to the second, through changes of prefixes, of its own description, timers and limit,
    /// and of another peer; removing a peer takes every line of it and nothing else.
    async fn a_session_outlives_all_changes_beside_it(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let (node, rack) = (IpAddr::from(scene.tor.node_ipv4), IpAddr::from(scene.tor.ipv4));
        let since = up_since(&scene, rack).await?;
        let times = sessions_so_far(&scene.tor.router, node).await?;
        change_prefixes(&scene, &mut client).await?;
        for description in ["top of rack", "top of rack 1", ""] {
            let timers = v1::BgpPeer { keepalive: 2, hold_time: 12, max_prefix: 7, ..scene.ebgp_peer() };
            let peer = v1::BgpPeer { description: description.into(), ..timers };
            client.apply_peer(request::apply_peer(LB, peer)).await?;
            wait_neighbor(&scene.node, rack, description, |said| said["nbrDesc"].as_str().unwrap_or("") == description)
                .await?;
        }
        let other = second_tor(&scene).await?;
        bgp_session(&other, TOR_AS, other.node_ipv4.into(), NODE_AS).await?;
        let address = IpAddr::from(other.ipv4);
        client.apply_peer(request::apply_peer(LB, peer(address, TOR_AS))).await?;
        scene.established(address).await?;
        let guarded = v1::BgpPeer { password: "secret".into(), bfd_enabled: true, ..peer(address, TOR_AS) };
        client.apply_peer(request::apply_peer(LB, guarded)).await?;
        wait_neighbor(&scene.node, address, "down", |said| said["bgpState"] != "Established").await?;
        client.remove_peer(request::remove_peer(LB, address)).await?;
        wait_neighbor_lines(&scene, address, &[].into()).await?;

        client.advertise_prefix(request::advertise(LB, "10.66.255.1/32")).await?;
        scene.tor.router.wait_bgp_route("10.66.255.1/32", TIMEOUT).await?;
        assert_eq!(sessions_so_far(&scene.tor.router, node).await?, times);
        // FRR 8 works it out anew from two clocks each time it is asked.
        let still = up_since(&scene, rack).await?;
        ensure!(still.abs_diff(since) <= 1, "up since {still}, was {since}");
        ensure!(!scene.running(Daemon::Bfdd).await?.contains("NR-B-"), "a BFD profile that nobody uses");
        ensure!(!neighbor_lines(&scene.running(Daemon::Bgpd).await?, rack).is_empty());
        Ok(())
    }
}

/// Announces, changes and withdraws prefixes of both families, each seen at the router of the rack.
async fn change_prefixes(scene: &Scene, client: &mut Client) -> Result<()> {
    let node = scene.tor.node_ipv4.into();
    for prefix in PREFIXES {
        for med in [0, 10, 20] {
            let attributes = v1::PrefixAttributes { med, ..Default::default() };
            client.advertise_prefix(request::advertise_with(LB, prefix, attributes)).await?;
            wait_path(&scene.tor.router, prefix, node, |path| path["metric"].as_u64().unwrap_or(0) == u64::from(med))
                .await?;
        }
        client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Bgp)).await?;
        scene.tor.router.wait_bgp_no_route(prefix, TIMEOUT).await?;
    }
    Ok(())
}

/// Whether a path is valid and its next hop can be reached.
fn usable(path: &serde_json::Value) -> bool {
    path["valid"] == true
}

/// Waits until the session is up with exactly these families on both sides' lists, as the router of the rack says,
/// which itself has both active.
async fn negotiated(scene: &Scene, node: IpAddr, families: &[&str]) -> Result<()> {
    wait_neighbor(&scene.tor.router, node, &format!("{families:?}"), |said| {
        let offered = &said["neighborCapabilities"]["multiprotocolExtensions"];
        let both = |family: &str| offered[family]["advertisedAndReceived"] == true;
        said["bgpState"] == "Established"
            && ["ipv4Unicast", "ipv6Unicast"].iter().all(|family| both(family) == families.contains(family))
    })
    .await?;
    Ok(())
}

/// When the node's session was established, in seconds since 1970.
async fn up_since(scene: &Scene, neighbor: IpAddr) -> Result<u64> {
    let said = wait_neighbor(&scene.node, neighbor, "up", |said| said["bgpState"] == "Established").await?;
    said["bgpTimerUpEstablishedEpoch"].as_u64().context("no time of establishment")
}
