//! As many items as a call takes.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use novaroute_api::client::apply_intents;
use novaroute_api::from_proto::ITEMS_MAX;
use novaroute_e2e::config::LB;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{Daemon, item, on_each_frr, request, v1, wait_for};
use tonic::{Code, Request};

use super::{apply, numbered};

/// Longest wait for the peer to have all of them.
const ALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Waits until the router of the rack has so many prefixes.
async fn arrived(scene: &Scene, count: usize) -> Result<()> {
    wait_for(&format!("{count} prefixes to arrive"), ALL_TIMEOUT, async || {
        let summary = scene.tor.router.show_json(Daemon::Bgpd, "show bgp ipv4 unicast summary json").await?;
        let received = summary["peers"][scene.tor.node_ipv4.to_string()]["pfxRcd"].as_u64();
        match received {
            Some(received) if received == count as u64 => Ok(Some(())),
            other => bail!("{other:?}"),
        }
    })
    .await
}

fn prefixes(count: usize) -> Vec<v1::IntentItem> {
    (0..count).map(|number| item::prefix(&numbered(number.try_into().unwrap_or(u32::MAX)), None)).collect()
}

on_each_frr! {
    /// One call, one write of the journal, one batch to FRR; and a call like any other in between.
    async fn ten_thousand_prefixes_arrive_with_one_call(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let before = scene.agent.metric("novaroute_frr_transactions_total{result=\"ok\"}").await?;
        let answer = apply(&mut client, prefixes(ITEMS_MAX), v1::ApplyIntentsRequest::default()).await?;
        ensure!(answer.results.len() == ITEMS_MAX);
        ensure!(item::words(&answer).iter().all(|word| word == "changed"));
        arrived(&scene, ITEMS_MAX).await?;
        let after = scene.agent.metric("novaroute_frr_transactions_total{result=\"ok\"}").await?;
        ensure!(after - before <= 2.0, "{} transactions", after - before);
        client.advertise_prefix(request::advertise(LB, "10.9.9.9/32")).await?;
        arrived(&scene, ITEMS_MAX + 1).await?;

        let many = [prefixes(ITEMS_MAX), vec![item::prefix("10.9.9.8/32", None)]].concat();
        let refusal = refused(client.apply_intents(item::apply(LB, many.clone(), Default::default())).await)?;
        let refusal = refusal.expect(Code::InvalidArgument, "INVALID_FIELD")?;
        assert_eq!(refusal.fields, ["items"]);
        let call = Request::new(item::apply(LB, many, Default::default()));
        let answer = apply_intents(&mut client, call).await?.into_inner();
        let changed: Vec<_> = answer.results.iter().filter(|result| result.outcome() == v1::ItemOutcome::Changed).collect();
        ensure!(changed.len() == 1 && changed[0].index as usize == ITEMS_MAX, "{changed:?}");
        arrived(&scene, ITEMS_MAX + 2).await
    }
}
