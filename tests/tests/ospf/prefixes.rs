//! Prefixes that OSPF carries.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{originate, wait_path};
use novaroute_e2e::config::LB;
use novaroute_e2e::ospf::{Version, on_link, redistribute_static, speak, wait_externals, wait_lsas_of_node};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, v1, wait_for};
use serde_json::{Value, json};

use super::{adjacent, enable};

/// In no table of the node but for the agent.
const NOWHERE: [&str; 2] = ["10.66.0.1/32", "fd66::1/128"];
/// What OSPF does not redistribute.
const DEFAULT_ROUTES: [&str; 2] = ["0.0.0.0/0", "::/0"];
/// Addresses of the node.
const ON_LO: [&str; 2] = ["10.66.0.2/32", "fd66::2/128"];
/// Routes of the node's kernel.
const IN_KERNEL: [&str; 2] = ["10.66.64.0/26", "fd66:64::/64"];
/// As the three above, and nobody asks for them.
const NOT_ASKED_FOR: [&str; 2] = ["10.77.0.2/32", "fd77::2/128"];

on_each_frr! {
    /// Prefixes of both families arrive as external type 2, whatever other route the node has to them, and go when
    /// they are withdrawn.
    async fn own_prefixes_arrive_as_type_2(release) {
        let (scene, mut client) = with_adjacency(release).await?;
        let all = [NOWHERE, ON_LO, IN_KERNEL];
        for prefix in all.as_flattened() {
            client.advertise_prefix(request::advertise_ospf(LB, prefix)).await?;
        }
        learned(&scene, &all).await?;
        for prefix in all.as_flattened() {
            let row = scene.prefix_state(prefix, "advertised").await?;
            ensure!(row.protocol() == v1::Protocol::Ospf && row.owner == LB && row.sent_to.is_empty(), "{row:?}");
        }
        // The addresses go, as a virtual address does that moves to another node: the prefix stays announced.
        for address in ON_LO {
            scene.node.remove_address("lo", address).await?;
        }
        for prefix in NOWHERE {
            client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Ospf)).await?;
        }
        learned(&scene, &[ON_LO, IN_KERNEL]).await?;
        for prefix in [ON_LO, IN_KERNEL].as_flattened() {
            client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Ospf)).await?;
        }
        learned(&scene, &[]).await?;
        ensure!(scene.agent.status().await?.prefixes.is_empty());
        Ok(())
    }

    /// Prefixes wait for an interface; they are announced when there is one, and are no longer when it goes.
    async fn prefixes_wait_for_an_interface(release) {
        // While the agent waits for claims, what may belong to an interface that nobody has claimed stays.
        let scene = Scene::with(release, |config| config["adoption_grace"] = json!("0s")).await?;
        let mut client = scene.agent.client().await?;
        for version in Version::BOTH {
            speak(&scene, version, "0").await?;
        }
        for prefix in NOWHERE {
            client.advertise_prefix(request::advertise_ospf(LB, prefix)).await?;
            scene.prefix_state(prefix, "programmed").await?;
        }
        enable(&mut client, on_link(&scene, "0")).await?;
        learned(&scene, &[NOWHERE]).await?;
        for prefix in NOWHERE {
            scene.prefix_state(prefix, "advertised").await?;
        }
        client.disable_ospf(request::disable_ospf(LB, scene.tor.link.a().interface())).await?;
        for prefix in NOWHERE {
            let row = scene.prefix_state(prefix, "programmed").await?;
            ensure!(row.reason.starts_with("NOT_IN_LSDB"), "{row:?}");
        }
        Ok(())
    }

    /// The router of the rack announces the same prefixes, by OSPF and by BGP, before the node does and once it does: the
    /// node's own announcement is there beside it all the time, and goes when it is withdrawn.
    async fn an_own_prefix_that_another_router_announces_too(release) {
        let (scene, mut client) = with_adjacency(release).await?;
        learn_by_bgp(&scene, &mut client).await?;
        let [before, after] = [NOWHERE, ["10.66.0.3/32", "fd66::3/128"]];
        announce_from_tor(&scene, before).await?;
        for prefix in before.iter().chain(&after) {
            client.advertise_prefix(request::advertise_ospf(LB, prefix)).await?;
        }
        of_node(&scene, &[before, after]).await?;
        announce_from_tor(&scene, after).await?;
        // The marker: what the node has learned of `after` by then was there before it.
        for marker in ["10.66.0.4/32", "fd66::4/128"] {
            client.advertise_prefix(request::advertise_ospf(LB, marker)).await?;
        }
        of_node(&scene, &[before, after, ["10.66.0.4/32", "fd66::4/128"]]).await?;
        for prefix in before.iter().chain(&after) {
            scene.prefix_state(prefix, "advertised").await?;
            client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Ospf)).await?;
        }
        of_node(&scene, &[["10.66.0.4/32", "fd66::4/128"]]).await
    }

    /// The default route is announced as the other prefixes are, without a route of the node's own that would swallow what
    /// it sends, and goes when it is withdrawn.
    async fn a_default_route_is_announced_and_swallows_nothing(release) {
        let allow = |config: &mut Value| config["owners"][LB]["allowed_prefixes"]["allow_default_route"] = true.into();
        let (scene, mut client) = with_adjacency_and(release, allow).await?;
        for prefix in DEFAULT_ROUTES.iter().chain(&NOWHERE) {
            client.advertise_prefix(request::advertise_ospf(LB, prefix)).await?;
        }
        learned(&scene, &[DEFAULT_ROUTES, NOWHERE]).await?;
        for prefix in DEFAULT_ROUTES {
            scene.prefix_state(prefix, "advertised").await?;
        }
        for family in ["-4", "-6"] {
            let routes = scene.node.run("ip", &[family, "route", "show", "default"]).await?;
            ensure!(routes.trim().is_empty(), "the node has a default route: {routes}");
        }
        for prefix in DEFAULT_ROUTES {
            client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Ospf)).await?;
        }
        learned(&scene, &[NOWHERE]).await
    }

    /// What the node learned by BGP, and what it has of its own that nobody asked for, stays out of OSPF.
    async fn nothing_else_is_announced(release) {
        let (scene, mut client) = with_adjacency(release).await?;
        learn_by_bgp(&scene, &mut client).await?;
        // The marker: once it is there, what came before it would be too.
        for prefix in NOWHERE {
            client.advertise_prefix(request::advertise_ospf(LB, prefix)).await?;
        }
        learned(&scene, &[NOWHERE]).await?;
        for prefix in NOWHERE {
            let announced = scene.tor.router.bgp_paths(prefix).await?;
            ensure!(announced.is_empty(), "a prefix of OSPF is in BGP too: {announced:?}");
        }
        Ok(())
    }
}

/// A full adjacency of both versions on a node that has addresses and routes beside.
async fn with_adjacency(release: FrrRelease) -> Result<(Scene, Client)> {
    with_adjacency_and(release, |_| {}).await
}

/// As [`with_adjacency`] with a changed configuration.
async fn with_adjacency_and(release: FrrRelease, change: impl FnOnce(&mut Value)) -> Result<(Scene, Client)> {
    let scene = Scene::with(release, change).await?;
    for address in [ON_LO, NOT_ASKED_FOR].as_flattened() {
        scene.node.add_address("lo", address).await?;
    }
    for prefix in IN_KERNEL.iter().chain(&["10.77.64.0/26", "fd77:64::/64"]) {
        scene.node.run("ip", &["route", "add", "blackhole", prefix]).await?;
    }
    let client = adjacent(&scene).await?;
    Ok((scene, client))
}

/// A BGP session over which the node has learned prefixes of the router of the rack.
async fn learn_by_bgp(scene: &Scene, client: &mut Client) -> Result<()> {
    bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
    originate(&scene.tor.router, TOR_AS, "10.88.0.0/24", "fd88::/64").await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
    wait_path(&scene.node, "10.88.0.0/24", scene.tor.ipv4.into(), |_| true).await?;
    wait_path(&scene.node, "fd88::/64", scene.tor.ipv4.into(), |_| true).await.map(drop)
}

/// Has the router of the rack announce prefixes of its own by OSPF and by BGP, until the node has learned them by both.
async fn announce_from_tor(scene: &Scene, [ipv4, ipv6]: [&str; 2]) -> Result<()> {
    for version in Version::BOTH {
        redistribute_static(scene, version).await?;
    }
    let routes = [format!("ip route {ipv4} blackhole"), format!("ipv6 route {ipv6} blackhole")];
    let statics = if scene.tor.router.is_running(Daemon::Mgmtd) { Daemon::Mgmtd } else { Daemon::Staticd };
    scene.tor.router.configure(statics, &routes).await?;
    originate(&scene.tor.router, TOR_AS, ipv4, ipv6).await?;
    for prefix in [ipv4, ipv6] {
        wait_path(&scene.node, prefix, scene.tor.ipv4.into(), |_| true).await?;
    }
    for (daemon, command, prefix) in
        [(Daemon::Ospfd, "show ip ospf route", ipv4), (Daemon::Ospf6d, "show ipv6 ospf6 route", ipv6)]
    {
        wait_for(&format!("{prefix} by OSPF at the node"), TIMEOUT * 2, async || {
            let routes = scene.node.vty(daemon, command).await?;
            ensure!(routes.contains(prefix), "{routes}");
            Ok(Some(()))
        })
        .await?;
    }
    Ok(())
}

/// Waits until the database of the router of the rack has LSAs of the node for exactly these prefixes.
async fn of_node(scene: &Scene, pairs: &[[&str; 2]]) -> Result<()> {
    for (at, version) in Version::BOTH.into_iter().enumerate() {
        wait_lsas_of_node(scene, version, &Vec::from_iter(pairs.iter().map(|pair| pair[at]))).await?;
    }
    Ok(())
}

/// Waits until the router of the rack has exactly these prefixes from the node.
async fn learned(scene: &Scene, pairs: &[[&str; 2]]) -> Result<()> {
    let of = |at: usize| pairs.iter().map(|pair| pair[at]).collect::<BTreeSet<_>>();
    for (at, version) in Version::BOTH.into_iter().enumerate() {
        wait_externals(scene, version, &Vec::from_iter(of(at))).await?;
    }
    Ok(())
}
