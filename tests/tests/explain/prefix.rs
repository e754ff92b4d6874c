//! Prefixes of BGP and OSPF.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::{ADMIN, LB};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::explain::{check, explain, explain_to, ospf_prefix, prefix, step, wait_in_effect, wait_step};
use novaroute_e2e::ospf::{self, Version};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::v1::Verdict;
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use novaroute_lab::Signal;
use serde_json::json;

const VIP: &str = "203.0.113.7/32";
/// An owner that may announce other prefixes only.
const LIMITED: &str = "limited";
/// Longest explanation while a daemon hangs: its own limit, and some time for the others.
const WHILE_IT_HANGS: Duration = Duration::from_secs(3);

fn with_limited(config: &mut serde_json::Value) {
    let allowed = json!({ "type": "host_only", "allowed_cidrs": ["198.51.100.0/24"] });
    config["owners"][LIMITED] = json!({ "token": "token-of-limited", "allowed_prefixes": allowed });
}

/// Does something by hand that the agent puts back, until an explanation has seen it.
async fn seen_by_hand(scene: &Scene, client: &mut Client, lines: &[String], name: &str, words: &str) -> Result<()> {
    wait_for(&format!("step {name} to fail while it is edited"), TIMEOUT, async || {
        scene.node.configure(Daemon::Bgpd, lines).await?;
        let answer = explain(&mut client.clone(), &prefix(VIP)).await?;
        check(&answer, name, Verdict::Failed, words)?;
        Ok(Some(()))
    })
    .await
}

on_each_frr! {
    /// From a prefix that nobody asked for to one that is announced: at each stage the step that stands in the way is
    /// named, and the command and its exit code say the same.
    async fn a_prefix_on_its_way(release) {
        let scene = Scene::with(release, with_limited).await?;
        let client = &mut scene.agent.client().await?;
        let (vip, ctl) = (prefix(VIP), Ctl::new(&scene.agent, LB));

        let answer = explain(client, &vip).await?;
        check(&answer, "policy", Verdict::Ok, "who may not: owner limited")?;
        check(&answer, "holder", Verdict::Failed, "nobody asks for it")?;
        check(&answer, "instance", Verdict::Failed, "no BGP instance")?;
        ensure!(step(&answer, "holder")?.next.starts_with("novaroutectl advertise --prefix 203.0.113.7/32"), "{answer:#?}");
        let answer = explain_to(client, &vip, LIMITED).await?;
        check(&answer, "policy", Verdict::Failed, "allowed_prefixes.allowed_cidrs")?;

        client.advertise_prefix(request::advertise(LB, VIP)).await?;
        wait_step(client, &vip, "line", Verdict::Waiting, "no BGP instance").await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        wait_step(client, &vip, "line", Verdict::Ok, "network 203.0.113.7/32 route-map NR-A-").await?;
        let answer = wait_step(client, &vip, "table", Verdict::Ok, "").await?;
        check(&answer, "outbound_policy", Verdict::Ok, "")?;
        check(&answer, "peer", Verdict::Failed, "no BGP peer")?;

        let v6_only = v1::BgpPeer { address_families: vec![v1::AddressFamily::Ipv6Unicast.into()], ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, v6_only)).await?;
        wait_step(client, &vip, "peer", Verdict::NotApplicable, "IPv4 is not exchanged").await?;
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        wait_step(client, &vip, "peer", Verdict::Failed, "the session is").await?;
        let ran = ctl.run(&format!("explain prefix {VIP}")).await?;
        ensure!(ran.code == 1 && ran.stdout.contains("✗ peer 10.0.1.2"), "{ran:?}");

        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
        let answer = wait_in_effect(client, &vip).await?;
        check(&answer, "peer", Verdict::Ok, "was sent")?;
        ensure!(answer.answer.ends_with("to every peer: 10.0.1.2"), "{answer:#?}");
        let ran = ctl.run(&format!("explain prefix {VIP}")).await?.done()?;
        ensure!(ran.stdout.contains("✓ peer 10.0.1.2"), "{ran:?}");

        let at_once = v1::DrainRequest { delay_s: Some(0), ..request::drain(LB) };
        client.drain(at_once).await?;
        let answer = wait_step(client, &vip, "table", Verdict::Waiting, "no path of this node").await?;
        check(&answer, "drain", Verdict::Failed, "owner novaedge drains owner novaedge: withdrawn")?;
        ensure!(answer.answer.ends_with("owner novaedge drains owner novaedge: withdrawn"), "{answer:#?}");
        client.undrain(request::undrain(LB)).await?;
        wait_in_effect(client, &vip).await?;

        // Only an owner that may override takes it over, and the explanation says from whom.
        client.advertise_prefix(request::advertise(ADMIN, VIP)).await?;
        let answer = explain(client, &vip).await?;
        check(&answer, "holder", Verdict::Ok, "owner admin asks for it, and overrides owner novaedge")
    }

    /// Each of FRR's parts broken under a prefix that is announced.
    async fn what_breaks_a_prefix_is_named(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let (client, vip) = (&mut client, prefix(VIP));
        client.advertise_prefix(request::advertise(LB, VIP)).await?;
        wait_in_effect(client, &vip).await?;
        let router = format!("router bgp {NODE_AS}");
        let in_family = |line: &str| vec![router.clone(), "address-family ipv4 unicast".to_owned(), line.to_owned()];

        seen_by_hand(&scene, client, &in_family(&format!("no network {VIP}")), "line", "does not have").await?;
        seen_by_hand(&scene, client, &["no route-map NR-OUT permit 10".to_owned()], "outbound_policy", "NR-OUT").await?;
        seen_by_hand(&scene, client, &[router.clone(), "bgp network import-check".to_owned()], "table", "import check").await?;
        wait_in_effect(client, &vip).await?;

        // The router of the rack takes IPv4 out of the session.
        let neighbor = format!("no neighbor {} activate", scene.tor.node_ipv4);
        let lines = [format!("router bgp {TOR_AS}"), "address-family ipv4 unicast".to_owned(), neighbor];
        scene.tor.router.configure(Daemon::Bgpd, &lines).await?;
        wait_step(client, &vip, "peer", Verdict::Failed, "IPv4 is not exchanged").await?;

        scene.node.signal(Daemon::Bgpd, Signal::STOP)?;
        let asked = Instant::now();
        let answer = explain(client, &vip).await?;
        let took = asked.elapsed();
        scene.node.signal(Daemon::Bgpd, Signal::CONT)?;
        ensure!(took < WHILE_IT_HANGS, "it took {took:?}");
        check(&answer, "holder", Verdict::Ok, "owner novaedge asks for it")?;
        for name in ["line", "table", "outbound_policy", "peer"] {
            check(&answer, name, Verdict::Unknown, "bgpd: no answer within 1 s")?;
        }
        scene.node.stop(Daemon::Bgpd, Signal::KILL).await?;
        let answer = wait_step(client, &vip, "line", Verdict::Unknown, "bgpd: disconnected").await?;
        ensure!(!answer.in_effect, "{answer:#?}");
        Ok(())
    }

    /// A prefix of OSPF, from no interface to a router that hears of it, and without ospfd.
    async fn a_prefix_of_ospf(release) {
        let scene = Scene::new(release).await?;
        let (client, vip) = (&mut scene.agent.client().await?, ospf_prefix(VIP));
        client.advertise_prefix(request::advertise_ospf(LB, VIP)).await?;
        let answer = explain(client, &vip).await?;
        check(&answer, "interface", Verdict::Failed, "on no interface")?;

        client.enable_ospf(request::enable_ospf(LB, ospf::on_link(&scene, "0"))).await?;
        wait_step(client, &vip, "line", Verdict::Ok, VIP).await?;
        let answer = wait_step(client, &vip, "table", Verdict::Ok, "external type 2").await?;
        check(&answer, "route", Verdict::Ok, "static")?;
        check(&answer, "neighbors", Verdict::Failed, "nobody hears of it")?;
        ensure!(!answer.in_effect, "{answer:#?}");
        ospf::speak(&scene, Version::V2, "0").await?;
        let answer = wait_in_effect(client, &vip).await?;
        check(&answer, "neighbors", Verdict::Ok, "ospf 10.0.1.2")?;

        scene.node.signal(Daemon::Ospfd, Signal::STOP)?;
        let answer = explain(client, &vip).await?;
        scene.node.signal(Daemon::Ospfd, Signal::CONT)?;
        check(&answer, "route", Verdict::Ok, "static")?;
        for name in ["line", "table", "neighbors"] {
            check(&answer, name, Verdict::Unknown, "ospfd: no answer within 1 s")?;
        }
        Ok(())
    }
}
