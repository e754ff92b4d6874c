//! Numbers: refused at the door beyond the range, taken by FRR at both ends of it.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::refusal::Refusal;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::v1::{BgpPeer, EnableBfdRequest, EnableOspfRequest, ExportPolicy, ImportPolicy, PrefixAttributes};
use novaroute_e2e::{Daemon, on_each_frr, request, wait_for};
use tonic::Code;

/// A request that is fine but for one value.
enum Bad {
    Instance(u32, &'static str),
    Peer(fn(&mut BgpPeer)),
    Prefix(&'static str, i32, fn(&mut PrefixAttributes)),
    Bfd(fn(&mut EnableBfdRequest)),
    Ospf(fn(&mut EnableOspfRequest)),
}

fn peer(change: impl FnOnce(&mut BgpPeer)) -> BgpPeer {
    let mut peer = BgpPeer { neighbor_address: "10.0.1.77".into(), remote_as: 65_100, ..Default::default() };
    change(&mut peer);
    peer
}

fn bfd(change: impl FnOnce(&mut EnableBfdRequest)) -> EnableBfdRequest {
    let mut bfd = EnableBfdRequest { peer_address: "10.0.1.78".into(), ..Default::default() };
    change(&mut bfd);
    bfd
}

fn ospf(change: impl FnOnce(&mut EnableOspfRequest)) -> EnableOspfRequest {
    let mut ospf = EnableOspfRequest { interface_name: "tor1".into(), area_id: "0".into(), ..Default::default() };
    change(&mut ospf);
    ospf
}

/// The field that is at fault, and the request.
const BAD: [(&str, Bad); 79] = [
    ("local_as", Bad::Instance(0, "10.0.1.1")),
    ("router_id", Bad::Instance(1, "0.0.0.0")),
    ("router_id", Bad::Instance(1, "224.0.0.1")),
    ("router_id", Bad::Instance(1, "255.255.255.255")),
    ("router_id", Bad::Instance(1, "10.0.1")),
    ("router_id", Bad::Instance(1, "::1")),
    ("router_id", Bad::Instance(1, "")),
    ("peer.neighbor_address", Bad::Peer(|peer| peer.neighbor_address = "0.0.0.0".into())),
    ("peer.neighbor_address", Bad::Peer(|peer| peer.neighbor_address = "224.0.0.5".into())),
    ("peer.neighbor_address", Bad::Peer(|peer| peer.neighbor_address = "10.0.1.2/32".into())),
    ("peer.neighbor_address", Bad::Peer(|peer| peer.neighbor_address = "fe80::1".into())),
    ("peer.neighbor_address", Bad::Peer(|peer| peer.neighbor_address = "127.0.0.1".into())),
    ("peer.neighbor_address", Bad::Peer(|peer| peer.neighbor_address = String::new())),
    ("peer.remote_as", Bad::Peer(|peer| peer.remote_as = 0)),
    ("peer.peer_type", Bad::Peer(|peer| peer.peer_type = 3)),
    ("peer.peer_type", Bad::Peer(|peer| peer.peer_type = -1)),
    ("peer.keepalive", Bad::Peer(|peer| (peer.keepalive, peer.hold_time) = (65_536, 65_535))),
    ("peer.hold_time", Bad::Peer(|peer| (peer.keepalive, peer.hold_time) = (1, 65_536))),
    ("peer.hold_time", Bad::Peer(|peer| (peer.keepalive, peer.hold_time) = (1, 2))),
    ("peer.hold_time", Bad::Peer(|peer| (peer.keepalive, peer.hold_time) = (4, 11))),
    ("peer.hold_time", Bad::Peer(|peer| peer.keepalive = 3)),
    ("peer.keepalive", Bad::Peer(|peer| peer.hold_time = 9)),
    ("peer.ebgp_multihop", Bad::Peer(|peer| peer.ebgp_multihop = 256)),
    ("peer.source_address", Bad::Peer(|peer| peer.source_address = "fd00:1::1".into())),
    ("peer.source_address", Bad::Peer(|peer| peer.source_address = "0.0.0.0".into())),
    ("peer.password", Bad::Peer(|peer| peer.password = "x".repeat(81))),
    ("peer.password", Bad::Peer(|peer| peer.password = "two words".into())),
    ("peer.description", Bad::Peer(|peer| peer.description = "x".repeat(256))),
    ("peer.address_families[0]", Bad::Peer(|peer| peer.address_families = vec![0])),
    ("peer.address_families[1]", Bad::Peer(|peer| peer.address_families = vec![1, 3])),
    ("peer.bfd_min_rx_ms", Bad::Peer(|peer| peer.bfd_min_rx_ms = 9)),
    ("peer.bfd_min_rx_ms", Bad::Peer(|peer| peer.bfd_min_rx_ms = 60_001)),
    ("peer.bfd_min_tx_ms", Bad::Peer(|peer| peer.bfd_min_tx_ms = 9)),
    ("peer.bfd_min_tx_ms", Bad::Peer(|peer| peer.bfd_min_tx_ms = 60_001)),
    ("peer.bfd_detect_multiplier", Bad::Peer(|peer| peer.bfd_detect_multiplier = 1)),
    ("peer.bfd_detect_multiplier", Bad::Peer(|peer| peer.bfd_detect_multiplier = 256)),
    ("prefix", Bad::Prefix("10.9.0.0/33", 1, |_| {})),
    ("prefix", Bad::Prefix("2001:db8::/129", 1, |_| {})),
    ("prefix", Bad::Prefix("10.9.0.1", 1, |_| {})),
    ("prefix", Bad::Prefix("224.0.0.0/4", 1, |_| {})),
    ("prefix", Bad::Prefix("fe80::/64", 1, |_| {})),
    ("protocol", Bad::Prefix("10.9.0.1/32", 0, |_| {})),
    ("protocol", Bad::Prefix("10.9.0.1/32", 3, |_| {})),
    ("attributes", Bad::Prefix("10.9.0.1/32", 2, |attributes| attributes.med = 5)),
    ("attributes.communities[0]", Bad::Prefix("10.9.0.1/32", 1, |a| a.communities = vec!["65536:1".into()])),
    ("attributes.communities[0]", Bad::Prefix("10.9.0.1/32", 1, |a| a.communities = vec!["1:65536".into()])),
    ("attributes.communities[1]", Bad::Prefix("10.9.0.1/32", 1, |a| a.communities = vec!["1:1".into(), "1".into()])),
    ("attributes.communities[0]", Bad::Prefix("10.9.0.1/32", 1, |a| a.communities = vec!["no-such".into()])),
    ("attributes.next_hop", Bad::Prefix("10.9.0.1/32", 1, |a| a.next_hop = "fd00:1::1".into())),
    ("attributes.next_hop", Bad::Prefix("10.9.0.1/32", 1, |a| a.next_hop = "127.0.0.1".into())),
    ("attributes.as_path_prepend", Bad::Prefix("10.9.0.1/32", 1, |a| a.as_path_prepend = 11)),
    ("attributes.origin", Bad::Prefix("10.9.0.1/32", 1, |a| a.origin = 4)),
    ("attributes.large_communities[0]", Bad::Prefix("10.9.0.1/32", 1, |a| a.large_communities = vec!["1:2".into()])),
    (
        "attributes.extended_communities[0]",
        Bad::Prefix("10.9.0.1/32", 1, |a| a.extended_communities = vec!["rt:65536:65536".into()]),
    ),
    ("attributes.peers[0]", Bad::Prefix("10.9.0.1/32", 1, |a| a.peers = vec!["10.0.1.2/32".into()])),
    ("peer.allowas_in", Bad::Peer(|peer| peer.allowas_in = 11)),
    ("peer.max_prefix_action", Bad::Peer(|peer| peer.max_prefix_action = 4)),
    (
        "peer.max_prefix_restart_min",
        Bad::Peer(|peer| (peer.max_prefix_action, peer.max_prefix_restart_min) = (2, 65_536)),
    ),
    ("peer.max_prefix_restart_min", Bad::Peer(|peer| peer.max_prefix_restart_min = 1)),
    (
        "peer.import_policy.accept",
        Bad::Peer(|peer| peer.import_policy = Some(ImportPolicy { accept: 4, ..Default::default() })),
    ),
    (
        "peer.export_policy.announce",
        Bad::Peer(|peer| peer.export_policy = Some(ExportPolicy { announce: 4, ..Default::default() })),
    ),
    ("min_rx_ms", Bad::Bfd(|bfd| bfd.min_rx_ms = 9)),
    ("min_tx_ms", Bad::Bfd(|bfd| bfd.min_tx_ms = 60_001)),
    ("detect_multiplier", Bad::Bfd(|bfd| bfd.detect_multiplier = 1)),
    ("source_address", Bad::Bfd(|bfd| bfd.multihop = true)),
    ("source_address", Bad::Bfd(|bfd| bfd.source_address = "10.0.1.1".into())),
    ("interface_name", Bad::Bfd(|bfd| bfd.peer_address = "fe80::1".into())),
    ("area_id", Bad::Ospf(|ospf| ospf.area_id = "4294967296".into())),
    ("area_id", Bad::Ospf(|ospf| ospf.area_id = String::new())),
    ("cost", Bad::Ospf(|ospf| ospf.cost = 65_536)),
    ("network_type", Bad::Ospf(|ospf| ospf.network_type = 3)),
    ("priority", Bad::Ospf(|ospf| ospf.priority = Some(256))),
    ("authentication", Bad::Ospf(|ospf| ospf.authentication = 4)),
    ("authentication_key", Bad::Ospf(|ospf| ospf.authentication_key = "unused".into())),
    ("area_type", Bad::Ospf(|ospf| ospf.area_type = 1)),
    ("bfd_min_rx_ms", Bad::Ospf(|ospf| ospf.bfd_min_rx_ms = 60_001)),
    ("hello_interval", Bad::Ospf(|ospf| (ospf.hello_interval, ospf.dead_interval) = (65_536, 65_535))),
    ("dead_interval", Bad::Ospf(|ospf| (ospf.hello_interval, ospf.dead_interval) = (10, 9))),
    ("interface_name", Bad::Ospf(|ospf| ospf.interface_name = "a234567890123456".into())),
];

async fn send(client: &mut Client, bad: &Bad) -> Result<Refusal> {
    let status = match *bad {
        Bad::Instance(local_as, id) => client.configure_bgp(request::configure_bgp(LB, local_as, id)).await.err(),
        Bad::Peer(change) => client.apply_peer(request::apply_peer(LB, peer(change))).await.err(),
        Bad::Prefix(prefix, protocol, change) => {
            let mut attributes = PrefixAttributes::default();
            change(&mut attributes);
            let mut message = request::advertise_with(LB, prefix, attributes);
            message.protocol = protocol;
            client.advertise_prefix(message).await.err()
        }
        Bad::Bfd(change) => client.enable_bfd(request::enable_bfd(LB, bfd(change))).await.err(),
        Bad::Ospf(change) => client.enable_ospf(request::enable_ospf(LB, ospf(change))).await.err(),
    };
    Refusal::of(&status.context("accepted")?)
}

on_each_frr! {
    /// Each value beyond its range is INVALID_ARGUMENT with its field named, and nothing is kept of the request.
    async fn values_out_of_range_are_refused_at_the_door(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        for (at, (field, bad)) in BAD.iter().enumerate() {
            let place = || format!("row {at}, {field}");
            let refusal = send(&mut client, bad).await.with_context(place)?;
            let refusal = refusal.expect(Code::InvalidArgument, "INVALID_FIELD").with_context(place)?;
            ensure!(refusal.fields == [*field], "{}: {refusal:?}", place());
            ensure!(refusal.message.contains(field), "{}: {refusal:?}", place());
        }
        let status = scene.agent.status().await?;
        ensure!(status.peers.is_empty() && status.prefixes.is_empty(), "{status:?}");
        ensure!(status.bfd_sessions.is_empty() && status.ospf_interfaces.is_empty(), "{status:?}");
        Ok(())
    }
}

on_each_frr! {
    /// All that is wrong with one request is told at once, in the order of the fields.
    async fn all_bad_fields_of_a_request_are_told_at_once(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let bad = peer(|peer| {
            (peer.remote_as, peer.keepalive, peer.ebgp_multihop) = (0, 5, 300);
            peer.description = "a\nb".into();
        });
        let status = client.apply_peer(request::apply_peer(LB, bad)).await.err().context("accepted")?;
        let fields = ["peer.remote_as", "peer.hold_time", "peer.description", "peer.ebgp_multihop"];
        assert_eq!(Refusal::of(&status)?.fields, fields);
        Ok(())
    }
}

fn at_the_ends() -> Vec<(&'static str, BgpPeer)> {
    let lowest = peer(|peer| {
        (peer.keepalive, peer.hold_time, peer.ebgp_multihop, peer.max_prefix) = (1, 3, 2, 1);
        (peer.bfd_enabled, peer.bfd_min_rx_ms, peer.bfd_min_tx_ms, peer.bfd_detect_multiplier) = (true, 10, 10, 2);
        peer.password = "x".into();
        peer.remote_as = 1;
    });
    let highest = peer(|peer| {
        peer.neighbor_address = "fd00:1::77".into();
        (peer.keepalive, peer.hold_time, peer.ebgp_multihop, peer.max_prefix) = (21_845, 65_535, 255, u32::MAX);
        (peer.bfd_enabled, peer.bfd_min_rx_ms, peer.bfd_min_tx_ms) = (true, 60_000, 60_000);
        (peer.bfd_detect_multiplier, peer.remote_as) = (255, u32::MAX);
        peer.password = "x".repeat(80);
        peer.description = "x".repeat(255);
    });
    vec![("lowest", lowest), ("highest", highest)]
}

on_each_frr! {
    /// What the door lets in, FRR takes: the first and the last value of each range ends up programmed.
    async fn both_ends_of_each_range_are_taken_by_frr(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, 4_294_967_294, "223.255.255.255")).await?;
        for (which, peer) in at_the_ends() {
            let address = peer.neighbor_address.parse()?;
            client.apply_peer(request::apply_peer(LB, peer)).await?;
            let row = scene.peer_intent_state(address, "programmed").await.context(which)?;
            ensure!(row.reason.is_empty(), "{row:?}");
        }
        let attributes = PrefixAttributes {
            local_pref: Some(0),
            multi_exit_disc: Some(u32::MAX),
            communities: vec!["0:0".into(), "65535:65535".into()],
            ..Default::default()
        };
        client.advertise_prefix(request::advertise_with(LB, "10.9.5.1/32", attributes)).await?;
        scene.prefix_state("10.9.5.1/32", "programmed").await?;
        let slowest = |ospf: &mut EnableOspfRequest| {
            (ospf.cost, ospf.hello_interval, ospf.dead_interval) = (65_535, 65_535, 65_535);
            ospf.area_id = "4294967295".into();
        };
        client.enable_ospf(request::enable_ospf(LB, ospf(slowest))).await?;
        let bfd = bfd(|bfd| (bfd.min_rx_ms, bfd.min_tx_ms, bfd.detect_multiplier) = (10, 60_000, 255));
        client.enable_bfd(request::enable_bfd(LB, bfd)).await?;
        wait_for("OSPF and BFD to be programmed", TIMEOUT, async || {
            let status = scene.agent.status().await?;
            let ospf = status.ospf_interfaces.iter().all(|row| row.intent_state == "programmed");
            let bfd = status.bfd_sessions.iter().all(|row| row.intent_state == "programmed");
            if ospf && bfd { Ok(Some(())) } else { anyhow::bail!("{status:?}") }
        })
        .await?;
        let ospfd = scene.running(Daemon::Ospfd).await?;
        ensure!(ospfd.contains("ip ospf area 255.255.255.255") && ospfd.contains("ip ospf cost 65535"), "{ospfd}");
        Ok(())
    }
}
