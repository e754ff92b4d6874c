//! A withdrawal that bgpd loses reaches the peer all the same.

use std::time::{Duration, Instant};

use anyhow::ensure;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with, times_established};
use novaroute_e2e::{Daemon, on_each_frr, request, v1};

/// For how long bgpd collects what it announces to a peer that came up; a second by default, too short for a test to be
/// sure of it.
const COALESCE: Duration = Duration::from_secs(12);

on_each_frr! {
    /// bgpd still collects for a new session when a change of a route-map has it announce everything (within 5 s) and a
    /// prefix is withdrawn then. FRR before 10.3 forgets to tell the peer.
    async fn a_withdrawal_while_bgpd_collects_is_not_lost(release) {
        let scene = Scene::new(release).await?;
        let tor = &scene.tor;
        let node = tor.node_ipv4.into();
        bgp_session_with(tor, TOR_AS, node, NODE_AS, &["shutdown"]).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        let (stays, goes) = (["10.66.0.1/32", "fd66::1/128"], ["10.66.0.2/32", "fd66::2/128"]);
        for prefix in stays.iter().chain(&goes) {
            client.advertise_prefix(request::advertise(LB, prefix)).await?;
            scene.prefix_state(prefix, "programmed").await?;
        }
        let collect = format!("coalesce-time {}", COALESCE.as_millis());
        scene.node.configure(Daemon::Bgpd, &["router bgp 65001", &collect]).await?;
        let start = Instant::now();
        let begin = format!("no neighbor {node} shutdown");
        tor.router.configure(Daemon::Bgpd, &["router bgp 65100", &begin]).await?;
        scene.established(tor.ipv4.into()).await?;

        let with_map = v1::PrefixAttributes { local_preference: 200, ..Default::default() };
        client.advertise_prefix(request::advertise_with(LB, stays[0], with_map)).await?;
        for prefix in stays.iter().chain(&goes) {
            tor.router.wait_bgp_route(prefix, TIMEOUT).await?;
        }
        for prefix in goes {
            client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Bgp)).await?;
        }
        ensure!(start.elapsed() < COALESCE, "bgpd does not collect any more, after {:?}", start.elapsed());
        for prefix in goes {
            tor.router.wait_bgp_no_route(prefix, COALESCE + TIMEOUT).await?;
        }
        for prefix in stays {
            tor.router.wait_bgp_route(prefix, TIMEOUT).await?;
        }
        assert_eq!(times_established(&tor.router, node).await?, 1);
        let running = scene.running(Daemon::Bgpd).await?;
        ensure!(goes.iter().all(|prefix| !running.contains(prefix)), "left behind:\n{running}");
        Ok(())
    }
}
