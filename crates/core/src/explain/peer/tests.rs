use std::sync::Arc;

use super::*;
use crate::bfd::BfdTimers;
use crate::bgp::{Asn, BgpInstance};
use crate::engine::{Engine, Recorded};
use crate::intent::Change;
use crate::live::PeerLive;
use crate::peer::{PeerSettings, Shutdown};
use crate::prefix::Family;
use crate::secret::Password;
use crate::state::{IntentState, IntentStatus};

fn address() -> PeerKey {
    "192.0.2.254".parse().unwrap()
}

fn wanted() -> Peer {
    Peer {
        families: Family::ALL.into(),
        bfd: Some(BfdTimers::default()),
        source_address: Some("192.0.2.1".parse().unwrap()),
        ..Peer::new(address(), Asn::new(65100).unwrap())
    }
}

fn engine(peer: Peer) -> Engine {
    let mut engine = Engine::new([("edge".parse().unwrap(), crate::policy::Policy::default())].into());
    let instance = BgpInstance { local_as: Asn::new(65001).unwrap(), router_id: "192.0.2.1".parse().unwrap() };
    for intent in [Intent::Bgp(instance), Intent::Peer(peer)] {
        let decided = engine.decide(&"edge".parse().unwrap(), Change::Put(intent)).unwrap();
        engine.commit(decided);
    }
    let status = |key: &IntentKey| (key.clone(), IntentStatus::of(IntentState::Programmed));
    let statuses = engine.snapshot().slots().map(|(key, _)| status(key)).collect();
    let revision = engine.snapshot().revision();
    engine.record(&Recorded { revision, statuses, ..Recorded::default() });
    engine
}

fn session(state: SessionState, last_reset: &str) -> Found<Option<Neighbor>> {
    let live = PeerLive { state, last_reset: last_reset.into(), uptime_s: Some(7), ..PeerLive::default() };
    let up = state == SessionState::Established;
    let exchanged = Family::ALL.into_iter().filter(|_| up).collect();
    let (local, hold_s, keepalive_s) = ("192.0.2.1".into(), 9, 3);
    Ok(Some(Neighbor { live, exchanged, notification: None, reset_ago_s: 1, local, hold_s, keepalive_s }))
}

fn notified(last_reset: &str, by_peer: bool, bad_peer_as: bool) -> Found<Option<Neighbor>> {
    let notification = Some(Notification { by_peer, bad_peer_as });
    let found = session(SessionState::Idle, last_reset);
    found.map(|neighbor| neighbor.map(|neighbor| Neighbor { notification, ..neighbor }))
}

fn route(connected: bool) -> Found<Option<Route>> {
    let (prefix, protocol) = ("192.0.2.0/24".into(), "connected".into());
    Ok(Some(Route { prefix, protocol, via: vec!["eth0".into()], connected }))
}

/// Everything as it should be.
fn good() -> PeerFacts {
    PeerFacts {
        lines: Ok(Vec::new()),
        neighbor: session(SessionState::Established, ""),
        route: route(true),
        source_is_local: true,
        bfd: Ok(Some(BfdLive { state: BfdState::Up, ..BfdLive::default() })),
        md5_dropped: 0,
    }
}

fn explained(engine: &Engine, facts: &PeerFacts) -> Explanation {
    let policies = Arc::clone(engine.policies());
    let asked = Asked { snapshot: engine.snapshot(), policies: &policies, owner: None };
    peer(&asked, address(), facts)
}

fn of(explanation: &Explanation, name: StepName) -> &Step {
    explanation.steps.iter().find(|step| step.name == name).unwrap()
}

#[test]
fn all_is_well() {
    let explained = explained(&engine(wanted()), &good());
    assert!(explained.in_effect);
    assert_eq!(explained.answer, "the session with 192.0.2.254 has been up for 7 s and exchanges IPv4 and IPv6");
    assert!(explained.steps.iter().all(|step| step.verdict == Verdict::Ok), "{explained:?}");
    assert_eq!(of(&explained, StepName::Timers).evidence, "hold time 9 s and keepalive 3 s run; none were asked for");
}

/// Each change breaks one step, which is the one that the answer names.
#[test]
fn each_broken_step_is_the_answer() {
    type Break = fn(&mut PeerFacts);
    let down = |facts: &mut PeerFacts| facts.neighbor = session(SessionState::Active, "Waiting for peer OPEN");
    let broken: [(StepName, Verdict, &str, Break); 8] = [
        (StepName::Route, Verdict::Failed, "no route to 192.0.2.254", |facts| facts.route = Ok(None)),
        (StepName::Route, Verdict::Failed, "on no link of this node", |facts| facts.route = route(false)),
        (StepName::SourceAddress, Verdict::Failed, "is no address of this node", |facts| facts.source_is_local = false),
        (StepName::Connect, Verdict::Failed, "no TCP connection with port 179", |_| {}),
        (StepName::Connect, Verdict::Failed, "dropped 3 segments", |facts| facts.md5_dropped = 3),
        (StepName::Session, Verdict::Failed, "OPEN Message Error/Bad Peer AS", |facts| {
            let reset = "BGP Notification send: OPEN Message Error/Bad Peer AS";
            facts.neighbor = notified(reset, false, true);
        }),
        (StepName::Session, Verdict::Failed, "Cease/Administrative Shutdown", |facts| {
            let reset = "BGP Notification received: Cease/Administrative Shutdown";
            facts.neighbor = notified(reset, true, false);
        }),
        (StepName::Session, Verdict::Unknown, "no answer within 1 s", |facts| {
            facts.neighbor = Err("bgpd: no answer within 1 s".into());
        }),
    ];
    let engine = engine(wanted());
    for (name, verdict, words, break_it) in broken {
        let mut facts = good();
        down(&mut facts);
        break_it(&mut facts);
        let explained = explained(&engine, &facts);
        let step = of(&explained, name);
        assert_eq!(step.verdict, verdict, "{name:?}: {explained:?}");
        assert!(step.evidence.contains(words) && explained.answer.contains(words), "{explained:?}");
        assert!(!explained.in_effect && (verdict == Verdict::Unknown || !step.next.is_empty()));
    }
}

#[test]
fn what_stands_above_tcp_makes_it_wait() {
    let facts = PeerFacts { route: Ok(None), neighbor: session(SessionState::Active, ""), ..good() };
    assert_eq!(of(&explained(&engine(wanted()), &facts), StepName::Connect).verdict, Verdict::Waiting);
}

#[test]
fn an_old_notification_explains_nothing() {
    let mut facts = PeerFacts { neighbor: notified("BGP Notification received: Cease", true, false), ..good() };
    if let Ok(Some(neighbor)) = &mut facts.neighbor {
        neighbor.reset_ago_s = RESET_COUNTS_S;
    }
    let explained = explained(&engine(wanted()), &facts);
    assert_eq!(of(&explained, StepName::Connect).verdict, Verdict::Failed);
    assert!(of(&explained, StepName::Session).evidence.ends_with("(BGP Notification received: Cease, 10 s ago)"));
}

#[test]
fn a_session_that_is_up_may_lack_a_family_and_bfd() {
    let mut facts = good();
    facts.bfd = Ok(Some(BfdLive { diagnostic: "control detection time expired".into(), ..BfdLive::default() }));
    if let Ok(Some(neighbor)) = &mut facts.neighbor {
        neighbor.exchanged.remove(&Family::Ipv6);
    }
    let explained = explained(&engine(wanted()), &facts);
    assert!(explained.in_effect);
    assert_eq!(of(&explained, StepName::Families).evidence, "the peer does not exchange IPv6");
    let bfd = of(&explained, StepName::Bfd);
    assert_eq!(bfd.evidence, "the BFD session is down (control detection time expired)");
    assert_eq!(bfd.next, "novaroutectl explain bfd 192.0.2.254");
}

#[test]
fn a_password_is_a_hint_and_never_shown() {
    let peer = Peer { password: Some(Password::new("between-us").unwrap()), ..wanted() };
    let facts = PeerFacts { neighbor: session(SessionState::Active, ""), ..good() };
    let explained = explained(&engine(peer), &facts);
    assert!(of(&explained, StepName::Connect).next.starts_with("compare the passwords"), "{explained:?}");
    assert!(!format!("{explained:?}").contains("between-us"));
}

#[test]
fn an_internal_or_multihop_peer_may_be_behind_a_router() {
    let facts = PeerFacts { route: route(false), ..good() };
    let internal = Peer { remote_as: Asn::new(65001).unwrap(), ..wanted() };
    let far = Peer { ebgp_multihop: std::num::NonZeroU8::new(2), ..wanted() };
    for peer in [internal, far] {
        assert_eq!(of(&explained(&engine(peer), &facts), StepName::Route).verdict, Verdict::Ok);
    }
}

#[test]
fn a_peer_on_an_interface_needs_no_route() {
    let key: PeerKey = "eth0".parse().unwrap();
    let peer = Peer { key, source_address: None, ..wanted() };
    let engine = engine(peer);
    let policies = Arc::clone(engine.policies());
    let asked = Asked { snapshot: engine.snapshot(), policies: &policies, owner: None };
    let facts = PeerFacts { route: Ok(None), ..good() };
    let explained = super::peer(&asked, key, &facts);
    assert!(explained.in_effect, "{explained:?}");
    assert_eq!(of(&explained, StepName::Route).evidence, "the peer is at the other end of eth0");
}

#[test]
fn a_peer_that_is_passive_or_kept_down_says_so() {
    let with = |settings| Peer { settings, ..wanted() };
    let facts = PeerFacts { neighbor: session(SessionState::Active, ""), ..good() };
    let passive = with(PeerSettings { passive: true, ..PeerSettings::default() });
    let explained_ = explained(&engine(passive), &facts);
    assert!(of(&explained_, StepName::Connect).evidence.ends_with("this node only listens, as was asked for"));
    assert_eq!(of(&explained_, StepName::Connect).verdict, Verdict::Failed);

    let down = with(PeerSettings { shutdown: Some(Shutdown::default()), ..PeerSettings::default() });
    let explained_ = explained(&engine(down), &facts);
    assert_eq!(of(&explained_, StepName::Connect).verdict, Verdict::NotApplicable);
    assert!(explained_.answer.ends_with("the session is kept down on purpose, as was asked for"), "{explained_:?}");
}
