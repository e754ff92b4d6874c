use super::*;
use crate::bgp::{Asn, BgpInstance, PrefixAttributes};
use crate::intent::{Advertisement, Intent};
use crate::live::{Live, effective_status};
use crate::session::Lease;
use crate::state::{IntentState, IntentStatus};

const GRACE: u64 = 30_000;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn prefix(number: usize) -> Intent {
    let prefix = format!("10.0.{}.{}/32", number / 256, number % 256).parse().unwrap();
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes: PrefixAttributes::default() })
}

fn instance() -> Intent {
    Intent::Bgp(BgpInstance { local_as: Asn::new(65_001).unwrap(), router_id: "1.1.1.1".parse().unwrap() })
}

fn session(name: &str) -> SessionId {
    name.parse().unwrap()
}

fn in_session(name: &str) -> Origin {
    Origin { session: Some(session(name)), ..Origin::default() }
}

/// Decides and commits.
fn submit(engine: &mut Engine, change: Change, origin: &Origin) -> Result<Vec<Event>, Rejection> {
    let decision = engine.decide_from(&owner("a"), change, origin)?;
    Ok(engine.commit(decision))
}

fn call(engine: &mut Engine, call: &SessionCall) -> Result<Vec<String>, Rejection> {
    let decision = engine.decide_session(&owner("a"), call, &Origin::default())?;
    let removed = decision.removed().map(IntentKey::to_string).collect();
    engine.commit(decision);
    Ok(removed)
}

/// Opens a session of this name at this time.
fn register(engine: &mut Engine, name: &str, lease_s: u32, now_ms: u64) -> Vec<Event> {
    let registration = Registration { lease: Lease::new(lease_s).unwrap(), ..Registration::default() };
    let origin = Origin { new_session: Some(session(name)), now_ms, ..Origin::default() };
    submit(engine, Change::Register(registration), &origin).unwrap()
}

fn reassert(engine: &mut Engine) {
    let registration = Registration { reassert_intents: true, ..Registration::default() };
    submit(engine, Change::Register(registration), &Origin::default()).unwrap();
}

fn put(engine: &mut Engine, intent: Intent) {
    submit(engine, Change::Put(intent), &Origin::default()).unwrap();
}

fn end_of_replay(engine: &mut Engine, confirm_removals: bool) -> Result<Vec<String>, Rejection> {
    call(engine, &SessionCall::EndOfReplay { session: None, confirm_removals })
}

fn held(engine: &Engine) -> usize {
    engine.snapshot().entries().filter(|(_, entry)| entry.owner == owner("a")).count()
}

fn states(engine: &Engine) -> Vec<IntentState> {
    let shown = |(key, entry): (&IntentKey, &std::sync::Arc<crate::store::Entry>)| {
        effective_status(key, entry, &Live::default()).state
    };
    engine.snapshot().entries().map(shown).collect()
}

/// An engine as it comes up on the journal of another.
fn restarted(engine: &Engine) -> Engine {
    let mut new = Engine::default();
    for (_, entry) in engine.snapshot().entries() {
        let decision = new.decide(&entry.owner, Change::Put(entry.intent.clone())).unwrap();
        new.commit(decision);
    }
    for (owner, terms, open) in engine.sessions().terms() {
        let close = (!open).then_some(Change::Deregister { withdraw_all: false });
        for change in [Change::Reopen(terms.clone())].into_iter().chain(close) {
            let decision = new.decide(owner, change).unwrap();
            new.commit(decision);
        }
    }
    new.begin_again();
    new
}

#[test]
fn registering_tells_who_and_each_session_has_a_higher_epoch() {
    let mut engine = Engine::default();
    let registration = Registration {
        instance: Some("edge-0".parse().unwrap()),
        lease: Lease::new(60).unwrap(),
        bind_to_connection: true,
        ..Registration::default()
    };
    let told = submit(&mut engine, Change::Register(registration), &Origin::default()).unwrap();
    assert_eq!(told[0].event_type, EventType::OwnerRegistered);
    let metadata: Vec<_> = told[0].metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(metadata, ["bound=true", "epoch=1", "instance=edge-0", "lease_s=60"]);
    assert_eq!(register(&mut engine, "s2", 0, 0)[0].metadata["epoch"], "2");
    submit(&mut engine, Change::Deregister { withdraw_all: true }, &Origin::default()).unwrap();
    assert_eq!(register(&mut engine, "s3", 0, 0)[0].metadata["epoch"], "3");
    assert_eq!(restarted(&engine).sessions().epoch(&owner("a")), 3);
}

#[test]
fn a_session_that_was_replaced_is_refused_whatever_it_asks_for() {
    let mut engine = Engine::default();
    register(&mut engine, "s1", 60, 0);
    put(&mut engine, prefix(1));
    register(&mut engine, "s2", 60, 0);
    let old = in_session("s1");
    for change in [
        Change::Put(prefix(2)),
        Change::Put(prefix(1)),
        Change::Remove(Target::Key(prefix(1).key())),
        Change::Deregister { withdraw_all: true },
        Change::Register(Registration::default()),
    ] {
        let refused = submit(&mut engine, change, &old).unwrap_err();
        assert_eq!((refused.class, refused.reason), (RejectionClass::FailedPrecondition, Reason::SessionSuperseded));
        assert_eq!(refused.metadata["epoch"], "2");
    }
    for refused in [
        call(&mut engine, &SessionCall::Renew { session: session("s1") }),
        call(&mut engine, &SessionCall::EndOfReplay { session: Some(session("s1")), confirm_removals: true }),
    ] {
        assert_eq!(refused.unwrap_err().reason, Reason::SessionSuperseded);
    }
    // Also where only the metadata says so.
    let renew = SessionCall::Renew { session: session("s2") };
    assert_eq!(engine.decide_session(&owner("a"), &renew, &old).unwrap_err().reason, Reason::SessionSuperseded);
    assert_eq!(held(&engine), 1);
    submit(&mut engine, Change::Put(prefix(2)), &in_session("s2")).unwrap();
    // After a restart the agent still knows which one is the open one.
    let mut engine = restarted(&engine);
    assert_eq!(submit(&mut engine, Change::Put(prefix(3)), &old).unwrap_err().reason, Reason::SessionSuperseded);
    submit(&mut engine, Change::Put(prefix(3)), &in_session("s2")).unwrap();
}

#[test]
fn without_an_open_session_only_registering_is_left() {
    let mut engine = Engine::default();
    let none = |refused: Rejection| (refused.class, refused.reason);
    let expected = (RejectionClass::FailedPrecondition, Reason::NoSession);
    assert_eq!(none(call(&mut engine, &SessionCall::Renew { session: session("s1") }).unwrap_err()), expected);
    assert_eq!(none(end_of_replay(&mut engine, true).unwrap_err()), expected);
    assert_eq!(none(submit(&mut engine, Change::Put(prefix(1)), &in_session("s1")).unwrap_err()), expected);
    submit(&mut engine, Change::Register(Registration::default()), &in_session("s1")).unwrap();
}

#[test]
fn when_the_grace_ends_all_that_the_owner_holds_goes_with_one_event() {
    let mut engine = Engine::default();
    register(&mut engine, "s1", 10, 1_000);
    put(&mut engine, prefix(1));
    put(&mut engine, prefix(2));
    let other = engine.decide(&owner("b"), Change::Put(prefix(3))).unwrap();
    engine.commit(other);
    assert!(engine.decide_expiries(11_000 + GRACE - 1, GRACE).is_empty());
    let mut expiries = engine.decide_expiries(11_000 + GRACE, GRACE);
    assert_eq!(expiries.len(), 1);
    let decision = expiries.remove(0);
    assert_eq!(decision.journaled(), [Change::Deregister { withdraw_all: true }]);
    let events = engine.commit(decision);
    assert_eq!(events.iter().map(|event| event.event_type).collect::<Vec<_>>(), [EventType::OwnerExpired]);
    assert_eq!((events[0].reason, events[0].metadata["withdrawn"].as_str()), (Some(Reason::LeaseEnded), "2"));
    assert_eq!((held(&engine), engine.snapshot().slots().count()), (0, 1));
    assert!(engine.decide_expiries(u64::MAX, GRACE).is_empty());
    // Whoever comes back later is told, and may register.
    let renew = SessionCall::Renew { session: session("s1") };
    assert_eq!(call(&mut engine, &renew).unwrap_err().reason, Reason::NoSession);
    register(&mut engine, "s2", 10, 0);
    assert_eq!(engine.sessions().epoch(&owner("a")), 2);
}

#[test]
fn owners_without_a_lease_keep_what_they_hold() {
    let mut engine = Engine::default();
    put(&mut engine, prefix(1));
    assert!(engine.decide_expiries(u64::MAX, 0).is_empty());
    register(&mut engine, "s1", 0, 0);
    assert!(engine.decide_expiries(u64::MAX, 0).is_empty());
    // One that had a lease and registers without ends its clock.
    register(&mut engine, "s2", 1, 0);
    register(&mut engine, "s3", 0, 0);
    assert!(engine.decide_expiries(u64::MAX, 0).is_empty());
    assert_eq!(states(&restarted(&engine)), [IntentState::Pending]);
}

#[test]
fn after_a_restart_what_a_leased_owner_holds_is_stale_until_it_is_claimed() {
    let mut engine = Engine::default();
    register(&mut engine, "s1", 60, 0);
    (1..=3).for_each(|number| put(&mut engine, prefix(number)));
    assert_eq!(states(&engine), [IntentState::Pending; 3]);
    let mut engine = restarted(&engine);
    assert_eq!(states(&engine), [IntentState::Stale; 3]);
    let revision = engine.snapshot().revision();
    put(&mut engine, prefix(2));
    assert_eq!(states(&engine), [IntentState::Stale, IntentState::Pending, IntentState::Stale]);
    assert_eq!(engine.snapshot().revision(), revision, "what is wanted has not changed");
    // Claiming is nothing that the journal has to know.
    let again = engine.decide(&owner("a"), Change::Put(prefix(1))).unwrap();
    assert!(again.journaled().is_empty());
    let mut reasserted = engine.clone();
    reassert(&mut reasserted);
    assert_eq!(states(&reasserted), [IntentState::Pending; 3]);
    // An owner that leaves it as it is has said what is to be said.
    submit(&mut engine, Change::Deregister { withdraw_all: false }, &Origin::default()).unwrap();
    assert_eq!(states(&engine), [IntentState::Pending; 3]);
}

#[test]
fn a_stale_intent_that_is_refused_says_so() {
    let mut engine = Engine::default();
    register(&mut engine, "s1", 60, 0);
    put(&mut engine, prefix(1));
    let mut engine = restarted(&engine);
    let refused = IntentStatus::because(IntentState::Refused, Reason::FrrRefused, "% no");
    let recorded = crate::engine::Recorded {
        revision: engine.snapshot().revision(),
        statuses: [(prefix(1).key(), refused)].into(),
        ..Default::default()
    };
    engine.record(&recorded);
    assert_eq!(states(&engine), [IntentState::Refused]);
}

#[test]
fn the_end_of_a_replay_sweeps_what_was_not_claimed_and_nothing_else() {
    let mut engine = Engine::default();
    register(&mut engine, "s1", 60, 0);
    (1..=4).for_each(|number| put(&mut engine, prefix(number)));
    assert_eq!(end_of_replay(&mut engine, false).unwrap(), Vec::<String>::new());
    let other = engine.decide(&owner("b"), Change::Put(prefix(9))).unwrap();
    engine.commit(other);

    let mut engine = restarted(&engine);
    register(&mut engine, "s2", 60, 0);
    put(&mut engine, prefix(1));
    put(&mut engine, prefix(3));
    put(&mut engine, prefix(5));
    assert_eq!(end_of_replay(&mut engine, false).unwrap(), ["prefix bgp 10.0.0.2/32", "prefix bgp 10.0.0.4/32"]);
    assert_eq!(end_of_replay(&mut engine, false).unwrap(), Vec::<String>::new());
    assert_eq!((held(&engine), engine.snapshot().slots().count()), (3, 4));
    // Without a restart in between it is the same, and for owners without a lease.
    register(&mut engine, "s3", 0, 0);
    put(&mut engine, prefix(1));
    assert_eq!(end_of_replay(&mut engine, false).unwrap(), ["prefix bgp 10.0.0.3/32", "prefix bgp 10.0.0.5/32"]);
    reassert(&mut engine);
    assert_eq!(end_of_replay(&mut engine, false).unwrap(), Vec::<String>::new());
}

/// The agent died in the middle of a replay, and the client goes on with the rest as if nothing had happened.
#[test]
fn a_replay_that_began_before_the_agent_started_sweeps_nothing() {
    let mut engine = Engine::default();
    register(&mut engine, "s1", 60, 0);
    put(&mut engine, prefix(1));
    let mut engine = restarted(&engine);
    put(&mut engine, prefix(2));
    call(&mut engine, &SessionCall::Renew { session: session("s1") }).unwrap();
    let refused = end_of_replay(&mut engine, true).unwrap_err();
    assert_eq!((refused.class, refused.reason), (RejectionClass::FailedPrecondition, Reason::NoSession));
    assert!(refused.message.contains("register again"), "{refused}");
    assert_eq!(held(&engine), 2);
}

/// How much of what is held may go unconfirmed: half, or ten.
#[test]
fn a_sweep_that_takes_too_much_wants_to_be_confirmed() {
    for (all, claimed, refused) in [
        (10, 0, false),
        (11, 0, true),
        (11, 1, false),
        (20, 9, true),
        (20, 10, false),
        (22, 10, true),
        (22, 11, false),
        (23, 11, true),
    ] {
        let mut engine = Engine::default();
        register(&mut engine, "s1", 0, 0);
        (0..all).for_each(|number| put(&mut engine, prefix(number)));
        register(&mut engine, "s2", 0, 0);
        (0..claimed).for_each(|number| put(&mut engine, prefix(number)));
        match end_of_replay(&mut engine, false) {
            Ok(removed) => assert!(!refused && removed.len() == all - claimed, "{claimed} of {all}"),
            Err(rejection) => {
                assert!(refused && rejection.reason == Reason::SweepTooLarge, "{claimed} of {all}: {rejection}");
                let named = (&rejection.metadata["removals"], &rejection.metadata["held"]);
                assert_eq!(named, (&(all - claimed).to_string(), &all.to_string()));
                assert_eq!(held(&engine), all);
                assert_eq!(end_of_replay(&mut engine, true).unwrap().len(), all - claimed);
            }
        }
    }
}

#[test]
fn the_instance_under_what_stays_goes_only_confirmed() {
    let mut engine = Engine::default();
    register(&mut engine, "s1", 0, 0);
    put(&mut engine, instance());
    put(&mut engine, prefix(1));
    let other = engine.decide(&owner("b"), Change::Put(prefix(2))).unwrap();
    engine.commit(other);
    register(&mut engine, "s2", 0, 0);
    assert_eq!(end_of_replay(&mut engine, false).unwrap_err().reason, Reason::SweepTooLarge);
    let mut claimed = engine.clone();
    put(&mut claimed, instance());
    assert_eq!(end_of_replay(&mut claimed, false).unwrap(), ["prefix bgp 10.0.0.1/32"]);
    assert_eq!(end_of_replay(&mut engine, true).unwrap(), ["bgp", "prefix bgp 10.0.0.1/32"]);
}

#[test]
fn what_the_journal_is_told_is_what_must_survive() {
    let mut engine = Engine::default();
    let mut journaled = |change: Change| {
        let decision = engine.decide(&owner("a"), change).unwrap();
        let journaled = decision.journaled().to_vec();
        engine.commit(decision);
        journaled
    };
    assert_eq!(journaled(Change::Deregister { withdraw_all: true }), []);
    assert!(matches!(journaled(Change::Register(Registration::default()))[..], [Change::Reopen(_)]));
    assert_eq!(journaled(Change::Put(prefix(1))), [Change::Put(prefix(1))]);
    assert_eq!(journaled(Change::Put(prefix(1))), []);
    let close = Change::Deregister { withdraw_all: false };
    assert_eq!(journaled(close.clone()), std::slice::from_ref(&close));
    assert_eq!(journaled(close), []);
    let all = Change::Deregister { withdraw_all: true };
    assert_eq!(journaled(all.clone()), [all]);
}
