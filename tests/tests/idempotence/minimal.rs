//! The lines of a change.

use anyhow::Result;
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::times_established;
use novaroute_e2e::{on_each_frr, request, v1};

use super::sent;

on_each_frr! {
    /// A field of a peer is its own line: set, changed, cleared. The session stays up.
    async fn a_field_of_a_peer_is_one_line(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let times = times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?;
        let peer = |description: &str| v1::BgpPeer { description: description.to_owned(), ..scene.ebgp_peer() };
        let mut marker = 0;
        for (description, line) in [
            ("first", "neighbor 10.0.1.2 description first"),
            ("second", "neighbor 10.0.1.2 description second"),
            ("", "no neighbor 10.0.1.2 description"),
        ] {
            let executions = Executions::start(&scene.node).await?;
            let before = sent(&executions).await?.len();
            client.apply_peer(request::apply_peer(LB, peer(description))).await?;
            marker += 1;
            announced(&scene, &mut client, marker).await?;
            let lines = sent(&executions).await?.split_off(before);
            let of_bgp: Vec<_> = lines.iter().filter(|line| line.contains("neighbor") || !line.starts_with("bgpd")).collect();
            assert_eq!(of_bgp, [&format!("bgpd: {line}")]);
        }
        assert_eq!(times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?, times);
        Ok(())
    }

    /// A prefix with attributes that no other has brings the lines of its route-map; the next one with the same
    /// attributes is one line; taking back the first is one line; the last one takes the map along.
    async fn a_prefix_is_its_own_lines(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        announced(&scene, &mut client, 1).await?;
        let executions = Executions::start(&scene.node).await?;
        let attributes = v1::PrefixAttributes { med: 30, ..Default::default() };
        let with_med = |prefix: &str| request::advertise_with(LB, prefix, attributes.clone());
        let mut counts = Vec::new();
        for prefix in ["10.67.0.1/32", "10.67.0.2/32"] {
            client.advertise_prefix(with_med(prefix)).await?;
            scene.prefix_state(prefix, "advertised").await?;
            counts.push(without_contexts(&executions).await?);
        }
        for (prefix, marker) in [("10.67.0.1/32", 2), ("10.67.0.2/32", 3)] {
            client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Bgp)).await?;
            announced(&scene, &mut client, marker).await?;
            counts.push(without_contexts(&executions).await?);
        }
        // The map, two lines in it, and the prefix; a prefix; a prefix and the marker; a prefix, the map and the marker.
        assert_eq!(counts, [4, 4 + 1, 5 + 2, 7 + 3], "{:#?}", sent(&executions).await?);
        Ok(())
    }
}

/// Announces another prefix and waits for it: what was asked for before has been sent by then.
async fn announced(scene: &Scene, client: &mut Client, number: u8) -> Result<()> {
    let marker = format!("10.68.0.{number}/32");
    client.advertise_prefix(request::advertise(LB, &marker)).await?;
    scene.prefix_state(&marker, "advertised").await.map(drop)
}

/// How many lines were sent that do more than lead to a context that is there.
async fn without_contexts(executions: &Executions) -> Result<usize> {
    let leads = |line: &String| line.starts_with("bgpd: router bgp") || line.starts_with("bgpd: address-family");
    Ok(sent(executions).await?.iter().filter(|line| !leads(line)).count())
}
