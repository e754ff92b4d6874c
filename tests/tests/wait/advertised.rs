//! `WAIT_ADVERTISED`: the router of the rack has it, right after the answer.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::ospf::on_link;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{on_each_frr, request, v1};

use super::ADVERTISED;

/// The router's own time from the UPDATE to its table, twice over: FRR keeps every change for 50 ms.
const OF_THE_ROUTER: Duration = Duration::from_millis(250);
/// How often the table is looked at.
const ROUNDS: u32 = 8;

on_each_frr! {
    /// A prefix comes, is announced with other attributes, and goes: each time the table of the router says so as soon as
    /// the call has answered.
    async fn the_peer_has_it_when_the_call_answers(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        for round in 1..=ROUNDS {
            let prefix = format!("203.0.113.{round}/32");
            let log = || scene.agent.log();
            let ask = async |client: &mut novaroute_e2e::agent::Client, med| {
                let attributes = v1::PrefixAttributes { med, ..Default::default() };
                let advertise = request::advertise_with(LB, &prefix, attributes);
                client.advertise_prefix(v1::AdvertisePrefixRequest { wait: ADVERTISED, ..advertise }).await
            };
            ask(&mut client, 7).await?;
            let paths = scene.tor.router.bgp_paths(&prefix).await?;
            let med = |paths: &[serde_json::Value]| paths.first().and_then(|path| path["metric"].as_u64());
            ensure!(med(&paths) == Some(7), "{prefix} is not there: {paths:?}");
            ask(&mut client, 8).await?;
            let paths = scene.tor.router.bgp_paths(&prefix).await?;
            ensure!(med(&paths) == Some(8), "{prefix} is there as it was: {paths:?}");

            let withdraw = request::withdraw(LB, &prefix, v1::Protocol::Bgp);
            client.withdraw_prefix(v1::WithdrawPrefixRequest { wait: ADVERTISED, ..withdraw }).await?;
            let gone = scene.tor.router.wait_bgp_no_route(&prefix, OF_THE_ROUTER).await;
            gone.with_context(log)?;
        }
        Ok(())
    }
}

on_each_frr! {
    /// OSPF: the answer comes when the prefix stands in the link-state database, and when it no longer does. An
    /// interface is nothing to advertise: its call answers when it is programmed.
    async fn ospf_answers_by_its_database(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let ospf = request::enable_ospf(LB, on_link(&scene, "0"));
        client.enable_ospf(v1::EnableOspfRequest { wait: ADVERTISED, ..ospf }).await?;
        let prefix = request::advertise_ospf(LB, "203.0.113.7/32");
        client.advertise_prefix(v1::AdvertisePrefixRequest { wait: ADVERTISED, ..prefix }).await?;
        let rows = scene.agent.status().await?.prefixes;
        ensure!(rows.len() == 1 && rows[0].state == "advertised" && rows[0].advertised_at > 0, "{rows:?}");
        let withdraw = request::withdraw(LB, "203.0.113.7/32", v1::Protocol::Ospf);
        client.withdraw_prefix(v1::WithdrawPrefixRequest { wait: ADVERTISED, ..withdraw }).await?;
        let lsas = scene.node.vty(novaroute_e2e::Daemon::Ospfd, "show ip ospf database external self-originate").await?;
        ensure!(!lsas.contains("203.0.113.7") || lsas.contains("LS age: 3600"), "{lsas}");
        Ok(())
    }
}
