//! All event types of the contract, each when the thing happens, with what a program needs to know.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};

use crate::{declare, protected};

const PREFIX: &str = "203.0.113.7/32";

/// Fails unless an event of this type came, about this owner and with these values; gives its number.
async fn came(events: &mut Events, event_type: EventType, owner: &str, metadata: &[(&str, &str)]) -> Result<u64> {
    let event = events.expect(event_type).await?;
    ensure!(event.owner == owner, "{event:?}");
    for (key, value) in metadata {
        let told = event.metadata.get(*key).with_context(|| format!("no {key} in {event:?}"))?;
        ensure!(told == value, "{event:?}");
    }
    ensure!(!event.detail.is_empty() && event.timestamp_ns / 1_000_000_000 == event.timestamp_unix, "{event:?}");
    Ok(event.sequence)
}

/// What owners do.
async fn requests(scene: &Scene, events: &mut Events) -> Result<()> {
    let mut client = scene.agent.client().await?;
    client.register(request::register(CNI)).await?;
    came(events, EventType::OwnerRegistered, CNI, &[]).await?;
    client.advertise_prefix(request::advertise(LB, PREFIX)).await?;
    refused(client.withdraw_prefix(request::withdraw(CNI, PREFIX, v1::Protocol::Bgp)).await)?;
    let denied = [("holder", LB), ("reason", "HELD_BY_ANOTHER")];
    came(events, EventType::PolicyViolation, CNI, &denied).await?;
    client.deregister(request::deregister(CNI, true)).await?;
    came(events, EventType::OwnerDeregistered, CNI, &[]).await?;
    Ok(())
}

/// What comes up by it.
async fn coming_up(scene: &Scene, events: &mut Events) -> Result<()> {
    declare(scene, &mut scene.agent.client().await?).await?;
    came(events, EventType::BgpConfigChanged, LB, &[("local_as", "65001"), ("router_id", "10.0.1.1")]).await?;
    let up = came(events, EventType::PeerUp, LB, &[("peer", "10.0.1.2")]).await?;
    came(events, EventType::BfdUp, LB, &[("peer", "10.0.1.2")]).await?;
    let sent = came(events, EventType::PrefixAdvertised, LB, &[("prefix", PREFIX), ("protocol", "bgp")]).await?;
    ensure!(sent > up, "it was asked for long before, and sent when the session was up: {:?}", events.seen());
    came(events, EventType::OspfNeighborUp, LB, &[("interface", "tor1")]).await.map(drop)
}

on_each_frr! {
    /// One story in which everything happens once: owners come and go, a session comes up, the link is cut, a daemon
    /// is killed and comes back.
    async fn all_fourteen_types_tell_what_happened(release) {
        let (scene, mut client) = protected(release).await?;
        let mut events = Events::open(&mut client, "", &[]).await?;
        requests(&scene, &mut events).await?;
        coming_up(&scene, &mut events).await?;

        scene.tor.link.set_down().await?;
        came(&mut events, EventType::BfdDown, LB, &[("peer", "10.0.1.2")]).await?;
        came(&mut events, EventType::PeerDown, LB, &[("peer", "10.0.1.2")]).await?;
        came(&mut events, EventType::PrefixWithdrawn, LB, &[("prefix", PREFIX)]).await?;
        came(&mut events, EventType::OspfNeighborDown, LB, &[("interface", "tor1")]).await?;

        scene.node.kill(Daemon::Bfdd).await?;
        came(&mut events, EventType::FrrDisconnected, "", &[("daemon", "bfdd")]).await?;
        scene.node.start(&[Daemon::Bfdd]).await?;
        came(&mut events, EventType::FrrConnected, "", &[("daemon", "bfdd")]).await?;

        events.check_sequence()?;
        let seen: BTreeSet<_> = events.seen().iter().map(|event| event.r#type).filter(|number| *number < 100).collect();
        assert_eq!(seen, (1..=14).collect());
        Ok(())
    }
}

on_each_frr! {
    /// A peer that is removed goes down, and so do its prefixes: the events come also where FRR forgets the object.
    async fn what_is_removed_goes_down_first(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let mut events = Events::open(&mut client, LB, &[]).await?;
        client.advertise_prefix(request::advertise(LB, PREFIX)).await?;
        events.expect(EventType::PrefixAdvertised).await?;
        client.remove_peer(request::remove_peer(LB, scene.tor.ipv4)).await?;
        let down = events.expect(EventType::PeerDown).await?;
        ensure!(down.metadata.get("reason").is_some_and(|reason| !reason.is_empty()), "{down:?}");
        events.expect(EventType::PrefixWithdrawn).await?;
        let mut after = events.seen().iter().filter(|event| event.sequence > down.sequence);
        ensure!(after.all(|event| event.r#type() != EventType::PeerUp), "{:?}", events.seen());
        Ok(())
    }
}
