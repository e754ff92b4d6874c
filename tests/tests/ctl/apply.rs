//! `apply -f`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::FrrRelease;
use novaroute_e2e::config::{CNI, LB, token};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use serde_json::{Value, json};

async fn scene(release: FrrRelease) -> Result<Scene> {
    let scene = Scene::with(release, |config| {
        config["owners"][CNI]["allowed_prefixes"] = json!({ "allowed_cidrs": ["203.0.113.0/24"] });
    })
    .await?;
    bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
    Ok(scene)
}

/// A list of requests of two owners, JSON; the fourth asks for what its owner may not have.
fn list() -> Value {
    let (lb, cni) = (token(LB), token(CNI));
    json!([
        { "action": "configure-bgp", "owner": LB, "token": lb, "local_as": 65_001, "router_id": "10.0.1.1" },
        { "action": "apply-peer", "owner": LB, "token": lb,
          "peer": { "neighbor_address": "10.0.1.2", "remote_as": 65_100, "keepalive": 3, "hold_time": 9 } },
        { "action": "advertise", "owner": CNI, "token": cni, "prefix": "203.0.113.7/32", "protocol": "bgp" },
        { "action": "advertise", "owner": CNI, "token": cni, "prefix": "10.66.0.0/16", "protocol": "bgp" },
        { "action": "advertise", "owner": CNI, "token": cni, "prefix": "203.0.113.8/32", "protocol": "bgp",
          "attributes": { "med": 9 } },
    ])
}

on_each_frr! {
    /// One bad item is reported and makes the exit code 1; the items around it are at the peer.
    async fn a_bad_item_is_reported_and_stops_no_other(release) {
        let scene = scene(release).await?;
        let file = scene.agent.dir().join("routes.json");
        std::fs::write(&file, list().to_string())?;
        let ctl = Ctl::new(&scene.agent, LB);
        let ran = ctl.run(&format!("apply -f {} -o json", file.display())).await?;
        ensure!(ran.code == 1 && ran.stderr.is_empty(), "{ran:?}");
        let outcomes = ran.json_lines()?;
        let words: Vec<_> = outcomes.iter().map(|outcome| outcome["result"].as_str().unwrap_or_default()).collect();
        assert_eq!(words, ["ok", "ok", "ok", "failed", "ok"]);
        ensure!(outcomes[3]["error"]["reason"] == "PREFIX_NOT_IN_ALLOWED_CIDRS", "{:#}", outcomes[3]);
        let told = ctl.run(&format!("apply -f {}", file.display())).await?;
        ensure!(told.code == 1 && told.stdout.contains("failed    advertise 10.66.0.0/16 (bgp)"), "{told:?}");
        ensure!(told.stdout.ends_with("4 of 5 done\n"), "{told:?}");

        scene.tor.router.wait_bgp_route("203.0.113.7/32", TIMEOUT).await?;
        let path = scene.tor.router.wait_bgp_route("203.0.113.8/32", TIMEOUT).await?.remove(0);
        ensure!(path["metric"] == 9, "{path:#}");
        ensure!(scene.tor.router.bgp_paths("10.66.0.0/16").await?.is_empty());
        Ok(())
    }
}

on_each_frr! {
    /// The description of what one owner wants, YAML with the token in a file of its own, done in full: exit code 0.
    async fn a_description_brings_everything_up(release) {
        let scene = scene(release).await?;
        std::fs::write(scene.agent.dir().join("edge.token"), token(LB))?;
        let mut text = String::from(
            "owner: novaedge\ntoken_file: edge.token\nbgp: {local_as: 65001, router_id: 10.0.1.1}\npeers:\n\
             - {neighbor_address: 10.0.1.2, remote_as: 65100, keepalive: 3, hold_time: 9, \
             address_families: [ipv4-unicast, ipv6-unicast]}\nprefixes:\n",
        );
        for host in 1..=100 {
            writeln!(text, "- {{prefix: 198.51.100.{host}/32, protocol: bgp}}")?;
        }
        text.push_str("- {prefix: 2001:db8:7::7/128, protocol: bgp}\n");
        let file = scene.agent.dir().join("wanted.yaml");
        std::fs::write(&file, text)?;
        // Nothing of the environment says who asks: the file does.
        let ran = Ctl::new(&scene.agent, "nobody").run(&format!("apply -f {}", file.display())).await?.done()?;
        ensure!(ran.stdout.ends_with("103 of 103 done\n"), "{}", ran.stdout);
        for prefix in ["198.51.100.1/32", "198.51.100.100/32", "2001:db8:7::7/128"] {
            scene.tor.router.wait_bgp_route(prefix, TIMEOUT).await.context(prefix)?;
        }
        let dry =
            Ctl::new(&scene.agent, LB).run(&format!("apply --print -o json -f {}", file.display())).await?.done()?;
        let items = dry.json()?;
        ensure!(items.as_array().is_some_and(|items| items.len() == 103 && items[0]["token"] == "***"), "{items:#}");
        Ok(())
    }
}

on_each_frr! {
    /// A file with a mistake in it is wrong usage: nothing of it is sent, and each mistake is told by its place.
    async fn a_file_with_a_mistake_sends_nothing(release) {
        let scene = Scene::new(release).await?;
        let mut list = list();
        list[2]["protocol"] = json!("rip");
        list[4]["prefx"] = json!("x");
        let file = scene.agent.dir().join("wrong.json");
        std::fs::write(&file, list.to_string())?;
        let ran = Ctl::new(&scene.agent, LB).run(&format!("apply -f {}", file.display())).await?;
        ensure!(ran.code == 2 && ran.stdout.is_empty(), "{ran:?}");
        for said in ["nothing was sent", "item 3", "rip", "item 5", "prefx"] {
            ensure!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        }
        let status = scene.agent.status().await?;
        ensure!(status.peers.is_empty() && status.prefixes.is_empty(), "{status:?}");
        Ok(())
    }
}
