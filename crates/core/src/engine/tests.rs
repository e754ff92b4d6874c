use super::*;
use crate::bgp::{Asn, PrefixAttributes};
use crate::intent::{Advertisement, Protocol};
use crate::policy::PrefixType;
use crate::session::Registration;
use crate::state::Cause;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn engine() -> Engine {
    let policies = [
        ("a", Policy { max_prefixes: Some(2), ..Policy::default() }),
        ("b", Policy { prefix_type: PrefixType::HostOnly, ..Policy::default() }),
        ("admin", Policy { can_override: true, ..Policy::default() }),
    ];
    Engine::new(policies.into_iter().map(|(name, policy)| (owner(name), policy)).collect())
}

fn prefix(text: &str, med: Option<u32>) -> Intent {
    let attributes = PrefixAttributes { med, ..Default::default() };
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix: text.parse().unwrap(), attributes })
}

fn instance(local_as: u32) -> Intent {
    Intent::Bgp(BgpInstance { local_as: Asn::new(local_as).unwrap(), router_id: "1.1.1.1".parse().unwrap() })
}

/// Decides and commits.
fn submit(engine: &mut Engine, name: &str, change: Change) -> Result<Vec<EventType>, Reason> {
    let decision = engine.decide(&owner(name), change).map_err(|rejection| rejection.reason)?;
    Ok(engine.commit(decision).into_iter().map(|event| event.event_type).collect())
}

fn put(engine: &mut Engine, name: &str, intent: Intent) -> Result<Vec<EventType>, Reason> {
    submit(engine, name, Change::Put(intent))
}

fn remove(engine: &mut Engine, name: &str, intent: &Intent) -> Result<Vec<EventType>, Reason> {
    submit(engine, name, Change::Remove(Target::Key(intent.key())))
}

fn live_owner(engine: &Engine, intent: &Intent) -> Option<String> {
    engine.snapshot().live(&intent.key()).map(|entry| entry.owner.to_string())
}

#[test]
fn one_owner_a_key() {
    let mut engine = engine();
    let vip = prefix("10.0.0.1/32", None);
    put(&mut engine, "a", vip.clone()).unwrap();
    assert_eq!(put(&mut engine, "b", vip.clone()), Err(Reason::HeldByAnother));
    let rejection = engine.decide(&owner("b"), Change::Put(vip.clone())).unwrap_err();
    assert_eq!((rejection.class, rejection.metadata["holder"].as_str()), (RejectionClass::AlreadyExists, "a"));
    assert_eq!(remove(&mut engine, "b", &vip), Err(Reason::HeldByAnother));
    remove(&mut engine, "a", &vip).unwrap();
    assert_eq!(remove(&mut engine, "a", &vip), Err(Reason::NotHeld));
    put(&mut engine, "b", vip).unwrap();
}

#[test]
fn asking_again_for_the_same_changes_nothing() {
    let mut engine = engine();
    put(&mut engine, "a", prefix("10.0.0.1/32", None)).unwrap();
    let revision = engine.snapshot().revision();
    let decision = engine.decide(&owner("a"), Change::Put(prefix("10.0.0.1/32", None))).unwrap();
    assert!(!decision.changes_intents());
    engine.commit(decision);
    assert_eq!(engine.snapshot().revision(), revision);
    put(&mut engine, "a", prefix("10.0.0.1/32", Some(5))).unwrap();
    assert_eq!(engine.snapshot().revision(), revision + 1);
}

#[test]
fn policy_comes_before_conflict() {
    let mut engine = engine();
    let net = prefix("10.0.0.0/24", None);
    put(&mut engine, "a", net.clone()).unwrap();
    assert_eq!(put(&mut engine, "b", net), Err(Reason::PrefixTypeNotAllowed));
}

#[test]
fn limits_count_what_is_held_and_spare_upserts() {
    let mut engine = engine();
    put(&mut engine, "a", prefix("10.0.0.1/32", None)).unwrap();
    put(&mut engine, "a", prefix("10.0.0.2/32", None)).unwrap();
    assert_eq!(put(&mut engine, "a", prefix("10.0.0.3/32", None)), Err(Reason::LimitReached));
    put(&mut engine, "a", prefix("10.0.0.2/32", Some(1))).unwrap();
    remove(&mut engine, "a", &prefix("10.0.0.1/32", None)).unwrap();
    put(&mut engine, "a", prefix("10.0.0.3/32", None)).unwrap();
}

#[test]
fn an_override_tells_the_holder_and_gives_back() {
    let mut engine = engine();
    let vip = prefix("10.0.0.1/32", None);
    put(&mut engine, "a", vip.clone()).unwrap();
    assert_eq!(put(&mut engine, "admin", prefix("10.0.0.1/32", Some(9))), Ok(vec![EventType::IntentOverridden]));
    assert_eq!(live_owner(&engine, &vip).as_deref(), Some("admin"));
    // The holder may go on changing its own intent while it waits.
    put(&mut engine, "a", prefix("10.0.0.1/32", Some(3))).unwrap();
    assert_eq!(live_owner(&engine, &vip).as_deref(), Some("admin"));
    assert_eq!(remove(&mut engine, "admin", &vip), Ok(vec![EventType::IntentOverridden]));
    let live = engine.snapshot().live(&vip.key()).unwrap();
    assert_eq!((live.owner.as_str(), &live.intent), ("a", &prefix("10.0.0.1/32", Some(3))));
}

#[test]
fn the_instance_has_a_holder() {
    let mut engine = engine();
    put(&mut engine, "a", instance(65001)).unwrap();
    assert_eq!(put(&mut engine, "b", instance(65001)), Ok(vec![]));
    assert_eq!(put(&mut engine, "b", instance(65002)), Err(Reason::BgpInstanceHeld));
    put(&mut engine, "a", instance(65003)).unwrap();
    assert_eq!(engine.bgp_instance().unwrap().local_as.get(), 65003);
    // The configuration file's word stands above what a client said before.
    submit(&mut engine, "a", Change::Register(Registration::default())).unwrap();
    let decision = engine.decide(&OwnerName::config(), Change::Put(instance(65009))).unwrap();
    engine.commit(decision);
    assert_eq!(engine.bgp_instance().unwrap().local_as.get(), 65009);
}

#[test]
fn deregistering_withdraws_only_when_asked_to() {
    let mut engine = engine();
    submit(&mut engine, "a", Change::Register(Registration::default())).unwrap();
    put(&mut engine, "a", prefix("10.0.0.1/32", None)).unwrap();
    put(&mut engine, "b", prefix("10.0.0.2/32", None)).unwrap();
    assert_eq!(engine.sessions().open().len(), 1);
    submit(&mut engine, "a", Change::Deregister { withdraw_all: false }).unwrap();
    assert_eq!((engine.sessions().open().len(), engine.snapshot().slots().count()), (0, 2));
    let events = submit(&mut engine, "a", Change::Deregister { withdraw_all: true }).unwrap();
    assert_eq!(events, [EventType::OwnerDeregistered]);
    assert_eq!(live_owner(&engine, &prefix("10.0.0.2/32", None)).as_deref(), Some("b"));
    assert_eq!(engine.snapshot().slots().count(), 1);
}

#[test]
fn a_clone_is_a_draft() {
    let mut engine = engine();
    put(&mut engine, "a", prefix("10.0.0.1/32", None)).unwrap();
    let mut draft = engine.clone();
    put(&mut draft, "a", prefix("10.0.0.2/32", None)).unwrap();
    assert_eq!((engine.snapshot().slots().count(), draft.snapshot().slots().count()), (1, 2));
}

#[test]
fn recording_tells_each_change_of_state_once() {
    let mut engine = engine();
    put(&mut engine, "a", instance(65001)).unwrap();
    let refused = IntentStatus { state: IntentState::Refused, cause: Some(Cause::new(Reason::FrrRefused, "% no")) };
    let round = |engine: &mut Engine, status: IntentStatus| {
        let recorded = Recorded {
            revision: engine.snapshot().revision(),
            statuses: [(IntentKey::Bgp, status)].into(),
            sent: [IntentKey::Bgp].into(),
            at_ns: 7,
        };
        engine.record(&recorded).into_iter().map(|event| event.event_type).collect::<Vec<_>>()
    };
    let programmed = IntentStatus::of(IntentState::Programmed);
    assert_eq!(round(&mut engine, programmed.clone()), [EventType::IntentProgrammed, EventType::BgpConfigChanged]);
    assert_eq!(round(&mut engine, programmed), []);
    assert_eq!(round(&mut engine, refused.clone()), [EventType::IntentRefused]);
    assert_eq!(round(&mut engine, refused), []);
}

#[test]
fn a_violation_is_an_event_of_its_owner() {
    let engine = engine();
    let rejection = engine.decide(&owner("b"), Change::Put(prefix("10.0.0.0/24", None))).unwrap_err();
    let event = violation_event(&owner("b"), &rejection).unwrap();
    assert_eq!(event.metadata["reason"], "PREFIX_TYPE_NOT_ALLOWED");
    let not_found = engine.decide(&owner("b"), Change::Remove(Target::Key(IntentKey::Bgp))).unwrap_err();
    assert_eq!(violation_event(&owner("b"), &not_found), None);
}
