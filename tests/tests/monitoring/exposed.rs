//! What a real agent exposes has what rules and dashboards ask for.

use anyhow::{Context as _, Result, bail, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::{self, Timers};
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::ospf::{self, Version, on_link, speak};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with};
use novaroute_e2e::{FrrRelease, on_each_frr, request, v1, wait_for};
use serde_json::json;

use crate::{catalog, dashboard, rule};

/// An owner with a policy.
const SMALL: &str = "small";
const LEASE_S: u32 = 600;
/// What the last of it to appear looks like; the names of owners are those above.
const SHOWN: [&str; 6] = [
    "novaroute_peer_established{peer=\"10.0.1.2\",owner=\"novaedge\"} 1",
    "novaroute_bfd_session_up{peer=\"10.0.1.2\",interface=\"\",hop=\"\",owner=\"novaedge\"} 1",
    "novaroute_ospf_neighbors{interface=\"tor1\",owner=\"novaedge\"} 1",
    "novaroute_active_prefixes{owner=\"novanet\",protocol=\"bgp\"} 1",
    "novaroute_intent_state{owner=\"novaedge\",type=\"peers\",state=\"stale\"} 1",
    "novaroute_intent_state{owner=\"novanet\",type=\"peers\",state=\"refused\"} 1",
];

/// A node whose router of the rack speaks BGP, BFD and OSPF with it.
async fn node(release: FrrRelease) -> Result<Scene> {
    let scene = Scene::with(release, |config| {
        config["disconnect_grace_period"] = json!(LEASE_S);
        config["owners"][SMALL] = json!({ "token": "token-of-small", "allowed_prefixes": { "type": "host_only" } });
    });
    let scene = scene.await?;
    bgp_session_with(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS, &["bfd"]).await?;
    bfd::listen(&scene.tor, false).await?;
    speak(&scene, Version::V2, "0").await?;
    Ok(scene)
}

/// An owner with a lease asks for everything; the agent dies, and the owner has not claimed it again.
async fn leave_stale(scene: &mut Scene) -> Result<Client> {
    let mut client = scene.agent.client().await?;
    client.register(v1::RegisterRequest { lease_s: LEASE_S, ..request::register(LB) }).await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    let protected = Timers::new(300, 300, 3).protecting(scene.ebgp_peer());
    client.apply_peer(request::apply_peer(LB, protected)).await?;
    client.enable_ospf(request::enable_ospf(LB, on_link(scene, "0"))).await?;
    scene.established(scene.tor.ipv4.into()).await?;
    ospf::wait_full(scene, Version::V2).await?;
    scene.agent.kill().await?;
    scene.agent.respawn()?;
    scene.agent.wait_ready().await?;
    scene.agent.client().await
}

/// Others ask for what is taken, for what FRR refuses, and for what policy refuses; somebody follows the events.
async fn ask(scene: &Scene, client: &mut Client) -> Result<()> {
    client.register(request::register(CNI)).await?;
    client.advertise_prefix(request::advertise(CNI, "203.0.113.7/32")).await?;
    client.apply_peer(request::apply_peer(CNI, peer(scene.tor.node_ipv4, TOR_AS))).await?;
    refused(client.advertise_prefix(request::advertise(SMALL, "203.0.113.0/24")).await)?;
    drop(client.stream_events(v1::StreamEventsRequest::default()).await?);
    Ok(())
}

/// What the agent exposes once all of it shows.
async fn exposition(scene: &Scene) -> Result<String> {
    let shown = wait_for("all of it to show in /metrics", TIMEOUT, async || {
        let (code, text) = scene.agent.get("/metrics").await?;
        ensure!(code == 200, "{code}");
        let missing = SHOWN.iter().find(|line| !text.lines().any(|shown| shown == **line));
        match missing {
            None => Ok(Some(text)),
            Some(line) => bail!("{line} is not in:\n{text}"),
        }
    });
    shown.await.with_context(|| format!("log of the agent:\n{}", scene.agent.log()))
}

on_each_frr! {
    /// Every metric, label and literal value of every rule, panel and variable, and every label in a text for people.
    async fn rules_and_dashboards_ask_for_what_is_there(release) {
        let mut scene = node(release).await?;
        let mut client = leave_stale(&mut scene).await?;
        ask(&scene, &mut client).await?;
        let catalog = catalog(&exposition(&scene).await?)?;
        for (name, rule) in rule::alerts()? {
            catalog.check(&rule.expr).context(name.clone())?;
            for text in rule.annotations.values() {
                dashboard::check_labels(&catalog, &rule.expr, text, "$labels.").context(name.clone())?;
            }
        }
        for dashboard in dashboard::all()? {
            dashboard.check(&catalog).with_context(|| dashboard.name.clone())?;
        }
        Ok(())
    }
}
