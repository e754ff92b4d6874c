//! The agent was restarted: what a leased owner holds is stale, then claimed, then swept where it was not.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::quiet::{MARKER, Quiet};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{on_each_frr, request, v1, wait_for};
use tonic::Code;

use crate::renew;
use crate::{
    GRACE, OTHERS, OWN, announce_own, end_of_replay, leased, node, node_with, own_arrived, own_gone, own_states,
};

const LEASE_S: u32 = 5;
const LEASE: Duration = Duration::from_secs(LEASE_S as u64);

/// kill -9, and the next agent.
async fn restart(scene: &mut Scene) -> Result<Client> {
    scene.agent.kill().await?;
    scene.agent.respawn()?;
    scene.agent.wait_ready().await?;
    scene.agent.client().await
}

fn numbered(number: usize) -> String {
    format!("10.66.3.{number}/32")
}

on_each_frr! {
    /// Stale is announced like any other: no line, no UPDATE, neither for the restart nor for claiming. The sweep takes
    /// what was not claimed, and nothing of anybody else.
    async fn stale_then_claimed_then_swept(release) {
        let (mut scene, mut client) = node_with(release, Duration::from_secs(600)).await?;
        client.register(leased(LB, 600)).await?;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "advertised")]).await?;
        let quiet = Quiet::watch(&scene).await?;

        let mut client = restart(&mut scene).await?;
        own_states(&scene, &[(OWN[0], "stale"), (OWN[1], "stale")]).await?;
        let row = scene.prefix_state(OWN[0], "stale").await?;
        assert!(row.reason.starts_with("UNCLAIMED_SINCE_RESTART: ") && row.owner == LB, "{row:?}");
        scene.prefix_state(OTHERS, "advertised").await?;
        let opened = client.register(leased(LB, 600)).await?.into_inner();
        assert_eq!((opened.epoch, opened.has_state, opened.current_prefixes), (2, true, OWN.map(str::to_owned).into()));
        own_states(&scene, &[(OWN[0], "stale"), (OWN[1], "stale")]).await?;
        client.advertise_prefix(request::advertise(LB, OWN[0])).await?;
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "stale")]).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut client).await?;

        let swept = client.end_of_replay(end_of_replay(false)).await?.into_inner().removed;
        assert_eq!(swept, [format!("prefix bgp {}", OWN[1])]);
        scene.tor.router.wait_bgp_no_route(OWN[1], TIMEOUT).await?;
        own_states(&scene, &[(OWN[0], "advertised"), (MARKER, "advertised")]).await?;
        scene.tor.router.wait_bgp_route(OTHERS, TIMEOUT).await?;
        // What was swept is not back after the next restart.
        restart(&mut scene).await?;
        own_states(&scene, &[(OWN[0], "stale"), (MARKER, "stale")]).await
    }

    /// `reassert_intents`: all of it is claimed as it is, and the end of the replay takes nothing.
    async fn reasserting_claims_everything_as_it_is(release) {
        let (mut scene, mut client) = node(release).await?;
        client.register(leased(LB, 600)).await?;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        let quiet = Quiet::watch(&scene).await?;
        let mut client = restart(&mut scene).await?;
        own_states(&scene, &[(OWN[0], "stale"), (OWN[1], "stale")]).await?;
        client.register(v1::RegisterRequest { reassert_intents: true, ..leased(LB, 600) }).await?;
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "advertised")]).await?;
        assert!(client.end_of_replay(end_of_replay(false)).await?.into_inner().removed.is_empty());
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut client).await
    }

    /// The clock does not run while the agent is down, and begins anew with the next: lease and grace.
    async fn the_clock_starts_afresh_after_a_restart(release) {
        let (mut scene, mut client) = node(release).await?;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        let session = client.register(leased(LB, LEASE_S)).await?.into_inner().session_id;
        scene.agent.kill().await?;
        let down = Instant::now();
        let long = LEASE + GRACE;
        wait_for("lease and grace to be over", long * 2, async || Ok((down.elapsed() > long).then_some(()))).await?;
        let started = Instant::now();
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        own_states(&scene, &[(OWN[0], "stale"), (OWN[1], "stale")]).await?;
        own_arrived(&scene).await?;
        // The session is still the open one: whoever has it may go on.
        scene.agent.client().await?.renew(renew(&session)).await?;
        let renewed = Instant::now();
        own_gone(&scene).await?;
        ensure!(renewed.elapsed() >= long && started.elapsed() >= long, "{:?}", renewed.elapsed());
        Ok(())
    }

    /// Who went away with the agent for good: lease and grace of the new one end, too.
    async fn an_owner_that_never_comes_back_expires(release) {
        let (mut scene, mut client) = node(release).await?;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        client.register(leased(LB, LEASE_S)).await?;
        restart(&mut scene).await?;
        own_gone(&scene).await?;
        scene.tor.router.wait_bgp_route(OTHERS, TIMEOUT).await?;
        Ok(())
    }

    /// A client that had no replay in this life of the agent may not sweep: it could not have claimed.
    async fn a_session_from_before_the_restart_sweeps_nothing(release) {
        let (mut scene, mut client) = node(release).await?;
        let session = client.register(leased(LB, 600)).await?.into_inner().session_id;
        announce_own(&mut client).await?;
        let mut client = restart(&mut scene).await?;
        client.renew(renew(&session)).await?;
        client.advertise_prefix(request::advertise(LB, OWN[0])).await?;
        let refusal = refused(client.end_of_replay(end_of_replay(true)).await)?;
        let refusal = refusal.expect(Code::FailedPrecondition, "NO_SESSION")?;
        assert!(refusal.message.contains("register again"), "{refusal:?}");
        own_arrived(&scene).await
    }

    /// More than half, and more than ten, only if it is confirmed.
    async fn a_sweep_that_takes_too_much_wants_to_be_confirmed(release) {
        let (scene, mut client) = node(release).await?;
        client.register(leased(LB, 600)).await?;
        for number in 1..=15 {
            client.advertise_prefix(request::advertise(LB, &numbered(number))).await?;
        }
        scene.tor.router.wait_bgp_route(&numbered(15), TIMEOUT).await?;
        client.register(leased(LB, 600)).await?;
        for number in 1..=4 {
            client.advertise_prefix(request::advertise(LB, &numbered(number))).await?;
        }
        let refusal = refused(client.end_of_replay(end_of_replay(false)).await)?;
        let refusal = refusal.expect(Code::FailedPrecondition, "SWEEP_TOO_LARGE")?;
        assert_eq!((refusal.about("removals")?, refusal.about("held")?), ("11", "15"));
        assert!(refusal.message.contains("11 of the 15"), "{refusal:?}");
        scene.tor.router.wait_bgp_route(&numbered(15), TIMEOUT).await?;

        let swept = client.end_of_replay(end_of_replay(true)).await?.into_inner().removed;
        assert_eq!(swept.len(), 11);
        scene.tor.router.wait_bgp_no_route(&numbered(15), TIMEOUT).await?;
        scene.tor.router.wait_bgp_no_route(&numbered(5), TIMEOUT).await?;
        for number in 1..=4 {
            scene.tor.router.wait_bgp_route(&numbered(number), TIMEOUT).await?;
        }
        Ok(())
    }
}
