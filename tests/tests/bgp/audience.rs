//! Prefixes that some peers are sent only.

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{
    originate, peer, second_tor, sends_nothing, updates_from, wait_own_prefixes, wait_path, withdrawn,
};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, bgp_session};
use novaroute_e2e::{on_each_frr, request, v1};

/// AS of the second router of the rack.
const SECOND_AS: u32 = 65_200;
/// A prefix of each family that changes its audience, and one that all peers are sent all the time.
const CHOSEN: [&str; 2] = ["10.66.0.1/32", "fd66::1/128"];
const FOR_ALL: [&str; 2] = ["10.66.0.2/32", "fd66::2/128"];

on_each_frr! {
    /// A prefix for one of two peers, for the other, for a peer that is not there yet, with what else is left to the
    /// outbound policy, and for all again. Each time those that lose it lose it, nobody else is sent a withdrawal, and
    /// nothing that the node learned goes along.
    async fn only_named_peers_are_sent_a_prefix(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let second = second_tor(&scene).await?;
        bgp_session(&second, SECOND_AS, second.node_ipv4.into(), NODE_AS).await?;
        originate(&second.router, SECOND_AS, "10.72.0.0/24", "fd72::/64").await?;
        let [first_name, second_name] = [scene.tor.ipv4.to_string(), second.ipv4.to_string()];
        announce(&mut client, &FOR_ALL, v1::PrefixAttributes::default()).await?;
        announce(&mut client, &CHOSEN, for_peers(&[&second_name])).await?;
        for prefix in FOR_ALL {
            wait_path(&scene.tor.router, prefix, scene.tor.node_ipv4.into(), |_| true).await?;
        }
        // The second one is not a peer yet: it is sent the prefix when it becomes one.
        let waiting = scene.prefix_state(CHOSEN[0], "programmed").await?;
        ensure!(waiting.sent_to.is_empty(), "{waiting:?}");
        client.apply_peer(request::apply_peer(LB, peer(second.ipv4, SECOND_AS))).await?;
        scene.established(second.ipv4.into()).await?;
        scene.node.wait_bgp_route("10.72.0.0/24", TIMEOUT).await?;
        wait_own_prefixes(&second, &[CHOSEN, FOR_ALL].concat()).await?;
        wait_own_prefixes(&scene.tor, &FOR_ALL).await?;
        assert_eq!(scene.prefix_state(CHOSEN[0], "advertised").await?.sent_to, std::slice::from_ref(&second_name));

        let capture = scene.tor.router.capture("node", "tcp port 179").await?;
        let both = for_peers(&[&first_name, &second_name]);
        announce(&mut client, &CHOSEN, both.clone()).await?;
        wait_own_prefixes(&scene.tor, &[CHOSEN, FOR_ALL].concat()).await?;
        let longer = v1::PrefixAttributes {
            as_path_prepend: 3,
            communities: vec!["no-export".into()],
            ..for_peers(&[&first_name])
        };
        announce(&mut client, &CHOSEN, longer).await?;
        wait_own_prefixes(&second, &FOR_ALL).await?;
        for prefix in CHOSEN {
            wait_path(&scene.tor.router, prefix, scene.tor.node_ipv4.into(), |path| {
                path["community"]["string"] == "no-export" && path["aspath"]["length"] == 4
            })
            .await?;
        }
        announce(&mut client, &CHOSEN, v1::PrefixAttributes::default()).await?;
        wait_own_prefixes(&second, &[CHOSEN, FOR_ALL].concat()).await?;
        wait_own_prefixes(&scene.tor, &[CHOSEN, FOR_ALL].concat()).await?;
        for update in updates_from(&capture, scene.tor.node_ipv4.into())? {
            ensure!(withdrawn(&update)?.is_empty(), "the first peer lost something: {update:?}");
        }

        announce(&mut client, &CHOSEN, for_peers(&[&second_name])).await?;
        wait_own_prefixes(&scene.tor, &FOR_ALL).await?;
        sends_nothing(&scene, &mut client, async |client| {
            announce(client, &CHOSEN, for_peers(&[&second_name])).await
        })
        .await
    }
}

fn for_peers(peers: &[&str]) -> v1::PrefixAttributes {
    v1::PrefixAttributes { peers: peers.iter().map(|peer| (*peer).to_owned()).collect(), ..Default::default() }
}

async fn announce(client: &mut Client, prefixes: &[&str], attributes: v1::PrefixAttributes) -> Result<()> {
    for prefix in prefixes {
        client.advertise_prefix(request::advertise_with(LB, prefix, attributes.clone())).await?;
    }
    Ok(())
}
