//! The fields of a peer: each in FRR's configuration and at work on the wire, and gone again when it is cleared.

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::{self, Timers};
use novaroute_e2e::bgp::{peer, second_tor, sends_nothing, sessions_so_far, wait_neighbor, wait_neighbor_lines};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with, neighbor};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, v1, wait_for};
use serde_json::Value;

/// The two ends of a session between loopbacks.
#[derive(Clone, Copy)]
struct Loopbacks {
    node: IpAddr,
    rack: IpAddr,
}

/// A pair for each IP version, one hop behind the link.
const LOOPBACKS: [Loopbacks; 2] =
    [Loopbacks { node: v4(10, 254), rack: v4(10, 255) }, Loopbacks { node: v6(0xfd54), rack: v6(0xfd55) }];

const fn v4(a: u8, b: u8) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::new(a, b, 0, 1))
}

const fn v6(a: u16) -> IpAddr {
    IpAddr::V6(std::net::Ipv6Addr::new(a, 0, 0, 0, 0, 0, 0, 1))
}

on_each_frr! {
    /// Peers between loopbacks over a hop, by IPv4 and by IPv6, with every field set: all of it is in the running
    /// configuration and at work. The same peers again send FRR nothing. Then each field alone is cleared, and its
    /// lines and no others go; a removed peer leaves nothing.
    async fn every_field_works_and_is_cleared(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let peers = LOOPBACKS.map(full_peer);
        for (ends, peer) in LOOPBACKS.into_iter().zip(&peers) {
            connect_loopbacks(&scene, ends).await?;
            client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
        }
        for ends in LOOPBACKS {
            works(&scene, ends).await?;
            wait_neighbor_lines(&scene, ends.rack, &full_lines(ends, scene.node.release())).await?;
        }
        sends_nothing(&scene, &mut client, async |client| {
            client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
            for peer in peers.iter().chain([&scene.ebgp_peer()]) {
                client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
            }
            Ok(())
        })
        .await?;
        for (ends, peer) in LOOPBACKS.into_iter().zip(&peers) {
            each_field_is_cleared(&scene, &mut client, ends, peer).await?;
            client.remove_peer(request::remove_peer(LB, ends.rack)).await?;
            wait_neighbor_lines(&scene, ends.rack, &BTreeSet::new()).await?;
            ensure!(!scene.running(Daemon::Bgpd).await?.contains(&ends.rack.to_string()));
        }
        no_bfd(&scene, LOOPBACKS.map(|ends| ends.rack)).await
    }

    /// More prefixes than `max_prefix`: FRR warns, takes them all and keeps the session; the default is 1000.
    async fn too_many_prefixes_are_a_warning(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let (node, rack) = (IpAddr::from(scene.tor.node_ipv4), IpAddr::from(scene.tor.ipv4));
        let times = sessions_so_far(&scene.tor.router, node).await?;
        let limit = |said: &Value| said["addressFamilyInfo"]["ipv4Unicast"]["prefixAllowedMax"].as_u64();
        wait_neighbor(&scene.node, rack, "the default limit", |said| limit(said) == Some(1000)).await?;
        client.apply_peer(request::apply_peer(LB, v1::BgpPeer { max_prefix: 2, ..scene.ebgp_peer() })).await?;
        wait_neighbor(&scene.node, rack, "the limit", |said| limit(said) == Some(2)).await?;

        let networks = (0..3).map(|n| format!("network 10.88.{n}.0/24"));
        let lines = [format!("router bgp {TOR_AS}"), "address-family ipv4 unicast".to_owned()];
        let lines: Vec<_> = lines.into_iter().chain(networks).collect();
        scene.tor.router.configure(Daemon::Bgpd, &lines).await?;
        let accepted = |said: &Value| said["addressFamilyInfo"]["ipv4Unicast"]["acceptedPrefixCounter"] == 3;
        wait_neighbor(&scene.node, rack, "all three prefixes", accepted).await?;
        wait_for("FRR's warning", TIMEOUT, async || {
            Ok(Some(()).filter(|()| scene.node.log(Daemon::Bgpd).is_ok_and(|log| log.contains("MAXPFXEXCEED"))))
        })
        .await?;
        assert_eq!(sessions_so_far(&scene.tor.router, node).await?, times);
        Ok(())
    }

    /// BFD of an external peer by IPv4 and by IPv6 and of an internal one, which FRR runs as multihop: the timers that
    /// were asked for are those that the other side is told, and new ones leave the session alone; then BFD ends.
    async fn bfd_runs_with_the_timers_asked_for(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let second = second_tor(&scene).await?;
        let [external, other] = [&scene.tor, &second];
        let sessions = [
            (external, external.node_ipv4.into(), IpAddr::from(external.ipv4), TOR_AS),
            (external, external.node_ipv6.into(), external.ipv6.into(), TOR_AS),
            (other, IpAddr::from(other.node_ipv4), other.ipv4.into(), NODE_AS),
        ];
        let mut times = [[0; 3]; 2];
        for (timers, times) in [Timers::new(120, 140, 5), Timers::new(200, 180, 3)].into_iter().zip(&mut times) {
            for (tor, node, rack, remote_as) in sessions {
                bgp_session_with(tor, remote_as, node, NODE_AS, &["bfd"]).await?;
                client.apply_peer(request::apply_peer(LB, timers.protecting(peer(rack, remote_as)))).await?;
            }
            for ((tor, node, rack, _), times) in sessions.into_iter().zip(times) {
                bfd::wait_session(&scene.node, &tor.router, (node, rack), timers).await?;
                *times = sessions_so_far(&tor.router, node).await?;
            }
        }
        assert_eq!(times[0], times[1], "a session went down for new timers");
        for (_, _, rack, remote_as) in sessions {
            client.apply_peer(request::apply_peer(LB, peer(rack, remote_as))).await?;
        }
        no_bfd(&scene, sessions.map(|(_, _, rack, _)| rack)).await?;
        for (tor, node, _, remote_as) in sessions {
            let lines = [format!("router bgp {remote_as}"), format!("no neighbor {node} bfd")];
            tor.router.configure(Daemon::Bgpd, &lines).await?;
        }
        for (_, _, rack, _) in sessions {
            scene.established(rack).await?;
        }
        Ok(())
    }
}

/// The peer at the far end, with every field set.
fn full_peer(ends: Loopbacks) -> v1::BgpPeer {
    v1::BgpPeer {
        peer_type: v1::PeerType::External.into(),
        keepalive: 2,
        hold_time: 7,
        bfd_enabled: true,
        description: "rack 1, loopback: all fields".into(),
        source_address: ends.node.to_string(),
        ebgp_multihop: 2,
        password: "Loop-1!".into(),
        max_prefix: 50,
        bfd_min_rx_ms: 150,
        bfd_min_tx_ms: 160,
        bfd_detect_multiplier: 4,
        ..peer(ends.rack, TOR_AS)
    }
}

/// The lines of [`full_peer`].
fn full_lines(ends: Loopbacks, release: FrrRelease) -> BTreeSet<String> {
    let mut lines = peer_lines(
        release,
        &[
            "timers 2 7",
            "description rack 1, loopback: all fields",
            &format!("update-source {}", ends.node),
            "ebgp-multihop 2",
            "password Loop-1!",
            "bfd",
            "bfd profile NR-B-150-160-4",
        ],
    );
    lines.remove("timers 3 9");
    set_limit(&mut lines, 50);
    lines
}

/// The lines of [`peer`] and `more`.
fn peer_lines(release: FrrRelease, more: &[&str]) -> BTreeSet<String> {
    let mut lines = BTreeSet::from(["remote-as 65100", "timers 3 9", "timers connect 1"].map(str::to_owned));
    lines.extend(more.iter().map(|line| (*line).to_owned()));
    for family in ["ipv4", "ipv6"] {
        for line in ["activate", "route-map NR-IN in", "route-map NR-OUT out", "attribute-unchanged next-hop"] {
            lines.insert(format!("{family} {line}"));
        }
    }
    if release == FrrRelease::Next {
        lines.insert("ipv6 nexthop-local unchanged".to_owned());
    }
    set_limit(&mut lines, 1000);
    lines
}

/// Puts a limit of prefixes in the place of another.
fn set_limit(lines: &mut BTreeSet<String>, limit: u32) {
    lines.retain(|line| !line.contains("maximum-prefix"));
    lines.extend(["ipv4", "ipv6"].map(|family| format!("{family} maximum-prefix {limit} warning-only")));
}

/// Gives both routers their loopback addresses, the routes between them, and the router of the rack its side of the
/// session.
async fn connect_loopbacks(scene: &Scene, ends: Loopbacks) -> Result<()> {
    let tor = &scene.tor;
    let (length, via_rack, via_node) = match ends.rack {
        IpAddr::V4(_) => (32, IpAddr::from(tor.ipv4), IpAddr::from(tor.node_ipv4)),
        IpAddr::V6(_) => (128, tor.ipv6.into(), tor.node_ipv6.into()),
    };
    for (router, own, other, via) in
        [(&scene.node, ends.node, ends.rack, via_rack), (&tor.router, ends.rack, ends.node, via_node)]
    {
        router.add_address("lo", &format!("{own}/{length}")).await?;
        router.run("ip", &["route", "add", &other.to_string(), "via", &via.to_string()]).await?;
    }
    // In the order of a configuration file: typed after its source address, FRR 10 starts BFD only with the session.
    let source = format!("update-source {}", ends.rack);
    let extra = ["password Loop-1!", "bfd", "ebgp-multihop 2", source.as_str()];
    bgp_session_with(tor, TOR_AS, ends.node, NODE_AS, &extra).await
}

/// Waits until all fields of [`full_peer`] are at work.
async fn works(scene: &Scene, ends: Loopbacks) -> Result<()> {
    scene.established(ends.rack).await?;
    let said = neighbor(&scene.node, ends.rack).await?;
    assert_eq!(said["nbrDesc"], "rack 1, loopback: all fields");
    assert_eq!(said["hostLocal"], ends.node.to_string());
    assert_eq!(said["externalBgpNbrMaxHopsAway"], 2);
    for family in ["ipv4Unicast", "ipv6Unicast"] {
        let limits = &said["addressFamilyInfo"][family];
        assert_eq!((&limits["prefixAllowedMax"], &limits["prefixAllowedMaxWarning"]), (&50.into(), &true.into()));
    }
    // Hold and keepalive are negotiated, so the other side runs what this one asked for.
    let said = neighbor(&scene.tor.router, ends.node).await?;
    assert_eq!(said["bgpTimerHoldTimeMsecs"], 7000);
    assert_eq!(said["bgpTimerKeepAliveIntervalMsecs"], 2000);
    let between = (ends.node, ends.rack);
    bfd::wait_session(&scene.node, &scene.tor.router, between, Timers::new(150, 160, 4)).await?;
    Ok(())
}

/// What clears a field, the lines that must go (by their beginning), and those that come in their place.
type Clearing = (fn(&mut v1::BgpPeer), &'static [&'static str], &'static [&'static str]);

const CLEARINGS: [Clearing; 9] = [
    (|peer| peer.description.clear(), &["description "], &[]),
    (|peer| (peer.keepalive, peer.hold_time) = (0, 0), &["timers 2 7"], &[]),
    (|peer| peer.source_address.clear(), &["update-source "], &[]),
    (|peer| peer.ebgp_multihop = 0, &["ebgp-multihop "], &[]),
    (|peer| peer.password.clear(), &["password "], &[]),
    (|peer| peer.bfd_enabled = false, &["bfd"], &[]),
    (
        |peer| (peer.bfd_min_rx_ms, peer.bfd_min_tx_ms, peer.bfd_detect_multiplier) = (0, 0, 0),
        &["bfd profile"],
        &["bfd profile NR-B-300-300-3"],
    ),
    (
        |peer| peer.max_prefix = 0,
        &["ipv4 maximum-prefix", "ipv6 maximum-prefix"],
        &["ipv4 maximum-prefix 1000 warning-only", "ipv6 maximum-prefix 1000 warning-only"],
    ),
    (|peer| peer.address_families.clear(), &["ipv6 "], &[]),
];

/// Clears each field of `full` alone; the one before is set again by the same request.
async fn each_field_is_cleared(scene: &Scene, client: &mut Client, ends: Loopbacks, full: &v1::BgpPeer) -> Result<()> {
    for (clear, gone, instead) in CLEARINGS {
        let mut peer = full.clone();
        clear(&mut peer);
        client.apply_peer(request::apply_peer(LB, peer)).await?;
        let mut expected = full_lines(ends, scene.node.release());
        expected.retain(|line| !gone.iter().any(|start| line.starts_with(start)));
        expected.extend(instead.iter().map(|line| (*line).to_owned()));
        wait_neighbor_lines(scene, ends.rack, &expected).await.with_context(|| format!("without {gone:?}"))?;
    }
    Ok(())
}

/// Waits until the node runs no BFD session to these and has no profile left.
async fn no_bfd(scene: &Scene, peers: impl IntoIterator<Item = IpAddr>) -> Result<()> {
    for peer in peers {
        bfd::wait_no_session(&scene.node, peer).await?;
    }
    wait_for("the node to have no BFD profile", TIMEOUT, async || {
        let running = scene.running(Daemon::Bfdd).await?;
        ensure!(!running.contains("NR-"), "{running}");
        Ok(Some(()))
    })
    .await
}
