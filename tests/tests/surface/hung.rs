//! Reads wait for nobody: not for a daemon that hangs, not for a reconcile.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use novaroute_lab::Signal;

/// Clients that advertise 256 prefixes each.
const CLIENTS: usize = 3;
/// Longest answer of a call that waits for no daemon.
const PROMPT: Duration = Duration::from_secs(1);
/// Longest answer while agent and FRR have all they can do, on a machine that runs other tests beside.
const UNDER_LOAD: Duration = Duration::from_secs(5);

async fn status_within(client: &mut Client, longest: Duration) -> Result<v1::GetStatusResponse> {
    let asked = Instant::now();
    let status = client.get_status(v1::GetStatusRequest::default()).await?.into_inner();
    ensure!(asked.elapsed() < longest, "the status took {:?}", asked.elapsed());
    Ok(status)
}

on_each_frr! {
    /// While bgpd is stopped, the status answers at once, intents are accepted, other daemons are served, and the status
    /// says who does not answer; when bgpd goes on, what was asked for meanwhile is announced.
    async fn a_hung_bgpd_blocks_neither_status_nor_other_daemons(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        scene.node.signal(Daemon::Bgpd, Signal::STOP)?;
        status_within(&mut client, PROMPT).await?;
        let asked = Instant::now();
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        let bfd = v1::EnableBfdRequest { peer_address: "10.0.1.2".into(), min_rx_ms: 150, ..Default::default() };
        client.enable_bfd(request::enable_bfd(LB, bfd)).await?;
        ensure!(asked.elapsed() < PROMPT, "two requests took {:?}", asked.elapsed());

        wait_for("the status to tell that bgpd does not answer", TIMEOUT, async || {
            let frr = status_within(&mut client.clone(), PROMPT).await?.frr_status.unwrap_or_default();
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
}

on_each_frr! {
    /// While prefixes pour in from several clients and go to FRR, the status goes on answering and shows some of them on
    /// their way, never fewer than before; in the end the peer has them all.
    async fn a_burst_does_not_block_the_status(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let mut pouring = tokio::task::JoinSet::new();
        for third in 0..CLIENTS {
            let mut client = scene.agent.client().await?;
            pouring.spawn(async move {
                for fourth in 0..=255 {
                    let prefix = format!("198.18.{third}.{fourth}/32");
                    client.advertise_prefix(request::advertise(LB, &prefix)).await?;
                }
                anyhow::Ok(())
            });
        }
        let (mut on_their_way, mut rows) = (0, 0);
        while !pouring.is_empty() {
            let status = status_within(&mut client, UNDER_LOAD).await?;
            ensure!(status.prefixes.len() >= rows, "{} rows after {rows}", status.prefixes.len());
            rows = status.prefixes.len();
            on_their_way += status.prefixes.iter().filter(|row| row.state == "pending").count();
            while let Some(done) = pouring.try_join_next() {
                done??;
            }
        }
        ensure!(on_their_way > 0, "no look fell into a round");
        wait_for("all prefixes at the router of the rack", TIMEOUT, async || {
            let all = status_within(&mut client.clone(), UNDER_LOAD).await?.prefixes;
            ensure!(all.len() == CLIENTS * 256, "{}", all.len());
            Ok(all.iter().all(|row| row.state == "advertised").then_some(()))
        })
        .await?;
        let summary = scene.tor.router.show_json(Daemon::Bgpd, "show bgp ipv4 unicast summary json").await?;
        ensure!(summary["peers"]["10.0.1.1"]["pfxRcd"] == CLIENTS * 256, "{summary:#}");
        Ok(())
    }
}
