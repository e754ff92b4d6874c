//! The node is no transit router: what leaves it is what owners asked for, to every peer, whatever else is in bgpd.

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{originate, peer, prefixes_from, second_tor, wait_path};
use novaroute_e2e::config::LB;
use novaroute_e2e::ospf::on_link;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, FrrRelease, Router, on_each_frr, request};
use novaroute_lab::topology::Tor;

/// Own prefixes of both families.
const PREFIXES: [&str; 2] = ["10.66.0.1/32", "fd66::1/128"];
/// Own prefixes that owners want OSPF to carry.
const OF_OSPF: [&str; 2] = ["10.66.7.1/32", "fd66:7::1/128"];

on_each_frr! {
    /// Two external peers: neither gets what the other announced, nor what somebody typed into bgpd by hand, networks
    /// and redistribution; both get all own prefixes.
    async fn nothing_learned_reaches_another_external_peer(release) {
        let (scene, second) = between_two(release, 65_200).await?;
        type_by_hand(&scene.node).await?;
        only_own_prefixes_leave(&scene, &second).await
    }

    /// Somebody redistributes static routes into BGP. Those that the agent made for OSPF are prefixes that owners asked to
    /// be announced by OSPF, and stay out of what leaves by BGP.
    async fn prefixes_of_ospf_stay_out_of_bgp_when_static_routes_are_redistributed(release) {
        let (scene, second) = between_two(release, 65_200).await?;
        let mut client = scene.agent.client().await?;
        client.enable_ospf(request::enable_ospf(LB, on_link(&scene, "0"))).await?;
        for prefix in OF_OSPF {
            client.advertise_prefix(request::advertise_ospf(LB, prefix)).await?;
        }
        let mut lines = vec![format!("router bgp {NODE_AS}")];
        for family in ["ipv4", "ipv6"] {
            lines.extend([format!("address-family {family} unicast"), "redistribute static".into()]);
            lines.push("exit-address-family".into());
        }
        scene.node.configure(Daemon::Bgpd, &lines).await?;
        for prefix in OF_OSPF {
            scene.node.wait_bgp_route(prefix, TIMEOUT).await?;
        }
        only_own_prefixes_leave(&scene, &second).await
    }

    /// An external and an internal peer: the same, in both directions.
    async fn nothing_learned_crosses_between_external_and_internal(release) {
        let (scene, second) = between_two(release, NODE_AS).await?;
        only_own_prefixes_leave(&scene, &second).await
    }
}

/// A node with an external peer and a second one of `second_as`, each of which announces prefixes that the node takes.
async fn between_two(release: FrrRelease, second_as: u32) -> Result<(Scene, Tor)> {
    let (scene, mut client) = Scene::with_bgp(release).await?;
    let second = second_tor(&scene).await?;
    bgp_session(&second, second_as, second.node_ipv4.into(), NODE_AS).await?;
    client.apply_peer(request::apply_peer(LB, peer(second.ipv4, second_as))).await?;
    scene.established(second.ipv4.into()).await?;
    for (tor, local_as, ipv4, ipv6) in
        [(&scene.tor, TOR_AS, "10.71.0.0/24", "fd71::/64"), (&second, second_as, "10.72.0.0/24", "fd72::/64")]
    {
        originate(&tor.router, local_as, ipv4, ipv6).await?;
        for prefix in [ipv4, ipv6] {
            wait_path(&scene.node, prefix, tor.ipv4.into(), |path| path["bestpath"]["overall"] == true).await?;
        }
    }
    Ok((scene, second))
}

/// What somebody might type: networks, and routes of other protocols.
async fn type_by_hand(node: &Router) -> Result<()> {
    node.run("ip", &["route", "add", "blackhole", "10.93.0.0/24"]).await?;
    let lines = [
        &format!("router bgp {NODE_AS}"),
        "address-family ipv4 unicast",
        "network 10.91.0.0/24",
        "redistribute connected",
        "redistribute kernel",
        "exit-address-family",
        "address-family ipv6 unicast",
        "network fd91::/64",
        "redistribute connected",
    ];
    node.configure(Daemon::Bgpd, &lines).await?;
    for prefix in ["10.91.0.0/24", "10.93.0.0/24", "10.0.1.0/24", "fd91::/64", "fd00:1::/64"] {
        node.wait_bgp_route(prefix, TIMEOUT).await?;
    }
    Ok(())
}

/// Announces own prefixes and waits until both peers have them: whatever else was to be sent went before.
async fn only_own_prefixes_leave(scene: &Scene, second: &Tor) -> Result<()> {
    let mut client: Client = scene.agent.client().await?;
    for prefix in PREFIXES {
        client.advertise_prefix(request::advertise(LB, prefix)).await?;
    }
    for tor in [&scene.tor, second] {
        let node = IpAddr::from(tor.node_ipv4);
        for (family, prefix) in ["ipv4", "ipv6"].into_iter().zip(PREFIXES) {
            wait_path(&tor.router, prefix, node, |_| true).await?;
            let learned = prefixes_from(&tor.router, family, node).await?;
            ensure!(learned == BTreeSet::from([prefix.to_owned()]), "{} has {learned:?}", tor.router.name());
        }
    }
    Ok(())
}
