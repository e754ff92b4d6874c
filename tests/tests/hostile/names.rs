//! Names that are words of FRR's language stay names.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::running::{added, running, wait_same};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};

/// Interface names that Linux allows and that are commands or options to FRR.
const NAMES: [&str; 8] = ["exit", "end", "no", "quit", "peer", "area", "0", "a.b-c_d.1234567"];

/// Waits until no intent on the interface is on its way any more, and tells where both are.
async fn states(scene: &Scene, name: &str) -> Result<Vec<(String, String)>> {
    wait_for(&format!("the intents on {name}"), TIMEOUT, async || {
        let status = scene.agent.status().await?;
        let ospf = status.ospf_interfaces.into_iter().filter(|row| row.interface_name == name);
        let bfd = status.bfd_sessions.into_iter().filter(|row| row.interface_name == name);
        let states: Vec<_> = ospf
            .map(|row| (row.intent_state, row.reason))
            .chain(bfd.map(|row| (row.intent_state, row.reason)))
            .collect();
        match states.iter().any(|(state, _)| state == "pending") {
            true => bail!("{states:?}"),
            false => Ok(Some(states)),
        }
    })
    .await
}

/// OSPF on an interface, and a BFD session on it.
async fn run_on(client: &mut Client, peer: &str, interface: &str) -> Result<()> {
    let (peer_address, interface_name) = (peer.to_owned(), interface.to_owned());
    let ospf =
        v1::EnableOspfRequest { interface_name: interface_name.clone(), area_id: "0".into(), ..Default::default() };
    client.enable_ospf(request::enable_ospf(LB, ospf)).await?;
    let bfd = v1::EnableBfdRequest { peer_address, interface_name, ..Default::default() };
    client.enable_bfd(request::enable_bfd(LB, bfd)).await?;
    Ok(())
}

on_each_frr! {
    /// OSPF and BFD on an interface that is called like a command: the lines are there, each with the name as a name,
    /// and go again without a trace.
    async fn interface_names_that_are_commands_stay_names(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        // Both daemons have something to do throughout, so that only the names come and go.
        run_on(&mut client, "10.0.1.78", "tor1").await?;
        states(&scene, "tor1").await?;
        let before = running(&scene.node).await?;
        for name in NAMES {
            run_on(&mut client, "10.0.1.77", name).await.with_context(|| name.to_owned())?;
            let states = states(&scene, name).await?;
            let programmed = ("programmed".to_owned(), String::new());
            ensure!(states == [programmed.clone(), programmed], "{name}: {states:?}");
            let added = added(&before, &running(&scene.node).await?);
            ensure!(added.contains(&format!("interface {name}")), "{name}: {added:#?}");
            ensure!(added.contains(&format!(" peer 10.0.1.77 interface {name}")), "{name}: {added:#?}");
            client.disable_ospf(request::disable_ospf(LB, name)).await?;
            client.disable_bfd(request::disable_bfd(LB, "10.0.1.77")).await?;
            wait_same(&scene.node, &before).await.with_context(|| name.to_owned())?;
        }
        scene.established(scene.tor.ipv4.into()).await?;
        Ok(())
    }

    /// The one name that FRR's grammar of BFD does not take as a name: the intent is refused in FRR's words, OSPF on
    /// the interface and everything else go on.
    async fn a_name_that_frr_refuses_is_refused_in_its_words(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        run_on(&mut client, "10.0.1.77", "vrf").await?;
        let [ospf, bfd] = states(&scene, "vrf").await?.try_into().map_err(|states| anyhow!("{states:?}"))?;
        ensure!(ospf == ("programmed".to_owned(), String::new()), "{ospf:?}");
        ensure!(bfd.0 == "refused" && bfd.1.starts_with("FRR_REFUSED: % "), "{bfd:?}");
        let bfdd = scene.running(Daemon::Bfdd).await?;
        ensure!(!bfdd.contains("10.0.1.77"), "{bfdd}");
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        scene.tor.router.wait_bgp_route("203.0.113.7/32", TIMEOUT).await?;
        Ok(())
    }
}
