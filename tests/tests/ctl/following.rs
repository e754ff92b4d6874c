//! Commands that go on until Ctrl-C.

use std::time::Duration;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::{ADMIN, CNI, LB};
use novaroute_e2e::ctl::{Ctl, Following};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{on_each_frr, request};
use serde_json::Value;
use tokio::time::timeout;

/// How long a stream may take to show what was just caused, before it is caused again.
const PATIENCE: Duration = Duration::from_millis(100);

/// Causes events until the stream shows one, which is how one knows that it is open; gives that one.
async fn opened(following: &mut Following, client: &mut Client, owners: &[&str]) -> Result<Value> {
    let first = following.line();
    tokio::pin!(first);
    loop {
        for owner in owners {
            client.register(request::register(owner)).await?;
            client.deregister(request::deregister(owner, false)).await?;
        }
        if let Ok(line) = timeout(PATIENCE, &mut first).await {
            return Ok(serde_json::from_str(&line?)?);
        }
    }
}

on_each_frr! {
    /// `events -o json` is one document an event, filtered by the agent; Ctrl-C is a good end.
    async fn events_are_one_document_a_line(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let ctl = Ctl::new(&scene.agent, LB);
        let mut some = ctl.follow("events --owner novaedge --types owner-deregistered,peer-up -o json")?;
        let event = opened(&mut some, &mut client, &[CNI, LB]).await?;
        ensure!(event["type"] == "OWNER_DEREGISTERED" && event["owner"] == LB, "{event:#}");

        let mut all = ctl.follow("events -o json")?;
        opened(&mut all, &mut client, &[ADMIN]).await?;
        client.register(request::register(CNI)).await?;
        client.advertise_prefix(request::advertise(CNI, "203.0.113.7/32")).await?;
        client.deregister(request::deregister(CNI, false)).await?;
        let mut seen = Vec::new();
        while !seen.iter().any(|word| word == "OWNER_DEREGISTERED") {
            let event: Value = serde_json::from_str(&all.line().await?)?;
            ensure!(event["sequence"].is_u64() && event["boot_id"].is_string(), "{event:#}");
            if event["owner"] == CNI {
                seen.push(event["type"].as_str().unwrap_or_default().to_owned());
            }
        }
        assert_eq!(seen, ["OWNER_REGISTERED", "OWNER_DEREGISTERED"]);
        for following in [all, some] {
            let ended = following.interrupt().await?;
            ensure!(ended.code == 0 && ended.stderr.is_empty(), "{ended:?}");
        }
        Ok(())
    }
}

on_each_frr! {
    /// `--watch` shows the status again and again; what changes shows in a later picture; Ctrl-C is a good end.
    async fn watch_shows_what_changes(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        let mut watching = Ctl::new(&scene.agent, LB).follow("prefixes --watch --interval 50ms")?;
        let first = block(&mut watching).await?;
        ensure!(first.contains("203.0.113.7/32") && !first.contains("203.0.113.8/32"), "{first}");
        client.advertise_prefix(request::advertise(LB, "203.0.113.8/32")).await?;
        let mut later = block(&mut watching).await?;
        while !later.contains("203.0.113.8/32") {
            later = block(&mut watching).await?;
        }
        let ended = watching.interrupt().await?;
        ensure!(ended.code == 0 && ended.stderr.is_empty(), "{ended:?}");
        Ok(())
    }
}

on_each_frr! {
    /// An agent that is told to end has gone away, for a script that follows its events too.
    async fn events_end_with_the_agent(release) {
        let mut scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let mut events = Ctl::new(&scene.agent, LB).follow("events --types 11 -o json")?;
        let first = opened(&mut events, &mut client, &[LB]).await?;
        ensure!(first["type"] == "OWNER_REGISTERED", "{first:#}");
        scene.agent.terminate().await?;
        let ended = timeout(TIMEOUT, events.ended()).await??;
        ensure!(ended.code == 3 && ended.stderr.contains("SHUTTING_DOWN"), "{ended:?}");
        Ok(())
    }
}

/// Lines up to the next empty one.
async fn block(watching: &mut Following) -> Result<String> {
    let mut lines = Vec::new();
    loop {
        match watching.line().await? {
            line if line.is_empty() => return Ok(lines.join("\n")),
            line => lines.push(line),
        }
    }
}
