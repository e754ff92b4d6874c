//! /metrics: every name of the contract, and values that mean what they say.

use anyhow::{Result, ensure};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use serde_json::json;

use crate::{declare, protected};

/// The names with their labels, each with a series in the scene of the test.
const SERIES: [&str; 27] = [
    "novaroute_intents_total{owner=\"novaedge\",type=\"prefixes\",operation=\"set\"}",
    "novaroute_frr_transactions_total{result=\"ok\"}",
    "novaroute_policy_violations_total{owner=\"small\",reason=\"PREFIX_TYPE_NOT_ALLOWED\"}",
    "novaroute_events_total{type=\"PEER_UP\"}",
    "novaroute_events_dropped_total",
    "novaroute_active_peers{owner=\"novaedge\"}",
    "novaroute_active_prefixes{owner=\"novaedge\",protocol=\"bgp\"}",
    "novaroute_active_bfd_sessions{owner=\"novaedge\"}",
    "novaroute_active_ospf_interfaces{owner=\"novaedge\"}",
    "novaroute_registered_owners",
    "novaroute_frr_connected",
    "novaroute_frr_transaction_duration_seconds_count",
    "novaroute_grpc_request_duration_seconds_count{method=\"AdvertisePrefix\",code=\"OK\"}",
    "novaroute_grpc_request_duration_seconds_count{method=\"AdvertisePrefix\",code=\"PERMISSION_DENIED\"}",
    "novaroute_grpc_request_duration_seconds_count{method=\"StreamEvents\",code=\"CANCELLED\"}",
    "novaroute_reconcile_cycles_total{result=\"settled\"}",
    "novaroute_reconcile_cycle_duration_seconds_count",
    "novaroute_peer_established{peer=\"10.0.1.2\",owner=\"novaedge\"}",
    "novaroute_peer_flaps_total{peer=\"10.0.1.2\",owner=\"novaedge\"}",
    "novaroute_intent_state{owner=\"novaedge\",type=\"prefixes\",state=\"advertised\"}",
    "novaroute_intent_programmed_seconds_count",
    "novaroute_intent_advertised_seconds_count",
    "novaroute_drift_repairs_total",
    "novaroute_monitoring_errors_total{protocol=\"bgp\"}",
    "novaroute_ospf_neighbors{interface=\"tor1\",owner=\"novaedge\"}",
    "novaroute_intent_programmed_seconds_bucket{le=\"0.001\"}",
    "novaroute_intent_advertised_seconds_bucket{le=\"0.001\"}",
];

/// The value of a series that is awaited.
async fn reaches(scene: &Scene, series: &str, value: f64) -> Result<()> {
    wait_for(&format!("{series} to be {value}"), TIMEOUT, async || {
        let now = scene.agent.metric(series).await?;
        ensure!(now == value, "{now}");
        Ok(Some(()))
    })
    .await
}

on_each_frr! {
    /// What the contract names is there, counts what happened, and has configured owners for labels only.
    async fn every_name_is_there_and_counts(release) {
        let (scene, mut client) = protected(release).await?;
        let mut config = scene.agent.read_config()?;
        config["owners"]["small"] = json!({ "token": "token-of-small", "allowed_prefixes": { "type": "host_only" } });
        scene.agent.write_config(&config)?;
        scene.agent.signal(rustix::process::Signal::HUP)?;
        let in_force = async || Ok(scene.agent.log().contains("the new configuration is in force").then_some(()));
        wait_for("the new owner", TIMEOUT, in_force).await?;

        drop(client.stream_events(v1::StreamEventsRequest::default()).await?);
        declare(&scene, &mut client).await?;
        client.register(request::register(LB)).await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        refused(client.advertise_prefix(request::advertise("small", "203.0.113.0/24")).await)?;
        let nobody = v1::RegisterRequest { owner: "nobody-knows".into(), token: "x".into(), ..Default::default() };
        refused(client.register(nobody).await)?;
        for one in ["active_peers{owner=\"novaedge\"}", "active_bfd_sessions{owner=\"novaedge\"}"] {
            reaches(&scene, &format!("novaroute_{one}"), 1.0).await?;
        }
        for series in [
            "novaroute_active_prefixes{owner=\"novaedge\",protocol=\"bgp\"}",
            "novaroute_active_ospf_interfaces{owner=\"novaedge\"}",
            "novaroute_peer_established{peer=\"10.0.1.2\",owner=\"novaedge\"}",
            "novaroute_ospf_neighbors{interface=\"tor1\",owner=\"novaedge\"}",
            "novaroute_policy_violations_total{owner=\"small\",reason=\"PREFIX_TYPE_NOT_ALLOWED\"}",
            "novaroute_intents_total{owner=\"novaedge\",type=\"prefixes\",operation=\"set\"}",
            "novaroute_registered_owners",
            "novaroute_frr_connected",
        ] {
            reaches(&scene, series, 1.0).await?;
        }
        let (code, text) = scene.agent.get("/metrics").await?;
        ensure!(code == 200 && text.ends_with("# EOF\n"), "{code}");
        for series in SERIES {
            ensure!(text.lines().any(|line| line.starts_with(&format!("{series} "))), "{series} is not in:\n{text}");
        }
        ensure!(text.contains("novaroute_bfd_session_up{peer=\"10.0.1.2\"") && text.contains("novaroute_build_info{"));
        ensure!(!text.contains("nobody-knows") && !text.contains("token-of"), "{text}");
        Ok(())
    }
}

on_each_frr! {
    /// frr_connected and the gauges of the sessions fall when bgpd dies, and rise when it is back.
    async fn gauges_fall_when_bgpd_dies(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.advertise_prefix(request::advertise(CNI, "203.0.113.7/32")).await?;
        scene.prefix_state("203.0.113.7/32", "advertised").await?;
        let gauges = [
            "novaroute_frr_connected",
            "novaroute_active_peers{owner=\"novaedge\"}",
            "novaroute_active_prefixes{owner=\"novanet\",protocol=\"bgp\"}",
            "novaroute_peer_established{peer=\"10.0.1.2\",owner=\"novaedge\"}",
        ];
        for gauge in gauges {
            reaches(&scene, gauge, 1.0).await?;
        }
        scene.node.kill(Daemon::Bgpd).await?;
        for gauge in gauges {
            reaches(&scene, gauge, 0.0).await?;
        }
        let (ready, reason) = scene.agent.get("/readyz").await?;
        ensure!(ready == 503 && reason.contains("bgpd"), "{ready} {reason}");
        let (healthy, _) = scene.agent.get("/healthz").await?;
        ensure!(healthy == 200, "{healthy}");
        ensure!(scene.agent.metric("novaroute_events_total{type=\"FRR_DISCONNECTED\"}").await? >= 1.0);

        scene.node.start(&[Daemon::Bgpd]).await?;
        scene.agent.wait_ready().await?;
        for gauge in gauges {
            reaches(&scene, gauge, 1.0).await?;
        }
        Ok(())
    }
}
