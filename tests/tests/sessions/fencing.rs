//! A session that was replaced: it is told so, and what it asks for changes nothing.

use anyhow::ensure;
use novaroute_e2e::config::LB;
use novaroute_e2e::refusal::{Refusal, refused};
use novaroute_e2e::scene::TIMEOUT;
use novaroute_e2e::{on_each_frr, request, v1};
use tonic::Code;

use crate::{OWN, announce_own, end_of_replay, in_session, leased, node, own_arrived, prefixes_of, renew};

fn superseded(refusal: Refusal) -> anyhow::Result<()> {
    let refusal = refusal.expect(Code::FailedPrecondition, "SESSION_SUPERSEDED")?;
    ensure!(refusal.about("epoch")? == "2" && refusal.about("instance")? == "edge-1", "{refusal:?}");
    Ok(())
}

on_each_frr! {
    /// Every call of the old session is refused for the same reason, also after the agent was restarted.
    async fn a_replaced_session_is_told_so_and_changes_nothing(release) {
        let (mut scene, mut client) = node(release).await?;
        let old = client.register(leased(LB, 600)).await?.into_inner().session_id;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        let successor = v1::RegisterRequest { instance: "edge-1".into(), ..leased(LB, 600) };
        let opened = client.register(successor).await?.into_inner();
        ensure!(opened.session_id != old && opened.epoch == 2, "{opened:?}");
        assert_eq!(opened.current_prefixes, OWN);

        for restart in [false, true] {
            if restart {
                scene.agent.kill().await?;
                scene.agent.respawn()?;
                scene.agent.wait_ready().await?;
                client = scene.agent.client().await?;
            }
            superseded(refused(client.renew(renew(&old)).await)?)?;
            let end = v1::EndOfReplayRequest { session_id: old.clone(), ..end_of_replay(true) };
            superseded(refused(client.end_of_replay(end).await)?)?;
            let bgp = v1::Protocol::Bgp;
            superseded(refused(client.withdraw_prefix(in_session(&old, request::withdraw(LB, OWN[0], bgp))?).await)?)?;
            superseded(refused(client.deregister(in_session(&old, request::deregister(LB, true))?).await)?)?;
            superseded(refused(client.advertise_prefix(in_session(&old, request::advertise(LB, "10.66.1.3/32"))?).await)?)?;
            superseded(refused(client.register(in_session(&old, request::register(LB))?).await)?)?;
            client.renew(in_session(&opened.session_id, renew(&opened.session_id))?).await?;
        }
        assert_eq!(prefixes_of(&scene, LB).await?.len(), OWN.len());
        own_arrived(&scene).await?;
        client.withdraw_prefix(in_session(&opened.session_id, request::withdraw(LB, OWN[0], v1::Protocol::Bgp))?).await?;
        scene.tor.router.wait_bgp_no_route(OWN[0], TIMEOUT).await
    }

    /// What names no session is refused as a field is; who has no session is told to register.
    async fn metadata_that_names_no_open_session(release) {
        let (_scene, mut client) = node(release).await?;
        let bad = refused(client.advertise_prefix(in_session("a b", request::advertise(LB, OWN[0]))?).await)?;
        assert_eq!(bad.expect(Code::InvalidArgument, "INVALID_FIELD")?.fields, ["novaroute-session-id"]);
        let none = refused(client.advertise_prefix(in_session("long-gone", request::advertise(LB, OWN[0]))?).await)?;
        none.expect(Code::FailedPrecondition, "NO_SESSION")?;
        // A registration may name it: it opens the next.
        let opened = client.register(in_session("long-gone", request::register(LB))?).await?.into_inner();
        client.advertise_prefix(in_session(&opened.session_id, request::advertise(LB, OWN[0]))?).await?;
        client.deregister(in_session(&opened.session_id, request::deregister(LB, false))?).await?;
        refused(client.renew(renew(&opened.session_id)).await)?.expect(Code::FailedPrecondition, "NO_SESSION")?;
        Ok(())
    }
}
