//! `WAIT_PROGRAMMED`: FRR's running configuration has it, right after the answer.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::Timers;
use novaroute_e2e::config::LB;
use novaroute_e2e::ospf::on_link;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::NODE_AS;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};

use super::PROGRAMMED;

const BFD_PEER: [u8; 4] = [10, 0, 1, 99];

/// What each intent looks like in FRR.
const LINES: [(Daemon, &str); 6] = [
    (Daemon::Bgpd, "router bgp 65001"),
    (Daemon::Bgpd, "neighbor 10.0.1.2 remote-as 65100"),
    (Daemon::Bgpd, "network 203.0.113.7/32"),
    (Daemon::Bfdd, "peer 10.0.1.99"),
    (Daemon::Ospfd, "ip ospf area 0"),
    (Daemon::Ospfd, "permit 203.0.113.8/32"),
];

/// Fails unless the line is there, or is not, at this moment.
async fn check(scene: &Scene, (daemon, line): (Daemon, &str), wanted: bool) -> Result<()> {
    let running = scene.running(daemon).await?;
    ensure!(running.contains(line) == wanted, "'{line}' there: {}; wanted: {wanted}; in\n{running}", !wanted);
    Ok(())
}

/// Asks for everything, one call after the other.
async fn ask(scene: &Scene, client: &mut Client) -> Result<()> {
    let wait = PROGRAMMED;
    let bgp = request::configure_bgp(LB, NODE_AS, "10.0.1.1");
    client.configure_bgp(v1::ConfigureBgpRequest { wait, ..bgp }).await?;
    check(scene, LINES[0], true).await?;
    let peer = request::apply_peer(LB, scene.ebgp_peer());
    client.apply_peer(v1::ApplyPeerRequest { wait, ..peer }).await?;
    check(scene, LINES[1], true).await?;
    let prefix = request::advertise(LB, "203.0.113.7/32");
    client.advertise_prefix(v1::AdvertisePrefixRequest { wait, ..prefix }).await?;
    check(scene, LINES[2], true).await?;
    let bfd = request::enable_bfd(LB, Timers::new(300, 300, 3).request(BFD_PEER));
    client.enable_bfd(v1::EnableBfdRequest { wait, ..bfd }).await?;
    check(scene, LINES[3], true).await?;
    let ospf = request::enable_ospf(LB, on_link(scene, "0"));
    client.enable_ospf(v1::EnableOspfRequest { wait, ..ospf }).await?;
    check(scene, LINES[4], true).await?;
    let prefix = request::advertise_ospf(LB, "203.0.113.8/32");
    client.advertise_prefix(v1::AdvertisePrefixRequest { wait, ..prefix }).await?;
    check(scene, LINES[5], true).await
}

/// Gives up what can be given up by itself, one call after the other.
async fn give_up(scene: &Scene, client: &mut Client) -> Result<()> {
    let wait = PROGRAMMED;
    let prefix = request::withdraw(LB, "203.0.113.8/32", v1::Protocol::Ospf);
    client.withdraw_prefix(v1::WithdrawPrefixRequest { wait, ..prefix }).await?;
    check(scene, LINES[5], false).await?;
    let ospf = request::disable_ospf(LB, scene.tor.link.a().interface());
    client.disable_ospf(v1::DisableOspfRequest { wait, ..ospf }).await?;
    check(scene, LINES[4], false).await?;
    let bfd = request::disable_bfd(LB, std::net::IpAddr::from(BFD_PEER));
    client.disable_bfd(v1::DisableBfdRequest { wait, ..bfd }).await?;
    check(scene, LINES[3], false).await?;
    let prefix = request::withdraw(LB, "203.0.113.7/32", v1::Protocol::Bgp);
    client.withdraw_prefix(v1::WithdrawPrefixRequest { wait, ..prefix }).await?;
    check(scene, LINES[2], false).await?;
    let peer = request::remove_peer(LB, scene.tor.ipv4);
    client.remove_peer(v1::RemovePeerRequest { wait, ..peer }).await?;
    check(scene, LINES[1], false).await
}

on_each_frr! {
    /// Every call that changes something: right after the answer FRR has the line, or no longer has it.
    async fn every_call_answers_when_frr_runs_it(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let register = request::register(LB);
        client.register(v1::RegisterRequest { wait: PROGRAMMED, ..register }).await?;
        ask(&scene, &mut client).await.with_context(|| scene.agent.log())?;
        give_up(&scene, &mut client).await.with_context(|| scene.agent.log())?;
        // Everything once more, and gone by one call.
        ask(&scene, &mut client).await?;
        let deregister = request::deregister(LB, true);
        client.deregister(v1::DeregisterRequest { wait: PROGRAMMED, ..deregister }).await?;
        for line in LINES {
            check(&scene, line, false).await?;
        }
        Ok(())
    }
}

on_each_frr! {
    /// The time at which FRR had it and the time at which a peer was sent it: in order, kept while nothing changes, gone
    /// with what they tell of.
    async fn status_says_since_when(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let prefix = request::advertise(LB, "203.0.113.7/32");
        let before = now_ns()?;
        client.advertise_prefix(prefix.clone()).await?;
        let row = scene.prefix_state("203.0.113.7/32", "advertised").await?;
        let after = now_ns()?;
        ensure!(before < row.programmed_at && row.programmed_at <= row.advertised_at && row.advertised_at < after, "{row:?}");
        client.advertise_prefix(prefix.clone()).await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.8/32")).await?;
        scene.prefix_state("203.0.113.8/32", "advertised").await?;
        let same = scene.prefix_state("203.0.113.7/32", "advertised").await?;
        assert_eq!((same.programmed_at, same.advertised_at), (row.programmed_at, row.advertised_at));
        client.remove_peer(request::remove_peer(LB, scene.tor.ipv4)).await?;
        let alone = scene.prefix_state("203.0.113.7/32", "programmed").await?;
        assert_eq!((alone.programmed_at, alone.advertised_at), (row.programmed_at, 0));
        Ok(())
    }
}

fn now_ns() -> Result<i64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(now.as_nanos())?)
}
