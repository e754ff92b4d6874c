//! Peers that are known by an interface.

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{BOTH_FAMILIES, sends_nothing, wait_neighbor_lines};
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use std::collections::BTreeSet;

on_each_frr! {
    /// Two routers whose link has no address but the link-local ones: the session comes up, prefixes of both families
    /// arrive in the kernel of the other side with a link-local next hop (RFC 8950), status and events name the
    /// interface; BFD protects it; another AS ends the session; a second apply sends nothing; what is removed is gone.
    async fn a_link_without_addresses_carries_both_families(release) {
        let scene = Scene::new(release).await?;
        let own = scene.tor.link.a().interface().to_owned();
        without_addresses(&scene).await?;
        listen(&scene).await?;
        let mut client = scene.agent.client().await?;
        let mut events = Events::open(&mut client, LB, &[]).await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        let peer = unnumbered(&own);
        client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
        scene.node.wait_bgp_established(&own, TIMEOUT).await?;
        let up = events.expect(v1::EventType::PeerUp).await?;
        assert_eq!((up.intent, &up.metadata["peer"]), (format!("peer {own}"), &own));

        prefixes_arrive(&scene, &mut client).await?;
        row(&scene, &own, |row| {
            row.peer_state() == v1::PeerState::Established && row.remote_address.starts_with("fe80:")
        })
        .await?;
        sends_nothing_on_a_bare_link(&scene, &mut client, &peer).await?;
        bfd_protects(&scene, &mut client, &peer).await?;

        client.apply_peer(request::apply_peer(LB, v1::BgpPeer { remote_as: TOR_AS + 1, ..peer.clone() })).await?;
        row(&scene, &own, |row| row.peer_state() != v1::PeerState::Established).await?;
        events.expect(v1::EventType::PeerDown).await?;
        client.apply_peer(request::apply_peer(LB, peer)).await?;
        scene.node.wait_bgp_established(&own, TIMEOUT).await?;
        let remove = v1::RemovePeerRequest { interface_name: own.clone(), ..request::remove_peer(LB, "") };
        client.remove_peer(remove).await?;
        wait_neighbor_lines(&scene, &own, &BTreeSet::new()).await?;
        Ok(())
    }
}

fn unnumbered(interface: &str) -> v1::BgpPeer {
    v1::BgpPeer {
        interface_name: interface.to_owned(),
        remote_as: TOR_AS,
        keepalive: 3,
        hold_time: 9,
        address_families: BOTH_FAMILIES.to_vec(),
        ..Default::default()
    }
}

/// Leaves the link its link-local addresses alone.
async fn without_addresses(scene: &Scene) -> Result<()> {
    let tor = &scene.tor;
    let (a, b) = (tor.link.a().interface(), tor.link.b().interface());
    for (router, interface, ipv4, ipv6) in
        [(&scene.node, a, tor.node_ipv4, tor.node_ipv6), (&tor.router, b, tor.ipv4, tor.ipv6)]
    {
        router.remove_address(interface, &format!("{ipv4}/24")).await?;
        router.remove_address(interface, &format!("{ipv6}/64")).await?;
    }
    Ok(())
}

/// The other side's part, as its operator would type it.
async fn listen(scene: &Scene) -> Result<()> {
    let interface = scene.tor.link.b().interface();
    let mut lines = vec![
        format!("router bgp {TOR_AS}"),
        "bgp router-id 10.0.1.2".to_owned(),
        "no bgp ebgp-requires-policy".to_owned(),
        "no bgp default ipv4-unicast".to_owned(),
        format!("neighbor {interface} interface remote-as {NODE_AS}"),
        format!("neighbor {interface} timers connect 1"),
    ];
    for family in ["ipv4", "ipv6"] {
        lines.push(format!("address-family {family} unicast"));
        lines.push(format!("neighbor {interface} activate"));
        lines.push("exit-address-family".to_owned());
    }
    scene.tor.router.configure(Daemon::Bgpd, &lines).await
}

/// Announces a prefix of each family, and waits until the other side's kernel sends to them over the link.
async fn prefixes_arrive(scene: &Scene, client: &mut Client) -> Result<()> {
    for (version, prefix) in [("-4", "10.66.0.1/32"), ("-6", "fd66::1/128")] {
        client.advertise_prefix(request::advertise(LB, prefix)).await?;
        scene.prefix_state(prefix, "advertised").await?;
        wait_for(&format!("a route to {prefix}"), TIMEOUT, async || {
            let routes = scene.tor.router.run("ip", &[version, "route", "show", prefix]).await?;
            ensure!(routes.contains("via inet6 fe80:") || routes.contains("via fe80:"), "{routes}");
            Ok(Some(()))
        })
        .await?;
    }
    Ok(())
}

async fn sends_nothing_on_a_bare_link(scene: &Scene, client: &mut Client, peer: &v1::BgpPeer) -> Result<()> {
    sends_nothing(scene, client, async |client| {
        client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
        Ok(())
    })
    .await
}

async fn bfd_protects(scene: &Scene, client: &mut Client, peer: &v1::BgpPeer) -> Result<()> {
    let (own, other) = (scene.tor.link.a().interface(), scene.tor.link.b().interface());
    let bfd = |word: &str| [format!("router bgp {TOR_AS}"), format!("{word}neighbor {other} bfd")];
    scene.tor.router.configure(Daemon::Bgpd, &bfd("")).await?;
    client.apply_peer(request::apply_peer(LB, v1::BgpPeer { bfd_enabled: true, ..peer.clone() })).await?;
    row(scene, own, |row| row.bfd_status == "up" && row.peer_state() == v1::PeerState::Established).await?;
    client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
    row(scene, own, |row| row.bfd_status.is_empty()).await?;
    scene.tor.router.configure(Daemon::Bgpd, &bfd("no ")).await?;
    scene.node.wait_bgp_established(own, TIMEOUT).await
}

/// Waits until the peer's row in the status holds.
async fn row(scene: &Scene, interface: &str, holds: impl Fn(&v1::PeerStatus) -> bool) -> Result<()> {
    wait_for(&format!("the row of {interface}"), TIMEOUT, async || {
        let rows = scene.agent.status().await?.peers;
        ensure!(rows.iter().any(|row| row.interface_name == interface && holds(row)), "{rows:?}");
        Ok(Some(()))
    })
    .await
}
