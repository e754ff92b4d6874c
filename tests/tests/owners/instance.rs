//! The node's BGP instance has a holder.

use anyhow::{Result, ensure};
use novaroute_e2e::config::{ADMIN, CNI, LB};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, wait_for};
use serde_json::json;
use tonic::Code;

async fn runs(scene: &Scene, local_as: u32, router_id: &str) -> Result<()> {
    wait_for("bgpd to run the instance", TIMEOUT, async || {
        let text = scene.running(Daemon::Bgpd).await?;
        let runs = text.contains(&format!("router bgp {local_as}\n"));
        Ok((runs && text.contains(&format!(" bgp router-id {router_id}\n"))).then_some(()))
    })
    .await
}

on_each_frr! {
    /// The first to set it holds it. The same values are fine for everybody, others are for the holder alone, who is told
    /// what was before.
    async fn the_first_owner_holds_the_instance(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let first = client.configure_bgp(request::configure_bgp(LB, 65_001, "10.0.1.1")).await?.into_inner();
        assert_eq!((first.previous_as, first.previous_router_id.as_str()), (0, ""));
        runs(&scene, 65_001, "10.0.1.1").await?;

        let same = client.configure_bgp(request::configure_bgp(CNI, 65_001, "10.0.1.1")).await?.into_inner();
        assert_eq!((same.previous_as, same.previous_router_id.as_str()), (65_001, "10.0.1.1"));
        for (local_as, router_id) in [(65_002, "10.0.1.1"), (65_001, "10.0.1.9")] {
            let held = refused(client.configure_bgp(request::configure_bgp(CNI, local_as, router_id)).await)?;
            let held = held.expect(Code::FailedPrecondition, "BGP_INSTANCE_HELD")?;
            ensure!(held.about("holder")? == LB && held.message.contains(LB), "{held:?}");
        }
        let changed = client.configure_bgp(request::configure_bgp(LB, 65_002, "10.0.1.9")).await?.into_inner();
        assert_eq!((changed.previous_as, changed.previous_router_id.as_str()), (65_001, "10.0.1.1"));
        runs(&scene, 65_002, "10.0.1.9").await?;

        client.deregister(request::deregister(LB, true)).await?;
        client.configure_bgp(request::configure_bgp(CNI, 65_003, "10.0.1.3")).await?;
        runs(&scene, 65_003, "10.0.1.3").await
    }
}

on_each_frr! {
    /// What the configuration file says of the instance holds against every owner.
    async fn the_file_counts_as_a_holder(release) {
        let scene = Scene::with(release, |config| {
            config["bgp"] = json!({ "local_as": 65_001, "router_id": "10.0.1.1" });
        })
        .await?;
        runs(&scene, 65_001, "10.0.1.1").await?;
        let mut client = scene.agent.client().await?;
        let same = client.configure_bgp(request::configure_bgp(LB, 65_001, "10.0.1.1")).await?.into_inner();
        assert_eq!(same.previous_as, 65_001);
        let held = refused(client.configure_bgp(request::configure_bgp(LB, 65_002, "10.0.1.1")).await)?;
        let held = held.expect(Code::FailedPrecondition, "BGP_INSTANCE_HELD")?;
        assert_eq!(held.about("holder")?, "_config");
        let refusal = refused(client.register(request::register("_config")).await)?;
        assert_eq!(refusal.expect(Code::InvalidArgument, "INVALID_FIELD")?.fields, ["owner"]);
        Ok(())
    }
}

on_each_frr! {
    /// An owner that may override runs the node with its own values, and what the holder wanted comes back after it.
    async fn an_override_of_the_instance_is_given_back(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, 65_001, "10.0.1.1")).await?;
        client.advertise_prefix(request::advertise(LB, "10.9.6.1/32")).await?;
        let before = client.configure_bgp(request::configure_bgp(ADMIN, 65_009, "10.0.1.9")).await?.into_inner();
        assert_eq!((before.previous_as, before.previous_router_id.as_str()), (65_001, "10.0.1.1"));
        runs(&scene, 65_009, "10.0.1.9").await?;
        client.configure_bgp(request::configure_bgp(LB, 65_002, "10.0.1.2")).await?;
        let held = refused(client.configure_bgp(request::configure_bgp(CNI, 65_003, "10.0.1.3")).await)?;
        assert_eq!(held.expect(Code::FailedPrecondition, "BGP_INSTANCE_HELD")?.about("holder")?, ADMIN);
        client.deregister(request::deregister(ADMIN, true)).await?;
        runs(&scene, 65_002, "10.0.1.2").await?;
        // The lines of one round arrive one after the other.
        wait_for("the prefix under the instance that came back", TIMEOUT, async || {
            let bgpd = scene.running(Daemon::Bgpd).await?;
            ensure!(bgpd.contains("network 10.9.6.1/32") && !bgpd.contains("65009"), "{bgpd}");
            Ok(Some(()))
        })
        .await
    }
}
