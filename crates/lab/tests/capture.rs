//! BGP messages on the wire between two real routers.

use std::time::Duration;

use anyhow::Result;
use novaroute_lab::capture::{BgpMessage, Capture, MessageKind};
use novaroute_lab::topology::node_and_tor;
use novaroute_lab::{Daemon, FrrRelease, Lab, wait_for};

const TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn updates_are_counted() -> Result<()> {
    let lab = node_and_tor(FrrRelease::Distribution).await?;
    let capture = lab.tor.router.capture("node", "tcp port 179").await?;
    for (router, own, neighbor, theirs) in
        [(&lab.node, 65001, "10.0.1.2", 65000), (&lab.tor.router, 65000, "10.0.1.1", 65001)]
    {
        let lines = [
            format!("router bgp {own}"),
            "no bgp ebgp-requires-policy".into(),
            "no bgp network import-check".into(),
            format!("neighbor {neighbor} remote-as {theirs}"),
            format!("neighbor {neighbor} timers connect 1"),
        ];
        router.configure(Daemon::Bgpd, &lines).await?;
    }
    lab.node.wait_bgp_established("10.0.1.2", TIMEOUT).await?;
    let mut prefixes = Vec::new();
    for line in ["network 10.66.0.1/32", "no network 10.66.0.1/32"] {
        let before = from_node(&capture)?;
        let lines = ["router bgp 65001", "address-family ipv4 unicast", line];
        lab.node.configure(Daemon::Bgpd, &lines).await?;
        let sent = wait_for("the UPDATE to be captured", TIMEOUT, async || {
            Ok(Some(from_node(&capture)?).filter(|now| now.len() > before.len()))
        })
        .await?;
        assert_eq!(sent.len(), before.len() + 1, "one UPDATE for '{line}'");
        prefixes.extend(sent.last().cloned());
    }
    let prefix = [32, 10, 66, 0, 1];
    // RFC 4271 §4.3: withdrawn routes come first, with their length; announced ones come last.
    assert!(prefixes[0].bytes.ends_with(&prefix), "{:?}", prefixes[0]);
    assert_eq!(prefixes[1].bytes[19..], [0, 5, 32, 10, 66, 0, 1, 0, 0], "{:?}", prefixes[1]);
    let messages = capture.stop().await?;
    let of = |kind| messages.iter().filter(|message| message.kind == kind).count();
    assert!(of(MessageKind::Open) >= 2 && of(MessageKind::Keepalive) >= 2, "{messages:?}");
    assert!(messages.is_sorted_by_key(|message| message.time));
    Ok(())
}

#[tokio::test]
async fn a_capture_that_cannot_start_says_why() -> Result<()> {
    let lab = Lab::new("no-interface")?;
    let router = lab.router("r1", FrrRelease::Distribution).await?;
    let error = format!("{:#}", router.capture("eth7", "tcp").await.unwrap_err());
    assert!(error.contains("cannot capture on eth7") && error.contains("No such device"), "{error}");
    let error = format!("{:#}", router.capture("lo", "nonsense here").await.unwrap_err());
    assert!(error.contains("syntax error"), "{error}");
    Ok(())
}

/// UPDATEs of the node, less its End-of-RIB.
fn from_node(capture: &Capture) -> Result<Vec<BgpMessage>> {
    let mut updates = capture.updates()?;
    updates.retain(|update| update.source.ip().to_string() == "10.0.1.1" && !update.is_end_of_rib_ipv4());
    Ok(updates)
}
