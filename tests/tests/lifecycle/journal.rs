//! The agent comes back and does not know what it was asked for.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, v1, wait_for};
use serde_json::json;

use crate::work::{
    BGP_V4, BGP_V6, OSPF_V4, Quiet, ask_for_bfd, ask_for_bgp, ask_for_everything, ask_for_ospf, ask_for_ospf_prefix,
    ask_for_peer, ask_for_prefix, at_work, everything_works, tor_table,
};

/// The agent dies, its state becomes what `lose` makes of it, and it comes back.
async fn come_back(scene: &mut Scene, lose: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    scene.agent.kill().await?;
    lose(&scene.agent.dir().join("state"))?;
    scene.agent.respawn()?;
    scene.agent.wait_ready().await
}

fn delete(state: &Path) -> Result<()> {
    Ok(fs::remove_dir_all(state)?)
}

/// Spoils the first record; what follows it is not used either.
fn damage(state: &Path) -> Result<()> {
    let journal = state.join("journal");
    let mut bytes = fs::read(&journal)?;
    bytes[24] ^= 0xff;
    Ok(fs::write(&journal, bytes)?)
}

/// Everything in FRR is kept and shown as nobody's until its owner asks for it again, which sends nothing.
async fn adopt_and_claim(release: FrrRelease, lose: impl FnOnce(&Path) -> Result<()>) -> Result<Scene> {
    let (mut scene, _) = at_work(release, |_| {}).await?;
    let quiet = Quiet::watch(&scene).await?;
    come_back(&mut scene, lose).await?;
    everything_is_stale(&scene).await?;
    ensure!(tor_table(&scene).await? == [BGP_V4, BGP_V6]);
    let mut client = scene.agent.client().await?;
    ask_for_everything(&mut client, &scene).await?;
    everything_works(&scene).await?;
    quiet.no_line().await?;
    quiet.no_update(&scene, &mut client).await?;
    Ok(scene)
}

async fn everything_is_stale(scene: &Scene) -> Result<()> {
    let status = scene.agent.status().await?;
    let unclaimed = |state: &str, owner: &str, reason: &str| {
        state == "stale" && owner.is_empty() && reason.starts_with("ADOPTED_UNCLAIMED")
    };
    let prefixes: Vec<&str> = status.prefixes.iter().map(|row| row.prefix.as_str()).collect();
    ensure!(prefixes == [BGP_V4, BGP_V6, OSPF_V4], "{status:?}");
    ensure!(status.prefixes.iter().all(|row| unclaimed(&row.state, &row.owner, &row.reason)), "{status:?}");
    let v1::GetStatusResponse { peers, bfd_sessions, ospf_interfaces, .. } = &status;
    ensure!(peers.len() == 1 && bfd_sessions.len() == 1 && ospf_interfaces.len() == 1, "{status:?}");
    ensure!(unclaimed(&peers[0].intent_state, &peers[0].owner, &peers[0].reason), "{status:?}");
    ensure!(unclaimed(&bfd_sessions[0].intent_state, &bfd_sessions[0].owner, &bfd_sessions[0].reason), "{status:?}");
    let ospf = &ospf_interfaces[0];
    ensure!(unclaimed(&ospf.intent_state, &ospf.owner, &ospf.reason), "{status:?}");
    Ok(())
}

on_each_frr! {
    /// The state folder went with a reboot of its file system; FRR has been announcing all the time.
    async fn without_a_journal_nothing_is_flushed(release) {
        let scene = adopt_and_claim(release, delete).await?;
        // What was claimed and is given back goes at once, though the grace has not ended.
        let withdraw = request::withdraw(LB, BGP_V4, v1::Protocol::Bgp);
        scene.agent.client().await?.withdraw_prefix(withdraw).await?;
        scene.tor.router.wait_bgp_no_route(BGP_V4, TIMEOUT).await
    }

    /// Owners claim in whatever order they come up: prefixes before the instance that carries them, OSPF before the BGP
    /// instance whose router id it has.
    async fn claims_in_reverse_order_take_nothing_down(release) {
        let (mut scene, _) = at_work(release, |_| {}).await?;
        let quiet = Quiet::watch(&scene).await?;
        come_back(&mut scene, delete).await?;
        everything_is_stale(&scene).await?;
        let mut client = scene.agent.client().await?;
        in_a_round(&scene, ask_for_ospf_prefix(&mut client)).await?;
        in_a_round(&scene, ask_for_ospf(&mut client)).await?;
        in_a_round(&scene, ask_for_bfd(&mut client, &scene)).await?;
        in_a_round(&scene, ask_for_prefix(&mut client, BGP_V6)).await?;
        in_a_round(&scene, ask_for_prefix(&mut client, BGP_V4)).await?;
        in_a_round(&scene, ask_for_peer(&mut client, &scene)).await?;
        // What waits for the instance says so, and runs.
        scene.prefix_state(BGP_V4, "pending").await?;
        ensure!(tor_table(&scene).await? == [BGP_V4, BGP_V6]);
        ask_for_bgp(&mut client).await?;
        everything_works(&scene).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut client).await
    }

    /// What was claimed, cannot be carried yet and is given back goes at once.
    async fn a_claim_that_is_given_back_before_its_instance_is_claimed(release) {
        let (mut scene, _) = at_work(release, |_| {}).await?;
        come_back(&mut scene, delete).await?;
        let mut client = scene.agent.client().await?;
        in_a_round(&scene, ask_for_prefix(&mut client, BGP_V4)).await?;
        in_a_round(&scene, ask_for_prefix(&mut client, BGP_V6)).await?;
        client.withdraw_prefix(request::withdraw(LB, BGP_V4, v1::Protocol::Bgp)).await?;
        scene.tor.router.wait_bgp_no_route(BGP_V4, TIMEOUT).await?;
        ensure!(tor_table(&scene).await? == [BGP_V6]);
        Ok(())
    }

    /// A damaged journal counts as none, and is kept for whoever wants to look at it.
    async fn a_damaged_journal_is_kept(release) {
        let scene = adopt_and_claim(release, damage).await?;
        assert!(scene.agent.dir().join("state/journal.damaged").exists());
        assert!(scene.agent.log().contains("it is damaged at byte 8"), "{}", scene.agent.log());
        Ok(())
    }

    /// When the grace ends, what nobody claimed goes, and nothing else: the session does not notice.
    async fn what_nobody_claims_goes_when_the_grace_ends(release) {
        let (mut scene, _) = at_work(release, |config| config["adoption_grace"] = json!("4s")).await?;
        let quiet = Quiet::watch(&scene).await?;
        come_back(&mut scene, delete).await?;
        let mut client = scene.agent.client().await?;
        ask_for_bgp(&mut client).await?;
        ask_for_peer(&mut client, &scene).await?;
        ask_for_prefix(&mut client, BGP_V4).await?;
        scene.prefix_state(BGP_V4, "advertised").await?;
        scene.prefix_state(BGP_V6, "stale").await?;
        quiet.no_line().await?;
        scene.tor.router.wait_bgp_no_route(BGP_V6, TIMEOUT).await?;
        assert_eq!(tor_table(&scene).await?, [BGP_V4]);
        nothing_of_ospf_and_ipv6_bfd_is_left(&scene).await?;
        wait_for("the status to show nothing else", TIMEOUT, async || {
            let status = scene.agent.status().await?;
            let rows = (status.prefixes.len(), status.peers.len(), status.ospf_interfaces.len());
            ensure!(rows == (1, 1, 0), "{status:?}");
            Ok(Some(()))
        })
        .await?;
        // From now on the journal says it all: another start finds nothing to wait for.
        let quiet = Quiet::watch(&scene).await?;
        come_back(&mut scene, |_| Ok(())).await?;
        scene.prefix_state(BGP_V4, "advertised").await?;
        quiet.no_update(&scene, &mut scene.agent.client().await?).await
    }
}

/// Asks, and waits until the agent has compared FRR with what it was asked for.
async fn in_a_round(scene: &Scene, asking: impl Future<Output = Result<()>>) -> Result<()> {
    const ROUNDS: &str = "novaroute_reconcile_cycle_duration_seconds_count";
    let before = scene.agent.metric(ROUNDS).await?;
    asking.await?;
    wait_for("another round", TIMEOUT, async || {
        let now = scene.agent.metric(ROUNDS).await?;
        ensure!(now > before, "{now} rounds");
        Ok(Some(()))
    })
    .await
}

async fn nothing_of_ospf_and_ipv6_bfd_is_left(scene: &Scene) -> Result<()> {
    wait_for("OSPF and the unclaimed BFD session to be gone", TIMEOUT, async || {
        let ospf = scene.running(Daemon::Ospfd).await? + &scene.running(Daemon::Ospf6d).await?;
        let bfd = scene.running(Daemon::Bfdd).await?;
        ensure!(!ospf.contains("router ospf") && !ospf.contains("NR-"), "{ospf}");
        ensure!(!bfd.contains("peer fd00:1::2"), "{bfd}");
        Ok(Some(()))
    })
    .await
}
