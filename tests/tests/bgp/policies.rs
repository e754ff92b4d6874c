//! What comes in from a peer and what goes out to it, where its owner asks for something else than usual.

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{
    originate, peer, second_tor, sends_nothing, sessions_so_far, updates_from, wait_neighbor, wait_neighbor_lines,
    wait_own_prefixes, wait_path, wait_prefixes_from, withdrawn,
};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, v1};
use novaroute_lab::topology::Tor;
use tonic::Code;

/// AS of the second router of the rack.
const SECOND_AS: u32 = 65_200;

on_each_frr! {
    /// Of what a peer announces everything, all but default routes, listed prefixes, or nothing is taken in, and
    /// everything again; the session stays up all the while.
    async fn import_policies_choose_what_comes_in(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let rack = IpAddr::from(scene.tor.ipv4);
        originate(&scene.tor.router, TOR_AS, "0.0.0.0/0", "::/0").await?;
        originate(&scene.tor.router, TOR_AS, "10.71.0.0/16", "fd71::/48").await?;
        originate(&scene.tor.router, TOR_AS, "10.71.9.0/24", "fd71:0:0:9::/64").await?;
        let all = ["0.0.0.0/0", "10.71.0.0/16", "10.71.9.0/24", "::/0", "fd71::/48", "fd71:0:0:9::/64"];
        wait_prefixes_from(&scene.node, rack, &all).await?;
        let times = sessions_so_far(&scene.node, rack).await?;
        let listed = |prefixes: &[(&str, u32, u32)]| v1::ImportPolicy {
            accept: v1::ImportAccept::Listed.into(),
            prefixes: prefixes.iter().map(|(prefix, ge, le)| range(prefix, *ge, *le)).collect(),
            refuse_default_route: false,
        };
        let guarded = v1::ImportPolicy { refuse_default_route: true, ..Default::default() };
        let any = listed(&[("0.0.0.0/0", 0, 32), ("fd71::/16", 64, 0)]);
        let nothing = v1::ImportPolicy { accept: v1::ImportAccept::Nothing.into(), ..Default::default() };
        let steps: [(v1::ImportPolicy, &[&str]); 6] = [
            (guarded, &["10.71.0.0/16", "10.71.9.0/24", "fd71::/48", "fd71:0:0:9::/64"]),
            (listed(&[("10.71.0.0/16", 0, 0), ("fd71::/48", 0, 0)]), &["10.71.0.0/16", "fd71::/48"]),
            (any.clone(), &["0.0.0.0/0", "10.71.0.0/16", "10.71.9.0/24", "fd71:0:0:9::/64"]),
            (
                v1::ImportPolicy { refuse_default_route: true, ..any },
                &["10.71.0.0/16", "10.71.9.0/24", "fd71:0:0:9::/64"],
            ),
            (nothing, &[]),
            (v1::ImportPolicy::default(), &all),
        ];
        for (import, expected) in steps {
            apply(&mut client, v1::BgpPeer { import_policy: Some(import.clone()), ..scene.ebgp_peer() }).await?;
            wait_prefixes_from(&scene.node, rack, expected).await.with_context(|| format!("{import:?}"))?;
        }
        assert_eq!(sessions_so_far(&scene.node, rack).await?, times);
        wait_no_own_maps(&scene).await
    }

    /// A peer is sent the own prefixes that have one of the communities, be they standard, large, or one that is only
    /// added on the way out, and nothing that it should not be sent in between.
    async fn export_policies_choose_own_prefixes_by_community(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let with = |standard: &[&str], large: &[&str]| v1::PrefixAttributes {
            communities: standard.iter().map(|text| (*text).to_owned()).collect(),
            large_communities: large.iter().map(|text| (*text).to_owned()).collect(),
            ..Default::default()
        };
        let prefixes = [
            ("10.66.0.1/32", with(&["65001:1"], &[])),
            ("10.66.0.2/32", with(&["65001:2"], &["65001:0:2"])),
            ("10.66.0.3/32", with(&["no-export"], &[])),
            ("fd66::4/128", with(&["65001:1", "no-advertise"], &[])),
            ("fd66::5/128", with(&[], &[])),
        ];
        for (prefix, attributes) in &prefixes {
            client.advertise_prefix(request::advertise_with(LB, prefix, attributes.clone())).await?;
        }
        let all = prefixes.each_ref().map(|(prefix, _)| *prefix);
        wait_own_prefixes(&scene.tor, &all).await?;
        let capture = scene.tor.router.capture("node", "tcp port 179").await?;
        let steps: [(&[&str], &[&str]); 4] = [
            (&["65001:1"], &["10.66.0.1/32", "fd66::4/128"]),
            (&["65001:1", "65001:0:2"], &["10.66.0.1/32", "10.66.0.2/32", "fd66::4/128"]),
            (&["no-export", "65001:0:2"], &["10.66.0.2/32", "10.66.0.3/32"]),
            (&["blackhole"], &[]),
        ];
        for (communities, expected) in steps {
            let export_policy = Some(v1::ExportPolicy {
                announce: v1::ExportAnnounce::OwnWithCommunities.into(),
                communities: communities.iter().map(|text| (*text).to_owned()).collect(),
            });
            let wanted = v1::BgpPeer { export_policy, ..scene.ebgp_peer() };
            apply(&mut client, wanted.clone()).await?;
            wait_own_prefixes(&scene.tor, expected).await.with_context(|| format!("{communities:?}"))?;
        }
        apply(&mut client, scene.ebgp_peer()).await?;
        wait_own_prefixes(&scene.tor, &all).await?;
        // The first step leaves both of these where they are.
        let until = updates_from(&capture, scene.tor.node_ipv4.into())?;
        let lost = until.iter().map(withdrawn).collect::<Result<Vec<_>>>()?;
        ensure!(!lost.iter().take_while(|gone| !gone.contains("10.66.0.2/32")).any(|gone| gone.contains("10.66.0.1/32")));
        wait_no_own_maps(&scene).await
    }

    /// A transit peer is sent what another peer has announced, by way of the node, and nothing that somebody typed into
    /// bgpd; the other one is sent own prefixes only. When the peer is no transit peer any more, it loses just that.
    async fn only_a_transit_peer_is_sent_what_was_learned(release) {
        let (scene, mut client) = permitted(release).await?;
        let second = second_tor(&scene).await?;
        bgp_session(&second, SECOND_AS, second.node_ipv4.into(), NODE_AS).await?;
        originate(&scene.tor.router, TOR_AS, "10.71.0.0/24", "fd71::/64").await?;
        originate(&second.router, SECOND_AS, "10.72.0.0/24", "fd72::/64").await?;
        let by_hand = [&format!("router bgp {NODE_AS}"), "address-family ipv4 unicast", "network 10.91.0.0/24"];
        scene.node.configure(Daemon::Bgpd, &by_hand).await?;
        let own = ["10.66.0.1/32", "fd66::1/128"];
        for prefix in own {
            client.advertise_prefix(request::advertise(LB, prefix)).await?;
        }
        let plain = peer(second.ipv4, SECOND_AS);
        apply(&mut client, plain.clone()).await?;
        wait_own_prefixes(&second, &own).await?;
        wait_prefixes_from(&scene.node, second.ipv4.into(), &["10.72.0.0/24", "fd72::/64"]).await?;

        let export_policy = Some(v1::ExportPolicy { announce: v1::ExportAnnounce::Transit.into(), ..Default::default() });
        let transit = v1::BgpPeer { export_policy, ..plain.clone() };
        apply(&mut client, transit.clone()).await?;
        wait_own_prefixes(&second, &["10.66.0.1/32", "fd66::1/128", "10.71.0.0/24", "fd71::/64"]).await?;
        for (prefix, next_hop) in [("10.71.0.0/24", second.node_ipv4.to_string()), ("fd71::/64", second.node_ipv6.to_string())] {
            wait_next_hop(&second, prefix, &next_hop).await?;
        }
        wait_own_prefixes(&scene.tor, &own).await?;
        sends_nothing(&scene, &mut client, async |client| apply(client, transit.clone()).await).await?;

        apply(&mut client, plain).await?;
        wait_own_prefixes(&second, &["10.66.0.1/32", "fd66::1/128", "10.66.255.1/32", "10.66.255.2/32"]).await?;
        wait_no_own_maps(&scene).await
    }

    /// The other settings of what is exchanged: each is in FRR and at work, and is gone when it is cleared.
    async fn other_settings_of_what_is_exchanged(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let rack = IpAddr::from(scene.tor.ipv4);
        let plain = novaroute_e2e::bgp::neighbor_lines(&scene.running(Daemon::Bgpd).await?, rack);
        let full = v1::BgpPeer {
            next_hop_self: true,
            allowas_in: 3,
            max_prefix: 20,
            max_prefix_action: v1::MaxPrefixAction::Restart.into(),
            max_prefix_restart_min: 7,
            ..scene.ebgp_peer()
        };
        let (node, elsewhere) = (IpAddr::from(scene.tor.node_ipv4), "10.0.1.98");
        let attributes = v1::PrefixAttributes { next_hop: elsewhere.to_owned(), ..Default::default() };
        client.advertise_prefix(request::advertise_with(LB, "10.66.0.1/32", attributes)).await?;
        wait_next_hop(&scene.tor, "10.66.0.1/32", elsewhere).await?;
        apply(&mut client, full.clone()).await?;
        wait_next_hop(&scene.tor, "10.66.0.1/32", &node.to_string()).await?;
        let mut expected = plain.clone();
        for family in ["ipv4", "ipv6"] {
            expected.remove(&format!("{family} attribute-unchanged next-hop"));
            expected.remove(&format!("{family} maximum-prefix 1000 warning-only"));
            let lines = ["next-hop-self", "allowas-in", "maximum-prefix 20 restart 7"];
            expected.extend(lines.map(|line| format!("{family} {line}")));
        }
        wait_neighbor_lines(&scene, rack, &expected).await?;
        sends_nothing(&scene, &mut client, async |client| apply(client, full.clone()).await).await?;

        // A path that has been through the node's AS already.
        let through = "route-map THROUGH permit 10";
        let lines = [
            through, "set as-path prepend 65001", "exit", "router bgp 65100", "address-family ipv4 unicast",
            "network 10.71.0.0/24 route-map THROUGH",
        ];
        scene.tor.router.configure(Daemon::Bgpd, &lines).await?;
        wait_path(&scene.node, "10.71.0.0/24", rack, |_| true).await?;
        apply(&mut client, scene.ebgp_peer()).await?;
        wait_neighbor_lines(&scene, rack, &plain).await?;
        scene.node.wait_bgp_no_route("10.71.0.0/24", TIMEOUT).await?;
        wait_next_hop(&scene.tor, "10.66.0.1/32", elsewhere).await?;

        let stops = v1::BgpPeer {
            max_prefix: 1,
            max_prefix_action: v1::MaxPrefixAction::ShutDown.into(),
            ..scene.ebgp_peer()
        };
        apply(&mut client, stops).await?;
        originate(&scene.tor.router, TOR_AS, "10.72.0.0/24", "fd72::/64").await?;
        originate(&scene.tor.router, TOR_AS, "10.73.0.0/24", "fd73::/64").await?;
        wait_neighbor(&scene.tor.router, node, "the end of the session", |said| said["bgpState"] != "Established").await?;
        Ok(())
    }

    /// No transit peer without the right to it.
    async fn a_transit_peer_takes_a_right(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let export_policy = Some(v1::ExportPolicy { announce: v1::ExportAnnounce::Transit.into(), ..Default::default() });
        let transit = v1::BgpPeer { export_policy, ..scene.ebgp_peer() };
        let refused = client.apply_peer(request::apply_peer(LB, transit)).await.err().context("it was taken")?;
        assert_eq!(refused.code(), Code::PermissionDenied);
        ensure!(refused.message().contains("allow_transit"), "{refused}");
        Ok(())
    }
}

/// A scene whose owner may make a peer a transit peer.
async fn permitted(release: FrrRelease) -> Result<(Scene, Client)> {
    let scene = Scene::with(release, |config| {
        config["owners"][LB]["allow_transit"] = true.into();
    })
    .await?;
    bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
    let mut client = scene.agent.client().await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    apply(&mut client, scene.ebgp_peer()).await?;
    scene.established(scene.tor.ipv4.into()).await?;
    Ok((scene, client))
}

/// Waits until a router has a prefix of the node with a next hop.
async fn wait_next_hop(tor: &Tor, prefix: &str, next_hop: &str) -> Result<()> {
    wait_path(&tor.router, prefix, tor.node_ipv4.into(), |path| {
        let hops = path["nexthops"].as_array();
        hops.is_some_and(|hops| hops.iter().any(|hop| hop["ip"] == next_hop))
    })
    .await?;
    Ok(())
}

fn range(prefix: &str, ge: u32, le: u32) -> v1::PrefixRange {
    v1::PrefixRange { prefix: prefix.to_owned(), ge, le }
}

async fn apply(client: &mut Client, peer: v1::BgpPeer) -> Result<()> {
    client.apply_peer(request::apply_peer(LB, peer)).await?;
    Ok(())
}

/// Waits until no policy of a single peer is left in FRR.
async fn wait_no_own_maps(scene: &Scene) -> Result<()> {
    novaroute_e2e::wait_for("maps and lists of single peers to go", TIMEOUT, async || {
        let running = scene.running(Daemon::Bgpd).await?;
        let left: BTreeSet<_> =
            running.lines().filter(|line| ["NR-IN-", "NR-OUT-", "-list "].iter().any(|w| line.contains(w))).collect();
        ensure!(left.is_empty(), "{left:?}");
        Ok(Some(()))
    })
    .await
}
