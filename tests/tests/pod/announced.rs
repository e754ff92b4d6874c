//! Prefixes come and go at a router outside the pod.

use anyhow::{Context as _, Result, bail, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::tor::{TOR_AS, ebgp_peer, neighbor, times_established};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, wait_for};
use novaroute_lab::Signal;
use rustix::process::{Pid, kill_process};

use crate::node::{Node, TIMEOUT};

/// What the node announces.
const VIP: &str = "203.0.113.10/32";
/// What the router of the rack announces.
const LEARNED: &str = "198.51.100.0/24";

/// The session to the router of the rack, and the prefix in its table.
async fn announce(node: &Node) -> Result<()> {
    let mut client = node.client().await?;
    client.apply_peer(request::apply_peer(LB, ebgp_peer(&node.tor))).await?;
    client.advertise_prefix(request::advertise(LB, VIP)).await?;
    node.arrived(VIP).await
}

/// A route in the node's kernel, through the router of the rack.
async fn learn(node: &Node) -> Result<()> {
    let originate = [&format!("router bgp {TOR_AS}"), "address-family ipv4 unicast", &format!("network {LEARNED}")];
    node.tor.router.configure(Daemon::Bgpd, &originate).await?;
    wait_for("the route in the node's kernel", TIMEOUT, async || {
        Ok(learned(node).await?.contains(LEARNED).then_some(()))
    })
    .await
}

/// The routes that bgpd has put into the node's kernel.
async fn learned(node: &Node) -> Result<String> {
    node.router.run("ip", &["route", "show", "proto", "bgp"]).await
}

/// Why the router of the rack has no session.
async fn reason_of_the_end(node: &Node) -> Result<String> {
    let address = node.tor.node_ipv4.into();
    wait_for("the session to end", TIMEOUT, async || {
        let neighbor = neighbor(&node.tor.router, address).await?;
        ensure!(neighbor["bgpState"] != "Established", "{neighbor}");
        Ok(neighbor["lastResetDueTo"].as_str().map(str::to_owned))
    })
    .await
}

on_each_frr! {
    /// A prefix arrives and leaves with the pod, which leaves no daemon and no route behind.
    async fn a_prefix_comes_and_goes_with_the_pod(release) {
        let node = Node::start(release).await?;
        announce(&node).await?;
        learn(&node).await?;

        node.end_pod().await?;
        let reason = reason_of_the_end(&node).await?;
        ensure!(!reason.contains("Hold Timer"), "the router of the rack had to find out: {reason}");
        node.tor.router.wait_bgp_no_route(VIP, TIMEOUT).await?;
        let left = learned(&node).await?;
        ensure!(left.is_empty(), "in the kernel there are still {left}");
        for daemon in Daemon::ALL {
            ensure!(node.processes(daemon.name()).await?.is_empty(), "{daemon} still runs");
        }
        Ok(())
    }

    /// watchfrr starts a daemon anew that died, in a container that can write to its volumes alone.
    async fn a_killed_daemon_is_started_anew(release) {
        let node = Node::start(release).await?;
        announce(&node).await?;
        let address = node.tor.node_ipv4.into();
        ensure!(times_established(&node.tor.router, address).await? == 1);
        let bgpd = node.processes("bgpd").await?;
        let [bgpd] = bgpd[..] else { bail!("not one bgpd: {bgpd:?}") };
        kill_process(Pid::from_raw(bgpd.cast_signed()).context("no process id")?, Signal::KILL)?;
        wait_for("a second session", TIMEOUT, async || match times_established(&node.tor.router, address).await? {
            2 => Ok(Some(())),
            times => bail!("established {times} times"),
        })
        .await?;
        node.arrived(VIP).await?;
        node.wait_ready().await
    }
}

/// The commands by which people look into the containers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tools_in_the_containers_work() -> Result<()> {
    let node = Node::start(FrrRelease::Distribution).await?;
    announce(&node).await?;
    let [agent, frr] = ["agent", "frr"].map(|name| node.container(name));
    let status = node.podman.run(&["exec", &agent, "novaroutectl", "status"]).await?;
    ensure!(status.contains(VIP), "{status}");
    let table = node.podman.run(&["exec", &frr, "vtysh", "-c", "show bgp ipv4 unicast"]).await?;
    ensure!(table.contains(VIP), "{table}");
    Ok(())
}
