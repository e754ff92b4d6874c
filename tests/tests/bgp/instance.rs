//! The BGP instance of the node: from nothing, from what somebody typed by hand, and from one value to another.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::agent::{Agent, Client};
use novaroute_e2e::bgp::{neighbor_lines, originate, prefixes_from, sessions_so_far, wait_neighbor, wait_path};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, FrrRelease, Router, on_each_frr, request, v1, wait_for};
use novaroute_lab::topology::{NodeAndTor, Tor, node_and_tor};

/// AS that the node changes to.
const OTHER_AS: u32 = 4_200_000_001;
/// Own prefixes of both families.
const PREFIXES: [&str; 2] = ["10.66.0.1/32", "fd66::1/128"];

on_each_frr! {
    /// Peers and prefixes wait for the instance; ConfigureBGP makes it, and they follow by themselves.
    async fn bgp_comes_from_nothing(release) {
        let scene = Scene::new(release).await?;
        let node = IpAddr::from(scene.tor.node_ipv4);
        bgp_session(&scene.tor, TOR_AS, node, NODE_AS).await?;
        let mut client = scene.agent.client().await?;
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        advertise(&mut client).await?;
        wait_for("everything to wait for ConfigureBGP", TIMEOUT, async || {
            let v1::GetStatusResponse { peers, prefixes, .. } = scene.agent.status().await?;
            let states = peers.iter().map(|row| (&row.intent_state, &row.reason));
            let states: Vec<_> = states.chain(prefixes.iter().map(|row| (&row.state, &row.reason))).collect();
            let waits = |reason: &str| reason.starts_with("BGP_NOT_CONFIGURED") && reason.contains("call ConfigureBGP");
            let all_wait = states.iter().all(|(state, reason)| *state == "pending" && waits(reason));
            ensure!(states.len() == 3 && all_wait, "{states:?}");
            Ok(Some(()))
        })
        .await?;
        ensure!(!scene.running(Daemon::Bgpd).await?.contains("router bgp"));

        ensure!(configure(&mut client, NODE_AS, "10.0.1.1").await? == (0, String::new()), "there was none before");
        prefixes_arrive(&scene, NODE_AS).await?;
        let seen = wait_neighbor(&scene.tor.router, node, "the session", |said| said["bgpState"] == "Established");
        let seen = seen.await?;
        assert_eq!((&seen["remoteAs"], &seen["remoteRouterId"]), (&NODE_AS.into(), &"10.0.1.1".into()));
        Ok(())
    }

    /// Another AS (one of four bytes), then another router id, while the session is up: each time all comes back with
    /// the new value, own prefixes and learned ones; the same values again change nothing.
    async fn as_and_router_id_change_while_a_session_is_up(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let node = IpAddr::from(scene.tor.node_ipv4);
        originate(&scene.tor.router, TOR_AS, "10.88.0.0/24", "fd88::/64").await?;
        advertise(&mut client).await?;
        prefixes_arrive(&scene, NODE_AS).await?;

        let before = configure(&mut client, OTHER_AS, "10.0.1.1").await?;
        ensure!(before == (NODE_AS, "10.0.1.1".to_owned()), "{before:?}");
        let lines = [format!("router bgp {TOR_AS}"), format!("neighbor {node} remote-as {OTHER_AS}")];
        scene.tor.router.configure(Daemon::Bgpd, &lines).await?;
        everything_is_back(&scene, OTHER_AS, "10.0.1.1").await?;

        let before = configure(&mut client, OTHER_AS, "192.0.2.7").await?;
        ensure!(before == (OTHER_AS, "10.0.1.1".to_owned()), "{before:?}");
        everything_is_back(&scene, OTHER_AS, "192.0.2.7").await?;

        let times = sessions_so_far(&scene.tor.router, node).await?;
        let before = configure(&mut client, OTHER_AS, "192.0.2.7").await?;
        ensure!(before == (OTHER_AS, "192.0.2.7".to_owned()), "{before:?}");
        client.advertise_prefix(request::advertise(LB, "10.66.0.2/32")).await?;
        scene.tor.router.wait_bgp_route("10.66.0.2/32", TIMEOUT).await?;
        assert_eq!(sessions_so_far(&scene.tor.router, node).await?, times);
        Ok(())
    }

    /// FRR runs an instance of another AS that somebody typed: it gives way, with all that hung on its AS. The instance
    /// of a VRF is not in the way and stays.
    async fn an_instance_of_another_as_gives_way(release) {
        let scene = scene_with_typed_instance(release, 64_999).await?;
        let vrf = ["router bgp 64998 vrf red", "neighbor 10.0.1.98 remote-as 64001"];
        scene.node.configure(Daemon::Bgpd, &vrf).await?;
        let mut client = scene.agent.client().await?;
        let typed = scene.running(Daemon::Bgpd).await?;
        ensure!(typed.contains("router bgp 64999"), "nobody asked for BGP, so nothing may change:\n{typed}");

        take_over(&scene, &mut client).await?;
        let running = scene.running(Daemon::Bgpd).await?;
        for gone in ["64999", "10.0.1.99", "10.99.0.0/16"] {
            ensure!(!running.contains(gone), "{gone} is still there:\n{running}");
        }
        for kept in vrf {
            ensure!(running.contains(kept), "{kept} is gone:\n{running}");
        }
        Ok(())
    }

    /// FRR runs an instance of the right AS that somebody typed: it is taken over in place, what is not asked for of
    /// it stays, is listed as foreign, and does not leave the node.
    async fn an_instance_of_the_same_as_is_taken_over(release) {
        let scene = scene_with_typed_instance(release, NODE_AS).await?;
        let mut client = scene.agent.client().await?;
        take_over(&scene, &mut client).await?;
        let running = scene.running(Daemon::Bgpd).await?;
        let foreign = neighbor_lines(&running, IpAddr::from([10, 0, 1, 99]));
        ensure!(foreign.contains("remote-as 64000"), "{foreign:?}");
        ensure!(running.contains("network 10.99.0.0/16"), "{running}");
        let listed = scene.agent.status().await?.frr_status.unwrap_or_default().foreign_lines;
        for line in ["neighbor 10.0.1.99 remote-as 64000", "network 10.99.0.0/16"] {
            ensure!(listed.iter().any(|entry| entry.contains(line)), "{line} is not in {listed:?}");
        }
        Ok(())
    }

    /// FRR 10 remembers how AS numbers were typed. An instance of the same AS is taken over and one of another AS gives
    /// way, in each notation; what is withdrawn goes, and at the end of the agent the instance does too. FRR 8 knows one
    /// notation.
    async fn an_instance_in_another_as_notation_is_no_vrf(release) {
        let typed: &[&str] = match release {
            FrrRelease::Distribution => &["65001", "64999"],
            FrrRelease::Next => &[
                "65001 as-notation plain",
                "65001 as-notation dot",
                "0.65001 as-notation dot+",
                "64999 as-notation dot",
                "64086.59905 as-notation dot+",
                "64086.59905",
            ],
        };
        let mut scene = scene_with_typed_instance(release, typed[0]).await?;
        for instance in &typed[1..] {
            give_and_take(&mut scene).await?;
            type_instance(&scene.node, &scene.tor, instance).await?;
            scene.agent.respawn()?;
            scene.agent.wait_ready().await?;
        }
        give_and_take(&mut scene).await
    }

    /// bgpd dies and comes back empty: everything is applied again, word for word.
    async fn a_killed_bgpd_gets_everything_again(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        advertise(&mut client).await?;
        prefixes_arrive(&scene, NODE_AS).await?;
        let before = own_part(&scene.running(Daemon::Bgpd).await?);

        scene.node.kill(Daemon::Bgpd).await?;
        for prefix in PREFIXES {
            scene.tor.router.wait_bgp_no_route(prefix, TIMEOUT).await?;
        }
        scene.node.start(&[Daemon::Bgpd]).await?;
        prefixes_arrive(&scene, NODE_AS).await?;
        assert_eq!(own_part(&scene.running(Daemon::Bgpd).await?), before);
        for prefix in PREFIXES {
            scene.prefix_state(prefix, "advertised").await?;
        }
        Ok(())
    }
}

/// Has the agent take over the instance that runs, withdraws a prefix, ends the agent, and leaves bgpd with nothing.
async fn give_and_take(scene: &mut Scene) -> Result<()> {
    let typed = scene.running(Daemon::Bgpd).await?;
    let mut client = scene.agent.client().await?;
    take_over(scene, &mut client).await.with_context(|| typed.clone())?;
    client.withdraw_prefix(request::withdraw(LB, PREFIXES[0], v1::Protocol::Bgp)).await?;
    scene.tor.router.wait_bgp_no_route(PREFIXES[0], TIMEOUT).await?;
    scene.peer_intent_state(scene.tor.ipv4.into(), "programmed").await?;

    let (code, _) = scene.agent.terminate().await?;
    ensure!(code == Some(0), "{code:?}:\n{}", scene.agent.log());
    fs::remove_dir_all(scene.agent.dir().join("state"))?;
    let left = scene.running(Daemon::Bgpd).await?;
    ensure!(!left.contains("NR-") && !left.contains(&format!("neighbor {}", scene.tor.ipv4)), "{typed}became{left}");
    // One of the same AS stays for the other neighbor that was typed.
    ensure!(left.contains("router bgp") == left.contains("neighbor 10.0.1.99"), "{left}");
    if left.contains("router bgp") {
        scene.node.configure(Daemon::Bgpd, &["no router bgp"]).await?;
    }
    Ok(())
}

/// ConfigureBGP; what it answers: the AS and the router id before.
async fn configure(client: &mut Client, local_as: u32, router_id: &str) -> Result<(u32, String)> {
    let answer = client.configure_bgp(request::configure_bgp(LB, local_as, router_id)).await?.into_inner();
    Ok((answer.previous_as, answer.previous_router_id))
}

async fn advertise(client: &mut Client) -> Result<()> {
    for prefix in PREFIXES {
        client.advertise_prefix(request::advertise(LB, prefix)).await?;
    }
    Ok(())
}

/// Waits until the router of the rack has both own prefixes with an AS path of just the node's AS.
async fn prefixes_arrive(scene: &Scene, node_as: u32) -> Result<()> {
    for prefix in PREFIXES {
        let from = scene.tor.node_ipv4.into();
        let as_path = node_as.to_string();
        wait_path(&scene.tor.router, prefix, from, |path| path["aspath"]["string"] == as_path.as_str()).await?;
    }
    Ok(())
}

/// Waits until the session runs with these values and both sides have the other's prefixes.
async fn everything_is_back(scene: &Scene, node_as: u32, router_id: &str) -> Result<()> {
    let node = scene.tor.node_ipv4.into();
    let what = format!("AS {node_as}, router id {router_id}");
    wait_neighbor(&scene.tor.router, node, &what, |said| {
        said["bgpState"] == "Established" && said["remoteAs"] == node_as && said["remoteRouterId"] == router_id
    })
    .await?;
    prefixes_arrive(scene, node_as).await?;
    for prefix in ["10.88.0.0/24", "fd88::/64"] {
        wait_path(&scene.node, prefix, scene.tor.ipv4.into(), |_| true).await?;
    }
    let running = scene.running(Daemon::Bgpd).await?;
    let instances: Vec<_> = running.lines().filter(|line| line.starts_with("router bgp")).collect();
    assert_eq!(instances, [format!("router bgp {node_as}")]);
    ensure!(running.contains(&format!(" bgp router-id {router_id}\n")), "{running}");
    Ok(())
}

/// A node on which somebody has typed an instance before the agent came: with the peer that the agent is going to be
/// asked for, another peer, and a network.
async fn scene_with_typed_instance(release: FrrRelease, typed: impl Display) -> Result<Scene> {
    let NodeAndTor { lab, node, tor } = node_and_tor(release).await?;
    type_instance(&node, &tor, typed).await?;
    bgp_session(&tor, TOR_AS, tor.node_ipv4.into(), NODE_AS).await?;
    let agent = Agent::start(&node, |_| {}).await?;
    Ok(Scene { agent, node, tor, lab })
}

/// What somebody types after `router bgp`, with what stands inside.
async fn type_instance(node: &Router, tor: &Tor, typed: impl Display) -> Result<()> {
    let lines = [
        format!("router bgp {typed}"),
        "bgp router-id 9.9.9.9".to_owned(),
        "no bgp network import-check".to_owned(),
        format!("neighbor {} remote-as {TOR_AS}", tor.ipv4),
        format!("neighbor {} description typed by hand", tor.ipv4),
        format!("neighbor {} shutdown", tor.ipv4),
        "neighbor 10.0.1.99 remote-as 64000".to_owned(),
        "address-family ipv4 unicast".to_owned(),
        "network 10.99.0.0/16".to_owned(),
        "exit-address-family".to_owned(),
    ];
    node.configure(Daemon::Bgpd, &lines).await
}

/// Asks for the instance, the peer and prefixes, and waits until the router of the rack has these and no others.
async fn take_over(scene: &Scene, client: &mut Client) -> Result<()> {
    configure(client, NODE_AS, "10.0.1.1").await?;
    client.apply_peer(request::apply_peer(LB, v1::BgpPeer { description: "rack".into(), ..scene.ebgp_peer() })).await?;
    advertise(client).await?;
    prefixes_arrive(scene, NODE_AS).await?;
    let learned = prefixes_from(&scene.tor.router, "ipv4", scene.tor.node_ipv4.into()).await?;
    assert_eq!(Vec::from_iter(learned), [PREFIXES[0]]);
    wait_for("the typed lines of the own peer to be gone", TIMEOUT, async || {
        let lines = neighbor_lines(&scene.running(Daemon::Bgpd).await?, scene.tor.ipv4);
        ensure!(lines.contains("description rack") && !lines.contains("shutdown"), "{lines:?}");
        Ok(Some(()))
    })
    .await
}

/// The blocks of a running configuration from its first own line on: what is above tells of logs, and the order of
/// route-maps is that in which they came.
fn own_part(running: &str) -> BTreeSet<String> {
    let own: Vec<_> = running.lines().skip_while(|line| !line.starts_with("router bgp")).collect();
    own.join("\n").split("\n!\n").map(str::to_owned).collect()
}
