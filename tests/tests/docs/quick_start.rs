//! The quick start, on a node and a ToR with the addresses of the page. The agent is asked as the page's resources say.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::{Agent, Client};
use novaroute_e2e::config::token;
use novaroute_e2e::page::Page;
use novaroute_e2e::scene::TIMEOUT;
use novaroute_e2e::{Daemon, FrrRelease, Router, on_each_frr, request, v1, wait_for};
use novaroute_lab::Lab;
use novaroute_lab::topology::DAEMONS;
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRoutePeer};
use serde_json::{Value, json};

const PAGE: &str = "quick-start.md";
/// The owner of what stands in custom resources.
const OWNER: &str = "kubernetes";
/// The page's first node.
const NODE: &str = "192.0.2.11";
/// Its ToR.
const TOR: &str = "192.0.2.1";
/// The address of its Service.
const SERVICE: &str = "203.0.113.10";

/// What the page says of the ToR.
fn tor_lines(page: &Page) -> Result<Vec<&str>> {
    let lines = page.blocks("frr")?.into_iter().flat_map(str::lines).map(str::trim);
    Ok(lines.filter(|line| !line.starts_with('!')).collect())
}

/// A node and a ToR with the addresses of the page. The ToR runs these lines.
async fn rack(release: FrrRelease, lines: &[&str]) -> Result<(Lab, Router, Router)> {
    let lab = Lab::new("quick-start")?;
    let (node, tor) = (lab.router("node", release).await?, lab.router("tor", release).await?);
    lab.link(&node, &tor, &[&format!("{NODE}/24")], &[&format!("{TOR}/24")]).await?;
    tokio::try_join!(node.start(&DAEMONS), tor.start(&DAEMONS))?;
    tor.configure(Daemon::Bgpd, lines).await?;
    let running = tor.running_config(Daemon::Bgpd).await?;
    for line in lines {
        ensure!(running.lines().any(|running| running.trim() == *line), "{line:?} is not in\n{running}");
    }
    Ok((lab, node, tor))
}

/// The page's resource of a kind.
fn resource(page: &Page, kind: &str) -> Result<Value> {
    page.resources()?.into_iter().find(|resource| resource["kind"] == kind).context(kind.to_owned())
}

/// The agent of the node, as the page's NovaRouteCluster says, asked by the owner of what stands in resources.
async fn agent_on(node: &Router, page: &Page) -> Result<(Agent, Client)> {
    let cluster = serde_json::from_value::<NovaRouteCluster>(resource(page, "NovaRouteCluster")?)?;
    let bgp = cluster.spec.agent.bgp.context("no BGP")?;
    ensure!(bgp.auto_router_id, "{bgp:?}");
    let agent = Agent::start(node, |config| {
        config["owners"] = json!({ OWNER: { "token": token(OWNER) } });
        config["bgp"] = json!({ "local_as": bgp.local_as, "router_id": NODE });
    })
    .await?;
    let client = agent.client().await?;
    Ok((agent, client))
}

/// The page's NovaRoutePeer, as the agent is asked for it.
fn peer(page: &Page) -> Result<v1::BgpPeer> {
    let peer = serde_json::from_value::<NovaRoutePeer>(resource(page, "NovaRoutePeer")?)?.spec;
    Ok(v1::BgpPeer {
        neighbor_address: peer.address.context("no address")?,
        remote_as: u32::try_from(peer.remote_as.context("no remoteAs")?)?,
        bfd_enabled: peer.bfd.is_some(),
        ..Default::default()
    })
}

/// The ToR's BFD session with the node is up.
async fn bfd_is_up(tor: &Router) -> Result<()> {
    wait_for("BFD with the node", TIMEOUT, async || {
        let sessions = tor.show_json(Daemon::Bfdd, "show bfd peers json").await?;
        let up = |session: &Value| session["peer"] == NODE && session["status"] == "up";
        ensure!(sessions.as_array().is_some_and(|all| all.iter().any(up)), "{sessions}");
        Ok(Some(()))
    })
    .await
}

on_each_frr! {
    /// The ToR runs the lines of the page, the session comes up with BFD, and the address of the Service arrives; what is
    /// none of the Services' addresses does not.
    async fn the_address_of_the_service_arrives_at_the_tor(release) {
        let page = Page::read(PAGE)?;
        let (_lab, node, tor) = rack(release, &tor_lines(&page)?).await?;
        let (agent, mut client) = agent_on(&node, &page).await?;
        client.apply_peer(request::apply_peer(OWNER, peer(&page)?)).await?;
        let advertisement = resource(&page, "NovaRouteAdvertisement")?;
        let advertisement = serde_json::from_value::<NovaRouteAdvertisement>(advertisement)?.spec;
        ensure!(advertisement.services.is_some(), "{advertisement:?}");
        for prefix in ["198.51.100.1/32", &format!("{SERVICE}/32")] {
            client.advertise_prefix(request::advertise(OWNER, prefix)).await?;
        }
        let arrived = tor.wait_bgp_route(&format!("{SERVICE}/32"), TIMEOUT).await;
        arrived.with_context(|| format!("log of the agent:\n{}", agent.log()))?;
        bfd_is_up(&tor).await?;
        assert_eq!(tor.bgp_paths("198.51.100.1/32").await?, Vec::<Value>::new());
        Ok(())
    }

    /// A ToR that takes nodes by their network, which works without BFD.
    async fn a_tor_that_takes_nodes_by_their_network(release) {
        let page = Page::read(PAGE)?;
        let named = |line: &str| line.starts_with("neighbor 192.0.2.") || line == "neighbor NODES bfd";
        let mut lines = tor_lines(&page)?;
        lines.retain(|line| !named(line));
        let activate = lines.iter().position(|line| line.starts_with("address-family")).context("no family")?;
        lines.insert(activate, "bgp listen range 192.0.2.0/24 peer-group NODES");
        let (_lab, node, tor) = rack(release, &lines).await?;
        let (_agent, mut client) = agent_on(&node, &page).await?;
        let peer = v1::BgpPeer { bfd_enabled: false, ..peer(&page)? };
        client.apply_peer(request::apply_peer(OWNER, peer)).await?;
        client.advertise_prefix(request::advertise(OWNER, &format!("{SERVICE}/32"))).await?;
        tor.wait_bgp_route(&format!("{SERVICE}/32"), TIMEOUT).await.map(drop)
    }
}
