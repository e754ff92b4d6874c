//! The client of the crate `novaroute-api`: what an owner wants is kept in the agent, and events are followed over breaks.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use novaroute_api::client::{Desired, Events, Intent, Report, Session, Terms, Token};
use novaroute_api::v1::{EventType, Protocol};
use novaroute_e2e::binary::binary;
use novaroute_e2e::config::{ADMIN, CNI, LB, token};
use novaroute_e2e::page::Page;
use novaroute_e2e::quiet::Quiet;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{FrrRelease, on_each_frr, request, v1};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::{GRACE, OTHERS, OWN, leased, node, node_with, own_arrived, own_gone, own_states};

/// Another prefix that the owner announces.
const LATER: &str = "10.66.1.3/32";

fn terms(scene: &Scene) -> Terms {
    Terms::new(scene.agent.socket(), LB, Token::Text(token(LB)))
}

fn prefix(prefix: &str) -> Intent {
    Intent::prefix(prefix, Protocol::Bgp, None)
}

fn own() -> Result<Desired> {
    let mut desired = Desired::new();
    for own in OWN {
        desired.put(prefix(own))?;
    }
    Ok(desired)
}

async fn settled(session: &Session) -> Result<Report> {
    timeout(TIMEOUT, session.settled()).await.context("not settled in time")
}

/// The agent is gone, and comes back without its journal or with it.
async fn restart(scene: &mut Scene) -> Result<()> {
    scene.agent.kill().await?;
    scene.agent.respawn()?;
    scene.agent.wait_ready().await
}

async fn next(events: &mut Events, wanted: EventType) -> Result<v1::RouteEvent> {
    let found = async {
        loop {
            let event = events.next().await?;
            if event.r#type() == wanted {
                return Ok(event);
            }
        }
    };
    timeout(TIMEOUT, found).await.with_context(|| format!("no {wanted:?}"))?
}

/// An example of the crate, built beside the binaries.
fn example(name: &str) -> Result<PathBuf> {
    let examples = Path::new("examples").join(name);
    binary(examples.to_str().context("a name")?)
}

on_each_frr! {
    /// No peer notices that the agent was started again; what changed meanwhile arrives; what is left of an earlier process
    /// of the owner and not wanted by this one goes.
    async fn a_client_keeps_what_it_wants_over_a_restart_of_the_agent(release) {
        let (mut scene, mut client) = node_with(release, Duration::from_secs(600)).await?;
        client.advertise_prefix(request::advertise(LB, LATER)).await?;
        let session = Session::start(terms(&scene).lease_s(60), own()?);
        let report = settled(&session).await?;
        ensure!(report.refused.is_empty() && report.taken == OWN.len() && report.epoch == 1, "{report:?}");
        own_arrived(&scene).await?;
        scene.tor.router.wait_bgp_no_route(LATER, TIMEOUT).await?;

        let quiet = Quiet::watch(&scene).await?;
        restart(&mut scene).await?;
        let mut report = session.report();
        let again = timeout(TIMEOUT, report.wait_for(|report| report.epoch == 2)).await;
        again.context("no second session")??;
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "advertised")]).await?;
        quiet.no_line().await?;

        scene.agent.kill().await?;
        session.put(prefix(LATER))?;
        session.remove(&prefix(OWN[0]).key()?);
        scene.agent.respawn()?;
        scene.tor.router.wait_bgp_route(LATER, TIMEOUT).await?;
        scene.tor.router.wait_bgp_no_route(OWN[0], TIMEOUT).await?;
        session.end(true).await?;
        scene.tor.router.wait_bgp_no_route(LATER, TIMEOUT).await?;
        own_states(&scene, &[]).await
    }

    /// A process that ends late withdraws nothing of what the one after it announces.
    async fn an_end_of_a_session_that_was_taken_over_withdraws_nothing(release) {
        let (scene, _client) = node_with(release, Duration::from_secs(600)).await?;
        let former = Session::start(terms(&scene), own()?);
        settled(&former).await?;
        let latter = Session::start(terms(&scene), own()?);
        ensure!(settled(&latter).await?.epoch == 2);
        own_arrived(&scene).await?;
        let refused = former.end(true).await.err().context("the end of the former was accepted")?;
        ensure!(refused.to_string().contains("SESSION_SUPERSEDED"), "{refused}");
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "advertised")]).await?;
        latter.end(true).await?;
        own_states(&scene, &[]).await
    }

    /// A lease is renewed as long as the client lives: another owner, who does not renew, is gone by then.
    async fn a_client_renews_its_lease(release) {
        let (scene, mut client) = node(release).await?;
        let session = Session::start(terms(&scene).lease_s(1), own()?);
        settled(&session).await?;
        let mut events = Events::new(scene.agent.socket(), v1::StreamEventsRequest { snapshot: true, ..Default::default() });
        next(&mut events, EventType::SnapshotEnd).await?;
        client.register(leased(ADMIN, 1)).await?;
        client.advertise_prefix(request::advertise(ADMIN, LATER)).await?;
        let expired = next(&mut events, EventType::OwnerExpired).await?;
        ensure!(expired.owner == ADMIN, "{expired:?}");
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "advertised")]).await?;
        // Killed, it would not be there to withdraw anything.
        drop(session);
        let expired = next(&mut events, EventType::OwnerExpired).await?;
        ensure!(expired.owner == LB, "{expired:?}");
        own_states(&scene, &[]).await
    }

    /// What the agent does not take is told with its reason and holder; the rest is there, and it is taken when it can be.
    async fn a_client_is_told_what_was_not_taken(release) {
        let (scene, mut client) = node(release).await?;
        let session = Session::start(terms(&scene), own()?);
        let key = session.put(prefix(OTHERS))?;
        let report = settled(&session).await?;
        let refusal = report.refused.get(&key).and_then(|error| error.refusal()).context("it was taken")?;
        ensure!((refusal.word.as_str(), refusal.holder()) == ("HELD_BY_ANOTHER", Some(CNI)), "{refusal:?}");
        own_arrived(&scene).await?;
        client.withdraw_prefix(request::withdraw(CNI, OTHERS, Protocol::Bgp)).await?;
        session.update(|_| {});
        let report = settled(&session).await?;
        ensure!(report.refused.is_empty() && report.taken == OWN.len() + 1, "{report:?}");
        Ok(())
    }

    /// No event is lost and none comes twice while the connection is away; another run of the agent is told as such.
    async fn events_go_on_where_they_broke_off(release) {
        let (mut scene, mut client) = node(release).await?;
        let mut events = Events::new(scene.agent.socket(), v1::StreamEventsRequest { snapshot: true, ..Default::default() });
        let before = next(&mut events, EventType::SnapshotEnd).await?;
        client.register(leased(LB, 600)).await?;
        let registered = next(&mut events, EventType::OwnerRegistered).await?;
        ensure!(registered.sequence == before.sequence + 1, "{before:?} {registered:?}");
        restart(&mut scene).await?;
        let lagged = next(&mut events, EventType::Lagged).await?;
        ensure!(lagged.metadata.get("former_boot_id") == Some(&before.boot_id), "{lagged:?}");
        let connected = next(&mut events, EventType::FrrConnected).await?;
        ensure!(connected.boot_id != before.boot_id && !connected.metadata.contains_key("snapshot"), "{connected:?}");
        Ok(())
    }

    /// The examples do what their first lines say, and are those that the documentation shows.
    async fn the_examples_run(release) {
        examples_run(release).await
    }
}

async fn examples_run(release: FrrRelease) -> Result<()> {
    let (scene, _client) = node_with(release, GRACE).await?;
    let token_file = scene.agent.dir().join("own.token");
    std::fs::write(&token_file, token(LB) + "\n")?;
    let mut follow = Command::new(example("follow")?);
    let mut follow = follow.arg(scene.agent.socket()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut printed = BufReader::new(follow.stdout.take().context("its output")?).lines();
    let mut announce = Command::new(example("announce")?);
    let mut announce =
        announce.arg(scene.agent.socket()).arg(LB).arg(&token_file).args(OWN).kill_on_drop(true).spawn()?;
    own_arrived(&scene).await?;
    let pid = announce.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).context("it has ended")?;
    kill_process(pid, Signal::INT)?;
    own_gone(&scene).await?;
    let ended = timeout(TIMEOUT, announce.wait()).await??;
    ensure!(ended.success(), "{ended}");
    for wanted in ["SNAPSHOT_END", "OWNER_REGISTERED", "OWNER_DEREGISTERED"] {
        let told = async {
            while let Some(line) = printed.next_line().await? {
                if line.contains(wanted) {
                    return Ok(());
                }
            }
            bail!("it has ended")
        };
        timeout(TIMEOUT, told).await.with_context(|| format!("no {wanted}"))??;
    }
    Ok(())
}

/// What the page shows is what the tests run.
#[test]
fn the_page_shows_the_examples() -> Result<()> {
    let page = Page::read("clients.md")?;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/api/examples");
    for (block, name) in page.blocks("rust")?.into_iter().zip(["announce.rs", "follow.rs"]) {
        ensure!(block == std::fs::read_to_string(examples.join(name))?, "{name} differs from docs/clients.md");
    }
    Ok(())
}
