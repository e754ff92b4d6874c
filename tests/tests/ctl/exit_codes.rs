//! How commands end.

use anyhow::ensure;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::scene::Scene;
use serde_json::json;

on_each_frr! {
    /// 0 done, 1 refused with the reason and its way out, 2 wrong usage with nothing sent, 3 nobody answers.
    async fn exit_codes_tell_refused_from_wrong_from_unreachable(release) {
        let scene = Scene::with(release, |config| {
            config["owners"][CNI]["allowed_prefixes"] = json!({ "type": "host_only" });
        })
        .await?;
        let (ctl, bound) = (Ctl::new(&scene.agent, LB), Ctl::new(&scene.agent, CNI));
        ctl.run("advertise --prefix 203.0.113.7/32").await?.done()?;

        for (ctl, line, said) in [
            (&bound, "advertise --prefix 203.0.113.0/24", "PERMISSION_DENIED (PREFIX_TYPE_NOT_ALLOWED)"),
            (&bound, "advertise --prefix 203.0.113.7/32", "ALREADY_EXISTS (HELD_BY_ANOTHER)"),
            (&bound, "withdraw --prefix 203.0.113.7/32", "held by owner novaedge"),
            (&ctl, "withdraw --prefix 203.0.113.8/32", "NOT_FOUND (NOT_HELD)"),
            (&ctl, "apply-peer --neighbor 10.0.1.2 --remote-as 0 --keepalive 3", "peer.remote_as: 0 is not an AS number"),
            (&ctl, "register --token wrong", "UNAUTHENTICATED (BAD_CREDENTIALS)"),
            (&ctl, "advertise --prefix 203.0.113.7/33", "INVALID_ARGUMENT (INVALID_FIELD)"),
        ] {
            let ran = ctl.run(line).await?;
            ensure!(ran.code == 1 && ran.stdout.is_empty() && ran.stderr.contains(said), "{line}: {ran:?}");
        }
        let refused = bound.run("advertise --prefix 203.0.113.0/24 -o json").await?;
        ensure!(refused.code == 1 && refused.json()?["error"]["reason"] == "PREFIX_TYPE_NOT_ALLOWED", "{refused:?}");

        for line in [
            "advertise --prefix 203.0.113.9/32 --protocol rip",
            "apply-peer --neighbor 10.0.1.2 --remote-as many",
            "apply-peer --neighbor 10.0.1.2 --remote-as 65100 --address-families ipx",
            "events --types PEER_UPP",
            "no-such-command",
            "advertise",
            "status -o xml",
            "apply -f /no/such/file",
            "register --token-file /no/such/file",
        ] {
            let ran = ctl.run(line).await?;
            ensure!(ran.code == 2 && ran.stdout.is_empty() && !ran.stderr.is_empty(), "{line}: {ran:?}");
        }
        ensure!(scene.agent.status().await?.prefixes.len() == 1, "something was sent all the same");

        let nobody = Ctl::on(&scene.agent.dir().join("nobody.sock"), LB);
        for line in ["status", "register", "events", "advertise --prefix 203.0.113.9/32"] {
            let ran = nobody.run(line).await?;
            ensure!(ran.code == 3 && ran.stderr.contains("nobody.sock"), "{line}: {ran:?}");
        }
        Ok(())
    }
}

on_each_frr! {
    /// An agent that is gone is 3 too, and the next one is reached as if nothing had been.
    async fn a_stopped_agent_is_unreachable(release) {
        let mut scene = Scene::new(release).await?;
        let ctl = Ctl::new(&scene.agent, LB);
        ctl.run("status").await?.done()?;
        let (code, _) = scene.agent.terminate().await?;
        assert_eq!(code, Some(0));
        assert_eq!(ctl.run("status").await?.code, 3);
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        ctl.run("status").await?.done()?;
        Ok(())
    }
}
