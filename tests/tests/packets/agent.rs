//! The agent goes, another comes, and traffic does not notice.

use novaroute_e2e::on_each_frr;
use novaroute_e2e::quiet::Quiet;
use novaroute_e2e::reliability::{Case, Site};

use crate::none_lost;

on_each_frr! {
    /// What the meter shows where nothing is broken: no loss of its own.
    async fn nothing_is_lost_without_a_fault(release) {
        none_lost(&Case::Nothing.measure(release).await?)
    }

    /// kill -9 and a new agent.
    async fn a_killed_agent_costs_no_packet(release) {
        let mut site = Site::new(release).await?;
        let quiet = Quiet::watch(&site.scene).await?;
        none_lost(&site.measure(async |site| site.kill_agent().await).await?)?;
        quiet.no_line().await?;
        quiet.no_update(&site.scene, &mut site.scene.agent.client().await?).await
    }

    /// SIGTERM with `shutdown.mode: keep`, then an agent from another file: no packet, no line, no UPDATE.
    async fn an_upgrade_costs_no_packet(release) {
        let mut site = Site::new(release).await?;
        let quiet = Quiet::watch(&site.scene).await?;
        none_lost(&site.measure(async |site| site.upgrade_agent().await).await?)?;
        quiet.no_line().await?;
        quiet.no_update(&site.scene, &mut site.scene.agent.client().await?).await
    }
}
