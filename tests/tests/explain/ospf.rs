//! OSPF interfaces.

use anyhow::{Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::explain::{check, explain, ospf as on, step, wait_in_effect, wait_step};
use novaroute_e2e::ospf::{Version, on_link, speak};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::Verdict;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};

/// A line of the router of the rack on its link.
async fn at_tor(scene: &Scene, lines: &[&str]) -> Result<()> {
    let interface = format!("interface {}", scene.tor.link.b().interface());
    let lines: Vec<&str> = [interface.as_str()].into_iter().chain(lines.iter().copied()).collect();
    scene.tor.router.configure(Daemon::Ospfd, &lines).await
}

on_each_frr! {
    /// What two routers must have in common, broken one by one: ospfd says which, and so does the explanation.
    async fn an_interface_on_its_way(release) {
        let scene = Scene::new(release).await?;
        let client = &mut scene.agent.client().await?;
        let name = scene.tor.link.a().interface().to_owned();
        let link = &on(&name);
        check(&explain(client, link).await?, "holder", Verdict::Failed, "nobody asks for it")?;
        let nowhere = v1::EnableOspfRequest { interface_name: "nr9".into(), ..on_link(&scene, "0") };
        client.enable_ospf(request::enable_ospf(LB, nowhere)).await?;
        wait_step(client, &on("nr9"), "interface", Verdict::Failed, "the node has no interface nr9").await?;

        client.enable_ospf(request::enable_ospf(LB, on_link(&scene, "0"))).await?;
        wait_step(client, link, "line", Verdict::Ok, "ospfd has 'interface tor1 / ip ospf").await?;
        let answer = wait_step(client, link, "neighbors", Verdict::Failed, "no router is heard").await?;
        check(&answer, "interface", Verdict::Ok, "tor1 is up, with 10.0.1.1/24")?;
        check(&answer, "session", Verdict::Ok, "ospfd runs on it")?;
        ensure!(step(&answer, "neighbors")?.next.contains("in area 0.0.0.0, not passive"), "{answer:#?}");

        speak(&scene, Version::V2, "1").await?;
        wait_step(client, link, "neighbors", Verdict::Failed, "invalid Area ID 0.0.0.1").await?;
        speak(&scene, Version::V2, "0").await?;
        wait_in_effect(client, link).await?;
        at_tor(&scene, &["ip ospf hello-interval 2"]).await?;
        let answer = wait_step(client, link, "neighbors", Verdict::Failed, "HelloInterval mismatch").await?;
        ensure!(answer.answer.contains("HelloInterval mismatch"), "{answer:#?}");
        let ran = Ctl::new(&scene.agent, LB).run(&format!("explain ospf {name}")).await?;
        ensure!(ran.code == 1 && ran.stdout.contains("✗ neighbors ospfd"), "{ran:?}");

        scene.tor.link.a().set_down().await?;
        wait_step(client, link, "interface", Verdict::Failed, "tor1 is down").await?;
        let passive = v1::EnableOspfRequest { passive: true, ..on_link(&scene, "0") };
        scene.tor.link.set_up().await?;
        client.enable_ospf(request::enable_ospf(LB, passive)).await?;
        let answer = wait_in_effect(client, link).await?;
        check(&answer, "neighbors", Verdict::NotApplicable, "passive")
    }
}
