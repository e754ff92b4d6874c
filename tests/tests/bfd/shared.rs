//! One address that an owner has a session to and another owner has a protected peer at.

use anyhow::{Context, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::{Timers, ups_and_downs, wait_rows};
use novaroute_e2e::bgp::{peer, wait_path};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with, times_established};
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{FrrRelease, on_each_frr, request, v1};

use super::{Ends, ipv4, ipv6, multihop, on_link, runs};

/// What the peer asks for.
const OF_PEER: Timers = Timers::new(210, 220, 5);
/// Shows that a session carries something.
const PREFIX: &str = "10.66.0.1/32";
/// Shows that the agent has looked.
const MARKER: &str = "10.66.0.2/32";
/// What the owner of the session asks for.
const EXPLICIT: Timers = Timers::new(110, 120, 4);

on_each_frr! {
    /// The session is tied to no interface.
    async fn on_the_link(release) {
        story(release, 0, |scene, ends| on_link(scene, ends.1, false, EXPLICIT)).await
    }

    /// The session is tied to the interface of the link.
    async fn on_the_interface(release) {
        story(release, 0, |scene, ends| on_link(scene, ends.1, true, EXPLICIT)).await
    }

    /// The session goes across routers, as that of a peer that may be hops away does.
    async fn across_routers(release) {
        story(release, 2, |_, ends| multihop(ends, EXPLICIT)).await
    }
}

/// The explicit timers win, whoever comes first; without them the peer's own come back. There is one session all the
/// time, and neither it nor that of BGP goes down.
async fn story(release: FrrRelease, hops: u8, explicit: impl Fn(&Scene, Ends) -> v1::EnableBfdRequest) -> Result<()> {
    let scene = Scene::new(release).await?;
    let mut client = scene.agent.client().await?;
    let mut events = Events::open(
        &mut client,
        "",
        &["BFD_UP", "BFD_DOWN", "PEER_UP", "PEER_DOWN", "PREFIX_ADVERTISED", "PREFIX_WITHDRAWN"],
    )
    .await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;

    // The peer first; for the other family the session first.
    let (peer_first, session_first) = (ipv4(&scene), ipv6(&scene));
    for ends in [peer_first, session_first] {
        let multihop = format!("ebgp-multihop {hops}");
        let lines: &[&str] = if hops > 0 { &["bfd", &multihop] } else { &["bfd"] };
        bgp_session_with(&scene.tor, TOR_AS, ends.0, NODE_AS, lines).await?;
    }
    client.advertise_prefix(request::advertise(LB, PREFIX)).await?;
    protect(&mut client, peer_first, hops).await?;
    let before = settled(&scene, peer_first, OF_PEER).await?;
    client.enable_bfd(request::enable_bfd(CNI, explicit(&scene, peer_first))).await?;
    runs(&scene, peer_first, EXPLICIT).await?;
    client.enable_bfd(request::enable_bfd(CNI, explicit(&scene, session_first))).await?;
    protect(&mut client, session_first, hops).await?;
    let before = [before, settled(&scene, session_first, EXPLICIT).await?];
    // What the agent saw before it saw this has been told.
    client.advertise_prefix(request::advertise(LB, MARKER)).await?;
    events.expect_that(MARKER, |event| event.metadata.get("prefix").is_some_and(|text| text == MARKER)).await?;
    events.forget();

    for ends in [peer_first, session_first] {
        both_owners_are_told(&scene, ends).await?;
        client.disable_bfd(request::disable_bfd(CNI, ends.1)).await?;
        runs(&scene, ends, OF_PEER).await?;
        let rows = wait_rows(&scene, ends.1, "the peer's alone", |rows| rows.len() == 1).await?;
        ensure!(rows[0].owner == LB && rows[0].reason.is_empty(), "{rows:?}");
    }
    client.withdraw_prefix(request::withdraw(LB, PREFIX, v1::Protocol::Bgp)).await?;
    events.expect(EventType::PrefixWithdrawn).await?;
    ensure!(events.seen().len() == 1, "something flapped: {:?}", events.seen());
    let after = [counters(&scene, peer_first).await?, counters(&scene, session_first).await?];
    assert_eq!(after, before, "something flapped");
    Ok(())
}

async fn protect(client: &mut Client, ends: Ends, hops: u8) -> Result<()> {
    let peer = v1::BgpPeer { ebgp_multihop: hops.into(), ..peer(ends.1, TOR_AS) };
    client.apply_peer(request::apply_peer(LB, OF_PEER.protecting(peer))).await?;
    Ok(())
}

/// Both have a row with the timers that run; the one whose timers do not run is told why.
async fn both_owners_are_told(scene: &Scene, ends: Ends) -> Result<()> {
    let both_up = |rows: &[v1::BfdSessionStatus]| rows.len() == 2 && rows.iter().all(|row| row.state == "up");
    let rows = wait_rows(scene, ends.1, "both up", both_up).await?;
    ensure!(rows.iter().all(|row| Timers::of_row(row) == EXPLICIT), "{rows:?}");
    let of = |owner: &str| rows.iter().find(|row| row.owner == owner).with_context(|| format!("no row of {owner}"));
    ensure!(of(CNI)?.reason.is_empty(), "{rows:?}");
    ensure!(of(LB)?.reason.contains(CNI), "the owner of the peer is not told whose timers run: {rows:?}");
    Ok(())
}

/// How often the sessions came up and went down: BFD on both sides, and BGP.
async fn counters(scene: &Scene, (node, address): Ends) -> Result<[u64; 5]> {
    let own = ups_and_downs(&scene.node, address).await?;
    let other = ups_and_downs(&scene.tor.router, node).await?;
    Ok([own.0, own.1, other.0, other.1, times_established(&scene.tor.router, node).await?])
}

/// Waits until a new session carries the prefix and BFD runs, and tells the counters. At the moment at which BGP comes
/// up, FRR may begin the BFD session of its peer once more.
async fn settled(scene: &Scene, ends: Ends, timers: Timers) -> Result<[u64; 5]> {
    wait_path(&scene.tor.router, PREFIX, ends.0, |_| true).await?;
    runs(scene, ends, timers).await?;
    scene.established(ends.1).await?;
    wait_path(&scene.tor.router, PREFIX, ends.0, |_| true).await?;
    counters(scene, ends).await
}
