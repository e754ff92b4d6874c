//! Values that FRR prints in a way of its own, or might take for something else.

use novaroute_e2e::bfd::Timers;
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::LB;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS};
use novaroute_e2e::{on_each_frr, request, v1};

use super::{Everything, a_restart_sends_nothing};

/// Prefixes in odd spellings, an IPv4-compatible one among them. IPv4-mapped ones are refused at the door.
const PREFIXES: [&str; 5] =
    ["10.66.0.9/24", "::10.1.2.3/128", "FD66:0:0:0::ABCD/128", "fd66:0:1::/48", "64:ff9b::10.0.0.1/128"];
/// Communities with names, and numbers that have names.
const COMMUNITIES: [&str; 12] = [
    "no-export",
    "no-advertise",
    "local-AS",
    "no-peer",
    "graceful-shutdown",
    "accept-own",
    "blackhole",
    "0:0",
    "65535:65535",
    "65535:6",
    "65535:65281",
    "65001:10",
];
/// Descriptions with what FRR's command line could take for something else.
const DESCRIPTIONS: [&str; 10] = [
    "50% off",
    "!x",
    "#x",
    "no neighbor 1.2.3.4",
    "\"quoted\" and 'quoted'",
    "Gerät für Ürün 路由器",
    "?",
    "exit",
    "password 8 x",
    "a \\ b $(c) `d` ;",
];

on_each_frr! {
    /// Everything is programmed, and a restarted agent that reads it back from FRR finds nothing to change.
    async fn every_spelling_is_read_back_as_it_was_sent(release) {
        let mut scene = Scene::new(release).await?;
        scene.node.run("ip", &["link", "add", "eth0.100", "type", "veth", "peer", "name", "d.1"]).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        let odd = everything(&scene);
        odd.ask(&mut client).await?;
        odd.programmed(&scene).await?;
        let executions = Executions::start(&scene.node).await?;
        a_restart_sends_nothing(&mut scene, &executions).await?;
        odd.programmed(&scene).await
    }
}

fn everything(scene: &Scene) -> Everything {
    let described = DESCRIPTIONS.iter().zip(1..).map(|(text, number)| {
        let description = (*text).to_owned();
        v1::BgpPeer { description, ..peer([10, 9, 0, number], TOR_AS) }
    });
    let hops = [1, 2, 254, 255].into_iter().zip(1..);
    let far = hops.map(|(ebgp_multihop, number)| v1::BgpPeer { ebgp_multihop, ..peer([10, 9, 1, number], TOR_AS) });
    let mapped = v1::BgpPeer { neighbor_address: "2001:DB8:0:0::0009".into(), ..peer([10, 9, 2, 1], NODE_AS) };
    let with = |communities: &[&str]| v1::PrefixAttributes {
        communities: communities.iter().map(|text| (*text).to_owned()).collect(),
        ..Default::default()
    };
    let mut prefixes: Vec<_> = PREFIXES.iter().map(|prefix| request::advertise(LB, prefix)).collect();
    prefixes.extend(
        COMMUNITIES.iter().zip(1..).map(|(community, number)| {
            request::advertise_with(LB, &format!("10.67.0.{number}/32"), with(&[community]))
        }),
    );
    prefixes.push(request::advertise_with(LB, "10.67.1.1/32", with(&COMMUNITIES)));
    prefixes.push(request::advertise_ospf(LB, "::10.1.2.4/128"));
    let area = |name: &str, area: &str| v1::EnableOspfRequest {
        interface_name: name.to_owned(),
        area_id: area.to_owned(),
        ..Default::default()
    };
    let explicit = v1::EnableOspfRequest { cost: 10, hello_interval: 10, dead_interval: 40, ..area("tor1", "0") };
    Everything {
        peers: described.chain(far).chain([mapped]).collect(),
        prefixes,
        bfd: vec![
            Timers::new(300, 300, 3).request([10, 9, 3, 1]),
            v1::EnableBfdRequest {
                interface_name: "eth0.100".into(),
                ..Timers::new(0, 10, 255).request([10, 9, 3, 2])
            },
            v1::EnableBfdRequest {
                peer_address: "2001:DB8::0A".into(),
                ..Timers::new(60_000, 0, 2).request(scene.tor.ipv6)
            },
        ],
        ospf: vec![explicit, area("eth0.100", "4294967295"), area("d.1", "255.255.255.255"), area("lo", "0.0.0.0")],
    }
}
