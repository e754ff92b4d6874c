//! The same intents send nothing twice, a change sends its own lines and no others, a refusal concerns its own intent.
//!
//! What was sent is read from the records that FRR's daemons keep of the lines that they execute.

mod minimal;
mod planned;
mod refused;
mod spellings;
mod twice;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::running::{is_same, running};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{request, v1, wait_for};

/// What an owner asks for, one request after the other.
#[derive(Debug, Default)]
struct Everything {
    peers: Vec<v1::BgpPeer>,
    prefixes: Vec<v1::AdvertisePrefixRequest>,
    bfd: Vec<v1::EnableBfdRequest>,
    ospf: Vec<v1::EnableOspfRequest>,
}

impl Everything {
    async fn ask(&self, client: &mut Client) -> Result<()> {
        for peer in &self.peers {
            client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
        }
        for prefix in &self.prefixes {
            client.advertise_prefix(prefix.clone()).await?;
        }
        for session in &self.bfd {
            client.enable_bfd(request::enable_bfd(LB, session.clone())).await?;
        }
        for interface in &self.ospf {
            client.enable_ospf(request::enable_ospf(LB, interface.clone())).await?;
        }
        Ok(())
    }

    /// Waits until FRR runs all of it.
    async fn programmed(&self, scene: &Scene) -> Result<()> {
        wait_for("everything to be programmed", TIMEOUT, async || {
            let status = scene.agent.status().await?;
            let peers = status.peers.iter().map(|row| (&row.neighbor_address, &row.intent_state, &row.reason));
            let prefixes = status.prefixes.iter().map(|row| (&row.prefix, &row.state, &row.reason));
            let bfd = status.bfd_sessions.iter().map(|row| (&row.peer_address, &row.intent_state, &row.reason));
            let ospf = status.ospf_interfaces.iter().map(|row| (&row.interface_name, &row.intent_state, &row.reason));
            let rows = peers.chain(prefixes).chain(bfd).chain(ospf);
            let waiting: Vec<_> =
                rows.filter(|(_, state, _)| !["programmed", "advertised"].contains(&state.as_str())).collect();
            ensure!(waiting.is_empty(), "{waiting:?}");
            let held = [status.peers.len(), status.prefixes.len(), status.ospf_interfaces.len()];
            ensure!(held == [self.peers.len(), self.prefixes.len(), self.ospf.len()], "{held:?}");
            Ok(Some(()))
        })
        .await
    }
}

/// The lines that FRR executed since, without their times.
async fn sent(executions: &Executions) -> Result<Vec<String>> {
    Ok(executions
        .lines()
        .await?
        .into_iter()
        .map(|executed| format!("{}: {}", executed.daemon, executed.line))
        .collect())
}

/// How many plans were sent, whatever became of them.
async fn plans(scene: &Scene) -> Result<f64> {
    let mut sum = 0.0;
    for result in ["ok", "refused", "failed"] {
        sum += scene.agent.metric(&format!("novaroute_frr_transactions_total{{result=\"{result}\"}}")).await?;
    }
    Ok(sum)
}

/// The agent is killed and comes back with its journal: it compares everything, sends nothing, and FRR runs what it ran.
async fn a_restart_sends_nothing(scene: &mut Scene, executions: &Executions) -> Result<()> {
    let (lines, texts) = (executions.lines().await?.len(), running(&scene.node).await?);
    scene.agent.kill().await?;
    scene.agent.respawn()?;
    scene.agent.wait_ready().await?;
    let sent = executions.lines().await?.split_off(lines);
    ensure!(sent.is_empty(), "{sent:?}");
    ensure!(plans(scene).await? == 0.0);
    is_same(&scene.node, &texts).await
}
