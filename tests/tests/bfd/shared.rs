//! One address that an owner has a session to and another owner has a protected peer at.

use anyhow::{Context, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::{Timers, ups_and_downs, wait_rows};
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with, times_established};
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{FrrRelease, on_each_frr, request, v1};

use super::{Ends, ipv4, ipv6, multihop, on_link, runs};

/// What the peer asks for.
const OF_PEER: Timers = Timers::new(210, 220, 5);
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
    let mut events =
        Events::open(&mut client, "", &["BFD_UP", "BFD_DOWN", "PEER_UP", "PEER_DOWN", "PREFIX_ADVERTISED"]).await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;

    // The peer first; for the other family the session first.
    let (peer_first, session_first) = (ipv4(&scene), ipv6(&scene));
    for ends in [peer_first, session_first] {
        let multihop = format!("ebgp-multihop {hops}");
        let lines: &[&str] = if hops > 0 { &["bfd", &multihop] } else { &["bfd"] };
        bgp_session_with(&scene.tor, TOR_AS, ends.0, NODE_AS, lines).await?;
    }
    protect(&mut client, peer_first, hops).await?;
    runs(&scene, peer_first, OF_PEER).await?;
    scene.established(peer_first.1).await?;
    client.enable_bfd(request::enable_bfd(CNI, explicit(&scene, peer_first))).await?;
    client.enable_bfd(request::enable_bfd(CNI, explicit(&scene, session_first))).await?;
    protect(&mut client, session_first, hops).await?;

    for ends in [peer_first, session_first] {
        scene.established(ends.1).await?;
        runs(&scene, ends, EXPLICIT).await?;
        both_owners_are_told(&scene, ends).await?;
        client.disable_bfd(request::disable_bfd(CNI, ends.1)).await?;
        runs(&scene, ends, OF_PEER).await?;
        let rows = wait_rows(&scene, ends.1, "the peer's alone", |rows| rows.len() == 1).await?;
        ensure!(rows[0].owner == LB && rows[0].reason.is_empty(), "{rows:?}");
    }
    nothing_flapped(&scene, &mut client, &mut events, [peer_first, session_first]).await
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

/// Neither side counts a session that went down, and there was no event of one up to the marker.
async fn nothing_flapped(scene: &Scene, client: &mut Client, events: &mut Events, both: [Ends; 2]) -> Result<()> {
    for (node, address) in both {
        assert_eq!(ups_and_downs(&scene.node, address).await?.1, 0, "the node's session to {address} went down");
        assert_eq!(ups_and_downs(&scene.tor.router, node).await?.1, 0, "the router's session to {node} went down");
        assert_eq!(times_established(&scene.tor.router, node).await?, 1, "the peer {address} flapped");
    }
    client.advertise_prefix(request::advertise(LB, "10.66.0.1/32")).await?;
    events.expect(EventType::PrefixAdvertised).await?;
    for (wanted, count) in
        [(EventType::BfdUp, 2), (EventType::PeerUp, 2), (EventType::BfdDown, 0), (EventType::PeerDown, 0)]
    {
        let seen = events.seen().iter().filter(|event| event.r#type() == wanted).count();
        ensure!(seen == count, "{seen} of {wanted:?} in {:?}", events.seen());
    }
    Ok(())
}
