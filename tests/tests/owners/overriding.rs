//! An owner with the right to override takes over, and gives back.

use anyhow::{Result, bail};
use novaroute_e2e::config::{ADMIN, CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Router, on_each_frr, request, v1, wait_for};
use novaroute_lab::capture::Capture;
use serde_json::json;
use tonic::Code;

use crate::owner;

const PREFIX: &str = "10.9.3.1/32";

fn with_med(owner: &str, med: u32) -> v1::AdvertisePrefixRequest {
    request::advertise_with(owner, PREFIX, v1::PrefixAttributes { med, ..Default::default() })
}

/// Waits until the router of the rack has the prefix with this MED.
async fn med_at_tor(tor: &Router, med: u64) -> Result<()> {
    wait_for(&format!("MED {med} at the router of the rack"), TIMEOUT, async || {
        match tor.bgp_paths(PREFIX).await?.first() {
            Some(path) if path["metric"].as_u64() == Some(med) => Ok(Some(())),
            other => bail!("{other:?}"),
        }
    })
    .await
}

/// Updates in which the prefix is among the withdrawn routes (RFC 4271 §4.3: they come first).
fn withdrawals(capture: &Capture) -> Result<usize> {
    let withdrawn = |bytes: &[u8]| bytes.get(19..21).is_some_and(|length| length != [0, 0]);
    Ok(capture.updates()?.iter().filter(|update| withdrawn(&update.bytes)).count())
}

on_each_frr! {
    /// The peer sees the overriding attributes and then the former ones, and never a moment without the prefix.
    async fn an_override_shows_at_the_peer_and_goes_without_a_gap(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let mut events = Events::open(&mut client, "", &["INTENT_OVERRIDDEN"]).await?;
        client.advertise_prefix(with_med(LB, 10)).await?;
        med_at_tor(&scene.tor.router, 10).await?;
        let capture = scene.tor.router.capture(scene.tor.link.b().interface(), "tcp port 179").await?;

        client.advertise_prefix(with_med(ADMIN, 20)).await?;
        med_at_tor(&scene.tor.router, 20).await?;
        let told = events.next().await?;
        assert_eq!((told.owner.as_str(), told.metadata.get("by").map(String::as_str)), (LB, Some(ADMIN)));
        assert_eq!(told.reason, "OVERRIDDEN_BY_OWNER");
        // The agent sees a moment after the peer that the prefix was sent.
        scene.prefix_state(PREFIX, "advertised").await?;
        assert_eq!(states(&scene).await?, [(ADMIN.to_owned(), "advertised".to_owned()), (LB.into(), "overridden".into())]);

        // The holder keeps its place and may go on as if nothing had happened; others stay outside.
        client.advertise_prefix(with_med(LB, 11)).await?;
        let held = refused(client.advertise_prefix(with_med(CNI, 30)).await)?;
        assert_eq!(held.expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?.about("holder")?, ADMIN);
        client.withdraw_prefix(request::withdraw(ADMIN, PREFIX, v1::Protocol::Bgp)).await?;
        med_at_tor(&scene.tor.router, 11).await?;
        scene.prefix_state(PREFIX, "advertised").await?;
        assert_eq!(states(&scene).await?, [(LB.to_owned(), "advertised".to_owned())]);
        assert_eq!(events.next().await?.owner, LB);
        assert_eq!(withdrawals(&capture)?, 0);
        Ok(())
    }
}

on_each_frr! {
    /// A holder that withdraws while overridden does not come back, and the peer sees nothing of it.
    async fn a_holder_may_leave_while_it_is_overridden(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.advertise_prefix(with_med(LB, 10)).await?;
        client.advertise_prefix(with_med(ADMIN, 20)).await?;
        med_at_tor(&scene.tor.router, 20).await?;
        client.withdraw_prefix(request::withdraw(LB, PREFIX, v1::Protocol::Bgp)).await?;
        scene.prefix_state(PREFIX, "advertised").await?;
        assert_eq!(states(&scene).await?, [(ADMIN.to_owned(), "advertised".to_owned())]);
        med_at_tor(&scene.tor.router, 20).await?;
        client.withdraw_prefix(request::withdraw(ADMIN, PREFIX, v1::Protocol::Bgp)).await?;
        scene.tor.router.wait_bgp_no_route(PREFIX, TIMEOUT).await
    }
}

/// Owner and state of each intent for the prefix, sorted by owner.
async fn states(scene: &Scene) -> Result<Vec<(String, String)>> {
    let rows = scene.agent.status().await?.prefixes;
    let mut states: Vec<_> = rows.into_iter().map(|row| (row.owner, row.state)).collect();
    states.sort();
    Ok(states)
}

on_each_frr! {
    /// Of two owners that may override, the first one to do so keeps the place; the right can be given and taken away in
    /// the configuration.
    async fn who_overrides_first_is_not_overridden(release) {
        let scene = Scene::with(release, |config| {
            config["owners"][CNI]["can_override"] = true.into();
            config["owners"]["plain"] = owner("plain", json!({ "can_override": false }));
        })
        .await?;
        let mut client = scene.agent.client().await?;
        client.advertise_prefix(with_med("plain", 1)).await?;
        client.advertise_prefix(with_med(CNI, 2)).await?;
        for (late, holder) in [(ADMIN, CNI), (LB, CNI)] {
            let held = refused(client.advertise_prefix(with_med(late, 3)).await)?;
            assert_eq!(held.expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?.about("holder")?, holder);
        }
        client.withdraw_prefix(request::withdraw(CNI, PREFIX, v1::Protocol::Bgp)).await?;
        client.advertise_prefix(with_med(ADMIN, 3)).await?;
        let held = refused(client.withdraw_prefix(request::withdraw(LB, PREFIX, v1::Protocol::Bgp)).await)?;
        assert_eq!(held.expect(Code::PermissionDenied, "HELD_BY_ANOTHER")?.about("holder")?, ADMIN);
        let owners: Vec<_> = states(&scene).await?.into_iter().map(|(owner, _)| owner).collect();
        assert_eq!(owners, [ADMIN, "plain"]);
        Ok(())
    }
}
