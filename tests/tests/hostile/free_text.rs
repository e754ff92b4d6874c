//! Free text stands verbatim in the one line that it belongs to.

use anyhow::{Context, Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::running::{Running, added, running, wait_same};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};

use crate::corpus::WORDS;

const NEIGHBOR: &str = "10.0.1.77";

/// Passwords that FRR could take for something else.
const PASSWORDS: [&str; 12] =
    ["?", "!", "#", "%s%n", "no", "exit", "\"", "'a'b\"c", "\\n", "8", "$(reboot)`x`", "description"];

fn peer() -> v1::BgpPeer {
    v1::BgpPeer { neighbor_address: NEIGHBOR.into(), remote_as: 65_100, ..Default::default() }
}

/// Waits until bgpd has the line, and fails unless that is all that differs from `before`.
async fn stands_alone(scene: &Scene, before: &Running, line: &str) -> Result<()> {
    wait_for("the line", TIMEOUT, async || {
        let bgpd = scene.running(Daemon::Bgpd).await?;
        Ok(bgpd.lines().any(|found| found == line).then_some(()))
    })
    .await
    .with_context(|| format!("{line:?}"))?;
    let now = running(&scene.node).await?;
    ensure!(added(before, &now) == [line], "{:#?}", added(before, &now));
    ensure!(added(&now, before).is_empty(), "lost: {:#?}", added(&now, before));
    Ok(())
}

on_each_frr! {
    /// Commands, comments, quotes and the rest are a description like any other; without one the line is gone.
    async fn descriptions_stand_verbatim_in_one_line(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.apply_peer(request::apply_peer(LB, peer())).await?;
        scene.peer_intent_state(NEIGHBOR.parse()?, "programmed").await?;
        let before = running(&scene.node).await?;
        let longest = "x".repeat(255);
        for text in WORDS.into_iter().chain(["exit", "end", "!", "description", "--More--", &longest]) {
            let described = v1::BgpPeer { description: text.to_owned(), ..peer() };
            client.apply_peer(request::apply_peer(LB, described)).await.with_context(|| text.to_owned())?;
            stands_alone(&scene, &before, &format!(" neighbor {NEIGHBOR} description {text}")).await?;
            let rows = scene.agent.status().await?.peers;
            ensure!(rows.iter().any(|row| row.description == text), "{text}");
        }
        client.apply_peer(request::apply_peer(LB, peer())).await?;
        wait_same(&scene.node, &before).await?;
        scene.established(scene.tor.ipv4.into()).await?;
        Ok(())
    }

    /// A password is one word of FRR's line, whatever it looks like, and is nowhere else.
    async fn passwords_stand_verbatim_in_one_line_and_nowhere_else(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.apply_peer(request::apply_peer(LB, peer())).await?;
        scene.peer_intent_state(NEIGHBOR.parse()?, "programmed").await?;
        let before = running(&scene.node).await?;
        let secret = format!("s3cret!#%?{}", "x".repeat(70));
        for text in PASSWORDS.into_iter().chain([secret.as_str()]) {
            let guarded = v1::BgpPeer { password: text.to_owned(), ..peer() };
            client.apply_peer(request::apply_peer(LB, guarded)).await.with_context(|| text.to_owned())?;
            stands_alone(&scene, &before, &format!(" neighbor {NEIGHBOR} password {text}")).await?;
        }
        let (_, metrics) = scene.agent.get("/metrics").await?;
        let status = format!("{:?}", scene.agent.status().await?);
        for told in [scene.agent.log(), metrics, status] {
            ensure!(!told.contains("s3cret"), "{told}");
        }
        client.apply_peer(request::apply_peer(LB, peer())).await?;
        wait_same(&scene.node, &before).await?;
        Ok(())
    }
}
