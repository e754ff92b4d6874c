//! A client that comes back.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::refusal::Refusal;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{on_each_frr, request, v1};
use serde_json::json;
use tonic::Code;

use super::{from, number};

/// Makes so many events.
async fn happen(client: &mut Client, number: usize) -> Result<()> {
    for _ in 0..number {
        client.register(request::register(CNI)).await?;
    }
    Ok(())
}

async fn refused(client: &mut Client, request: v1::StreamEventsRequest) -> Result<Refusal> {
    match client.stream_events(request.clone()).await {
        Ok(_) => anyhow::bail!("taken: {request:?}"),
        Err(status) => Refusal::of(&status)?.expect(Code::InvalidArgument, "INVALID_FIELD"),
    }
}

on_each_frr! {
    /// Away and back several times, each time over another connection and at another place of the stream: no event is
    /// lost, none comes twice.
    async fn nothing_is_lost_and_nothing_comes_twice(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let mut events = Events::open(&mut client, "", &[]).await?;
        happen(&mut client, 1).await?;
        let first = events.next().await?;
        let (boot_id, mut next) = (first.boot_id.clone(), first.sequence + 1);
        for read in [0, 1, 7, 3] {
            drop(events);
            happen(&mut client, 5).await?;
            events = from(&mut scene.agent.client().await?, next, &boot_id).await?;
            happen(&mut client, 2).await?;
            for _ in 0..read {
                let event = events.next().await?;
                ensure!(event.sequence == next && event.boot_id == boot_id, "wanted {next}: {event:?}");
                next += 1;
            }
        }
        let last = first.sequence + 28;
        while next <= last {
            let event = events.next().await?;
            ensure!(event.sequence == next && event.r#type() == EventType::OwnerRegistered, "wanted {next}: {event:?}");
            next += 1;
        }
        Ok(())
    }

    /// What the agent no longer has is told by one LAGGED in its place. A place that does not exist yet, and a run
    /// without a place in it, are refused.
    async fn what_is_gone_is_told_and_what_is_not_yet_refused(release) {
        let scene = Scene::with(release, |config| config["events"] = json!({ "ring": 16 })).await?;
        let mut client = scene.agent.client().await?;
        let mut live = Events::open(&mut client, "", &[]).await?;
        happen(&mut client, 40).await?;
        let mut last = live.next().await?;
        while live.seen().len() < 40 {
            last = live.next().await?;
        }
        // With and without the run: it is this one. The filter does not hide what is missing.
        for boot_id in ["", &last.boot_id] {
            let request = v1::StreamEventsRequest {
                from_sequence: Some(1),
                boot_id: boot_id.to_owned(),
                event_types: vec!["OWNER_REGISTERED".into()],
                ..Default::default()
            };
            let mut events = Events::with(&mut client, request).await?;
            let gap = events.next().await?;
            let told = (gap.r#type(), number(&gap, "from"), number(&gap, "to"), gap.sequence);
            let to = last.sequence - 16;
            assert_eq!(told, (EventType::Lagged, Some(1), Some(to), to));
            for sequence in to + 1..=last.sequence {
                assert_eq!(events.next().await?.sequence, sequence);
            }
        }
        let beyond = v1::StreamEventsRequest { from_sequence: Some(last.sequence + 2), ..Default::default() };
        let refusal = refused(&mut client, beyond).await?;
        assert_eq!(refusal.fields, ["from_sequence"]);
        ensure!(refusal.message.contains(&(last.sequence + 1).to_string()), "{refusal:?}");
        let without = v1::StreamEventsRequest { boot_id: last.boot_id.clone(), ..Default::default() };
        assert_eq!(refused(&mut client, without).await?.fields, ["boot_id"]);
        // The next one is a place.
        let mut events = from(&mut client, last.sequence + 1, &last.boot_id).await?;
        happen(&mut client, 1).await?;
        assert_eq!(events.next().await?.sequence, last.sequence + 1);
        Ok(())
    }

    /// The agent was killed meanwhile: whoever comes back with a place of the former run is told so, and gets all of this
    /// one.
    async fn another_run_is_told_from_its_first_event_on(release) {
        let (mut scene, mut client) = Scene::with_bgp(release).await?;
        let mut events = Events::open(&mut client, "", &[]).await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        let former = events.expect(EventType::PrefixAdvertised).await?;
        scene.agent.kill().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;

        let mut client = scene.agent.client().await?;
        let mut events = from(&mut client, former.sequence + 1, &former.boot_id).await?;
        let told = events.next().await?;
        ensure!(told.r#type() == EventType::Lagged && told.sequence == 0, "{told:?}");
        assert_eq!(told.metadata.get("former_boot_id"), Some(&former.boot_id));
        assert_eq!(number(&told, "from"), Some(former.sequence + 1));
        events.expect_that("the prefix", |event| {
            event.r#type() == EventType::PrefixAdvertised && event.intent == former.intent
        })
        .await?;
        events.check_sequence()?;
        let second = events.seen().get(1).context("nothing after it")?;
        ensure!(second.sequence == 1 && second.boot_id == told.boot_id && told.boot_id != former.boot_id, "{second:?}");
        Ok(())
    }
}
