//! The status follows the nodes.

use anyhow::{Context as _, Result};
use k8s_openapi::api::events::v1::Event;
use novaroute_e2e::wait_for;
use novaroute_operator::crd::Phase;

use crate::stage::{Stage, TIMEOUT};

#[tokio::test]
async fn conditions_follow_the_nodes() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    stage.daemon_set("edge", "there", |_| true).await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    let phase = async |phase: Phase| {
        let is = |found: Option<Phase>| found == Some(phase);
        stage.cluster("edge", &format!("{phase:?}"), |cluster| is(cluster.status.as_ref().and_then(|s| s.phase))).await
    };
    Stage::roll_out(fake, &stage.namespace, "edge", [3, 1, 1])?;
    stage.condition("edge", "Progressing", "True", "RollingOut").await?;
    phase(Phase::Initializing).await?;
    Stage::roll_out(fake, &stage.namespace, "edge", [3, 3, 3])?;
    stage.condition("edge", "Ready", "True", "AllNodesReady").await?;
    let status = phase(Phase::Running).await?.status.context("no status")?;
    assert_eq!(status.version.as_deref(), Some("0.1.0"));
    assert_eq!(status.agent.context("no agent")?.ready_nodes, 3);

    Stage::roll_out(fake, &stage.namespace, "edge", [3, 3, 2])?;
    let message = stage.condition("edge", "Degraded", "True", "NodesNotReady").await?;
    assert_eq!(message, "of 3 nodes, 2 have a ready agent and 3 one as the resource says now");
    Stage::roll_out(fake, &stage.namespace, "edge", [3, 3, 3])?;
    phase(Phase::Running).await?;

    stage.apply("edge", |resource| resource["spec"]["version"] = "0.2.0".into()).await?;
    let status = phase(Phase::Upgrading).await?.status.context("no status")?;
    assert_eq!(status.version.as_deref(), Some("0.1.0"), "not all nodes have the new one");
    Stage::roll_out(fake, &stage.namespace, "edge", [3, 3, 3])?;
    let status = phase(Phase::Running).await?.status.context("no status")?;
    assert_eq!((status.version.as_deref(), status.observed_generation), (Some("0.2.0"), Some(2)));

    for reason in ["RollingOut", "AllNodesReady", "NodesNotReady"] {
        wait_for(&format!("an Event: {reason}"), TIMEOUT, async || {
            let events = stage.api::<Event>().list(&Default::default()).await?;
            Ok(events.iter().any(|event| event.reason.as_deref() == Some(reason)).then_some(()))
        })
        .await?;
    }
    stage.end().await
}
