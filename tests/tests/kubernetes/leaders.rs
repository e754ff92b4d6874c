//! Of several operators one acts.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use novaroute_e2e::wait_for;
use novaroute_fake_kube::Pause;
use novaroute_operator::controller::LEASE;

use crate::operator::Operator;
use crate::stage::{Stage, TIMEOUT};

async fn holder(stage: &Stage) -> Result<String> {
    let lease = stage.api::<Lease>().get(LEASE).await?;
    lease.spec.and_then(|spec| spec.holder_identity).context("nobody holds the Lease")
}

async fn first_of(stage: &Stage) -> Result<(Operator, Operator)> {
    let first = stage.operator("first")?;
    first.wait_leading(true).await?;
    let second = stage.operator("second")?;
    wait_for("the second to look at the Lease", TIMEOUT, async || {
        Ok((second.get("/readyz").await?.0 == 200).then_some(()))
    })
    .await?;
    second.wait_leading(false).await?;
    assert_eq!(holder(stage).await?, "first");
    Ok((first, second))
}

#[tokio::test]
async fn another_one_takes_over_when_the_leader_dies() -> Result<()> {
    let stage = Stage::start().await?;
    let (mut first, second) = first_of(&stage).await?;
    first.kill()?;
    second.wait_leading(true).await?;
    assert_eq!(holder(&stage).await?, "second");
    stage.apply("edge", |_| {}).await?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    stage.end().await
}

#[tokio::test]
async fn a_leader_that_ends_in_order_makes_room_at_once() -> Result<()> {
    let stage = Stage::start().await?;
    let (mut first, second) = first_of(&stage).await?;
    first.terminate().await?;
    ensure!(holder(&stage).await? != "first", "it still holds the Lease");
    second.wait_leading(true).await?;
    stage.end().await
}

/// A leader that cannot renew stops before anybody else may begin, and goes on when it can.
#[tokio::test]
async fn a_leader_without_an_api_server_stops() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    for pause in [Pause::Refuse, Pause::Hang] {
        let operator = stage.operator("only")?;
        operator.wait_leading(true).await?;
        fake.pause(pause).await;
        operator.wait_leading(false).await?;
        fake.resume().await;
        operator.wait_leading(true).await?;
    }
    stage.apply("edge", |_| {}).await?;
    stage.end().await
}
