//! A daemon that hangs holds up nothing but itself.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, FrrRelease, request, v1, wait_for};
use novaroute_lab::Signal;

/// Longest answer of a call that waits for no daemon.
const PROMPT: Duration = Duration::from_secs(1);

async fn prompt_status(client: &mut Client) -> Result<v1::GetStatusResponse> {
    let asked = Instant::now();
    let status = client.get_status(v1::GetStatusRequest::default()).await?.into_inner();
    ensure!(asked.elapsed() < PROMPT, "the status took {:?}", asked.elapsed());
    Ok(status)
}

/// While bgpd is stopped, the status answers at once, intents are accepted, other daemons are served, and the status
/// says who does not answer; when bgpd goes on, what was asked for meanwhile is announced.
#[tokio::test]
async fn a_hung_bgpd_blocks_neither_status_nor_other_daemons() -> Result<()> {
    let (scene, mut client) = Scene::with_bgp(FrrRelease::Distribution).await?;
    scene.node.signal(Daemon::Bgpd, Signal::STOP)?;
    prompt_status(&mut client).await?;
    let asked = Instant::now();
    client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
    let bfd = v1::EnableBfdRequest { peer_address: "10.0.1.2".into(), min_rx_ms: 150, ..Default::default() };
    client.enable_bfd(request::enable_bfd(LB, bfd)).await?;
    ensure!(asked.elapsed() < PROMPT, "two requests took {:?}", asked.elapsed());

    wait_for("the status to tell that bgpd does not answer", TIMEOUT, async || {
        let frr = prompt_status(&mut client.clone()).await?.frr_status.unwrap_or_default();
        let told = frr.daemons.iter().any(|daemon| daemon.name == "bgpd" && !daemon.connected);
        if told && !frr.connected { Ok(Some(())) } else { bail!("{frr:?}") }
    })
    .await?;
    wait_for("bfdd to have the session", TIMEOUT, async || {
        Ok(scene.running(Daemon::Bfdd).await?.contains("peer 10.0.1.2").then_some(()))
    })
    .await?;
    let (code, reason) = scene.agent.get("/readyz").await?;
    ensure!(code == 503 && reason.contains("bgpd"), "{code} {reason}");
    ensure!(scene.agent.metric("novaroute_monitoring_errors_total{protocol=\"bgp\"}").await? > 0.0);

    scene.node.signal(Daemon::Bgpd, Signal::CONT)?;
    scene.tor.router.wait_bgp_route("203.0.113.7/32", TIMEOUT).await?;
    scene.agent.wait_ready().await
}
