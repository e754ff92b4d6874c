//! Clients that know of none of this: their intents stay until they take them back.

use std::time::Instant;

use anyhow::ensure;
use novaroute_e2e::config::LB;
use novaroute_e2e::quiet::Quiet;
use novaroute_e2e::{on_each_frr, request, wait_for};

use crate::{GRACE, OWN, announce_own, node, own_arrived, own_states};

on_each_frr! {
    /// With a plain Register or without any: neither the end of the connection nor a restart makes a difference.
    async fn old_clients_keep_what_they_asked_for(release) {
        let (mut scene, client) = node(release).await?;
        {
            let mut old = scene.agent.client().await?;
            let opened = old.register(request::register(LB)).await?.into_inner();
            ensure!(opened.lease_s == 0 && !opened.has_state && !opened.session_id.is_empty(), "{opened:?}");
            announce_own(&mut old).await?;
        }
        drop(client);
        own_arrived(&scene).await?;
        let quiet = Quiet::watch(&scene).await?;
        let gone = Instant::now();
        wait_for("graces to be over", GRACE * 4, async || Ok((gone.elapsed() > GRACE * 2).then_some(()))).await?;
        scene.agent.kill().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "advertised")]).await?;
        let up = Instant::now();
        wait_for("graces to be over", GRACE * 4, async || Ok((up.elapsed() > GRACE * 2).then_some(()))).await?;
        own_states(&scene, &[(OWN[0], "advertised"), (OWN[1], "advertised")]).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut scene.agent.client().await?).await
    }
}
