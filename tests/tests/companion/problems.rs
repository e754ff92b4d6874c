//! What cannot be done is told, and changes nothing of what runs.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::DeleteParams;
use novaroute_e2e::config::LB;
use novaroute_e2e::{on_each_frr, request, wait_for};
use novaroute_operator::crd::{COMPANION_OWNER, NovaRouteAdvertisement, NovaRouteNode, Problem};
use serde_json::{Value, json};

use crate::stage::{Stage, TIMEOUT};

const PREFIX: &str = "203.0.113.7/32";

on_each_frr! {
    /// A value of the node that is none, one that is missing, two resources that differ, a key that somebody else holds.
    async fn problems_are_named(release) {
        let stage = Stage::with_peer(release, &[]).await?;
        stage.advertise("a", json!({"prefixes": [PREFIX], "attributes": {"med": 1}})).await?;
        stage.advertise("b", json!({"prefixes": [PREFIX], "attributes": {"med": 2}})).await?;
        let path = stage.arrived(PREFIX).await?;
        ensure!(path["metric"] == 1, "{path:#}");
        let held = "203.0.113.8/32";
        stage.agent.client().await?.advertise_prefix(request::advertise(LB, held)).await?;
        stage.advertise("c", json!({"prefixes": [held]})).await?;
        stage.advertise("d", json!({"podCIDRs": {}})).await?;
        stage.peer("e", |spec| {
            spec.as_object_mut().into_iter().for_each(|fields| drop(fields.remove("address")));
            spec["addressFrom"] = json!({"label": "example.com/no-such-label"});
        })
        .await?;

        let told = stage.told("four problems", |status| status.problems.len() == 4).await?;
        let named = |name: &str| told.problems.iter().find(|one| one.resource.ends_with(&format!("-{name}")));
        let has = |name: &str, field: Option<&str>, words: &str| {
            let fits = |one: &Problem| one.field.as_deref() == field && one.reason.contains(words);
            ensure!(named(name).is_some_and(fits), "{name}: {:?}", told.problems);
            Ok(())
        };
        has("b", None, "asks for prefix bgp 203.0.113.7/32 in another way, and comes first")?;
        has("c", None, "HELD_BY_ANOTHER: ")?;
        has("d", Some("spec.podCIDRs"), "the node has none")?;
        has("e", Some("spec.addressFrom"), "the node has no label \"example.com/no-such-label\"")?;
        stage.condition("Ready", "False", "Problems").await?;

        stage.delete::<NovaRouteAdvertisement>("a").await?;
        wait_for("the second to come first", TIMEOUT, async || {
            let paths = stage.tor.router.bgp_paths(PREFIX).await?;
            ensure!(paths.first().is_some_and(|path| path["metric"] == 2), "{paths:?}");
            Ok(Some(()))
        })
        .await?;
        stage.end().await
    }

    /// A value that turns bad leaves what runs as it was, also over a restart of the companion.
    async fn what_turns_bad_changes_nothing(release) {
        let mut stage = Stage::start(release, &[]).await?;
        let tor = stage.tor.ipv4.to_string();
        let annotated = |value: &str| json!({"example.com/tor": value});
        stage.node(|node| node["metadata"]["annotations"] = annotated(&tor)).await?;
        stage.peer("rack", |spec| {
            spec.as_object_mut().into_iter().for_each(|fields| drop(fields.remove("address")));
            spec["addressFrom"] = json!({"annotation": "example.com/tor"});
        })
        .await?;
        stage.established().await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        let sessions = novaroute_e2e::tor::times_established(&stage.tor.router, stage.tor.node_ipv4.into()).await?;

        stage.node(|node| node["metadata"]["annotations"] = annotated("10.0.0.300")).await?;
        let problem = stage.condition("Ready", "False", "Problems").await?;
        ensure!(problem.contains("spec.addressFrom") && problem.contains("10.0.0.300"), "{problem}");
        stage.kill_companion()?;
        stage.start_companion()?;
        // What is left behind is not taken away as long as it is not known whose it is.
        stage.delete::<NovaRouteAdvertisement>("own").await?;
        stage.advertise("marker", json!({"prefixes": ["203.0.113.1/32"]})).await?;
        stage.arrived("203.0.113.1/32").await?;
        let now = novaroute_e2e::tor::times_established(&stage.tor.router, stage.tor.node_ipv4.into()).await?;
        assert_eq!(now, sessions, "the session was not left alone");

        stage.node(|node| node["metadata"]["annotations"] = annotated(&tor)).await?;
        stage.gone(PREFIX).await?;
        stage.condition("Ready", "True", "AsAskedFor").await?;
        let now = novaroute_e2e::tor::times_established(&stage.tor.router, stage.tor.node_ipv4.into()).await?;
        assert_eq!(now, sessions, "the session was not left alone");
        stage.end().await
    }

    /// A change that the agent refuses leaves what runs, also over a restart of the companion.
    async fn what_the_agent_refuses_leaves_what_runs(release) {
        let mut stage = Stage::with_peer(release, &[]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        owner(&stage, |owner| owner["allowed_communities"] = json!(["65001:1"])).await?;
        let spec = |communities| json!({"prefixes": [PREFIX], "attributes": {"communities": communities}});
        stage.advertise("own", spec(json!(["65001:7"]))).await?;
        let refused = stage.condition("Ready", "False", "Problems").await?;
        ensure!(refused.contains("COMMUNITY_NOT_ALLOWED"), "{refused}");
        stage.kill_companion()?;
        stage.start_companion()?;
        wait_for("the companion to have asked for everything", TIMEOUT, async || {
            let asked = stage.companion.as_ref().context("it runs")?.metric("novaroute_companion_intents{state=\"refused\"}");
            ensure!(asked.await? > 0.5);
            Ok(Some(()))
        })
        .await?;
        let path = stage.arrived(PREFIX).await?;
        ensure!(path["community"].is_null(), "{path:#}");
        stage.advertise("own", spec(json!(["65001:1"]))).await?;
        stage.condition("Ready", "True", "AsAskedFor").await?;
        let path = stage.arrived(PREFIX).await?;
        ensure!(path["community"]["string"] == "65001:1", "{path:#}");
        stage.end().await
    }

    /// What does not fit into the owner's limits holds up nothing else, and not what goes.
    async fn what_is_too_much_holds_up_nothing_else(release) {
        let mut stage = Stage::with_peer(release, &[]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.advertise("more", json!({"prefixes": ["203.0.113.8/32"]})).await?;
        stage.arrived(PREFIX).await?;
        stage.arrived("203.0.113.8/32").await?;
        stage.kill_companion()?;
        stage.delete::<NovaRouteAdvertisement>("own").await?;
        stage.advertise("most", json!({"prefixes": ["203.0.113.9/32"]})).await?;
        owner(&stage, |owner| owner["max_prefixes"] = json!(2)).await?;
        stage.start_companion()?;
        stage.gone(PREFIX).await?;
        stage.arrived("203.0.113.9/32").await?;
        stage.condition("Ready", "True", "AsAskedFor").await?;
        stage.end().await
    }

    /// A Node that is made anew has a NovaRouteNode of its own.
    async fn a_node_that_comes_back_is_told_of(release) {
        let stage = Stage::with_peer(release, &[]).await?;
        let first = stage.told("it is told of", |_| true).await?;
        ensure!(first.sessions_established <= 1);
        Api::<Node>::all(stage.server.client.clone())
            .delete(&stage.server.namespace, &DeleteParams::default())
            .await?;
        let nodes = Api::<NovaRouteNode>::all(stage.server.client.clone());
        wait_for("the NovaRouteNode to go with its Node", TIMEOUT, async || {
            Ok(nodes.get_opt(&stage.server.namespace).await?.is_none().then_some(()))
        })
        .await?;
        stage.established().await?;
        stage.node(|_| {}).await?;
        stage.told("it is told of again", |status| status.sessions_established == 1).await?;
        stage.end().await
    }

    /// More than half of what the agent has does not go because a companion that starts finds it gone; unless somebody agrees.
    async fn most_of_it_goes_only_with_consent(release) {
        let mut stage = Stage::with_peer(release, &[]).await?;
        let many: Vec<String> = (1..=20).map(|number| format!("203.0.113.{number}/32")).collect();
        stage.advertise("many", json!({"prefixes": many})).await?;
        stage.told("they are announced", |status| status.prefixes.advertised == 20).await?;
        stage.kill_companion()?;
        stage.delete::<NovaRouteAdvertisement>("many").await?;
        stage.start_companion()?;
        let held_back = stage.condition("Ready", "False", "ReplayHeldBack").await?;
        ensure!(held_back.contains("SWEEP_TOO_LARGE"), "{held_back}");
        stage.arrived(&many[0]).await?;
        let consent = json!({"novaroute.io/confirm-removals": "true"});
        stage.node(|node| node["metadata"]["annotations"] = consent).await?;
        for prefix in [&many[0], &many[19]] {
            stage.gone(prefix).await?;
        }
        stage.condition("Ready", "True", "AsAskedFor").await?;
        stage.end().await
    }
}

/// Changes what the agent's configuration says of the companion, and waits until that is in force.
async fn owner(stage: &Stage, change: impl FnOnce(&mut Value)) -> Result<()> {
    let mut config = stage.agent.read_config()?;
    change(&mut config["owners"][COMPANION_OWNER]);
    stage.agent.write_config(&config)?;
    wait_for("the agent to read it", TIMEOUT, async || {
        Ok(stage.agent.log().contains("the new configuration is in force").then_some(()))
    })
    .await
}
