//! The edges of what may be asked for: spellings, settings that mean nothing, unusual prefixes. FRR must show each in
//! the words that the agent expects, or the agent would try to put it right for ever.

use std::net::IpAddr;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{neighbor_lines, peer, second_tor, sends_nothing, wait_neighbor_lines, wait_path};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session, bgp_session_with};
use novaroute_e2e::{Daemon, on_each_frr, request, v1};

/// From the default route to single addresses, and addresses whose text has a choice (RFC 5952).
const PREFIXES: [&str; 14] = [
    "0.0.0.0/0",
    "128.0.0.0/2",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.7.0/24",
    "192.0.2.2/31",
    "223.255.255.255/32",
    "::/0",
    "2000::/3",
    "64:ff9b::/96",
    "2001:db8::/127",
    "2001:db8:0:1:1:1:1:1/128",
    "2001:db8::1:0:0:1/128",
    "fd66:0:0:1::/64",
];

on_each_frr! {
    /// However its address is written, a peer is one peer.
    async fn spellings_of_a_peer_are_one_peer(release) {
        let scene = Scene::new(release).await?;
        let rack = IpAddr::from(scene.tor.ipv6);
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv6.into(), NODE_AS).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        for spelling in ["FD00:1:0::2", "fd00:0001::0:2", "fd00:1::2"] {
            let peer = v1::BgpPeer { neighbor_address: spelling.into(), ..peer(rack, TOR_AS) };
            client.apply_peer(request::apply_peer(LB, peer)).await?;
        }
        scene.established(rack).await?;
        let peers = scene.agent.status().await?.peers;
        assert_eq!(peers.iter().map(|peer| peer.neighbor_address.as_str()).collect::<Vec<_>>(), ["fd00:1::2"]);
        client.remove_peer(request::remove_peer(LB, "fd00:1:0:0:0:0:0:2")).await?;
        wait_neighbor_lines(&scene, rack, &[].into()).await
    }

    /// What somebody typed about a peer before an owner asked for it, and FRR refuses what is asked for while that is there:
    /// it goes, and the peer is all that was asked for.
    async fn typed_lines_that_stand_against_a_peer_give_way(release) {
        let scene = Scene::new(release).await?;
        let (grouped, secured) = (IpAddr::from(scene.tor.ipv4), IpAddr::from(scene.tor.ipv6));
        let typed = [
            format!("router bgp {NODE_AS}"),
            "neighbor PG peer-group".to_owned(),
            format!("neighbor PG remote-as {TOR_AS}"),
            format!("neighbor {grouped} peer-group PG"),
            format!("neighbor {secured} remote-as {TOR_AS}"),
            format!("neighbor {secured} ttl-security hops 1"),
        ];
        scene.node.configure(Daemon::Bgpd, &typed).await?;
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        let far = v1::BgpPeer { ebgp_multihop: 3, ..peer(secured, TOR_AS) };
        client.apply_peer(request::apply_peer(LB, far)).await?;
        for address in [grouped, secured] {
            scene.peer_intent_state(address, "programmed").await?;
        }
        scene.established(grouped).await?;
        let running = scene.running(Daemon::Bgpd).await?;
        let lines = [grouped, secured].map(|address| neighbor_lines(&running, address));
        ensure!(!lines[0].contains("peer-group PG") && lines[0].contains("timers 3 9"), "{lines:?}");
        ensure!(!lines[1].contains("ttl-security hops 1") && lines[1].contains("ebgp-multihop 3"), "{lines:?}");
        ensure!(running.contains("neighbor PG peer-group"), "the group is somebody else's:\n{running}");
        Ok(())
    }

    /// Hops of an internal peer, one hop of an external one, a source address and timers that FRR would pick anyway: the
    /// sessions come up, and what FRR does not keep is not sent again.
    async fn settings_that_mean_nothing_cause_no_unrest(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let second = second_tor(&scene).await?;
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv6.into(), NODE_AS).await?;
        bgp_session_with(&second, NODE_AS, second.node_ipv4.into(), NODE_AS, &[]).await?;
        let peers = [
            v1::BgpPeer { ebgp_multihop: 1, source_address: scene.tor.node_ipv4.to_string(), ..scene.ebgp_peer() },
            v1::BgpPeer { ebgp_multihop: 255, keepalive: 60, hold_time: 180, ..peer(scene.tor.ipv6, TOR_AS) },
            v1::BgpPeer { ebgp_multihop: 5, ..peer(second.ipv4, NODE_AS) },
        ];
        for peer in &peers {
            client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
        }
        for (address, multihop) in [
            (IpAddr::from(scene.tor.ipv4), None),
            (scene.tor.ipv6.into(), Some("ebgp-multihop")),
            (second.ipv4.into(), None),
        ] {
            scene.peer_intent_state(address, "programmed").await?;
            scene.established(address).await?;
            let lines = neighbor_lines(&scene.running(Daemon::Bgpd).await?, address);
            let word = lines.iter().find_map(|line| line.split(' ').next().filter(|word| *word == "ebgp-multihop"));
            assert_eq!(word, multihop);
        }
        sends_nothing(&scene, &mut client, async |client| {
            for peer in &peers {
                client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
            }
            Ok(())
        })
        .await
    }

    /// Prefixes of every kind arrive in the text in which they were asked for.
    async fn unusual_prefixes_arrive(release) {
        let scene = Scene::with(release, |config| {
            config["owners"][LB]["allowed_prefixes"]["allow_default_route"] = true.into();
        })
        .await?;
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        advertise_all(&mut client).await?;
        for prefix in PREFIXES {
            wait_path(&scene.tor.router, prefix, scene.tor.node_ipv4.into(), |_| true).await?;
            scene.prefix_state(prefix, "advertised").await?;
        }
        sends_nothing(&scene, &mut client, advertise_all).await
    }
}

async fn advertise_all(client: &mut Client) -> Result<()> {
    for prefix in PREFIXES {
        client.advertise_prefix(request::advertise(LB, prefix)).await?;
    }
    Ok(())
}
