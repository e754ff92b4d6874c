use std::sync::Arc;

use super::*;
use crate::bfd::BfdSession;
use crate::bgp::Asn;
use crate::engine::Engine;
use crate::intent::Change;
use crate::peer::Peer;

fn address() -> IpAddr {
    "192.0.2.9".parse().unwrap()
}

fn key() -> BfdKey {
    BfdKey { peer: address(), interface: None, hop: Hop::Single }
}

fn engine(intents: Vec<Intent>) -> Engine {
    let mut engine = Engine::new([("edge".parse().unwrap(), crate::policy::Policy::default())].into());
    for intent in intents {
        let decided = engine.decide(&"edge".parse().unwrap(), Change::Put(intent)).unwrap();
        engine.commit(decided);
    }
    engine
}

fn explicit() -> Intent {
    Intent::Bfd(BfdSession { key: key(), local_address: None, timers: BfdTimers::default() })
}

fn live(state: BfdState, diagnostic: &str) -> Found<Option<BfdLive>> {
    let (min_rx_ms, min_tx_ms, detect_multiplier) = (300, 300, 3);
    let diagnostic = diagnostic.to_owned();
    Ok(Some(BfdLive { state, uptime_s: Some(7), min_rx_ms, min_tx_ms, detect_multiplier, diagnostic }))
}

fn good() -> BfdFacts {
    let route = Route {
        prefix: "192.0.2.0/24".into(),
        protocol: "connected".into(),
        via: vec!["eth0".into()],
        connected: true,
    };
    BfdFacts { lines: Ok(Vec::new()), session: live(BfdState::Up, ""), route: Ok(Some(route)) }
}

fn explained(engine: &Engine, facts: &BfdFacts) -> Explanation {
    let policies = Arc::clone(engine.policies());
    bfd(&Asked { snapshot: engine.snapshot(), policies: &policies, owner: None }, &key(), facts)
}

fn of(explanation: &Explanation, name: StepName) -> (Verdict, &str) {
    let step = explanation.steps.iter().find(|step| step.name == name).unwrap();
    (step.verdict, step.evidence.as_str())
}

#[test]
fn all_is_well() {
    let explained = explained(&engine(vec![explicit()]), &good());
    assert!(explained.in_effect);
    assert_eq!(explained.answer, "the BFD session with 192.0.2.9 has been up for 7 s");
    assert!(explained.steps.iter().all(|step| step.verdict == Verdict::Ok), "{explained:?}");
}

#[test]
fn each_broken_step_is_the_answer() {
    let far = Route { prefix: "0.0.0.0/0".into(), ..Route::default() };
    for (name, verdict, words, facts) in [
        (StepName::Route, Verdict::Failed, "no route to 192.0.2.9", BfdFacts { route: Ok(None), ..good() }),
        (StepName::Route, Verdict::Failed, "on no link of this node", BfdFacts { route: Ok(Some(far)), ..good() }),
        (
            StepName::Session,
            Verdict::Failed,
            "down (time expired)",
            BfdFacts { session: live(BfdState::Down, "time expired"), ..good() },
        ),
        (StepName::Session, Verdict::Failed, "shutdown", BfdFacts { session: live(BfdState::AdminDown, ""), ..good() }),
        (
            StepName::Session,
            Verdict::Waiting,
            "does not hear this node",
            BfdFacts { session: live(BfdState::Init, ""), ..good() },
        ),
        (StepName::Session, Verdict::Waiting, "does not have the session", BfdFacts { session: Ok(None), ..good() }),
        (StepName::Session, Verdict::Unknown, "bfdd: gone", BfdFacts { session: Err("bfdd: gone".into()), ..good() }),
    ] {
        let mut facts = facts;
        if name == StepName::Route {
            facts.session = live(BfdState::Down, "");
        }
        let explained = explained(&engine(vec![explicit()]), &facts);
        let (told, evidence) = of(&explained, name);
        assert!(told == verdict && evidence.contains(words) && explained.answer.contains(words), "{explained:?}");
        assert!(!explained.in_effect);
    }
}

#[test]
fn other_timers_than_were_asked_for_are_told() {
    let mut facts = good();
    if let Ok(Some(session)) = &mut facts.session {
        session.min_tx_ms = 50;
    }
    let explained = explained(&engine(vec![explicit()]), &facts);
    let (verdict, evidence) = of(&explained, StepName::Timers);
    assert_eq!(verdict, Verdict::Failed);
    assert!(evidence.starts_with("300 ms to receive, 50 ms to send, multiplier 3 run; 300 ms"), "{evidence}");
}

#[test]
fn the_session_of_a_peer_is_the_peers() {
    let peer =
        Peer { bfd: Some(BfdTimers::default()), ..Peer::new("192.0.2.9".parse().unwrap(), Asn::new(1).unwrap()) };
    let engine = engine(vec![Intent::Peer(peer)]);
    let explained = explained(&engine, &good());
    assert!(explained.in_effect);
    assert_eq!(of(&explained, StepName::Holder).1, "owner edge asks for it, as part of the BGP peer 192.0.2.9");
}

#[test]
fn nobody_asks_for_it() {
    let facts = BfdFacts { session: Ok(None), ..good() };
    let explained = explained(&engine(Vec::new()), &facts);
    assert_eq!(explained.answer, "the BFD session with 192.0.2.9 is not up: nobody asks for it");
}

#[test]
fn what_is_left_open_is_that_of_the_session_that_is_wanted() {
    let interface: InterfaceName = "eth0".parse().unwrap();
    let on_link = BfdKey { interface: Some(interface), ..key() };
    let session = BfdSession { key: on_link.clone(), local_address: None, timers: BfdTimers::default() };
    let engine = engine(vec![Intent::Bfd(session)]);
    let subject = BfdSubject { peer: address(), interface: None, hop: None };
    assert_eq!(subject.key(engine.snapshot()), on_link);
    let multihop = BfdSubject { hop: Some(Hop::Multi), ..subject };
    assert_eq!(multihop.key(engine.snapshot()), BfdKey { hop: Hop::Multi, ..key() });
}
