//! Prefixes: their states, their attributes as peers show them, and changes that withdraw nothing.

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{
    originate, peer, second_tor, sends_nothing, updates_from, wait_neighbor, wait_path, withdraws,
};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, FrrRelease, Router, on_each_frr, request, v1, wait_for};
use serde_json::Value;
use tonic::Code;

/// Prefixes announced in one burst.
const BURST: u32 = 1000;
/// What FRR gives a path without LOCAL_PREF.
const DEFAULT_LOCAL_PREF: u32 = 100;
/// Requests of a burst under way at a time.
const IN_FLIGHT: usize = 64;

on_each_frr! {
    /// A prefix for which the node has no route, spelled with host bits: pending, programmed, advertised to the peer by
    /// name, and withdrawn under another spelling.
    async fn the_life_of_a_prefix(release) {
        let scene = Scene::new(release).await?;
        let tor = &scene.tor;
        bgp_session(tor, TOR_AS, tor.node_ipv4.into(), NODE_AS).await?;
        let mut client = scene.agent.client().await?;
        let spellings = [("10.66.0.9/24", "10.66.0.0/24", "10.66.0.255/24"), ("FD66:0::9/64", "fd66::/64", "fd66::1/64")];
        for (spelling, canonical, _) in spellings {
            client.advertise_prefix(request::advertise(LB, spelling)).await?;
            scene.prefix_state(canonical, "pending").await?;
        }
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        for (_, canonical, _) in spellings {
            let programmed = scene.prefix_state(canonical, "programmed").await?;
            ensure!(programmed.reason.starts_with("NO_ESTABLISHED_PEER"), "{programmed:?}");
            ensure!(programmed.sent_to.is_empty() && scene.running(Daemon::Bgpd).await?.contains(canonical));
        }
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        for (_, canonical, again) in spellings {
            let advertised = scene.prefix_state(canonical, "advertised").await?;
            assert_eq!(advertised.sent_to, [tor.ipv4.to_string()]);
            tor.router.wait_bgp_route(canonical, TIMEOUT).await?;
            let routes = scene.node.run("ip", &["route", "show", canonical]).await?;
            ensure!(routes.trim().is_empty(), "the node has a route: {routes}");

            client.withdraw_prefix(request::withdraw(LB, again, v1::Protocol::Bgp)).await?;
            tor.router.wait_bgp_no_route(canonical, TIMEOUT).await?;
            let gone = client.withdraw_prefix(request::withdraw(LB, again, v1::Protocol::Bgp)).await;
            assert_eq!(gone.err().context("withdrawn twice")?.code(), Code::NotFound);
        }
        ensure!(scene.agent.status().await?.prefixes.is_empty());
        Ok(())
    }

    /// Every attribute, for both families, as an external and an internal peer show it; then other values, and none.
    /// The external peer sees changes only, never a withdrawal.
    async fn attributes_reach_peers_and_change_in_place(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let second = second_tor(&scene).await?;
        bgp_session(&second, NODE_AS, second.node_ipv4.into(), NODE_AS).await?;
        client.apply_peer(request::apply_peer(LB, peer(second.ipv4, NODE_AS))).await?;
        scene.established(second.ipv4.into()).await?;
        let node = IpAddr::from(scene.tor.node_ipv4);
        let own_next_hops = [
            ("10.66.0.1/32", [scene.tor.node_ipv4.to_string(), second.node_ipv4.to_string()]),
            ("fd66::1/128", [scene.tor.node_ipv6.to_string(), second.node_ipv6.to_string()]),
        ];
        for (prefix, _) in &own_next_hops {
            advertise(&mut client, prefix, v1::PrefixAttributes::default()).await?;
            wait_path(&scene.tor.router, prefix, node, |_| true).await?;
        }
        let capture = scene.tor.router.capture("node", "tcp port 179").await?;
        for step in STEPS {
            for (prefix, own) in &own_next_hops {
                let wanted = step(prefix);
                advertise(&mut client, prefix, wanted.clone()).await?;
                let [external, internal] = own.each_ref().map(|own| {
                    if wanted.next_hop.is_empty() { own.clone() } else { wanted.next_hop.clone() }
                });
                wait_path(&scene.tor.router, prefix, node, |path| shows(path, &wanted, None, &external)).await?;
                if !wanted.next_hop.is_empty() && uses_next_hop(prefix, release) {
                    wait_kernel_route(&scene.tor.router, prefix, &wanted.next_hop).await?;
                }
                let asked = Some(wanted.local_preference).filter(|preference| *preference != 0);
                let preference = wanted.local_pref.or(asked).unwrap_or(DEFAULT_LOCAL_PREF);
                let from = second.node_ipv4.into();
                wait_path(&second.router, prefix, from, |path| shows(path, &wanted, Some(preference), &internal)).await?;
            }
        }
        let updates = updates_from(&capture, node)?;
        ensure!(updates.len() >= 2 * STEPS.len(), "only {} UPDATEs", updates.len());
        for update in updates {
            ensure!(!withdraws(&update)?, "a withdrawal: {update:?}");
        }
        Ok(())
    }

    /// The well-known communities are for the router of the rack to act upon: a prefix that it shall not pass on is sent
    /// to it with just that request, by an external session as well as by an internal one.
    async fn well_known_communities_reach_the_peer(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let second = second_tor(&scene).await?;
        bgp_session(&second, NODE_AS, second.node_ipv4.into(), NODE_AS).await?;
        client.apply_peer(request::apply_peer(LB, peer(second.ipv4, NODE_AS))).await?;
        scene.established(second.ipv4.into()).await?;
        let names = ["no-export", "no-advertise", "local-AS", "graceful-shutdown", "accept-own", "blackhole", "no-peer"];
        for (number, name) in (1..).zip(names) {
            for prefix in [format!("10.66.0.{number}/32"), format!("fd66::{number}/128")] {
                let attributes = v1::PrefixAttributes { communities: vec![name.into()], ..Default::default() };
                advertise(&mut client, &prefix, attributes).await?;
                for tor in [&scene.tor, &second] {
                    let carries = |path: &Value| path["community"]["string"].as_str().is_some_and(|s| s.contains(name));
                    wait_path(&tor.router, &prefix, tor.node_ipv4.into(), carries).await?;
                }
            }
        }
        Ok(())
    }

    /// A burst of prefixes arrives in full; the same burst again sends FRR not one line.
    async fn a_burst_arrives_and_is_sent_once(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let node = IpAddr::from(scene.tor.node_ipv4);
        burst(&client).await?;
        for family in ["ipv4Unicast", "ipv6Unicast"] {
            let half = u64::from(BURST / 2);
            let accepted = |said: &Value| said["addressFamilyInfo"][family]["acceptedPrefixCounter"] == half;
            wait_neighbor(&scene.tor.router, node, "the whole burst", accepted).await?;
        }
        wait_for("the burst to be advertised", TIMEOUT, async || {
            let prefixes = scene.agent.status().await?.prefixes;
            let advertised = prefixes.iter().filter(|row| row.state == "advertised").count();
            ensure!(advertised == usize::try_from(BURST)?, "{advertised} of {}", prefixes.len());
            Ok(Some(()))
        })
        .await?;

        sends_nothing(&scene, &mut client, async |client| burst(client).await).await
    }

    /// A prefix that a peer announces too: the own path wins over the learned one and is sent, also to that peer.
    async fn a_prefix_that_a_peer_announces_as_well(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        originate(&scene.tor.router, TOR_AS, "10.66.0.1/32", "fd66::1/128").await?;
        for prefix in ["10.66.0.1/32", "fd66::1/128"] {
            wait_path(&scene.node, prefix, scene.tor.ipv4.into(), |_| true).await?;
            client.advertise_prefix(request::advertise(LB, prefix)).await?;
            scene.prefix_state(prefix, "advertised").await?;
            wait_path(&scene.tor.router, prefix, scene.tor.node_ipv4.into(), |_| true).await?;
        }
        Ok(())
    }
}

/// Attributes to ask for a prefix, of its own family.
type Step = fn(&str) -> v1::PrefixAttributes;

/// All attributes, all of them changed, zero where that is a value of its own, none.
const STEPS: [Step; 4] = [
    |prefix| v1::PrefixAttributes {
        local_preference: 250,
        communities: vec!["65001:100".into(), "no-peer".into(), "0:7".into()],
        med: 77,
        next_hop: on_the_link(prefix, 98),
        large_communities: vec!["65001:0:2".into(), "4294967295:0:4294967295".into()],
        extended_communities: vec!["rt:65001:7".into(), "soo:192.0.2.1:7".into()],
        as_path_prepend: 2,
        origin: v1::Origin::Incomplete.into(),
        ..Default::default()
    },
    |prefix| v1::PrefixAttributes {
        local_preference: 4_294_967_295,
        communities: vec!["64999:1".into(), "65535:65535".into()],
        med: 4_294_967_295,
        next_hop: on_the_link(prefix, 99),
        large_communities: vec!["65001:0:1".into()],
        extended_communities: vec!["rt:4200000000:7".into(), "rt:65001:8".into()],
        as_path_prepend: 10,
        origin: v1::Origin::Egp.into(),
        ..Default::default()
    },
    |_| v1::PrefixAttributes { local_pref: Some(0), multi_exit_disc: Some(0), ..Default::default() },
    |_| v1::PrefixAttributes::default(),
];

/// Whether a receiver forwards to the next hop that was asked for. bgpd of FRR 8 sends its own link-local address beside an
/// IPv6 one, whatever it is told, and receivers prefer that.
fn uses_next_hop(prefix: &str, release: FrrRelease) -> bool {
    !prefix.contains(':') || release == FrrRelease::Next
}

/// Waits until a router's kernel forwards a prefix to an address.
async fn wait_kernel_route(router: &Router, prefix: &str, next_hop: &str) -> Result<()> {
    let family = if prefix.contains(':') { "-6" } else { "-4" };
    wait_for(&format!("a route to {prefix} via {next_hop} in the kernel"), TIMEOUT, async || {
        let routes = router.run("ip", &[family, "route", "show", prefix]).await?;
        ensure!(routes.contains(&format!("via {next_hop} ")), "{routes}");
        Ok(Some(()))
    })
    .await
}

/// An address on the first link that is of the family of `prefix`.
fn on_the_link(prefix: &str, host: u8) -> String {
    if prefix.contains(':') { format!("fd00:1::{host}") } else { format!("10.0.1.{host}") }
}

async fn advertise(client: &mut Client, prefix: &str, attributes: v1::PrefixAttributes) -> Result<()> {
    client.advertise_prefix(request::advertise_with(LB, prefix, attributes)).await?;
    Ok(())
}

/// Whether a path carries exactly what was asked for; `preference` is what an internal peer shows.
fn shows(path: &Value, wanted: &v1::PrefixAttributes, preference: Option<u32>, next_hop: &str) -> bool {
    let hops = path["nexthops"].as_array();
    // The own AS is in front of the path for external peers only.
    let path_length = if preference.is_none() { 1 + wanted.as_path_prepend } else { 0 };
    let hops_shown = path["aspath"]["string"].as_str().filter(|text| *text != "Local").unwrap_or_default();
    let origin = match wanted.origin() {
        v1::Origin::Unspecified | v1::Origin::Igp => "IGP",
        v1::Origin::Egp => "EGP",
        v1::Origin::Incomplete => "incomplete",
    };
    lists(path, "community", &wanted.communities)
        && lists(path, "largeCommunity", &wanted.large_communities)
        && lists(path, "extendedCommunity", &wanted.extended_communities)
        && hops_shown.split_whitespace().count() == usize::try_from(path_length).unwrap_or_default()
        && path["origin"] == origin
        && path["metric"].as_u64().unwrap_or(0) == u64::from(wanted.med)
        && path["locPrf"].as_u64() == preference.map(u64::from)
        && hops.is_some_and(|hops| hops.iter().any(|hop| hop["ip"] == next_hop))
}

/// Whether a path has exactly these communities of a kind, whatever their order and case.
fn lists(path: &Value, kind: &str, wanted: &[String]) -> bool {
    let words = |text: &str| text.to_lowercase().split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    words(path[kind]["string"].as_str().unwrap_or_default()) == words(&wanted.join(" "))
}

/// Announces [`BURST`] prefixes, half of them of each family, many requests at a time.
async fn burst(client: &Client) -> Result<()> {
    let prefixes =
        (0..BURST / 2).flat_map(|n| [format!("10.100.{}.{}/32", n / 256, n % 256), format!("fd66::{n:x}/128")]);
    let requests = prefixes.map(|prefix| {
        let mut client = client.clone();
        async move { client.advertise_prefix(request::advertise(LB, &prefix)).await }
    });
    stream::iter(requests).buffer_unordered(IN_FLIGHT).try_for_each(|_| async { Ok(()) }).await?;
    Ok(())
}
