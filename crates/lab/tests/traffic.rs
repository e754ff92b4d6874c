//! The meter for traffic, on routers without FRR: needs root and iproute2.

use std::time::Duration;

use anyhow::Result;
use novaroute_lab::traffic::Meter;
use novaroute_lab::{FrrRelease, Lab, Link, Router};

/// Packets that are sent while the link is silent.
const SILENT_PACKETS: u64 = 300;
/// Longest wait for traffic to flow again.
const TIMEOUT: Duration = Duration::from_secs(5);

async fn pair() -> Result<(Lab, Router, Router, Link)> {
    let lab = Lab::new("traffic")?;
    let node = lab.router("node", FrrRelease::Distribution).await?;
    let client = lab.router("client", FrrRelease::Distribution).await?;
    let link = lab.link(&node, &client, &["10.0.1.1/24"], &["10.0.1.2/24"]).await?;
    Ok((lab, node, client, link))
}

async fn meter(node: &Router, client: &Router) -> Result<Meter> {
    Meter::start((node, [10, 0, 1, 1].into()), (client, [10, 0, 1, 2].into())).await
}

/// Where nothing is broken, nothing is lost.
#[tokio::test]
async fn an_intact_link_loses_nothing() -> Result<()> {
    let (_lab, node, client, _link) = pair().await?;
    let meter = meter(&node, &client).await?;
    meter.go_on(1000).await?;
    let measured = meter.stop().await?;
    for direction in [measured.inbound, measured.outbound] {
        assert!(direction.lost == 0 && direction.sent >= 1000, "{measured:?}");
    }
    Ok(())
}

/// What is sent into a silent link is lost, both ways, and no more than that.
#[tokio::test]
async fn a_silent_link_is_measured() -> Result<()> {
    let (_lab, node, client, link) = pair().await?;
    let meter = meter(&node, &client).await?;
    meter.go_on(100).await?;
    link.go_silent().await?;
    meter.go_on(SILENT_PACKETS).await?;
    link.speak().await?;
    meter.arrives(TIMEOUT).await?;
    meter.go_on(100).await?;
    let measured = meter.stop().await?;
    for direction in [measured.inbound, measured.outbound] {
        let lost = SILENT_PACKETS..direction.sent - 200;
        assert!(lost.contains(&direction.lost), "{measured:?}");
        assert!(direction.longest_gap >= Duration::from_millis(SILENT_PACKETS), "{measured:?}");
    }
    Ok(())
}
