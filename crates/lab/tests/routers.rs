//! Real FRR in namespaces: needs root, iproute2, FRR of the distribution and of the next release
//! (`novaroute-lab setup`), and fails without.

use std::time::Duration;

use anyhow::{Result, bail};
use novaroute_lab::topology::{NodeAndTor, node_and_tor, node_and_two_tors};
use novaroute_lab::{Daemon, FrrRelease, Lab, Router, Signal, wait_for};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A node that announces 10.66.0.1/32 to its tor, over an established session.
async fn announcing(release: FrrRelease) -> Result<NodeAndTor> {
    let lab = node_and_tor(release).await?;
    lab.node.configure(Daemon::Bgpd, &bgp(65001, "10.0.1.2", 65000)).await?;
    lab.tor.router.configure(Daemon::Bgpd, &bgp(65000, "10.0.1.1", 65001)).await?;
    lab.node.configure(Daemon::Bgpd, &["router bgp 65001", "network 10.66.0.1/32"]).await?;
    lab.tor.router.wait_bgp_established("10.0.1.1", TIMEOUT).await?;
    lab.tor.router.wait_bgp_route("10.66.0.1/32", TIMEOUT).await?;
    Ok(lab)
}

fn bgp(own_as: u32, neighbor: &str, neighbor_as: u32) -> Vec<String> {
    vec![
        format!("router bgp {own_as}"),
        " no bgp ebgp-requires-policy".into(),
        " no bgp network import-check".into(),
        format!(" neighbor {neighbor} remote-as {neighbor_as}"),
        format!(" neighbor {neighbor} timers connect 1"),
    ]
}

async fn route_and_link(release: FrrRelease) -> Result<()> {
    let lab = announcing(release).await?;
    let paths = lab.tor.router.bgp_paths("10.66.0.1/32").await?;
    assert_eq!(paths[0]["nexthops"][0]["ip"], "10.0.1.1", "{paths:?}");
    assert_eq!(lab.tor.router.bgp_paths("10.66.0.0/24").await?.len(), 0);

    lab.tor.link.set_down().await?;
    lab.tor.router.wait_bgp_no_route("10.66.0.1/32", TIMEOUT).await?;
    wait_for("the node to see its link down", TIMEOUT, async || {
        let links = lab.node.show_json(Daemon::Zebra, "show interface tor1 json").await?;
        let link = &links["tor1"];
        assert_eq!(link["administrativeStatus"], "up", "{link}");
        Ok((link["operationalStatus"] == "down").then_some(()))
    })
    .await?;
    lab.tor.link.set_up().await?;
    lab.tor.router.wait_bgp_route("10.66.0.1/32", TIMEOUT).await?;
    Ok(())
}

#[tokio::test]
async fn a_route_is_seen_and_a_link_goes_down_distribution() -> Result<()> {
    route_and_link(FrrRelease::Distribution).await
}

#[tokio::test]
async fn a_route_is_seen_and_a_link_goes_down_next() -> Result<()> {
    route_and_link(FrrRelease::Next).await
}

async fn kill_hang_restart(release: FrrRelease) -> Result<()> {
    let lab = announcing(release).await?;
    let first = lab.node.pid(Daemon::Bgpd)?;
    lab.node.kill(Daemon::Bgpd).await?;
    assert!(!lab.node.is_running(Daemon::Bgpd));
    let Err(error) = lab.node.vty(Daemon::Bgpd, "show version").await else { bail!("a dead daemon answers") };
    let error = error.to_string();
    assert!(error.contains("bgpd of node ended (signal: 9") && error.contains("bgpd.log"), "{error}");
    lab.tor.router.wait_bgp_no_route("10.66.0.1/32", TIMEOUT).await?;

    lab.node.start(&[Daemon::Bgpd]).await?;
    assert_ne!(lab.node.pid(Daemon::Bgpd)?, first);
    assert!(!lab.node.running_config(Daemon::Bgpd).await?.contains("router bgp"));
    lab.node.configure(Daemon::Bgpd, &bgp(65001, "10.0.1.2", 65000)).await?;
    assert!(lab.node.running_config(Daemon::Bgpd).await?.contains("router bgp 65001"));
    lab.node.wait_bgp_established("10.0.1.2", TIMEOUT).await?;

    lab.node.signal(Daemon::Bgpd, Signal::STOP)?;
    assert!(lab.node.is_running(Daemon::Bgpd));
    lab.node.signal(Daemon::Bgpd, Signal::CONT)?;
    lab.node.restart(Daemon::Bgpd).await
}

#[tokio::test]
async fn a_killed_daemon_starts_again_distribution() -> Result<()> {
    kill_hang_restart(FrrRelease::Distribution).await
}

#[tokio::test]
async fn a_killed_daemon_starts_again_next() -> Result<()> {
    kill_hang_restart(FrrRelease::Next).await
}

#[tokio::test]
async fn two_tors_hear_both_families() -> Result<()> {
    for release in FrrRelease::ALL {
        let lab = node_and_two_tors(release).await?;
        lab.node.add_address("lo", "10.66.0.1/32").await?;
        for tor in &lab.tors {
            for target in [tor.ipv4.to_string(), tor.ipv6.to_string()] {
                lab.node.run("ping", &["-c1", "-W2", &target]).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_change_of_the_link_is_seen_at_once_each_time() -> Result<()> {
    let lab = Lab::new("carrier")?;
    let r1 = lab.router("r1", FrrRelease::Distribution).await?;
    let r2 = lab.router("r2", FrrRelease::Distribution).await?;
    let link = lab.link(&r1, &r2, &[], &["fd00:1::2/64"]).await?;
    for _ in 0..3 {
        link.set_down().await?;
        operational(&r1, "down").await?;
        link.set_up().await?;
        operational(&r1, "up").await?;
    }
    assert!(r2.run("ip", &["address"]).await?.contains("fd00:1::2/64"), "the address is kept");
    let error = r1.run("ls", &["/no/such/file"]).await.unwrap_err().to_string();
    assert!(error.contains("`ls /no/such/file` in router r1 failed"), "{error}");
    Ok(())
}

/// Waits for the state of `r2`; less than the second that Linux may take for some interfaces.
async fn operational(router: &Router, state: &str) -> Result<()> {
    wait_for(&format!("state {state}"), Duration::from_millis(700), async || {
        let seen = router.run("cat", &["/sys/class/net/r2/operstate"]).await?;
        if seen.trim() == state { Ok(Some(())) } else { bail!("{seen}") }
    })
    .await
}

#[tokio::test]
async fn start_options_and_configuration_files_reach_the_daemon() -> Result<()> {
    let lab = Lab::new("options")?;
    let router = lab.router("r1", FrrRelease::Distribution).await?;
    std::fs::write(router.config_dir().join("bgpd.conf"), "router bgp 65010\n")?;
    router.set_args(Daemon::Bgpd, &["-M", "bmp"]);
    router.start(&[Daemon::Bgpd, Daemon::Zebra]).await?;
    assert!(router.running_config(Daemon::Bgpd).await?.contains("router bgp 65010"));
    router.configure(Daemon::Bgpd, &["router bgp 65010", "bmp targets t"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_refused_line_names_the_line_and_the_router() -> Result<()> {
    let lab = Lab::new("refused")?;
    let router = lab.router("r1", FrrRelease::Distribution).await?;
    router.start(&[Daemon::Zebra, Daemon::Bgpd]).await?;
    let lines = ["router bgp 65001", "neighbor 10.0.0.1 remote-as none"];
    let error = router.configure(Daemon::Bgpd, &lines).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("router r1") && text.contains("'neighbor 10.0.0.1 remote-as none'"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_daemon_that_does_not_come_up_shows_its_last_words() -> Result<()> {
    let lab = Lab::new("bad-option")?;
    let router = lab.router("r1", FrrRelease::Distribution).await?;
    router.set_args(Daemon::Zebra, &["--no-such-option"]);
    let error = router.start(&[Daemon::Zebra]).await.unwrap_err().to_string();
    assert!(error.contains("zebra of r1 ended") && error.contains("no-such-option"), "{error}");
    Ok(())
}

#[tokio::test]
async fn sockets_made_in_a_namespace_belong_to_it() -> Result<()> {
    let lab = Lab::new("sockets")?;
    let r1 = lab.router("r1", FrrRelease::Distribution).await?;
    let r2 = lab.router("r2", FrrRelease::Distribution).await?;
    let link = lab.link(&r1, &r2, &["10.0.1.1/24"], &["10.0.1.2/24"]).await?;
    let second = lab.link(&r2, &r1, &[], &[]).await?;
    assert_eq!((link.a().interface(), link.b().interface()), ("r2", "r1"));
    assert_eq!((second.a().interface(), second.b().interface()), ("r1.2", "r2.2"));

    let listener = r1.in_namespace(|| std::net::TcpListener::bind("10.0.1.1:1179")).await??;
    let stream = r2.in_namespace(|| std::net::TcpStream::connect("10.0.1.1:1179")).await??;
    let (_, from) = listener.accept()?;
    assert_eq!(from, stream.local_addr()?);
    let error = r1.in_namespace(|| -> () { panic!("as asked") }).await.unwrap_err().to_string();
    assert!(error.contains("panicked"), "{error}");
    Ok(())
}
