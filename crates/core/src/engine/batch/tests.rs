use super::*;
use crate::bgp::{Asn, BgpInstance, PrefixAttributes};
use crate::intent::{Advertisement, Intent};
use crate::policy::{Policy, PrefixType};

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn engine() -> Engine {
    let lb = Policy { prefix_type: PrefixType::HostOnly, max_prefixes: Some(30), ..Policy::default() };
    Engine::new([(owner("lb"), lb), (owner("net"), Policy::default())].into())
}

fn prefix(text: &str, med: Option<u32>) -> Intent {
    let attributes = PrefixAttributes { med, ..Default::default() };
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix: text.parse().unwrap(), attributes })
}

fn host(at: u8) -> Intent {
    prefix(&format!("10.0.0.{at}/32"), None)
}

fn put(intent: Intent) -> Item {
    Change::Put(intent).into()
}

fn remove(intent: &Intent) -> Item {
    Change::Remove(Target::Key(intent.key())).into()
}

fn unreadable(names: Option<Intent>) -> Item {
    Item { target: names.map(|intent| Target::Key(intent.key())), change: None }
}

fn batch(mode: Mode, items: impl IntoIterator<Item = Item>) -> Batch {
    Batch { mode, items: items.into_iter().collect(), ..Batch::default() }
}

fn apply(engine: &mut Engine, batch: Batch) -> Result<Applied, Reason> {
    engine.apply_batch(&owner("lb"), batch, &Origin::default()).map_err(|rejection| rejection.reason)
}

fn words(applied: &Applied) -> Vec<&'static str> {
    let word = |item: &ItemOutcome| match item {
        ItemOutcome::Changed => "changed",
        ItemOutcome::Unchanged => "unchanged",
        ItemOutcome::Refused(rejection) => rejection.reason.as_str(),
        ItemOutcome::Unreadable => "unreadable",
    };
    applied.outcome.items.iter().map(word).collect()
}

fn held(engine: &Engine) -> Vec<String> {
    engine.snapshot().slots().map(|(key, _)| key.to_string()).collect()
}

#[test]
fn a_bad_item_does_not_stop_the_good_ones() {
    let mut engine = engine();
    let net = prefix("10.1.0.0/24", None);
    engine.apply_batch(&owner("net"), batch(Mode::Merge, [put(host(9))]), &Origin::default()).unwrap();
    let items = [put(host(1)), put(net), unreadable(None), put(host(9)), remove(&host(8)), put(host(2)), put(host(1))];
    let applied = apply(&mut engine, batch(Mode::Merge, items)).unwrap();
    let refused = ["PREFIX_TYPE_NOT_ALLOWED", "unreadable", "HELD_BY_ANOTHER", "NOT_HELD"];
    assert_eq!(words(&applied), [&["changed"][..], &refused, &["changed", "NAMED_TWICE"]].concat());
    assert!(applied.outcome.done);
    assert_eq!(applied.journaled, [1, 2].map(|at| Change::Put(host(at))));
    let again = apply(&mut engine, batch(Mode::Merge, [put(host(1)), put(prefix("10.0.0.2/32", Some(7)))])).unwrap();
    assert_eq!(words(&again), ["unchanged", "changed"]);
    assert_eq!(again.journaled.len(), 1);
}

#[test]
fn an_atomic_batch_with_a_bad_item_does_nothing_and_tells_all() {
    let mut engine = engine();
    apply(&mut engine, batch(Mode::Merge, [put(host(1))])).unwrap();
    let revision = engine.snapshot().revision();
    for bad in [put(prefix("10.1.0.0/24", None)), unreadable(Some(host(7)))] {
        let items = [put(host(2)), bad, put(host(1))];
        let applied = apply(&mut engine, Batch { atomic: true, ..batch(Mode::Replace, items) }).unwrap();
        assert!(!applied.outcome.done && applied.journaled.is_empty() && applied.events.is_empty());
        assert!(applied.outcome.removed.is_empty() && applied.removed.is_empty());
        assert_eq!((words(&applied)[0], words(&applied)[2]), ("changed", "unchanged"));
        assert_eq!(engine.snapshot().revision(), revision);
        assert_eq!(held(&engine), ["prefix bgp 10.0.0.1/32"]);
    }
    let applied = apply(&mut engine, Batch { atomic: true, ..batch(Mode::Replace, [put(host(2))]) }).unwrap();
    assert!(applied.outcome.done);
    assert_eq!(held(&engine), ["prefix bgp 10.0.0.2/32"]);
}

#[test]
fn a_replacement_makes_room_before_the_limit_counts() {
    let mut engine = engine();
    apply(&mut engine, batch(Mode::Merge, (1..=30).map(host).map(put))).unwrap();
    let others = Batch { confirm_removals: true, ..batch(Mode::Replace, (101..=130).map(host).map(put)) };
    assert!(words(&apply(&mut engine, others).unwrap()).iter().all(|word| *word == "changed"));
    let merged = apply(&mut engine, batch(Mode::Merge, [put(host(1)), remove(&host(101))])).unwrap();
    assert_eq!(words(&merged), ["changed", "changed"]);
}

#[test]
fn what_is_named_by_a_bad_item_stays_and_where_none_can_tell_everything_does() {
    let mut engine = engine();
    apply(&mut engine, batch(Mode::Merge, (1..=4).map(host).map(put))).unwrap();
    let known = [put(host(1)), unreadable(Some(host(2)))];
    let applied = apply(&mut engine, batch(Mode::Replace, known)).unwrap();
    assert_eq!((applied.outcome.removed.len(), applied.outcome.kept), (2, 0));
    assert_eq!(held(&engine), ["prefix bgp 10.0.0.1/32", "prefix bgp 10.0.0.2/32"]);
    let unknown = [put(host(3)), unreadable(None)];
    let applied = apply(&mut engine, batch(Mode::Replace, unknown)).unwrap();
    assert_eq!((applied.outcome.removed.len(), applied.outcome.kept), (0, 2));
    assert_eq!(held(&engine).len(), 3);
    // What is to be removed is not wanted, but it is named: the refusal says what to do.
    let applied = apply(&mut engine, batch(Mode::Replace, [remove(&host(1)), put(host(3))])).unwrap();
    assert_eq!(words(&applied), ["INVALID_FIELD", "unchanged"]);
    assert_eq!(held(&engine), ["prefix bgp 10.0.0.1/32", "prefix bgp 10.0.0.3/32"]);
}

#[test]
fn a_replacement_that_takes_too_much_is_refused_as_a_whole() {
    let mut engine = engine();
    apply(&mut engine, batch(Mode::Merge, (1..=21).map(host).map(put))).unwrap();
    let few = || batch(Mode::Replace, (1..=10).map(host).chain([host(200)]).map(put));
    assert_eq!(apply(&mut engine, few()).unwrap_err(), Reason::SweepTooLarge);
    assert_eq!(held(&engine).len(), 21);
    assert_eq!(apply(&mut engine, Batch { confirm_removals: true, ..few() }).unwrap().outcome.removed.len(), 11);
    assert_eq!(apply(&mut engine, batch(Mode::Replace, [])).unwrap_err(), Reason::SweepTooLarge);
}

#[test]
fn the_instance_does_not_go_under_what_is_asked_for_in_the_same_call() {
    let mut engine = engine();
    let instance = BgpInstance { local_as: Asn::new(65_001).unwrap(), router_id: "1.1.1.1".parse().unwrap() };
    apply(&mut engine, batch(Mode::Merge, [put(Intent::Bgp(instance))])).unwrap();
    assert_eq!(apply(&mut engine, batch(Mode::Replace, [put(host(1))])).unwrap_err(), Reason::SweepTooLarge);
    assert_eq!(apply(&mut engine, batch(Mode::Replace, [])).unwrap().outcome.removed, [IntentKey::Bgp]);
}

#[test]
fn a_batch_of_a_session_that_was_replaced_does_nothing() {
    let mut engine = engine();
    let origin = Origin { session: "s-9".parse().ok(), ..Origin::default() };
    let refused = engine.apply_batch(&owner("lb"), batch(Mode::Merge, [put(host(1))]), &origin).unwrap_err();
    assert_eq!(refused.reason, Reason::NoSession);
    assert!(held(&engine).is_empty());
}
