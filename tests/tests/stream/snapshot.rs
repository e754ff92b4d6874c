//! How things are, before the news.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::{ADMIN, CNI, LB};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::TOR_AS;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{on_each_frr, request, v1, wait_for};

use super::number;

/// Something that is so: what, of whom, about which intent.
type Fact = (EventType, String, String);

async fn open(client: &mut Client, owner: &str, types: &[&str]) -> Result<Events> {
    let request = v1::StreamEventsRequest {
        owner_filter: owner.to_owned(),
        event_types: types.iter().map(|text| (*text).to_owned()).collect(),
        snapshot: true,
        ..Default::default()
    };
    Events::with(client, request).await
}

/// What stands between the two marks, and the number that all of it bears.
async fn told(events: &mut Events) -> Result<(BTreeSet<Fact>, u64)> {
    let begin = events.next().await?;
    ensure!(begin.r#type() == EventType::SnapshotBegin, "{begin:?}");
    let mut facts = BTreeSet::new();
    loop {
        let event = events.next().await?;
        let marked = event.metadata.get("snapshot").is_some_and(|value| value == "true");
        ensure!(marked && event.sequence == begin.sequence && event.boot_id == begin.boot_id, "{event:?}");
        if event.r#type() == EventType::SnapshotEnd {
            ensure!(number(&event, "events") == Some(facts.len().try_into()?), "{event:?} after {facts:#?}");
            return Ok((facts, begin.sequence));
        }
        ensure!(facts.insert(fact(&event)), "told twice: {event:?}");
    }
}

fn fact(event: &v1::RouteEvent) -> Fact {
    let what = match event.metadata.get("daemon") {
        Some(daemon) => daemon.clone(),
        None => event.intent.clone(),
    };
    (event.r#type(), event.owner.clone(), what)
}

/// The same out of a status.
fn facts(status: &v1::GetStatusResponse) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    let state_of = |state: &str| match state {
        "programmed" | "advertised" => Some(EventType::IntentProgrammed),
        "refused" => Some(EventType::IntentRefused),
        "overridden" => Some(EventType::IntentOverridden),
        _ => None,
    };
    for row in &status.prefixes {
        let key = format!("prefix bgp {}", row.prefix);
        facts
            .extend((row.state == "advertised").then(|| (EventType::PrefixAdvertised, row.owner.clone(), key.clone())));
        facts.extend(state_of(&row.state).map(|state| (state, row.owner.clone(), key)));
    }
    for row in &status.peers {
        let key = format!("peer {}", row.neighbor_address);
        let up = row.peer_state() == v1::PeerState::Established;
        facts.extend(up.then(|| (EventType::PeerUp, row.owner.clone(), key.clone())));
        facts.extend(state_of(&row.intent_state).map(|state| (state, row.owner.clone(), key)));
    }
    let daemons = status.frr_status.iter().flat_map(|frr| &frr.daemons).filter(|daemon| daemon.connected);
    facts.extend(daemons.map(|daemon| (EventType::FrrConnected, String::new(), daemon.name.clone())));
    // The instance has no row.
    facts.insert((EventType::IntentProgrammed, LB.to_owned(), "bgp".to_owned()));
    facts
}

/// A node with prefixes of two owners, one that is overridden, and a peer that FRR refuses.
async fn with_everything(scene: &Scene, client: &mut Client) -> Result<()> {
    for number in 1..=20 {
        let owner = if number % 2 == 0 { LB } else { CNI };
        client.advertise_prefix(request::advertise(owner, &format!("203.0.113.{number}/32"))).await?;
    }
    client.advertise_prefix(request::advertise(ADMIN, "203.0.113.1/32")).await?;
    client.apply_peer(request::apply_peer(LB, peer(scene.tor.node_ipv4, TOR_AS))).await?;
    scene.peer_intent_state(scene.tor.node_ipv4.into(), "refused").await?;
    scene.prefix_state("203.0.113.20/32", "advertised").await?;
    scene.prefix_state("203.0.113.19/32", "advertised").await?;
    Ok(())
}

on_each_frr! {
    /// The same as the status says, with the filters applied; and the first news is the next number.
    async fn it_is_what_the_status_says(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        with_everything(&scene, &mut client).await?;
        let mut events = wait_for("a snapshot that is what the status says", TIMEOUT, async || {
            let mut events = open(&mut client.clone(), "", &[]).await?;
            let (seen, _) = told(&mut events).await?;
            let expected = facts(&scene.agent.status().await?);
            ensure!(seen == expected, "more: {:?}, less: {:?}", &seen - &expected, &expected - &seen);
            Ok(Some(events))
        })
        .await?;
        let all: BTreeSet<_> = events.seen().iter().filter(|event| event.r#type() < EventType::SnapshotBegin).map(fact).collect();
        let last = events.seen().last().map(|event| event.sequence);
        client.register(request::register(CNI)).await?;
        let news = events.next().await?;
        ensure!(Some(news.sequence) == last.map(|last| last + 1) && !news.metadata.contains_key("snapshot"), "{news:?}");

        for (owner, types) in [(LB, &[][..]), ("", &["INTENT_REFUSED", "peer_up"]), (CNI, &["PREFIX_ADVERTISED"])] {
            let (seen, _) = told(&mut open(&mut client, owner, types).await?).await?;
            let names = types.iter().map(|text| format!("EVENT_TYPE_{}", text.to_uppercase())).collect::<Vec<_>>();
            let passes = |fact: &&Fact| {
                let typed = names.is_empty() || names.iter().any(|name| name == fact.0.as_str_name());
                typed && (owner.is_empty() || fact.1 == owner)
            };
            let expected: BTreeSet<_> = all.iter().filter(passes).cloned().collect();
            ensure!(seen == expected && !seen.is_empty(), "{owner} {types:?}: {seen:#?}");
        }
        // What was missed comes first, then how things are.
        let request = v1::StreamEventsRequest {
            from_sequence: Some(news.sequence),
            boot_id: news.boot_id.clone(),
            snapshot: true,
            ..Default::default()
        };
        let mut both = Events::with(&mut client, request).await?;
        assert_eq!(both.next().await?, news);
        assert_eq!(told(&mut both).await?, (all.clone(), news.sequence));
        // Words for people, of the same.
        let ctl = Ctl::new(&scene.agent, LB);
        let mut following = ctl.follow("events --snapshot --types FRR_CONNECTED -o json")?;
        ensure!(following.line().await?.contains("SNAPSHOT_BEGIN"));
        ensure!(following.line().await?.contains("FRR_CONNECTED"));
        following.interrupt().await?;
        Ok(())
    }
}

/// Prefixes that come and go meanwhile.
const FLAPPING: u32 = 200;

/// Comes last.
const MARKER: &str = "203.0.113.99/32";
/// Most snapshots that are followed up; the agent takes 256 subscribers.
const READERS_MAX: usize = 100;

/// Announces and withdraws.
async fn flap(mut client: Client) -> Result<()> {
    for round in 0..3 {
        for number in 0..FLAPPING {
            let prefix = format!("198.51.100.{number}/32");
            if (number + round) % 3 == 0 {
                let _not_held = client.withdraw_prefix(request::withdraw(LB, &prefix, v1::Protocol::Bgp)).await;
            } else {
                client.advertise_prefix(request::advertise(LB, &prefix)).await?;
            }
        }
    }
    Ok(())
}

/// Brings what is so up to date with the news, until the marker comes.
async fn follow(mut events: Events, mut facts: BTreeSet<Fact>) -> Result<BTreeSet<Fact>> {
    loop {
        let event = events.next().await?;
        let (event_type, owner, key) = fact(&event);
        if key == format!("prefix bgp {MARKER}") {
            return Ok(facts);
        }
        let up = (EventType::PrefixAdvertised, owner, key);
        let changed = match event_type {
            EventType::PrefixAdvertised => facts.insert(up),
            _ => facts.remove(&up),
        };
        ensure!(changed, "told already: {event:?}");
    }
}

on_each_frr! {
    /// While prefixes come and go: each snapshot together with the news after it gives what the status says in the end.
    /// Nothing is in both, nothing in neither.
    async fn snapshot_and_news_fit_together_at_any_moment(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let flapping = tokio::spawn(flap(scene.agent.client().await?));
        let mut readers = Vec::new();
        while !flapping.is_finished() || readers.is_empty() {
            // Streams of one connection share what it takes in unread.
            let mut events = open(&mut scene.agent.client().await?, "", &["PREFIX_ADVERTISED", "PREFIX_WITHDRAWN"]).await?;
            let (seen, _) = told(&mut events).await?;
            if readers.len() < READERS_MAX {
                readers.push(tokio::spawn(follow(events, seen)));
            }
        }
        flapping.await??;
        let expected = wait_for("all prefixes to be advertised", TIMEOUT, async || {
            let status = scene.agent.status().await?;
            let settled = status.prefixes.iter().all(|row| row.state == "advertised");
            let mut facts = facts(&status);
            facts.retain(|(event_type, ..)| *event_type == EventType::PrefixAdvertised);
            Ok(settled.then_some(facts))
        })
        .await?;
        client.advertise_prefix(request::advertise(LB, MARKER)).await?;
        for reader in readers {
            let facts = reader.await??;
            ensure!(facts == expected, "more: {:?}, less: {:?}", &facts - &expected, &expected - &facts);
        }
        Ok(())
    }
}
