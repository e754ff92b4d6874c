//! Whatever fails, in the end everything is there.

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use novaroute_e2e::wait_for;
use novaroute_fake_kube::{Fault, Requests};
use novaroute_operator::controller::MANAGER;

use crate::stage::{Stage, TIMEOUT};

/// Writes that a new cluster takes: the finalizer, six objects, the status.
const STEPS: usize = 8;

/// The operator dies after each of its writes, and another one finishes.
#[tokio::test]
async fn an_operator_may_die_at_any_step() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    for step in 1..=STEPS {
        let name = format!("edge{step}");
        let ours = |write: &&novaroute_fake_kube::Write| write.manager.starts_with(MANAGER) && write.changed;
        let before = fake.writes().iter().filter(ours).count();
        stage.apply(&name, |_| {}).await?;
        // One that begins when the Lease is free.
        let mut operator = stage.operator(&format!("dies-at-{step}"))?;
        wait_for(&format!("step {step}"), TIMEOUT, async || {
            Ok((fake.writes().iter().filter(ours).count() >= before + step).then_some(()))
        })
        .await?;
        operator.kill()?;
        fake.delete("leases", &stage.namespace, novaroute_operator::controller::LEASE)?;
        let mut next = stage.operator("finishes")?;
        next.wait_leading(true).await?;
        stage.condition(&name, "Degraded", "False", "AsExpected").await?;
        stage.daemon_set(&name, "there", |_| true).await?;
        next.terminate().await?;
    }
    stage.end().await
}

/// Each kind of answer that is none, on each kind of request.
#[tokio::test]
async fn errors_of_the_api_server_are_outlived() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    let faults = [
        Fault::Conflict,
        Fault::TooManyRequests(1),
        Fault::InternalError,
        Fault::Unavailable,
        Fault::Close,
        Fault::LoseAnswer,
    ];
    let _operator = stage.operator("a")?;
    for (number, fault) in faults.into_iter().enumerate() {
        let name = format!("edge{number}");
        for method in ["GET", "PATCH"] {
            for group in ["/api/v1/", "/apis/apps/", "/apis/novaroute.io/", "/apis/events.k8s.io/", "/apis/rbac."] {
                fake.fail_next(1, fault, Requests::method(method).under(group));
            }
        }
        // The test itself may be the one who is hit.
        wait_for("the resource to be taken", TIMEOUT, async || Ok(stage.apply(&name, |_| {}).await.map(Some)?)).await?;
        stage.condition(&name, "Degraded", "False", "AsExpected").await?;
        ensure!(stage.api::<DaemonSet>().get_opt(&name).await?.is_some(), "{fault:?}");
    }
    stage.end().await
}

/// Changes that happen while nobody watches are seen afterwards.
#[tokio::test]
async fn a_broken_watch_loses_nothing() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    let _operator = stage.operator("a")?;
    stage.apply("edge", |_| {}).await?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    // First one that goes on where it was, then one that has to begin anew.
    for (version, forgotten) in [("0.2.0", false), ("0.3.0", true)] {
        fake.cut_watches();
        stage.apply("edge", |resource| resource["spec"]["version"] = version.into()).await?;
        if forgotten {
            fake.compact();
        }
        let is_new = |set: &DaemonSet| format!("{set:?}").contains(&format!(":{version}"));
        stage.daemon_set("edge", "of the new version", is_new).await?;
    }
    stage.end().await
}
