//! Sessions on the command line.

use anyhow::{Context, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::on_each_frr;

use crate::{OWN, node, own_arrived, own_gone};

on_each_frr! {
    /// A script with a lease: it registers, announces, renews, repeats what it wants, and one day is no longer there.
    async fn a_script_holds_its_routes_by_a_lease(release) {
        let (scene, _client) = node(release).await?;
        let ctl = Ctl::new(&scene.agent, LB);
        let opened = ctl.run("register --lease 60 --instance job-1 -o json").await?.done()?.json()?;
        let response = &opened["response"];
        ensure!(response["epoch"] == 1 && response["has_state"] == false && response["lease_s"] == 60, "{opened}");
        let session = response["session_id"].as_str().context("no session_id")?.to_owned();
        for prefix in OWN {
            ctl.run(&format!("advertise --prefix {prefix}")).await?.done()?;
        }
        own_arrived(&scene).await?;
        let renewed = ctl.run(&format!("renew --session-id {session}")).await?.done()?;
        ensure!(renewed.stdout.starts_with("ok        renew novaedge\n  lease s: 60\n"), "{renewed:?}");

        ctl.run("register --lease 5").await?.done()?;
        let late = ctl.run(&format!("renew --session-id {session}")).await?;
        ensure!(late.code == 1 && late.stderr.contains("FAILED_PRECONDITION (SESSION_SUPERSEDED)"), "{late:?}");
        ctl.run(&format!("advertise --prefix {}", OWN[0])).await?.done()?;
        let swept = ctl.run("end-of-replay -o json").await?.done()?.json()?;
        ensure!(swept["response"]["removed"] == serde_json::json!([format!("prefix bgp {}", OWN[1])]), "{swept}");
        own_gone(&scene).await?;
        let gone = ctl.run("end-of-replay").await?;
        ensure!(gone.code == 1 && gone.stderr.contains("NO_SESSION"), "{gone:?}");
        Ok(())
    }
}
