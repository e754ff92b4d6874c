use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::*;
use crate::bgp::{Asn, BgpInstance, Community, PrefixAttributes};
use crate::desired::Desired;
use crate::drain::DrainDelay;
use crate::intent::{Advertisement, Intent, IntentKey, Protocol};
use crate::policy::Policy;
use crate::state::IntentState;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn prefix(last: u8, protocol: Protocol) -> Intent {
    let prefix = format!("10.0.0.{last}/32").parse().unwrap();
    Intent::Prefix(Advertisement { protocol, prefix, attributes: PrefixAttributes::default() })
}

/// A node where `lb` has a prefix of each protocol and `cni` one of BGP.
fn node() -> Engine {
    let policies =
        ["lb", "cni", "admin"].map(|name| (owner(name), Policy { can_override: name == "admin", ..Policy::default() }));
    let mut engine = Engine::new(policies.into());
    let router_id = Ipv4Addr::new(1, 1, 1, 1).to_string().parse().unwrap();
    let instance = Intent::Bgp(BgpInstance { local_as: Asn::new(65_001).unwrap(), router_id });
    submit(&mut engine, "admin", Change::Put(instance), 0).unwrap();
    for (name, intent) in
        [("lb", prefix(1, Protocol::Bgp)), ("lb", prefix(1, Protocol::Ospf)), ("cni", prefix(2, Protocol::Bgp))]
    {
        submit(&mut engine, name, Change::Put(intent), 0).unwrap();
    }
    engine
}

fn submit(engine: &mut Engine, name: &str, change: Change, now_ms: u64) -> Result<Vec<EventType>, Reason> {
    let origin = Origin { now_ms, ..Origin::default() };
    let decision = engine.decide_from(&owner(name), change, &origin).map_err(|rejection| rejection.reason)?;
    Ok(engine.commit(decision).into_iter().map(|event| event.event_type).collect())
}

fn drain(engine: &mut Engine, name: &str, scope: DrainScope, delay_s: Option<u32>) -> Result<Vec<EventType>, Reason> {
    let terms = DrainTerms { withdraw_after: delay_s.map(|s| DrainDelay::new(s).unwrap()), shut_sessions: None };
    submit(engine, name, Change::Drain(Some(scope), terms), 1_000)
}

/// The last numbers of the prefixes that BGP announces, and of those among them that are marked.
fn announced(engine: &Engine) -> (Vec<u8>, Vec<u8>) {
    let bgp = Desired::of(engine.snapshot()).bgp.unwrap();
    let number =
        |prefix: &crate::prefix::Prefix| prefix.to_string()["10.0.0.".len()..].trim_end_matches("/32").parse().unwrap();
    let is_marked = |attributes: &PrefixAttributes| {
        let marked = attributes.communities.contains(&Community::GRACEFUL_SHUTDOWN);
        assert_eq!(marked, attributes.local_preference == Some(0));
        marked
    };
    let marked = bgp.prefixes.iter().filter(|(_, attributes)| is_marked(attributes)).map(|(prefix, _)| number(prefix));
    (bgp.prefixes.keys().map(number).collect(), marked.collect())
}

#[test]
fn the_prefixes_of_a_drained_owner_are_marked_then_withdrawn_then_announced_as_they_were() {
    let mut engine = node();
    let scope = DrainScope::Owner(owner("lb"));
    assert_eq!(drain(&mut engine, "lb", scope.clone(), Some(5)), Ok(vec![EventType::DrainStarted]));
    assert_eq!(announced(&engine), (vec![1, 2], vec![1]));
    assert_eq!(engine.next_drain_due(), Some(6_000));
    assert!(engine.decide_drains(5_999).is_empty());

    for decision in engine.decide_drains(6_000) {
        assert_eq!(decision.journaled(), [Change::DrainDue(scope.clone())]);
        assert!(engine.commit(decision).is_empty());
    }
    assert_eq!((announced(&engine), engine.next_drain_due()), ((vec![2], vec![]), None));
    let desired = Desired::of(engine.snapshot());
    assert!(desired.ospf_prefixes.is_empty());
    let blocked: BTreeSet<_> = desired.blocked.values().map(|status| status.cause.as_ref().unwrap().reason).collect();
    assert_eq!((desired.blocked.len(), blocked), (2, BTreeSet::from([Reason::Drained])));

    let change = Change::Undrain(Some(scope));
    assert_eq!(submit(&mut engine, "lb", change.clone(), 0), Ok(vec![EventType::DrainEnded]));
    assert_eq!(announced(&engine), (vec![1, 2], vec![]));
    assert_eq!(submit(&mut engine, "lb", change, 0), Ok(vec![]), "what has ended is not ended again");
}

#[test]
fn what_is_asked_for_during_a_drain_is_drained_too() {
    let mut engine = node();
    drain(&mut engine, "lb", DrainScope::Owner(owner("lb")), None).unwrap();
    submit(&mut engine, "lb", Change::Put(prefix(3, Protocol::Bgp)), 0).unwrap();
    assert_eq!(announced(&engine), (vec![1, 2, 3], vec![1, 3]));
}

#[test]
fn a_node_and_other_owners_are_drained_by_those_who_may_override() {
    let mut engine = node();
    for scope in [DrainScope::Node, DrainScope::Owner(owner("cni"))] {
        assert_eq!(drain(&mut engine, "lb", scope.clone(), None), Err(Reason::DrainNotPermitted));
        assert_eq!(submit(&mut engine, "lb", Change::Undrain(Some(scope.clone())), 0), Err(Reason::DrainNotPermitted));
        assert_eq!(drain(&mut engine, "admin", scope, None), Ok(vec![EventType::DrainStarted]));
    }
    assert_eq!(announced(&engine), (vec![1, 2], vec![1, 2]));
    let unknown = DrainScope::Owner(owner("nobody"));
    assert_eq!(drain(&mut engine, "admin", unknown, None), Err(Reason::NotHeld));
}

#[test]
fn a_drain_makes_its_prefixes_pending_and_no_others() {
    let mut engine = node();
    let programmed: Vec<IntentKey> = engine.snapshot().slots().map(|(key, _)| key.clone()).collect();
    let status = crate::state::IntentStatus::of(IntentState::Programmed);
    let statuses = programmed.into_iter().map(|key| (key, status.clone())).collect();
    let revision = engine.snapshot().revision();
    engine.record(&super::super::Recorded { revision, statuses, ..Default::default() });
    drain(&mut engine, "lb", DrainScope::Owner(owner("lb")), Some(5)).unwrap();
    assert!(engine.snapshot().revision() > revision);
    let pending = engine.snapshot().entries().filter(|(_, entry)| entry.status.state == IntentState::Pending);
    let pending: Vec<_> = pending.map(|(key, _)| key.to_string()).collect();
    assert_eq!(pending, ["prefix bgp 10.0.0.1/32", "prefix ospf 10.0.0.1/32"]);
}

#[test]
fn asking_again_for_the_same_drain_changes_nothing() {
    let mut engine = node();
    drain(&mut engine, "admin", DrainScope::Node, Some(5)).unwrap();
    let revision = engine.snapshot().revision();
    assert_eq!(drain(&mut engine, "admin", DrainScope::Node, Some(5)), Ok(vec![]));
    assert_eq!(engine.snapshot().revision(), revision);
}
