//! An agent ends and leaves FRR to the next one, because somebody asked for it.

use novaroute_e2e::config::{ADMIN, LB};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::{on_each_frr, request};
use tonic::Code;

use crate::work::{Quiet, at_work, everything_works};

on_each_frr! {
    /// `novaroutectl handoff` before an upgrade: exit code 0, no line, no UPDATE, though a stop would withdraw.
    async fn a_handoff_goes_unseen(release) {
        let (mut scene, _) = at_work(release, |_| {}).await?;
        let quiet = Quiet::watch(&scene).await?;
        Ctl::new(&scene.agent, ADMIN).run("handoff").await?.done()?;
        assert_eq!(scene.agent.wait_exit().await?, Some(0), "{}", scene.agent.log());
        quiet.no_line().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        everything_works(&scene).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut scene.agent.client().await?).await
    }

    /// Only who may override others may end the agent for all of them.
    async fn a_handoff_needs_the_right_to_override(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let denied = refused(client.handoff(request::handoff(LB)).await)?;
        let denied = denied.expect(Code::PermissionDenied, "HANDOFF_NOT_PERMITTED")?;
        assert_eq!(denied.about("rule")?, "can_override");
        let wrong = request::handoff(ADMIN);
        let wrong = novaroute_e2e::v1::HandoffRequest { token: "wrong".to_owned(), ..wrong };
        refused(client.handoff(wrong).await)?.expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;
        everything_works(&scene).await
    }
}
