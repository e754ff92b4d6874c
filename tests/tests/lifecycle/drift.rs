//! Hands that edit FRR beside the agent, and what FRR will not take.

use std::time::Duration;

use anyhow::{Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, times_established};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};

use crate::work::{BGP_V4, INTERFACE, MARKER, ask_for_prefix, at_work, everything_works};

/// A prefix that the network operator announces from the node by hand.
const FOREIGN: &str = "192.0.2.0/24";

/// Removes and changes what is the agent's, and adds what is not.
async fn meddle(scene: &Scene) -> Result<()> {
    let (router, peer) = (format!("router bgp {NODE_AS}"), scene.tor.ipv4);
    let bgpd = [
        router.clone(),
        format!("neighbor {peer} description meddled with"),
        format!("no neighbor {peer} timers"),
        "address-family ipv4 unicast".to_owned(),
        format!("no network {BGP_V4}"),
        format!("network {FOREIGN}"),
    ];
    scene.node.configure(Daemon::Bgpd, &bgpd).await?;
    scene.node.configure(Daemon::Bgpd, &["ip prefix-list OPERATOR seq 5 permit 192.0.2.0/24"]).await?;
    let peer = format!("peer {}", scene.tor.ipv6);
    scene.node.configure(Daemon::Bfdd, &["bfd", &format!("no {peer}"), "peer 10.0.1.77"]).await?;
    let interface = format!("interface {INTERFACE}");
    scene
        .node
        .configure(Daemon::Ospfd, &[&interface, "ip ospf cost 77", "exit", "interface lo", "ip ospf cost 3"])
        .await
}

/// The configuration of the daemons that were meddled with, without those lines that are not the agent's.
async fn own_configuration(scene: &Scene) -> Result<Vec<String>> {
    let mut own = Vec::new();
    for daemon in [Daemon::Bgpd, Daemon::Bfdd, Daemon::Ospfd] {
        let running = scene.running(daemon).await?;
        own.extend(running.lines().map(|line| format!("{daemon}: {line}")).filter(|line| !is_foreign(line)));
    }
    Ok(own)
}

fn is_foreign(line: &str) -> bool {
    [FOREIGN, "OPERATOR", "10.0.1.77", "ip ospf cost 3", "interface lo", "!", "exit"]
        .iter()
        .any(|word| line.ends_with(word) || line.contains(&format!("{word} ")))
}

on_each_frr! {
    /// The instance as a whole is removed by hand: it is back within two seconds, with everything in it.
    async fn no_router_bgp_by_hand_is_put_back(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let before = own_configuration(&scene).await?;
        let mut events = Events::open(&mut client, "", &["DRIFT_REPAIRED"]).await?;
        scene.node.configure(Daemon::Bgpd, &[format!("no router bgp {NODE_AS}")]).await?;
        wait_for("the instance to be back", Duration::from_secs(2), async || {
            let now = own_configuration(&scene).await?;
            ensure!(now == before, "{now:#?}\nwas\n{before:#?}");
            Ok(Some(()))
        })
        .await?;
        let repaired = events.expect(v1::EventType::DriftRepaired).await?;
        assert!(repaired.metadata["lines"].contains(&format!("router bgp {NODE_AS}")), "{repaired:?}");
        everything_works(&scene).await
    }

    /// What was changed or removed is put back within two seconds; what is somebody else's stays, is listed, and is
    /// not announced to the peer.
    async fn own_lines_are_put_back_and_foreign_ones_left_alone(release) {
        const PUT_BACK_MAX: Duration = Duration::from_secs(2);
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let before = own_configuration(&scene).await?;
        let sessions = times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?;
        let mut events = Events::open(&mut client, "", &["DRIFT_REPAIRED"]).await?;
        meddle(&scene).await?;
        wait_for("the own configuration to be what it was", PUT_BACK_MAX, async || {
            let now = own_configuration(&scene).await?;
            ensure!(now == before, "{now:#?}\nwas\n{before:#?}");
            Ok(Some(()))
        })
        .await?;
        everything_works(&scene).await?;
        // Each edit is told, in one event or in several.
        for line in ["description", "timers", &format!("network {BGP_V4}"), "ip ospf cost", "peer "] {
            let tells = |event: &v1::RouteEvent| event.metadata["lines"].contains(line);
            events.expect_that(&format!("a DRIFT_REPAIRED with {line:?}"), tells).await?;
        }
        assert!(scene.agent.metric("novaroute_drift_repairs_total").await? >= 5.0);
        foreign_is_left(&scene).await?;
        ask_for_prefix(&mut client, MARKER).await?;
        scene.tor.router.wait_bgp_route(MARKER, TIMEOUT).await?;
        assert!(scene.tor.router.bgp_paths(FOREIGN).await?.is_empty(), "foreign prefixes stay on the node");
        assert_eq!(times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?, sessions);
        Ok(())
    }

    /// FRR does not take a peer that is the node itself. That intent says so in FRR's words, and no other waits for it.
    async fn what_frr_refuses_holds_up_nobody_else(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let mut events = Events::open(&mut client, LB, &["INTENT_REFUSED"]).await?;
        let own_address = scene.tor.node_ipv4;
        let itself = v1::BgpPeer { neighbor_address: own_address.to_string(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, itself)).await?;
        ask_for_prefix(&mut client, MARKER).await?;
        scene.tor.router.wait_bgp_route(MARKER, TIMEOUT).await?;
        let row = scene.peer_intent_state(own_address.into(), "refused").await?;
        assert!(row.reason.starts_with("FRR_REFUSED") && row.reason.contains("local system"), "{row:?}");
        let event = events.expect(v1::EventType::IntentRefused).await?;
        assert_eq!((event.reason.as_str(), event.intent.as_str()), ("FRR_REFUSED", "peer 10.0.1.1"), "{event:?}");
        assert_eq!(scene.agent.get("/readyz").await?.0, 200);
        let others = scene.peer_intent_state(scene.tor.ipv4.into(), "programmed").await?;
        assert_eq!(others.state, "Established");
        client.remove_peer(request::remove_peer(LB, own_address)).await?;
        wait_for("the refused peer to be gone", TIMEOUT, async || {
            Ok((scene.agent.status().await?.peers.len() == 1).then_some(()))
        })
        .await?;
        client.withdraw_prefix(request::withdraw(LB, MARKER, v1::Protocol::Bgp)).await?;
        scene.tor.router.wait_bgp_no_route(MARKER, TIMEOUT).await
    }
}

on_each_frr! {
    /// bfdd takes no session on an interface beside one without that somebody typed, and bgpd no peer that is the node
    /// itself. When the typed one has gone the next look makes up for it; where FRR shows nothing, asking again does.
    async fn what_frr_refused_is_tried_again_when_the_obstacle_has_gone(release) {
        /// A resync comes every 30 s.
        const RESYNC_MAX: Duration = Duration::from_secs(40);
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let typed = format!("peer {}", scene.tor.ipv6);
        scene.node.configure(Daemon::Bfdd, &["bfd", &typed]).await?;
        let session = v1::EnableBfdRequest {
            peer_address: scene.tor.ipv6.to_string(),
            interface_name: INTERFACE.to_owned(),
            ..Default::default()
        };
        client.enable_bfd(request::enable_bfd(LB, session)).await?;
        scene.node.add_address("lo", "10.9.9.9/32").await?;
        is_own_address(&scene, "10.9.9.9").await?;
        let itself = v1::BgpPeer { neighbor_address: "10.9.9.9".to_owned(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, itself.clone())).await?;
        scene.peer_intent_state([10, 9, 9, 9].into(), "refused").await?;
        bfd_state(&scene, TIMEOUT, "refused").await?;

        scene.node.configure(Daemon::Bfdd, &["bfd", &format!("no {typed}")]).await?;
        scene.node.remove_address("lo", "10.9.9.9/32").await?;
        // bgpd hears of it a moment later, so it may have to be asked for more than once.
        wait_for("the peer to be taken", TIMEOUT, async || {
            client.clone().apply_peer(request::apply_peer(LB, itself.clone())).await?;
            let peers = scene.agent.status().await?.peers;
            let taken = |row: &v1::PeerStatus| row.neighbor_address == "10.9.9.9" && row.intent_state == "programmed";
            Ok(peers.iter().any(taken).then_some(()))
        })
        .await?;
        bfd_state(&scene, RESYNC_MAX, "programmed").await
    }
}

/// Waits until bgpd has heard that an address is the node's own: then it takes no neighbor of that address.
async fn is_own_address(scene: &Scene, address: &str) -> Result<()> {
    wait_for("bgpd to know its own address", TIMEOUT, async || {
        let router = format!("router bgp {NODE_AS}");
        let neighbor = format!("neighbor {address} remote-as 65300");
        match scene.node.configure(Daemon::Bgpd, &[&router, &neighbor]).await {
            Err(refused) if format!("{refused:#}").contains("local system") => Ok(Some(())),
            Err(other) => Err(other),
            Ok(()) => {
                let undo = format!("no {neighbor}");
                scene.node.configure(Daemon::Bgpd, &[&router, &undo]).await?;
                Ok(None)
            }
        }
    })
    .await
}

/// Waits until the one BFD session that an owner asked for is in `state`.
async fn bfd_state(scene: &Scene, limit: Duration, state: &str) -> Result<()> {
    wait_for(&format!("the BFD session to be {state}"), limit, async || {
        let rows = scene.agent.status().await?.bfd_sessions;
        ensure!(rows.len() == 1 && rows[0].intent_state == state, "{rows:?}");
        Ok(Some(()))
    })
    .await
}

async fn foreign_is_left(scene: &Scene) -> Result<()> {
    let foreign = scene.agent.status().await?.frr_status.unwrap_or_default().foreign_lines;
    for (daemon, line) in [
        (Daemon::Bgpd, "network 192.0.2.0/24"),
        (Daemon::Bgpd, "ip prefix-list OPERATOR seq 5 permit 192.0.2.0/24"),
        (Daemon::Bfdd, "peer 10.0.1.77"),
        (Daemon::Ospfd, "ip ospf cost 3"),
    ] {
        let running = scene.running(daemon).await?;
        ensure!(running.lines().any(|running| running.trim() == line), "{daemon} lost {line:?}:\n{running}");
        ensure!(foreign.iter().any(|told| told.contains(line)), "{line:?} is not among {foreign:#?}");
    }
    Ok(())
}
