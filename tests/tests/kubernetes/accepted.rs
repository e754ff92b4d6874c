//! Peers and advertisements say whether they can be used.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use novaroute_e2e::wait_for;
use novaroute_fake_kube::FakeKube;
use novaroute_operator::controller::MANAGER;
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRoutePeer};
use serde_json::{Value, json};

use crate::stage::{Stage, TIMEOUT};

/// Waits until a resource is accepted or not, as it is now; the condition.
async fn accepted<R: kube::Resource<DynamicType = ()>>(stage: &Stage, name: &str, status: &str) -> Result<Condition> {
    let name = stage.unique(name);
    wait_for(&format!("{name} to be accepted: {status}"), TIMEOUT, async || {
        let resource = stage.declared::<R>().get(&name).await?;
        let known = &resource.data["status"];
        let condition = known["conditions"].as_array().into_iter().flatten().find(|one| one["type"] == "Accepted");
        let condition: Condition = serde_json::from_value(condition.context("no condition yet")?.clone())?;
        let generation = resource.metadata.generation;
        ensure!(condition.status == status && condition.observed_generation == generation, "{condition:?}");
        ensure!(known["observedGeneration"].as_i64() == generation, "{known}");
        Ok(Some(condition))
    })
    .await
}

#[tokio::test]
async fn what_is_wrong_is_named_until_it_is_right() -> Result<()> {
    let stage = Stage::start().await?;
    let _operator = stage.operator("a")?;
    let declare = async |address: &str| {
        stage
            .declare::<NovaRoutePeer>(
                "rack",
                json!({"address": address, "remoteAs": 65_100, "sourceAddress": "10.0.0.9"}),
            )
            .await
    };
    declare("10.0.0.1").await?;
    let first = accepted::<NovaRoutePeer>(&stage, "rack", "True").await?;
    assert_eq!(first.reason, "Valid");
    declare("rack-1").await?;
    let refused = accepted::<NovaRoutePeer>(&stage, "rack", "False").await?;
    assert_eq!(refused.reason, "Invalid");
    ensure!(refused.message.starts_with("spec.address: \"rack-1\" is not an IP address"), "{}", refused.message);
    let name = stage.unique("rack");
    wait_for("an Event", TIMEOUT, async || {
        // Those of what is in no namespace.
        let events = Api::<Event>::namespaced(stage.client.clone(), "default").list(&ListParams::default()).await?;
        let is_told = |event: &Event| {
            let of = event.regarding.as_ref().and_then(|of| of.name.as_ref());
            of == Some(&name) && event.type_.as_deref() == Some("Warning") && event.reason.as_deref() == Some("Invalid")
        };
        Ok(events.iter().any(is_told).then_some(()))
    })
    .await?;
    declare("10.0.0.2").await?;
    accepted::<NovaRoutePeer>(&stage, "rack", "True").await?;

    let attributes = json!({"communities": ["65000:1", "65000"], "nextHop": "2001:db8::1"});
    let spec = json!({"prefixes": ["203.0.113.7/24", "203.0.113.0/24"], "attributes": attributes});
    stage.declare::<NovaRouteAdvertisement>("services", spec).await?;
    let message = accepted::<NovaRouteAdvertisement>(&stage, "services", "False").await?.message;
    for field in ["spec.prefixes[0]: ", "spec.attributes.communities[1]: ", "spec.attributes.nextHop: "] {
        ensure!(message.contains(field), "no {field} in {message}");
    }
    stage.end().await
}

/// A resource that no type fits is one among others.
#[tokio::test]
async fn one_that_cannot_be_read_is_told_and_holds_up_no_other() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    let odd = |spec: Value| {
        let metadata = json!({"name": stage.unique("odd")});
        json!({"apiVersion": "novaroute.io/v1alpha1", "kind": "NovaRoutePeer", "metadata": metadata, "spec": spec})
    };
    fake.put("novaroutepeers", odd(json!({"address": 7, "remoteAs": "many"})))?;
    stage.declare::<NovaRoutePeer>("rack", json!({"address": "10.0.0.1", "remoteAs": 65_100})).await?;
    let _operator = stage.operator("a")?;
    accepted::<NovaRoutePeer>(&stage, "rack", "True").await?;
    wait_for("the odd one to be told of", TIMEOUT, async || {
        let odd = fake.get("novaroutepeers", "", &stage.unique("odd")).unwrap_or_default();
        let message = odd["status"]["conditions"][0]["message"].as_str().unwrap_or_default();
        ensure!(message.contains("spec.address: ") && message.contains("spec.remoteAs: "), "{odd}");
        Ok(Some(()))
    })
    .await?;
    stage.end().await
}

/// A look that finds nothing new writes nothing.
#[tokio::test]
async fn at_rest_nothing_is_written() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    let peer = |address: &str| json!({"address": address, "remoteAs": 65_100});
    for (name, address) in [("good", "10.0.0.1"), ("bad", "rack-1")] {
        stage.declare::<NovaRoutePeer>(name, peer(address)).await?;
    }
    let _operator = stage.operator("a")?;
    accepted::<NovaRoutePeer>(&stage, "good", "True").await?;
    accepted::<NovaRoutePeer>(&stage, "bad", "False").await?;
    let versions = async || {
        let peers = stage.declared::<NovaRoutePeer>().list(&ListParams::default()).await?;
        anyhow::Ok(peers.iter().map(|peer| (peer.name_any(), peer.resource_version())).collect::<Vec<_>>())
    };
    let (before, written) = (versions().await?, writes(fake));
    // All are told of once more, and another one behind them.
    fake.compact();
    fake.cut_watches();
    stage.declare::<NovaRoutePeer>("last", peer("10.0.0.3")).await?;
    accepted::<NovaRoutePeer>(&stage, "last", "True").await?;
    let mut after = versions().await?;
    after.retain(|(name, _)| *name != stage.unique("last"));
    assert_eq!(after, before);
    assert_eq!(writes(fake), written + 1, "more than the condition of the new one");
    stage.end().await
}

/// Conditions that were written, whether they changed or not.
fn writes(fake: &FakeKube) -> usize {
    let of_peers = |path: &str| path.starts_with("/apis/novaroute.io/v1alpha1/novaroutepeers/");
    fake.writes().iter().filter(|write| write.manager == MANAGER && of_peers(&write.path)).count()
}
