//! Changes that FRR pushes.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, v1, wait_for};
use serde_json::Value;

/// BFD sessions in the burst.
const SESSIONS: usize = 250;
/// How often each goes down and comes up: a thousand changes.
const CYCLES: usize = 2;
/// Longest wait for all sessions to be up.
const UP_MAX: Duration = Duration::from_secs(60);

/// Pairs of addresses, of the node and of the router of the rack, with a session each.
fn pairs() -> impl Iterator<Item = [String; 2]> {
    (1..=SESSIONS).map(|number| [format!("10.50.0.{number}"), format!("10.50.1.{number}")])
}

/// Configures bfdd of the node or of the router of the rack.
async fn bulk(scene: &Scene, on_node: bool, lines: Vec<String>) -> Result<()> {
    let router = if on_node { &scene.node } else { &scene.tor.router };
    let head = ["bfd".to_owned()];
    let all: Vec<String> = head.into_iter().chain(lines).collect();
    router.configure(Daemon::Bfdd, &all).await
}

async fn all_are(scene: &Scene, state: &str) -> Result<()> {
    wait_for(&format!("all BFD sessions to be {state}"), UP_MAX, async || {
        let sessions = scene.node.show_json(Daemon::Bfdd, "show bfd peers json").await?;
        let sessions: Vec<&Value> = sessions.as_array().context("no array")?.iter().collect();
        let number = sessions.iter().filter(|session| session["status"] == state).count();
        ensure!(number == SESSIONS, "{number} of {SESSIONS}");
        Ok(Some(()))
    })
    .await
}

on_each_frr! {
    /// 250 sessions go down and come up, twice, each time as fast as FRR can: a thousand changes, each told once, in
    /// order, with FRR's own time.
    async fn a_burst_of_a_thousand_changes_is_told_whole(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        for [near, far] in pairs() {
            scene.node.add_address(scene.tor.link.a().interface(), &format!("{near}/16")).await?;
            scene.tor.router.add_address(scene.tor.link.b().interface(), &format!("{far}/16")).await?;
        }
        let of_node = |[near, far]: [String; 2]| [format!("peer {far} local-address {near}"), "exit".to_owned()];
        bulk(&scene, true, pairs().flat_map(of_node).collect()).await?;
        let mut events = Events::open(&mut client, "", &["BFD_UP", "BFD_DOWN"]).await?;
        let of_tor = |[near, far]: [String; 2]| format!("peer {near} local-address {far}");
        bulk(&scene, false, pairs().flat_map(|pair| [of_tor(pair), "exit".to_owned()]).collect()).await?;
        all_are(&scene, "up").await?;
        for _ in 0..SESSIONS {
            events.next().await?;
        }
        ensure!(events.seen().iter().all(|event| event.r#type() == v1::EventType::BfdUp), "the sessions came up");
        events.forget();
        for _ in 0..CYCLES {
            for word in ["shutdown", "no shutdown"] {
                let lines = pairs().flat_map(|pair| [of_tor(pair), word.to_owned(), "exit".to_owned()]).collect();
                bulk(&scene, false, lines).await?;
                all_are(&scene, if word == "shutdown" { "down" } else { "up" }).await?;
            }
        }
        for number in 0..2 * CYCLES * SESSIONS {
            events.next().await.with_context(|| format!("after {number} events"))?;
        }
        for [_, peer] in pairs() {
            let of_peer = |event: &&v1::RouteEvent| event.metadata["peer"] == peer;
            let types: Vec<_> = events.seen().iter().filter(of_peer).map(v1::RouteEvent::r#type).collect();
            ensure!(types == [v1::EventType::BfdDown, v1::EventType::BfdUp].repeat(CYCLES), "{peer}: {types:?}");
        }
        let pushed = events.seen().iter().filter(|event| event.metadata.contains_key("frr_timestamp_ns")).count();
        ensure!(pushed == events.seen().len(), "{pushed} of {} were pushed", events.seen().len());
        Ok(())
    }

    /// A session that goes down says why, in the words of the NOTIFICATION, and the events of FRR and the state agree.
    async fn a_session_that_is_reset_is_told_with_its_reason(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let mut events = Events::open(&mut client, "", &["PEER_UP", "PEER_DOWN"]).await?;
        let before = scene.agent.status().await?.peers[0].flap_count;
        scene.tor.router.vty(Daemon::Bgpd, "clear bgp *").await?;
        let down = events.expect(v1::EventType::PeerDown).await?;
        ensure!(down.metadata["reason"].contains("Administrative Reset"), "{down:?}");
        ensure!(down.metadata.contains_key("frr_timestamp_ns"), "{down:?}");
        let up = events.expect(v1::EventType::PeerUp).await?;
        ensure!(up.sequence > down.sequence, "{up:?}");
        wait_for("the status to agree", TIMEOUT, async || {
            let peers = scene.agent.status().await?.peers;
            let agrees = |row: &v1::PeerStatus| row.state == "Established" && row.flap_count == before + 1;
            ensure!(peers.iter().all(agrees), "{peers:?}");
            Ok(Some(()))
        })
        .await
    }
}
