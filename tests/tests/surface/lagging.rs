//! A subscriber that does not read.

use std::os::unix::net::UnixStream;

use anyhow::{Context as _, ensure};
use novaroute_e2e::caller::client_over;
use novaroute_e2e::config::CNI;
use novaroute_e2e::events::Events;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{on_each_frr, request, v1, wait_for};
use serde_json::json;
use tonic::Code;

/// What the slow subscriber takes in unread, in bytes: a few events.
const WINDOW_BYTES: u32 = 1_024;
/// Most subscribers at one time.
const SUBSCRIBERS_MAX: usize = 256;
/// Far more than its window and the ring hold.
const EVENTS: u64 = 300;

on_each_frr! {
    /// One subscriber sleeps, another sees each event without a gap; when the first one wakes up, LAGGED stands exactly in
    /// the place of what is missing.
    async fn a_slow_subscriber_is_told_and_slows_nobody_down(release) {
        let scene = Scene::with(release, |config| config["events"] = json!({ "ring": 16 })).await?;
        let mut client = scene.agent.client().await?;
        let mut reader = Events::open(&mut client, "", &[]).await?;
        let stream = UnixStream::connect(scene.agent.socket())?;
        let mut sleeper = Events::open(&mut client_over(stream, Some(WINDOW_BYTES)).await?, "", &[]).await?;

        for _ in 0..EVENTS {
            client.register(request::register(CNI)).await?;
            reader.next().await?;
        }
        let last = reader.seen().last().context("nothing seen")?.sequence;
        reader.check_sequence()?;
        ensure!(reader.seen().iter().all(|event| event.r#type() != EventType::Lagged), "the reader lagged");

        let mut next = reader.seen().first().context("nothing seen")?.sequence;
        let mut missed = 0;
        while next <= last {
            let event = sleeper.next().await?;
            if event.r#type() == EventType::Lagged {
                let number = |key: &str| event.metadata.get(key).context("no range")?.parse::<u64>().context("no number");
                let (from, to) = (number("from")?, number("to")?);
                ensure!(from == next && to >= from && event.sequence == to, "wanted {next}: {event:?}");
                missed += to - from + 1;
                next = to + 1;
            } else {
                ensure!(event.sequence == next, "wanted {next}: {event:?}");
                next += 1;
            }
        }
        ensure!(missed > EVENTS / 2, "only {missed} events were missed");
        ensure!(scene.agent.metric("novaroute_events_dropped_total").await? >= missed as f64);
        Ok(())
    }
}

on_each_frr! {
    /// So many may follow the events; one more is refused, and comes in when another has left.
    async fn subscribers_have_a_limit(release) {
        let scene = Scene::new(release).await?;
        let mut streams = Vec::new();
        for _ in 0..SUBSCRIBERS_MAX / 64 {
            // A connection has a limit of its own.
            let mut client = scene.agent.client().await?;
            for _ in 0..64 {
                streams.push(Events::open(&mut client, "", &[]).await?);
            }
        }
        let mut client = scene.agent.client().await?;
        let refused = refused(client.stream_events(v1::StreamEventsRequest::default()).await)?;
        let refused = refused.expect(Code::ResourceExhausted, "LIMIT_REACHED")?;
        assert_eq!(refused.about("limit")?, SUBSCRIBERS_MAX.to_string());
        client.register(request::register(CNI)).await?;
        for stream in &mut streams {
            ensure!(stream.next().await?.r#type() == EventType::OwnerRegistered);
        }
        streams.pop();
        let again = async || Events::open(&mut client.clone(), "", &[]).await.map(Some);
        wait_for("a place among the subscribers", TIMEOUT, again).await.map(drop)
    }
}
