//! Changes that go back unless somebody confirms them.

use std::net::IpAddr;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::{CNI, LB, token};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::events::Events;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{item, on_each_frr, request, v1, wait_for};
use tonic::Code;

use super::{apply, numbered, session, with_prefixes};

/// A time to confirm that a test waits for.
const SHORT_S: u32 = 2;
/// One that no test waits for.
const LONG_S: u32 = 600;

fn confirm_within(seconds: u32) -> v1::ApplyIntentsRequest {
    v1::ApplyIntentsRequest { confirm_within_s: seconds, confirm_removals: true, ..item::replace() }
}

fn settlement(rollback: bool, change_id: &str) -> v1::ConfirmRequest {
    let (owner, token) = (LB.to_owned(), token(LB));
    v1::ConfirmRequest { owner, token, change_id: change_id.to_owned(), rollback, ..Default::default() }
}

async fn rolled_back(client: &mut Client) -> Result<Events> {
    Events::open(client, LB, &["CHANGE_ROLLED_BACK", "CHANGE_CONFIRMED"]).await
}

on_each_frr! {
    /// The admin takes away the peer that he came by, and cannot confirm: he gets it back.
    async fn who_cuts_the_branch_he_sits_on_gets_it_back(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        apply(&mut client, with_prefixes(&scene, [numbered(1)]), item::replace()).await?;
        scene.tor.router.wait_bgp_route(&numbered(1), TIMEOUT).await?;
        let mut events = rolled_back(&mut client).await?;
        let file = scene.agent.dir().join("cut.yaml");
        std::fs::write(&file, "bgp: {local_as: 65001, router_id: 10.0.1.1}\n")?;
        let line = format!("apply -f {} --prune --yes --confirm-within {SHORT_S}s", file.display());
        let ran = Ctl::new(&scene.agent, LB).run(&line).await?.done()?;
        ensure!(ran.stdout.contains("removed   peer 10.0.1.2\n"), "{}", ran.stdout);
        ensure!(ran.stdout.contains("novaroutectl confirm "), "{}", ran.stdout);

        let pending = scene.agent.status().await?.pending_changes;
        ensure!(pending.len() == 1 && pending[0].intents == 2 && pending[0].owner == LB, "{pending:?}");
        let refusal = refused(client.advertise_prefix(request::advertise(LB, &numbered(2))).await)?;
        let refusal = refusal.expect(Code::FailedPrecondition, "CHANGE_PENDING")?;
        assert_eq!(refusal.about("change_id")?, pending[0].change_id);
        client.advertise_prefix(request::advertise(CNI, &numbered(3))).await?;

        let event = events.expect(v1::EventType::ChangeRolledBack).await?;
        assert_eq!((event.reason.as_str(), event.metadata["change_id"].as_str()), ("CONFIRM_RAN_OUT", pending[0].change_id.as_str()));
        scene.established(IpAddr::from(scene.tor.ipv4)).await?;
        scene.tor.router.wait_bgp_route(&numbered(1), TIMEOUT).await?;
        ensure!(scene.agent.status().await?.pending_changes.is_empty());
        client.advertise_prefix(request::advertise(LB, &numbered(2))).await?;
        Ok(())
    }

    /// Confirmed in time it stays; taken back at once it is as before when the call answers.
    async fn confirmed_or_taken_back(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        apply(&mut client, with_prefixes(&scene, [numbered(1)]), item::replace()).await?;
        let mut events = rolled_back(&mut client).await?;
        let change = with_prefixes(&scene, [numbered(1), numbered(2)]);
        let answer = apply(&mut client, change, confirm_within(LONG_S)).await?;
        let refusal = refused(client.confirm(settlement(false, "another")).await)?;
        refusal.expect(Code::FailedPrecondition, "NO_PENDING_CHANGE")?;
        client.confirm(settlement(false, &answer.change_id)).await?;
        events.expect(v1::EventType::ChangeConfirmed).await?;

        let waits = v1::ApplyIntentsRequest { wait: v1::Wait::Advertised.into(), ..confirm_within(LONG_S) };
        apply(&mut client, with_prefixes(&scene, [numbered(3)]), waits).await?;
        let owners = client.list_owners(v1::ListOwnersRequest { owner_filter: LB.into() }).await?.into_inner().owners;
        ensure!(owners[0].pending_change.as_ref().is_some_and(|change| change.intents == 3), "{owners:?}");
        let back = v1::ConfirmRequest { wait: v1::Wait::Advertised.into(), ..settlement(true, "") };
        client.confirm(back).await?;
        for (number, there) in [(1, true), (2, true), (3, false)] {
            let paths = scene.tor.router.bgp_paths(&numbered(number)).await?;
            ensure!(paths.is_empty() != there, "{}: {paths:?}", numbered(number));
        }
        let refusal = refused(client.confirm(settlement(true, "")).await)?;
        refusal.expect(Code::FailedPrecondition, "NO_PENDING_CHANGE")?;
        Ok(())
    }

    /// An agent that is killed while the change waits goes on with it: its time begins anew, and then it goes back.
    async fn an_agent_that_is_killed_still_goes_back(release) {
        let (mut scene, mut client) = Scene::with_bgp(release).await?;
        let waits = v1::ApplyIntentsRequest { wait: v1::Wait::Advertised.into(), ..item::replace() };
        apply(&mut client, with_prefixes(&scene, [numbered(1)]), waits).await?;
        let replaced = [session(&scene), vec![item::prefix(&numbered(2), None)]].concat();
        let waits = v1::ApplyIntentsRequest { wait: v1::Wait::Advertised.into(), ..confirm_within(SHORT_S + 3) };
        let answer = apply(&mut client, replaced, waits).await?;
        scene.agent.kill().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        let pending = scene.agent.status().await?.pending_changes;
        ensure!(pending.len() == 1 && pending[0].change_id == answer.change_id, "{pending:?}");
        wait_for("the change to go back", TIMEOUT, async || {
            let status = scene.agent.status().await?;
            ensure!(status.pending_changes.is_empty(), "{:?}", status.pending_changes);
            Ok(Some(()))
        })
        .await?;
        scene.tor.router.wait_bgp_route(&numbered(1), TIMEOUT).await?;
        scene.tor.router.wait_bgp_no_route(&numbered(2), TIMEOUT).await
    }
}
