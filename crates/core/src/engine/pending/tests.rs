use super::*;
use crate::batch::{Batch, Item, ItemOutcome, Mode};
use crate::bgp::PrefixAttributes;
use crate::intent::{Advertisement, Intent, Protocol};
use crate::policy::Policy;
use crate::session::{Lease, Registration, SessionCall};

const WITHIN_MS: u64 = 120_000;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn engine() -> Engine {
    let admin = Policy { can_override: true, ..Policy::default() };
    Engine::new([(owner("lb"), Policy::default()), (owner("net"), Policy::default()), (owner("admin"), admin)].into())
}

fn prefix(at: u8, med: u32) -> Intent {
    let attributes = PrefixAttributes { med: Some(med), ..Default::default() };
    let prefix = format!("10.0.0.{at}/32").parse().unwrap();
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes })
}

fn puts(intents: &[Intent]) -> Vec<Item> {
    intents.iter().cloned().map(|intent| Change::Put(intent).into()).collect()
}

fn apply(engine: &mut Engine, name: &str, batch: Batch, now_ms: u64) -> Result<Applied, Rejection> {
    engine.apply_batch(&owner(name), batch, &Origin { now_ms, ..Origin::default() })
}

/// A replacement that waits.
fn waiting(intents: &[Intent]) -> Batch {
    let confirm = Some(("c-1".parse().unwrap(), ConfirmWithin::new(120).unwrap().unwrap()));
    Batch { mode: Mode::Replace, confirm_removals: true, items: puts(intents), confirm, ..Batch::default() }
}

fn settle(engine: &mut Engine, roll_back: bool, named: Option<&str>) -> Result<Applied, Reason> {
    let change = named.map(|name| name.parse().unwrap());
    let call = Settlement { change, roll_back };
    engine.settle(&owner("lb"), &call, &Origin::default()).map_err(|rejection| rejection.reason)
}

fn held(engine: &Engine) -> Vec<(String, Intent)> {
    let entries = engine.snapshot().entries();
    entries.map(|(_, entry)| (entry.owner.to_string(), entry.intent.clone())).collect()
}

/// What lb holds before, and the engine after a change that waits: one prefix as it was, one changed, one gone, one new.
fn changed() -> (Engine, Vec<(String, Intent)>) {
    let mut engine = engine();
    let before = Batch { items: puts(&[prefix(1, 0), prefix(2, 0), prefix(3, 0)]), ..Batch::default() };
    apply(&mut engine, "lb", before, 0).unwrap();
    let held_before = held(&engine);
    let applied = apply(&mut engine, "lb", waiting(&[prefix(1, 0), prefix(2, 7), prefix(4, 0)]), 1_000).unwrap();
    assert_eq!(applied.outcome.pending, Some("c-1".parse().unwrap()));
    (engine, held_before)
}

fn types(applied: &Applied) -> Vec<EventType> {
    applied.events.iter().map(|event| event.event_type).collect()
}

#[test]
fn what_is_not_confirmed_in_time_goes_back() {
    let (mut engine, before) = changed();
    assert_eq!(engine.pending().next_end(), Some(1_000 + WITHIN_MS));
    assert_eq!(engine.pending().over(WITHIN_MS + 999), []);
    assert_eq!(engine.pending().over(WITHIN_MS + 1_000), [owner("lb")]);
    let applied = engine.run_out(&owner("lb"));
    assert_eq!(held(&engine), before);
    assert_eq!(types(&applied), [EventType::ChangeRolledBack]);
    let event = &applied.events[0];
    assert_eq!((event.reason, event.metadata["restored"].as_str()), (Some(Reason::ConfirmRanOut), "3"));
    assert_eq!(engine.pending().next_end(), None);
}

#[test]
fn what_is_confirmed_stays() {
    let (mut engine, _) = changed();
    let after = held(&engine);
    assert_eq!(settle(&mut engine, false, Some("c-2")).unwrap_err(), Reason::NoPendingChange);
    let applied = settle(&mut engine, false, Some("c-1")).unwrap();
    assert_eq!(types(&applied), [EventType::ChangeConfirmed]);
    assert_eq!((held(&engine), engine.pending().next_end()), (after, None));
    assert_eq!(settle(&mut engine, true, None).unwrap_err(), Reason::NoPendingChange);
}

#[test]
fn the_owner_may_take_it_back_at_once() {
    let (mut engine, before) = changed();
    let applied = settle(&mut engine, true, None).unwrap();
    assert_eq!((held(&engine), applied.events[0].reason), (before, None));
    assert_eq!(applied.removed, [prefix(4, 0).key()]);
}

#[test]
fn nothing_else_of_the_owner_is_changed_meanwhile_and_others_go_on() {
    let (mut engine, _) = changed();
    let after = held(&engine);
    let lb = owner("lb");
    for change in [
        Change::Put(prefix(9, 0)),
        Change::Remove(Target::Key(prefix(1, 0).key())),
        Change::Deregister { withdraw_all: true },
    ] {
        assert_eq!(engine.decide(&lb, change).unwrap_err().reason, Reason::ChangePending);
    }
    let items = puts(&[prefix(1, 0), prefix(9, 0)]);
    let applied = apply(&mut engine, "lb", Batch { items, ..Batch::default() }, 2_000).unwrap();
    assert_eq!(applied.outcome.items[0], ItemOutcome::Unchanged);
    assert!(
        matches!(&applied.outcome.items[1], ItemOutcome::Refused(refused) if refused.reason == Reason::ChangePending)
    );
    let swept = apply(&mut engine, "lb", waiting(&[prefix(1, 0)]), 2_000).unwrap_err();
    assert_eq!((swept.reason, swept.metadata["change_id"].as_str()), (Reason::ChangePending, "c-1"));
    assert_eq!(held(&engine), after);
    apply(&mut engine, "net", Batch { items: puts(&[prefix(9, 0)]), ..Batch::default() }, 2_000).unwrap();
    assert_eq!(held(&engine).len(), after.len() + 1);
}

#[test]
fn a_sweep_at_the_end_of_a_replay_waits_too() {
    let (mut engine, _) = changed();
    let lb = owner("lb");
    let opened = engine.decide(&lb, Change::Register(Registration::default())).unwrap();
    engine.commit(opened);
    let end = SessionCall::EndOfReplay { session: None, confirm_removals: true };
    let refused = engine.decide_session(&lb, &end, &Origin::default()).unwrap_err();
    assert_eq!(refused.reason, Reason::ChangePending);
}

#[test]
fn what_another_owner_has_taken_meanwhile_is_told_and_the_rest_goes_back() {
    let (mut engine, _) = changed();
    apply(&mut engine, "net", Batch { items: puts(&[prefix(3, 5)]), ..Batch::default() }, 2_000).unwrap();
    let applied = engine.run_out(&owner("lb"));
    let event = applied.events.last().unwrap();
    assert_eq!((event.metadata["restored"].as_str(), event.metadata["lost"].as_str()), ("2", "1"));
    assert!(event.detail.contains("held by owner net"), "{}", event.detail);
    let of_lb: Vec<_> = held(&engine).into_iter().filter(|(name, _)| name == "lb").collect();
    assert_eq!(of_lb.len(), 2);
}

#[test]
fn a_change_that_changes_nothing_does_not_wait() {
    let mut engine = engine();
    apply(&mut engine, "lb", Batch { items: puts(&[prefix(1, 0)]), ..Batch::default() }, 0).unwrap();
    let applied = apply(&mut engine, "lb", waiting(&[prefix(1, 0)]), 0).unwrap();
    assert_eq!((applied.outcome.pending, engine.pending().next_end()), (None, None));
}

#[test]
fn what_an_admin_took_over_is_given_back() {
    let mut engine = engine();
    apply(&mut engine, "lb", Batch { items: puts(&[prefix(1, 0)]), ..Batch::default() }, 0).unwrap();
    let before = held(&engine);
    apply(&mut engine, "admin", waiting(&[prefix(1, 9)]), 0).unwrap();
    assert_eq!(engine.snapshot().live(&prefix(1, 0).key()).unwrap().owner, owner("admin"));
    engine.run_out(&owner("admin"));
    assert_eq!(held(&engine), before);
}

#[test]
fn with_an_owner_that_expired_its_change_is_forgotten() {
    let (mut engine, _) = changed();
    let lb = owner("lb");
    let registration = Registration { lease: Lease::new(10).unwrap(), ..Registration::default() };
    let opened = engine.decide(&lb, Change::Register(registration)).unwrap();
    engine.commit(opened);
    let expired = engine.decide_expiries(10_000, 0).remove(0);
    let journaled = expired.journaled().to_vec();
    assert_eq!(journaled[0], Change::Pending(PendingStep::Settled("c-1".parse().unwrap())));
    engine.commit(expired);
    assert_eq!((held(&engine), engine.pending().next_end()), (Vec::new(), None));
}

/// Whatever was done, its journal leads to the same, also when it is cut between two records.
#[test]
fn the_journal_leads_to_the_same_and_the_clock_starts_afresh() {
    let (mut engine, mut replayed) = (engine(), engine());
    let before = Batch { items: puts(&[prefix(1, 0), prefix(2, 0)]), ..Batch::default() };
    let mut records = vec![apply(&mut engine, "lb", before, 0).unwrap().journaled];
    records.push(apply(&mut engine, "lb", waiting(&[prefix(2, 7), prefix(4, 0)]), 50_000).unwrap().journaled);
    let replay = |replayed: &mut Engine, records: &[Vec<Change>]| {
        for change in records.iter().flatten() {
            let decision = replayed.decide(&owner("lb"), change.clone()).unwrap();
            replayed.commit(decision);
        }
    };
    replay(&mut replayed, &records);
    assert_eq!(held(&replayed), held(&engine));
    assert_eq!(replayed.pending().next_end(), Some(WITHIN_MS));
    let rolled_back = engine.run_out(&owner("lb")).journaled;
    replay(&mut replayed, &[rolled_back]);
    assert_eq!(held(&replayed), held(&engine));
    assert_eq!(replayed.pending().next_end(), None);
}
