//! Everything there is, asked for twice.

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::Timers;
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::LB;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::ospf::on_link;
use novaroute_e2e::running::{is_same, running};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with, times_established};
use novaroute_e2e::{FrrRelease, on_each_frr, request, v1};

use super::{Everything, a_restart_sends_nothing, plans, sent};

on_each_frr! {
    /// Each request again, then one more prefix, so that the agent compares everything once more: FRR is sent the line of
    /// that prefix and no other. The agent is killed and comes back: nothing is sent. Without the prefix FRR runs what it
    /// ran before, byte for byte, and the session has stayed up.
    async fn the_same_again_sends_nothing(release) {
        let (mut scene, mut client, everything) = at_work(release).await?;
        let executions = Executions::start(&scene.node).await?;
        let (texts, sent_before) = (running(&scene.node).await?, plans(&scene).await?);
        let times = times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?;

        configure(&mut client).await?;
        everything.ask(&mut client).await?;
        client.advertise_prefix(request::advertise(LB, "10.66.0.99/32")).await?;
        scene.prefix_state("10.66.0.99/32", "advertised").await?;
        let lines = sent(&executions).await?;
        let [router, family, network] = lines.as_slice() else { anyhow::bail!("more than one line: {lines:#?}") };
        assert_eq!((router.as_str(), family.as_str()), ("bgpd: router bgp 65001", "bgpd: address-family ipv4 unicast"));
        ensure!(network.starts_with("bgpd: network 10.66.0.99/32 route-map NR-A-"), "{network}");
        assert_eq!(plans(&scene).await?, sent_before + 1.0);

        a_restart_sends_nothing(&mut scene, &executions).await?;
        let mut client = scene.agent.client().await?;
        client.withdraw_prefix(request::withdraw(LB, "10.66.0.99/32", v1::Protocol::Bgp)).await?;
        scene.tor.router.wait_bgp_no_route("10.66.0.99/32", novaroute_e2e::scene::TIMEOUT).await?;
        is_same(&scene.node, &texts).await?;
        assert_eq!(sent(&executions).await?.len(), 6);
        assert_eq!(times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?, times);
        Ok(())
    }
}

async fn configure(client: &mut Client) -> Result<()> {
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    Ok(())
}

async fn at_work(release: FrrRelease) -> Result<(Scene, Client, Everything)> {
    let scene = Scene::new(release).await?;
    let secret = ["password s3cret", "bfd"];
    bgp_session_with(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS, &secret).await?;
    let mut client = scene.agent.client().await?;
    configure(&mut client).await?;
    let everything = of_every_kind(&scene);
    everything.ask(&mut client).await?;
    everything.programmed(&scene).await?;
    scene.established(scene.tor.ipv4.into()).await?;
    for prefix in ["10.66.0.1/32", "fd66::1/128"] {
        scene.prefix_state(prefix, "advertised").await?;
    }
    Ok((scene, client, everything))
}

/// Every kind of intent with every field.
fn of_every_kind(scene: &Scene) -> Everything {
    let all_fields = v1::BgpPeer {
        description: "router of the rack".to_owned(),
        password: "s3cret".to_owned(),
        source_address: scene.tor.node_ipv4.to_string(),
        max_prefix: 500,
        ..Timers::new(200, 210, 5).protecting(scene.ebgp_peer())
    };
    let far = v1::BgpPeer { ebgp_multihop: 8, ..Timers::new(0, 0, 0).protecting(peer([10, 9, 9, 9], 65_300)) };
    let internal = v1::BgpPeer { keepalive: 0, hold_time: 0, ..peer([10, 9, 9, 8], NODE_AS) };
    let attributes = v1::PrefixAttributes {
        local_preference: 150,
        communities: vec!["65001:7".to_owned(), "no-export".to_owned()],
        med: 30,
        next_hop: "10.0.1.77".to_owned(),
        ..Default::default()
    };
    let elsewhere = Timers::new(0, 0, 0).request([10, 0, 1, 66]);
    let source_address = scene.tor.node_ipv6.to_string();
    let across =
        v1::EnableBfdRequest { multihop: true, source_address, ..Timers::new(90, 80, 4).request(scene.tor.ipv6) };
    Everything {
        peers: vec![all_fields, far, internal],
        prefixes: vec![
            request::advertise(LB, "10.66.0.1/32"),
            request::advertise(LB, "fd66::1/128"),
            request::advertise_with(LB, "10.66.1.0/24", attributes),
            request::advertise_ospf(LB, "10.66.2.1/32"),
            request::advertise_ospf(LB, "fd66:2::1/128"),
        ],
        bfd: vec![elsewhere, across],
        ospf: vec![
            v1::EnableOspfRequest { cost: 30, ..on_link(scene, "3") },
            v1::EnableOspfRequest {
                interface_name: "lo".into(),
                area_id: "0".into(),
                passive: true,
                ..Default::default()
            },
        ],
    }
}
