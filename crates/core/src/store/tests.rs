use super::*;
use crate::ospf::{AreaId, OspfInterface, OspfSettings, OspfTimers};

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn ospf(interface: &str, area: u32) -> Intent {
    Intent::Ospf(OspfInterface {
        interface: interface.parse().unwrap(),
        area: AreaId::from_bits(area),
        passive: false,
        cost: std::num::NonZeroU16::MIN,
        timers: OspfTimers::default(),
        settings: OspfSettings::default(),
    })
}

fn state(store: &Store, key: &IntentKey) -> Vec<(String, IntentState)> {
    let slot = store.snapshot().slot(key);
    slot.into_iter().flat_map(Slot::entries).map(|e| (e.owner.to_string(), e.status.state)).collect()
}

#[test]
fn an_overridden_intent_waits_and_comes_back() {
    let mut store = Store::default();
    let key = ospf("eth0", 0).key();
    store.put(&owner("a"), ospf("eth0", 0), Place::Base);
    store.put(&owner("admin"), ospf("eth0", 1), Place::Over);
    assert_eq!(
        state(&store, &key),
        [("admin".to_owned(), IntentState::Pending), ("a".to_owned(), IntentState::Overridden)]
    );
    store.remove(&key, Place::Over);
    assert_eq!(state(&store, &key), [("a".to_owned(), IntentState::Pending)]);
}

#[test]
fn a_snapshot_does_not_see_later_writes() {
    let mut store = Store::default();
    store.put(&owner("a"), ospf("eth0", 0), Place::Base);
    let before = store.snapshot().clone();
    store.put(&owner("a"), ospf("eth1", 0), Place::Base);
    assert_eq!((before.slots().count(), store.snapshot().slots().count()), (1, 2));
}

#[test]
fn the_outcome_of_an_older_round_says_nothing_about_a_newer_intent() {
    let mut store = Store::default();
    let key = ospf("eth0", 0).key();
    store.put(&owner("a"), ospf("eth0", 0), Place::Base);
    let seen = store.snapshot().revision();
    store.put(&owner("a"), ospf("eth0", 1), Place::Base);
    let programmed = IntentStatus::of(IntentState::Programmed);
    assert_eq!(store.set_status(&key, &programmed, seen, 7), None);
    assert!(store.set_status(&key, &programmed, seen + 1, 7).is_some());
    assert_eq!(state(&store, &key), [("a".to_owned(), IntentState::Programmed)]);
}

#[test]
fn counts_follow_what_is_held() {
    let mut store = Store::default();
    store.put(&owner("a"), ospf("eth0", 0), Place::Base);
    store.put(&owner("a"), ospf("eth0", 1), Place::Base);
    store.put(&owner("a"), ospf("eth1", 1), Place::Base);
    assert_eq!(store.snapshot().held(&owner("a"), Kind::Ospf), 2);
    store.remove(&ospf("eth0", 0).key(), Place::Base);
    store.remove(&ospf("eth1", 0).key(), Place::Base);
    assert_eq!(store.snapshot().holders().count(), 0);
}

#[test]
fn a_time_is_kept_for_as_long_as_frr_runs_the_intent() {
    let mut store = Store::default();
    let key = ospf("eth0", 0).key();
    let since = |store: &Store| store.snapshot().live(&key).unwrap().programmed_at_ns;
    let set = |store: &mut Store, state, now_ns| store.set_status(&key, &IntentStatus::of(state), 99, now_ns);
    store.put(&owner("a"), ospf("eth0", 0), Place::Base);
    assert_eq!(since(&store), 0);
    set(&mut store, IntentState::Programmed, 5);
    let detail = IntentStatus::because(IntentState::Programmed, Reason::BfdTimersOfSession, "other words");
    store.set_status(&key, &detail, 99, 6);
    assert_eq!(since(&store), 5);
    set(&mut store, IntentState::Pending, 7);
    assert_eq!(since(&store), 0);
    set(&mut store, IntentState::Programmed, 8);
    assert_eq!(since(&store), 8);
    store.put(&owner("a"), ospf("eth0", 1), Place::Base);
    assert_eq!(since(&store), 0);
}
