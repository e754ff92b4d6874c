//! `novaroutectl … --wait`.

use anyhow::{Context as _, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::scene::Scene;

on_each_frr! {
    /// The command ends when the peer has it; with 1 and the state when that takes longer than it may; with 2 where
    /// there is nothing to wait for.
    async fn commands_wait(release) {
        let (scene, _) = Scene::with_bgp(release).await?;
        let ctl = Ctl::new(&scene.agent, LB);
        ctl.run("advertise --prefix 203.0.113.7/32 --wait").await?.done()?;
        ensure!(!scene.tor.router.bgp_paths("203.0.113.7/32").await?.is_empty(), "the router does not have it");
        ctl.run("withdraw --prefix 203.0.113.7/32 --wait=programmed").await?.done()?;
        ensure!(!scene.running(novaroute_e2e::Daemon::Bgpd).await?.contains("network 203.0.113.7/32"));

        let file = scene.agent.dir().join("wanted.yaml");
        std::fs::write(&file, "prefixes: [{prefix: 203.0.113.8/32, protocol: bgp}, {prefix: 203.0.113.9/32, protocol: bgp}]\n")?;
        ctl.run(&format!("apply -f {} --wait", file.display())).await?.done()?;
        for prefix in ["203.0.113.8/32", "203.0.113.9/32"] {
            ensure!(!scene.tor.router.bgp_paths(prefix).await?.is_empty(), "the router does not have {prefix}");
        }
        let wide = ctl.run("prefixes -o wide").await?.done()?.stdout;
        ensure!(wide.contains("PROGRAMMED AT") && wide.contains("ADVERTISED AT"), "{wide}");

        ctl.run(&format!("remove-peer --neighbor {} --wait", scene.tor.ipv4)).await?.done()?;
        scene.prefix_state("203.0.113.8/32", "programmed").await?;
        let ran = ctl.run("advertise --prefix 203.0.113.8/32 --wait --timeout 1s").await?;
        ensure!(ran.code == 1 && ran.stdout.is_empty(), "{ran:?}");
        let told = ["DEADLINE_EXCEEDED (WAIT_RAN_OUT)", "is programmed (NO_ESTABLISHED_PEER", "stays accepted"];
        ensure!(told.iter().all(|text| ran.stderr.contains(text)), "{ran:?}");
        let json = ctl.run("advertise --prefix 203.0.113.8/32 --wait --timeout 1s -o json").await?;
        let error = json.json()?["error"].clone();
        ensure!(json.code == 1 && error["metadata"]["state"] == "programmed", "{error:#}");

        let nothing = ctl.run("status --wait").await?;
        ensure!(nothing.code == 2, "{nothing:?}");
        let unknown = ctl.run("advertise --prefix 203.0.113.8/32 --wait=gone").await.context("unknown word")?;
        ensure!(unknown.code == 2 && unknown.stderr.contains("programmed, advertised"), "{unknown:?}");
        Ok(())
    }
}
