//! EnableBFD and DisableBFD.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use novaroute_e2e::bfd::{Timers, listen, ups_and_downs, wait_no_session, wait_rows};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use tonic::Code;

use super::{enable, ipv4, ipv6, multihop, on_link, runs};

const SLOW: Timers = Timers::new(120, 150, 4);
const FAST: Timers = Timers::new(90, 70, 5);
/// What a request that names no timers gets.
const DEFAULT: Timers = Timers::new(300, 300, 3);

on_each_frr! {
    /// Sessions of both families, tied to an interface or not, run the timers asked for.
    async fn sessions_on_a_link_run_their_timers(release) {
        let scene = Scene::new(release).await?;
        listen(&scene.tor, false).await?;
        let mut client = scene.agent.client().await?;
        for tied in [false, true] {
            // The other way round for the other family, so that all four ways are seen.
            for (ends, tied, timers) in [(ipv4(&scene), tied, SLOW), (ipv6(&scene), !tied, FAST)] {
                enable(&mut client, on_link(&scene, ends.1, tied, timers)).await?;
                runs(&scene, ends, timers).await?;
                let rows = wait_rows(&scene, ends.1, "up", |rows| rows.iter().any(|row| row.state == "up")).await?;
                let [row] = rows.as_slice() else { anyhow::bail!("not one row: {rows:?}") };
                ensure!(row.owner == LB && row.intent_state == "programmed" && !row.multihop, "{row:?}");
                ensure!(Timers::of_row(row) == timers, "{row:?}");
                ensure!(row.interface_name.is_empty() || row.interface_name == scene.tor.link.a().interface(), "{row:?}");
                client.disable_bfd(request::disable_bfd(LB, ends.1)).await?;
                wait_no_session(&scene.node, ends.1).await?;
            }
        }
        Ok(())
    }

    /// Sessions across routers, of both families.
    async fn multihop_sessions_run_their_timers(release) {
        let scene = Scene::new(release).await?;
        listen(&scene.tor, true).await?;
        let mut client = scene.agent.client().await?;
        for (ends, timers) in [(ipv4(&scene), SLOW), (ipv6(&scene), FAST)] {
            enable(&mut client, multihop(ends, timers)).await?;
            runs(&scene, ends, timers).await?;
            let rows = wait_rows(&scene, ends.1, "up", |rows| rows.iter().any(|row| row.state == "up")).await?;
            ensure!(rows.len() == 1 && rows[0].multihop && Timers::of_row(&rows[0]) == timers, "{rows:?}");
        }
        Ok(())
    }

    /// Somebody has typed one session with an own address before an owner asked for it, and types timers into another: both
    /// sessions become what was asked for, and go when they are not wanted any more.
    async fn what_is_typed_into_a_session_is_taken_back(release) {
        /// A resync comes every 30 s.
        const RESYNC_MAX: Duration = Duration::from_secs(40);
        let scene = Scene::new(release).await?;
        listen(&scene.tor, false).await?;
        let (with_address, with_timers) = (ipv4(&scene), ipv6(&scene));
        let typed = format!("peer {} local-address {}", with_address.1, with_address.0);
        scene.node.configure(Daemon::Bfdd, &["bfd", &typed]).await?;
        let mut client = scene.agent.client().await?;
        for ends in [with_address, with_timers] {
            enable(&mut client, on_link(&scene, ends.1, false, SLOW)).await?;
            runs(&scene, ends, SLOW).await?;
        }
        let lines = ["receive-interval 60", "transmit-interval 60", "detect-multiplier 9", "echo receive-interval 60"];
        let session = format!("peer {}", with_timers.1);
        scene.node.configure(Daemon::Bfdd, &[["bfd", &session].as_slice(), &lines].concat()).await?;
        wait_for("the typed lines to be gone", RESYNC_MAX, async || {
            let running = scene.running(Daemon::Bfdd).await?;
            let left: Vec<_> = lines.into_iter().chain([typed.as_str()]).filter(|line| running.contains(line)).collect();
            ensure!(left.is_empty(), "{left:?}");
            Ok(Some(()))
        })
        .await?;
        for ends in [with_address, with_timers] {
            runs(&scene, ends, SLOW).await?;
            client.disable_bfd(request::disable_bfd(LB, ends.1)).await?;
            wait_no_session(&scene.node, ends.1).await?;
        }
        Ok(())
    }

    /// Other timers, then none, are taken by the session that is there: neither side sees it go down. Nothing of the
    /// old timers is left in bfdd.
    async fn timers_change_in_place(release) {
        let scene = Scene::new(release).await?;
        listen(&scene.tor, false).await?;
        let mut client = scene.agent.client().await?;
        for (ends, tied) in [(ipv4(&scene), true), (ipv6(&scene), false)] {
            for timers in [SLOW, FAST, DEFAULT] {
                let asked = if timers == DEFAULT { Timers::new(0, 0, 0) } else { timers };
                enable(&mut client, on_link(&scene, ends.1, tied, asked)).await?;
                runs(&scene, ends, timers).await?;
            }
            assert_eq!(ups_and_downs(&scene.node, ends.1).await?, (1, 0));
            assert_eq!(ups_and_downs(&scene.tor.router, ends.0).await?, (1, 0));
        }
        wait_for("the old profiles to be gone", TIMEOUT, async || {
            let running = scene.running(Daemon::Bfdd).await?;
            ensure!(running.matches(" profile NR-B-300-300-3\n").count() == 3, "{running}");
            ensure!(running.matches(" profile NR-B-").count() == 3, "{running}");
            Ok(Some(()))
        })
        .await
    }

    /// FRR does not take a session to an address on an interface beside one on none: the second one is refused in FRR's
    /// words, the first one runs on, and when it goes the second one takes its place.
    async fn one_on_an_interface_excludes_one_on_none(release) {
        let scene = Scene::new(release).await?;
        listen(&scene.tor, false).await?;
        let mut client = scene.agent.client().await?;
        let ends = ipv4(&scene);
        enable(&mut client, on_link(&scene, ends.1, true, SLOW)).await?;
        runs(&scene, ends, SLOW).await?;
        enable(&mut client, on_link(&scene, ends.1, false, FAST)).await?;
        let has_refused = |rows: &[v1::BfdSessionStatus]| rows.iter().any(|row| row.intent_state == "refused");
        let rows = wait_rows(&scene, ends.1, "the second one refused", has_refused).await?;
        let [refused, running] = rows.as_slice() else { anyhow::bail!("not two rows: {rows:?}") };
        ensure!(refused.reason.contains("same peer with and without ifname"), "{refused:?}");
        ensure!(running.intent_state == "programmed" && running.state == "up", "{running:?}");
        runs(&scene, ends, SLOW).await?;

        let interface_name = scene.tor.link.a().interface().to_owned();
        let first = v1::DisableBfdRequest { interface_name, ..request::disable_bfd(LB, ends.1) };
        client.disable_bfd(first).await?;
        runs(&scene, ends, FAST).await
    }

    /// DisableBFD of an address takes all sessions of the owner to it, and only those; with more in the request only
    /// the one that it names. Nobody takes another owner's.
    async fn disable_takes_what_it_names(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let (node, peer) = ipv4(&scene);
        let address = peer.to_string();
        let nobody = refused(client.disable_bfd(request::disable_bfd(LB, peer)).await)?;
        nobody.expect(Code::NotFound, "NOT_HELD")?;

        let elsewhere = v1::EnableBfdRequest { interface_name: "lo".into(), ..SLOW.request(peer) };
        for session in [on_link(&scene, peer, true, SLOW), elsewhere, multihop((node, peer), FAST)] {
            enable(&mut client, session).await?;
        }
        wait_peer_lines(&scene, peer, 3).await?;
        let others = refused(client.disable_bfd(request::disable_bfd(CNI, peer)).await)?;
        let others = others.expect(Code::PermissionDenied, "HELD_BY_ANOTHER")?;
        ensure!(others.message.contains(LB), "the holder is not named: {others:?}");

        let only_multihop = v1::DisableBfdRequest { multihop: Some(true), ..request::disable_bfd(LB, &address) };
        client.disable_bfd(only_multihop).await?;
        let left = wait_peer_lines(&scene, peer, 2).await?;
        ensure!(!left.iter().any(|line| line.contains("multihop")), "{left:?}");

        let mine = v1::EnableBfdRequest { peer_address: "10.0.1.77".into(), ..Default::default() };
        client.enable_bfd(request::enable_bfd(CNI, mine)).await?;
        client.disable_bfd(request::disable_bfd(LB, &address)).await?;
        wait_peer_lines(&scene, peer, 0).await?;
        wait_peer_lines(&scene, IpAddr::from([10, 0, 1, 77]), 1).await?;
        ensure!(scene.agent.status().await?.bfd_sessions.len() == 1);
        Ok(())
    }
}

/// Waits until bfdd's running configuration has so many sessions to an address, and returns their lines.
async fn wait_peer_lines(scene: &Scene, peer: IpAddr, count: usize) -> Result<Vec<String>> {
    wait_for(&format!("{count} configured sessions to {peer}"), TIMEOUT, async || {
        let running = scene.running(Daemon::Bfdd).await?;
        let start = format!("peer {peer}");
        let lines: Vec<_> = running.lines().map(str::trim).filter(|line| line.starts_with(&start)).collect();
        ensure!(lines.len() == count, "{lines:?}");
        Ok(Some(lines.into_iter().map(str::to_owned).collect()))
    })
    .await
}
