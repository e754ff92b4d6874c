//! Leases that end, and leases that are renewed.

use std::time::{Duration, Instant};

use anyhow::ensure;
use novaroute_e2e::bgp::{updates_from, withdraws};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::TIMEOUT;
use novaroute_e2e::tor::times_established;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{on_each_frr, request, wait_for};
use tonic::Code;

use crate::{GRACE, OTHERS, OWN, announce_own, leased, node, own_arrived, own_gone, prefixes_of, renew};

const LEASE_S: u32 = 1;
const LEASE: Duration = Duration::from_secs(LEASE_S as u64);

on_each_frr! {
    /// The lease ends, the grace ends, and the peer is told; nobody else loses anything, and one event says it.
    async fn a_lease_that_ends_withdraws_at_the_peer(release) {
        let (scene, mut client) = node(release).await?;
        let sessions = times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?;
        let mut events = Events::open(&mut client, "", &["OWNER_REGISTERED", "OWNER_EXPIRED"]).await?;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        let registered = Instant::now();
        let opened = client.register(leased(LB, LEASE_S)).await?.into_inner();
        ensure!((opened.lease_s, opened.epoch, opened.has_state) == (LEASE_S, 1, true), "{opened:?}");

        own_gone(&scene).await?;
        let after = registered.elapsed();
        ensure!(after >= LEASE + GRACE, "withdrawn after {after:?}");
        let expired = events.expect(EventType::OwnerExpired).await?;
        assert_eq!((expired.owner.as_str(), expired.reason.as_str()), (LB, "LEASE_ENDED"));
        assert_eq!((expired.metadata["withdrawn"].as_str(), expired.metadata["epoch"].as_str()), ("2", "1"));
        ensure!(prefixes_of(&scene, LB).await?.is_empty());
        scene.tor.router.wait_bgp_route(OTHERS, TIMEOUT).await?;
        assert_eq!(times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?, sessions);

        refused(client.renew(renew(&opened.session_id)).await)?.expect(Code::FailedPrecondition, "NO_SESSION")?;
        client.register(request::register(CNI)).await?;
        events.expect_that("the marker", |event| event.owner == CNI).await?;
        let told = events.seen().iter().filter(|event| event.r#type() == EventType::OwnerExpired).count();
        assert_eq!(told, 1, "{:?}", events.seen());
        assert_eq!(scene.agent.metric("novaroute_events_total{type=\"OWNER_EXPIRED\"}").await?, 1.0);
        Ok(())
    }

    /// Renewed in time, the routes stay, whatever time goes by; a renewal in the grace is in time.
    async fn a_lease_that_is_renewed_goes_on(release) {
        let (scene, mut client) = node(release).await?;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        let capture = scene.node.capture("tor1", "tcp port 179").await?;
        let session = client.register(leased(LB, LEASE_S)).await?.into_inner().session_id;
        let started = Instant::now();
        let enough = (LEASE + GRACE) * 2;
        wait_for("renewals for longer than lease and grace", enough * 3, async || {
            let answer = scene.agent.client().await?.renew(renew(&session)).await?.into_inner();
            ensure!((answer.lease_s, answer.epoch) == (LEASE_S, 1), "{answer:?}");
            Ok((started.elapsed() > enough).then_some(()))
        })
        .await?;
        // The lease is over, and the grace is not.
        let late = Instant::now();
        wait_for("the lease to be over", LEASE * 3, async || Ok((late.elapsed() > LEASE + GRACE / 4).then_some(()))).await?;
        client.renew(renew(&session)).await?;
        own_arrived(&scene).await?;
        for update in updates_from(&capture, scene.tor.node_ipv4.into())? {
            ensure!(!withdraws(&update)?, "{update:?}");
        }
        own_gone(&scene).await?;
        ensure!(late.elapsed() >= LEASE * 2 + GRACE);
        Ok(())
    }

    /// A lease is given up by registering without one, and the clock that ran already stops.
    async fn registering_without_a_lease_stops_the_clock(release) {
        let (scene, mut client) = node(release).await?;
        announce_own(&mut client).await?;
        own_arrived(&scene).await?;
        client.register(leased(LB, LEASE_S)).await?;
        client.register(request::register(LB)).await?;
        // Of another owner whose clock would have run out later.
        client.register(leased(CNI, LEASE_S)).await?;
        scene.tor.router.wait_bgp_no_route(OTHERS, TIMEOUT).await?;
        assert_eq!(prefixes_of(&scene, LB).await?.len(), OWN.len());
        Ok(())
    }

    /// 0 is no lease; what is too long is refused with the field named.
    async fn leases_have_bounds(release) {
        let (_scene, mut client) = node(release).await?;
        assert_eq!(client.register(leased(LB, 86_400)).await?.into_inner().lease_s, 86_400);
        let refusal = refused(client.register(leased(LB, 86_401)).await)?;
        let refusal = refusal.expect(Code::InvalidArgument, "INVALID_FIELD")?;
        assert_eq!(refusal.fields, ["lease_s"]);
        let none = client.register(leased(LB, 0)).await?.into_inner();
        assert_eq!((none.lease_s, none.epoch), (0, 2));
        Ok(())
    }
}
