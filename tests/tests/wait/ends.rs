//! How a wait ends that does not get what it waits for.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::{ADMIN, LB};
use novaroute_e2e::ospf::on_link;
use novaroute_e2e::refusal::{Refusal, refused};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use rustix::process::Signal;
use tokio::task::JoinHandle;
use tonic::Code;

use super::{ADVERTISED, PROGRAMMED, within};

const PREFIX: &str = "203.0.113.7/32";
/// Far longer than anything takes that is expected to end by itself.
const LONG: Duration = Duration::from_secs(20);

fn advertise(owner: &str, med: u32, wait: i32) -> v1::AdvertisePrefixRequest {
    let attributes = v1::PrefixAttributes { med, ..Default::default() };
    v1::AdvertisePrefixRequest { wait, ..request::advertise_with(owner, PREFIX, attributes) }
}

/// A call that nobody can fulfil: there is no peer. It is under way when this returns.
async fn waiting(scene: &Scene, med: u32) -> Result<JoinHandle<Result<Refusal>>> {
    let mut client = scene.agent.client().await?;
    let call =
        tokio::spawn(
            async move { refused(client.advertise_prefix(within(LONG, advertise(LB, med, ADVERTISED))).await) },
        );
    scene.prefix_state(PREFIX, "programmed").await?;
    Ok(call)
}

async fn ended(call: JoinHandle<Result<Refusal>>) -> Result<Refusal> {
    tokio::time::timeout(TIMEOUT, call).await.context("it waits on")??
}

async fn without_a_peer(scene: &Scene) -> Result<Client> {
    let mut client = scene.agent.client().await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    Ok(client)
}

on_each_frr! {
    /// Without an instance it stays pending, without a peer programmed: when the time is over the answer says so, before
    /// the caller gives up; the intent stays, and is there when a peer comes.
    async fn time_runs_out_and_the_intent_stays(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let limit = Duration::from_secs(4);
        let ask = async |client: &mut Client, wait| {
            let began = Instant::now();
            let answer = refused(client.advertise_prefix(within(limit, advertise(LB, 1, wait))).await)?;
            ensure!(began.elapsed() > limit / 2, "after {:?}", began.elapsed());
            // The reason shows that it is the agent's answer and not our own client's, which gives up at the limit.
            answer.expect(Code::DeadlineExceeded, "WAIT_RAN_OUT")
        };
        let pending = ask(&mut client, PROGRAMMED).await?;
        assert_eq!((pending.about("state")?, pending.about("cause")?), ("pending", "BGP_NOT_CONFIGURED"));
        ensure!(pending.message.contains("The change stays accepted"), "{pending:?}");

        without_a_peer(&scene).await?;
        client.advertise_prefix(within(LONG, advertise(LB, 1, PROGRAMMED))).await?;
        let programmed = ask(&mut client, ADVERTISED).await?;
        assert_eq!((programmed.about("state")?, programmed.about("cause")?), ("programmed", "NO_ESTABLISHED_PEER"));
        assert_eq!(programmed.about("intent")?, "prefix bgp 203.0.113.7/32");
        scene.prefix_state(PREFIX, "programmed").await?;
        Ok(())
    }

    /// A peer at an address of the node itself: FRR's words, at once, not when the time is over.
    async fn what_frr_refuses_is_told_in_its_words(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let itself = request::apply_peer(LB, peer(scene.tor.node_ipv4, TOR_AS));
        let began = Instant::now();
        let itself = v1::ApplyPeerRequest { wait: PROGRAMMED, ..itself };
        let answer = refused(client.apply_peer(within(LONG, itself)).await)?;
        ensure!(began.elapsed() < LONG / 2, "after {:?}", began.elapsed());
        let answer = answer.expect(Code::FailedPrecondition, "FRR_REFUSED")?;
        ensure!(answer.message.contains("local system as neighbor"), "{answer:?}");
        scene.peer_intent_state(scene.tor.node_ipv4.into(), "refused").await?;
        Ok(())
    }

    /// A newer change of the same key, its removal, and an owner that overrides: whoever waits is told at once.
    async fn a_newer_change_ends_the_wait_for_the_older(release) {
        let scene = Scene::new(release).await?;
        let mut client = without_a_peer(&scene).await?;
        let first = waiting(&scene, 1).await?;
        client.advertise_prefix(advertise(LB, 2, PROGRAMMED)).await?;
        ended(first).await?.expect(Code::FailedPrecondition, "SUPERSEDED")?;
        let second = waiting(&scene, 2).await?;
        client.withdraw_prefix(request::withdraw(LB, PREFIX, v1::Protocol::Bgp)).await?;
        ended(second).await?.expect(Code::FailedPrecondition, "SUPERSEDED")?;
        let third = waiting(&scene, 3).await?;
        client.advertise_prefix(advertise(ADMIN, 4, PROGRAMMED)).await?;
        ended(third).await?.expect(Code::FailedPrecondition, "OVERRIDDEN_BY_OWNER")?;
        Ok(())
    }

    /// bgpd hangs: what it must give up is waited for until the time is over. Another daemon's part is not held up, and
    /// neither are calls that do not wait.
    async fn a_daemon_that_hangs_holds_up_its_own_only(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.enable_ospf(request::enable_ospf(LB, on_link(&scene, "0"))).await?;
        client.advertise_prefix(advertise(LB, 1, ADVERTISED)).await?;
        scene.node.signal(Daemon::Bgpd, Signal::STOP)?;
        let withdraw = request::withdraw(LB, PREFIX, v1::Protocol::Bgp);
        let withdraw = v1::WithdrawPrefixRequest { wait: PROGRAMMED, ..withdraw };
        let mut other = scene.agent.client().await?;
        let hanging = tokio::spawn(async move {
            refused(other.withdraw_prefix(within(Duration::from_secs(10), withdraw)).await)
        });
        let ospf = request::disable_ospf(LB, scene.tor.link.a().interface());
        client.disable_ospf(within(LONG, v1::DisableOspfRequest { wait: PROGRAMMED, ..ospf })).await?;
        let answer = ended(hanging).await?.expect(Code::DeadlineExceeded, "WAIT_RAN_OUT")?;
        ensure!(answer.message.contains("is still in FRR"), "{answer:?}");
        scene.node.signal(Daemon::Bgpd, Signal::CONT)?;
        scene.tor.router.wait_bgp_no_route(PREFIX, TIMEOUT).await
    }

    /// Hundreds wait for what does not come; who does not wait is answered as ever. The agent's end is the end of their
    /// wait, and does not wait for them.
    async fn those_who_wait_hold_up_nobody(release) {
        let mut scene = Scene::new(release).await?;
        let mut client = without_a_peer(&scene).await?;
        let mut calls = Vec::new();
        for hundred in 0..4 {
            // A connection has a limit of its own.
            let connection = scene.agent.client().await?;
            for number in 0..100 {
                let mut client = connection.clone();
                let advertise = request::advertise(LB, &format!("203.0.{}.{number}/32", 113 + hundred));
                let advertise = v1::AdvertisePrefixRequest { wait: ADVERTISED, ..advertise };
                let call = async move { refused(client.advertise_prefix(within(LONG, advertise)).await) };
                calls.push(tokio::spawn(call));
            }
        }
        wait_for("400 prefixes to be programmed", TIMEOUT, async || {
            let rows = scene.agent.status().await?.prefixes;
            Ok((rows.len() == 400 && rows.iter().all(|row| row.state == "programmed")).then_some(()))
        })
        .await?;
        let began = Instant::now();
        client.advertise_prefix(request::advertise(LB, "203.0.120.1/32")).await?;
        ensure!(began.elapsed() < Duration::from_secs(1), "answered after {:?}", began.elapsed());
        let (code, took) = scene.agent.terminate().await?;
        ensure!(code == Some(0) && took < Duration::from_secs(10), "{code:?} after {took:?}");
        for call in calls {
            ended(call).await?.expect(Code::Unavailable, "SHUTTING_DOWN")?;
        }
        Ok(())
    }
}
