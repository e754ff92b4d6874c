//! The quick start of the documentation, with its addresses: its ToR, its resources, and its Service.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::Agent;
use novaroute_e2e::page::Page;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, wait_for};
use novaroute_lab::Lab;
use novaroute_lab::topology::{DAEMONS, Tor};
use novaroute_operator::crd::{COMPANION_OWNER, NovaRouteAdvertisement, NovaRouteCluster, NovaRoutePeer};
use serde_json::{Value, json};

use crate::stage::{Stage, TIMEOUT, owner};

const PAGE: &str = "quick-start.md";
/// The first node of the page.
const NODE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 11);
/// Its ToR.
const TOR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The IPv6 addresses of the two, which the page does without.
const IPV6: [Ipv6Addr; 2] = [Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 2)];
/// The address of the page's Service.
const SERVICE: &str = "203.0.113.10";
/// None of the Services' addresses.
const OTHER: &str = "198.51.100.1/32";

/// What the page says of the ToR.
fn tor_lines(page: &Page) -> Result<Vec<&str>> {
    let lines = page.blocks("frr")?.into_iter().flat_map(str::lines).map(str::trim);
    Ok(lines.filter(|line| !line.starts_with('!')).collect())
}

/// The page's resource of a kind.
fn resource(page: &Page, kind: &str) -> Result<Value> {
    page.resources()?.into_iter().find(|resource| resource["kind"] == kind).context(kind.to_owned())
}

/// The page's node with the agent of its NovaRouteCluster, and a ToR that runs these lines.
async fn stage(release: FrrRelease, page: &Page, tor_lines: &[&str]) -> Result<Stage> {
    let lab = Lab::new("quick-start")?;
    let (node, router) = (lab.router("node", release).await?, lab.router("tor", release).await?);
    let [of_node, of_tor] = IPV6.map(|address| format!("{address}/64"));
    let link = lab.link(&node, &router, &[&format!("{NODE}/24"), &of_node], &[&format!("{TOR}/24"), &of_tor]).await?;
    tokio::try_join!(node.start(&DAEMONS), router.start(&DAEMONS))?;
    router.configure(Daemon::Bgpd, tor_lines).await?;
    let running = router.running_config(Daemon::Bgpd).await?;
    for line in tor_lines {
        ensure!(running.lines().any(|running| running.trim() == *line), "{line:?} is not in\n{running}");
    }
    let cluster = serde_json::from_value::<NovaRouteCluster>(resource(page, "NovaRouteCluster")?)?;
    let bgp = cluster.spec.agent.bgp.context("no BGP")?;
    ensure!(bgp.auto_router_id, "{bgp:?}");
    let agent = Agent::start(&node, |config| {
        config["owners"][COMPANION_OWNER] = owner();
        config["bgp"] = json!({"local_as": bgp.local_as, "router_id": NODE});
    })
    .await?;
    let tor = Tor { router, link, node_ipv4: NODE, node_ipv6: IPV6[0], ipv4: TOR, ipv6: IPV6[1] };
    Stage::around(Scene { agent, node, tor, lab }, &[]).await
}

/// The page's Service with the address that the page gives it by hand.
async fn service(stage: &Stage, page: &Page) -> Result<()> {
    let by_hand = page.commands("kubectl")?.into_iter().find(|line| line.contains("--subresource=status"));
    let patch = by_hand.as_deref().and_then(|line| line.split('\'').nth(1)).context("no address is given")?;
    let given: Value = serde_json::from_str(patch)?;
    assert_eq!(given, json!({"status": {"loadBalancer": {"ingress": [{"ip": SERVICE}]}}}));
    stage.service("web", SERVICE, "Cluster").await?;
    stage.endpoints("web", &[("elsewhere", true)]).await
}

/// BFD of the ToR with the node is up.
async fn bfd_is_up(stage: &Stage) -> Result<()> {
    wait_for("BFD with the node", TIMEOUT, async || {
        let sessions = stage.tor.router.show_json(Daemon::Bfdd, "show bfd peers json").await?;
        let up = |session: &Value| session["peer"] == NODE.to_string() && session["status"] == "up";
        ensure!(sessions.as_array().is_some_and(|all| all.iter().any(up)), "{sessions}");
        Ok(Some(()))
    })
    .await
}

on_each_frr! {
    /// The ToR runs the lines of the page, the session comes up with BFD, the address of the Service arrives, and what is
    /// none of the Services' addresses does not. The NovaRouteNode says what the page says.
    async fn the_address_of_the_service_arrives_at_the_tor(release) {
        let page = Page::read(PAGE)?;
        let stage = stage(release, &page, &tor_lines(&page)?).await?;
        service(&stage, &page).await?;
        let peer = resource(&page, "NovaRoutePeer")?["spec"].take();
        stage.custom::<NovaRoutePeer>("tor", peer, |_| {}).await?;
        let advertisement = resource(&page, "NovaRouteAdvertisement")?["spec"].take();
        stage.custom::<NovaRouteAdvertisement>("services", advertisement, |spec| spec["prefixes"] = json!([OTHER])).await?;
        stage.arrived(&format!("{SERVICE}/32")).await?;
        bfd_is_up(&stage).await?;
        let told = stage
            .told("a session and two prefixes", |node| node.sessions_established == 1 && node.prefixes.advertised == 2)
            .await?;
        ensure!(told.problems.is_empty(), "{told:?}");
        assert_eq!(stage.tor.router.bgp_paths(OTHER).await?, Vec::<Value>::new());
        stage.end().await
    }

    /// A ToR that takes nodes by their network, which works without BFD.
    async fn a_tor_that_takes_nodes_by_their_network(release) {
        let page = Page::read(PAGE)?;
        let mut lines = tor_lines(&page)?;
        lines.retain(|line| !line.starts_with("neighbor 192.0.2.") && *line != "neighbor NODES bfd");
        let family = lines.iter().position(|line| line.starts_with("address-family")).context("no family")?;
        lines.insert(family, "bgp listen range 192.0.2.0/24 peer-group NODES");
        let stage = stage(release, &page, &lines).await?;
        let mut peer = resource(&page, "NovaRoutePeer")?["spec"].take();
        ensure!(peer.as_object_mut().is_some_and(|spec| spec.remove("bfd").is_some()), "{peer}");
        stage.custom::<NovaRoutePeer>("tor", peer, |_| {}).await?;
        stage.advertise("one", json!({"prefixes": [format!("{SERVICE}/32")]})).await?;
        stage.arrived(&format!("{SERVICE}/32")).await?;
        stage.end().await
    }
}
