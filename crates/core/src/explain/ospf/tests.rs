use std::num::NonZeroU16;
use std::sync::Arc;

use super::*;
use crate::engine::Engine;
use crate::intent::Change;
use crate::ospf::{OspfSettings, OspfTimers};

fn interface() -> InterfaceName {
    "eth0".parse().unwrap()
}

fn engine(passive: bool) -> Engine {
    let mut engine = Engine::new([("edge".parse().unwrap(), crate::policy::Policy::default())].into());
    let (area, cost) = ("0".parse().unwrap(), NonZeroU16::new(10).unwrap());
    let ospf = OspfInterface {
        interface: interface(),
        area,
        passive,
        cost,
        timers: OspfTimers::default(),
        settings: OspfSettings::default(),
    };
    let decided = engine.decide(&"edge".parse().unwrap(), Change::Put(Intent::Ospf(ospf))).unwrap();
    engine.commit(decided);
    engine
}

fn good() -> OspfFacts {
    let neighbors = [("ospf 10.0.1.2 10.0.1.2".to_owned(), "Full".to_owned())].into();
    let live = OspfLive { state: "DR".into(), neighbors };
    OspfFacts {
        lines: Ok(Vec::new()),
        interface: Ok(Some(Interface { up: true, addresses: vec!["10.0.1.1/24".into()] })),
        daemons: vec![("ospfd".to_owned(), Ok(Some(live)))],
        said: None,
    }
}

fn with_neighbors(neighbors: &[(&str, &str)]) -> OspfFacts {
    let neighbors = neighbors.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect();
    let live = OspfLive { state: "DR".into(), neighbors };
    OspfFacts { daemons: vec![("ospfd".to_owned(), Ok(Some(live)))], ..good() }
}

fn explained(engine: &Engine, facts: &OspfFacts) -> Explanation {
    let policies = Arc::clone(engine.policies());
    ospf(&Asked { snapshot: engine.snapshot(), policies: &policies, owner: None }, &interface(), facts)
}

#[test]
fn all_is_well() {
    let explained = explained(&engine(false), &good());
    assert!(explained.in_effect && explained.steps.iter().all(|step| step.verdict == Verdict::Ok), "{explained:?}");
    assert_eq!(explained.answer, "OSPF runs on eth0 with ospf 10.0.1.2 10.0.1.2");
}

#[test]
fn each_broken_step_is_the_answer() {
    let down = Interface { up: false, ..Interface::default() };
    let bare = Interface { up: true, ..Interface::default() };
    let said = |daemon: &str| Some(Said { daemon: daemon.into(), text: "HelloInterval mismatch".into(), ago_s: 2 });
    let nobody = || with_neighbors(&[]);
    let gone = |why: &str| vec![("ospfd".to_owned(), Err(why.to_owned()))];
    for (name, verdict, words, facts) in [
        (
            StepName::Interface,
            Verdict::Failed,
            "the node has no interface eth0",
            OspfFacts { interface: Ok(None), ..nobody() },
        ),
        (StepName::Interface, Verdict::Failed, "eth0 is down", OspfFacts { interface: Ok(Some(down)), ..nobody() }),
        (
            StepName::Interface,
            Verdict::Failed,
            "eth0 has no address",
            OspfFacts { interface: Ok(Some(bare)), ..nobody() },
        ),
        (StepName::Session, Verdict::Unknown, "ospfd: gone", OspfFacts { daemons: gone("ospfd: gone"), ..good() }),
        (
            StepName::Session,
            Verdict::Waiting,
            "ospfd does not run on it",
            OspfFacts { daemons: vec![("ospfd".to_owned(), Ok(None))], ..good() },
        ),
        (StepName::Neighbors, Verdict::Failed, "no router is heard", nobody()),
        (
            StepName::Neighbors,
            Verdict::Failed,
            "ospfd said 2 s ago: HelloInterval mismatch",
            OspfFacts { said: said("ospfd"), ..nobody() },
        ),
        (StepName::Neighbors, Verdict::Failed, "no router is heard", OspfFacts { said: said("ospf6d"), ..nobody() }),
        (StepName::Neighbors, Verdict::Waiting, "ospf 2 is ExStart", with_neighbors(&[("ospf 2", "ExStart")])),
    ] {
        let explained = explained(&engine(false), &facts);
        let step = explained.steps.iter().find(|step| step.name == name).unwrap();
        assert!(step.verdict == verdict && step.evidence.contains(words), "{explained:?}");
        assert!(explained.answer.contains(words) && !explained.in_effect, "{}", explained.answer);
    }
}

#[test]
fn a_passive_interface_needs_no_neighbor() {
    let explained = explained(&engine(true), &with_neighbors(&[]));
    assert!(explained.in_effect);
    assert_eq!(explained.answer, "OSPF announces the networks of eth0, which is passive");
}

#[test]
fn the_other_version_of_ospf_may_not_be_spoken() {
    let mut facts = good();
    facts.daemons.push(("ospf6d".to_owned(), Ok(Some(OspfLive { state: "DR".into(), ..OspfLive::default() }))));
    let explained = explained(&engine(false), &facts);
    assert!(explained.in_effect);
    assert_eq!(explained.steps.last().unwrap().verdict, Verdict::NotApplicable, "{explained:?}");
}
