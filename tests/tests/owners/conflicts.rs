//! One holder for each key, whatever the spelling and whoever is first.

use anyhow::{Result, bail, ensure};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use tonic::Code;

use crate::networks;

fn peer(address: &str) -> v1::BgpPeer {
    v1::BgpPeer { neighbor_address: address.to_owned(), remote_as: 65_100, ..Default::default() }
}

fn bfd(address: &str) -> v1::EnableBfdRequest {
    v1::EnableBfdRequest { peer_address: address.to_owned(), ..Default::default() }
}

fn ospf(interface: &str) -> v1::EnableOspfRequest {
    v1::EnableOspfRequest { interface_name: interface.to_owned(), area_id: "0".to_owned(), ..Default::default() }
}

on_each_frr! {
    /// What another owner holds can neither be asked for nor removed; the error names the holder. What nobody holds is
    /// NOT_FOUND.
    async fn every_kind_has_one_holder(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let bgp = v1::Protocol::Bgp;
        for not_held in [
            refused(client.remove_peer(request::remove_peer(LB, "10.0.1.2")).await)?,
            refused(client.withdraw_prefix(request::withdraw(LB, "10.9.0.1/32", bgp)).await)?,
            refused(client.disable_bfd(request::disable_bfd(LB, "10.0.1.2")).await)?,
            refused(client.disable_ospf(request::disable_ospf(LB, "tor1")).await)?,
        ] {
            not_held.expect(Code::NotFound, "NOT_HELD")?;
        }
        client.apply_peer(request::apply_peer(LB, peer("10.0.1.2"))).await?;
        client.advertise_prefix(request::advertise(LB, "10.9.0.1/32")).await?;
        client.enable_bfd(request::enable_bfd(LB, bfd("10.0.1.2"))).await?;
        client.enable_ospf(request::enable_ospf(LB, ospf("tor1"))).await?;
        for held in [
            refused(client.apply_peer(request::apply_peer(CNI, peer("10.0.1.2"))).await)?,
            refused(client.advertise_prefix(request::advertise(CNI, "10.9.0.1/32")).await)?,
            refused(client.enable_bfd(request::enable_bfd(CNI, bfd("10.0.1.2"))).await)?,
            refused(client.enable_ospf(request::enable_ospf(CNI, ospf("tor1"))).await)?,
        ] {
            let held = held.expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?;
            ensure!(held.about("holder")? == LB && held.message.contains(LB), "{held:?}");
        }
        for held in [
            refused(client.remove_peer(request::remove_peer(CNI, "10.0.1.2")).await)?,
            refused(client.withdraw_prefix(request::withdraw(CNI, "10.9.0.1/32", bgp)).await)?,
            refused(client.disable_bfd(request::disable_bfd(CNI, "10.0.1.2")).await)?,
            refused(client.disable_ospf(request::disable_ospf(CNI, "tor1")).await)?,
        ] {
            let held = held.expect(Code::PermissionDenied, "HELD_BY_ANOTHER")?;
            ensure!(held.about("holder")? == LB && held.message.contains(LB), "{held:?}");
        }
        let status = scene.agent.status().await?;
        assert_eq!((status.peers.len(), status.prefixes.len(), status.ospf_interfaces.len()), (1, 1, 1));
        Ok(())
    }
}

on_each_frr! {
    /// Sessions to one address on different interfaces have holders of their own; an owner that removes "the session to the
    /// address" removes its own.
    async fn bfd_sessions_to_one_address_may_have_two_holders(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let on = |interface: &str| v1::EnableBfdRequest { interface_name: interface.to_owned(), ..bfd("10.0.1.9") };
        client.enable_bfd(request::enable_bfd(LB, on("tor1"))).await?;
        client.enable_bfd(request::enable_bfd(CNI, on("lo"))).await?;
        let held = refused(client.enable_bfd(request::enable_bfd(CNI, on("tor1"))).await)?;
        ensure!(held.expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?.about("holder")? == LB);
        let both = [" peer 10.0.1.9 interface lo", " peer 10.0.1.9 interface tor1"];
        has_sessions(&scene, &both).await?;
        client.disable_bfd(request::disable_bfd(CNI, "10.0.1.9")).await?;
        has_sessions(&scene, &both[1..]).await?;
        let held = refused(client.disable_bfd(request::disable_bfd(CNI, "10.0.1.9")).await)?;
        held.expect(Code::PermissionDenied, "HELD_BY_ANOTHER")?;
        client.disable_bfd(request::disable_bfd(LB, "10.0.1.9")).await?;
        has_sessions(&scene, &[]).await
    }
}

/// Waits until bfdd has these sessions and no others.
async fn has_sessions(scene: &Scene, wanted: &[&str]) -> Result<()> {
    wait_for("the sessions in bfdd", TIMEOUT, async || {
        let text = scene.running(Daemon::Bfdd).await?;
        let mut found: Vec<_> = text.lines().filter(|line| line.starts_with(" peer ")).collect();
        found.sort_unstable();
        if found == wanted { Ok(Some(())) } else { bail!("{found:?}") }
    })
    .await
}

on_each_frr! {
    /// Two spellings are one key, for the holder as for others; FRR, status and peers see the canonical form.
    async fn spellings_of_one_key_conflict(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        for (first, second, canonical) in [
            ("10.9.1.77/24", "10.9.1.0/24", "10.9.1.0/24"),
            ("2001:DB8:9:0:0:0:0:1/128", "2001:db8:9::1/128", "2001:db8:9::1/128"),
            ("2001:db8:a::dead:beef/64", "2001:0db8:000a::/64", "2001:db8:a::/64"),
        ] {
            client.advertise_prefix(request::advertise(LB, first)).await?;
            client.advertise_prefix(request::advertise(LB, second)).await?;
            let held = refused(client.advertise_prefix(request::advertise(CNI, second)).await)?;
            let held = held.expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?;
            assert!(held.message.contains(canonical), "{held:?}");
            // The other protocol is another key.
            client.advertise_prefix(request::advertise_ospf(CNI, first)).await?;
            scene.tor.router.wait_bgp_route(canonical, TIMEOUT).await?;
        }
        let mut seen = networks(&scene.node).await?;
        seen.sort();
        assert_eq!(seen, ["10.9.1.0/24", "2001:db8:9::1/128", "2001:db8:a::/64"]);
        client.apply_peer(request::apply_peer(LB, peer("FD00:1:0::2"))).await?;
        refused(client.apply_peer(request::apply_peer(CNI, peer("fd00:1::2"))).await)?
            .expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?;
        let bgp = v1::Protocol::Bgp;
        client.withdraw_prefix(request::withdraw(LB, "2001:db8:9:0::1/128", bgp)).await?;
        scene.tor.router.wait_bgp_no_route("2001:db8:9::1/128", TIMEOUT).await?;
        Ok(())
    }
}

on_each_frr! {
    /// Fifty times two owners ask for the same prefix at the same moment: one wins, and the loser is told who.
    async fn two_racing_owners_never_both_win(release) {
        let scene = Scene::new(release).await?;
        let (mut first, mut second) = (scene.agent.client().await?, scene.agent.client().await?);
        first.configure_bgp(request::configure_bgp(LB, 65_001, "10.0.1.1")).await?;
        let mut winners = Vec::new();
        for round in 0..50 {
            let prefix = format!("10.9.2.{round}/32");
            let (one, other) = (request::advertise(LB, &prefix), request::advertise(CNI, &prefix));
            let (one, other) = tokio::join!(first.advertise_prefix(one), second.advertise_prefix(other));
            let (winner, loser) = match (one, other) {
                (Ok(_), other) => (LB, refused(other)?),
                (one, Ok(_)) => (CNI, refused(one)?),
                (one, other) => anyhow::bail!("nobody won {prefix}: {one:?}, {other:?}"),
            };
            let loser = loser.expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?;
            assert_eq!(loser.about("holder")?, winner);
            winners.push((prefix, winner));
        }
        for (prefix, winner) in &winners {
            let row = scene.prefix_state(prefix, "programmed").await?;
            assert_eq!(row.owner, *winner);
        }
        let bgpd = scene.running(Daemon::Bgpd).await?;
        assert_eq!(bgpd.matches("network 10.9.2.").count(), 50);
        Ok(())
    }
}
