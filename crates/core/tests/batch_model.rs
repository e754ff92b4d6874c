//! Batches against what anyone can work out: a replacement leaves what it names, the order of items means nothing, the
//! journal of a batch leads to the same, and an atomic one does all of it or nothing.
#![expect(clippy::unwrap_used, reason = "a test says by a panic what went wrong")]

use std::collections::BTreeMap;

use novaroute_core::batch::{Batch, Item, ItemOutcome, Mode};
use novaroute_core::bgp::PrefixAttributes;
use novaroute_core::engine::{Applied, Engine};
use novaroute_core::intent::{Advertisement, Change, Intent, IntentKey, Protocol, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::policy::{Policy, PrefixType};
use novaroute_core::session::Origin;
use proptest::prelude::*;

/// Beyond this, prefixes are of a length that the policy does not take.
const HOSTS: u8 = 24;
const PREFIXES: u8 = HOSTS + 4;

fn owner() -> OwnerName {
    "lb".parse().unwrap()
}

fn intent(at: u8, med: u32) -> Intent {
    let length = if at < HOSTS { 32 } else { 31 };
    let prefix = format!("10.0.0.{}/{length}", at * 2).parse().unwrap();
    let attributes = PrefixAttributes { med: Some(med), ..Default::default() };
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes })
}

fn engine() -> Engine {
    let policy = Policy { prefix_type: PrefixType::HostOnly, ..Policy::default() };
    Engine::new([(owner(), policy)].into())
}

fn held(engine: &Engine) -> BTreeMap<IntentKey, Intent> {
    let live = engine.snapshot().slots().filter_map(|(key, slot)| Some((key.clone(), slot.live()?.intent.clone())));
    live.collect()
}

fn apply(engine: &mut Engine, batch: Batch) -> Applied {
    engine.apply_batch(&owner(), batch, &Origin::default()).unwrap()
}

fn puts() -> impl Strategy<Value = BTreeMap<u8, u32>> {
    prop::collection::btree_map(0..PREFIXES, 0u32..3, 0..20)
}

fn items(puts: &BTreeMap<u8, u32>) -> Vec<Item> {
    puts.iter().map(|(at, med)| Change::Put(intent(*at, *med)).into()).collect()
}

fn merge(items: Vec<Item>) -> Batch {
    Batch { items, ..Batch::default() }
}

fn replace(items: Vec<Item>) -> Batch {
    Batch { mode: Mode::Replace, confirm_removals: true, items, ..Batch::default() }
}

proptest! {
    #[test]
    fn a_replacement_is_the_difference(before in puts(), after in puts()) {
        let mut engine = engine();
        apply(&mut engine, merge(items(&before)));
        let (held_before, revision) = (held(&engine), engine.snapshot().revision());
        let applied = apply(&mut engine, replace(items(&after)));
        let wanted = after.iter().filter(|(at, _)| **at < HOSTS).map(|(at, med)| intent(*at, *med));
        let wanted: BTreeMap<_, _> = wanted.map(|intent| (intent.key(), intent)).collect();
        prop_assert_eq!(&held(&engine), &wanted);
        let gone: Vec<_> = held_before.keys().filter(|key| !wanted.contains_key(key)).cloned().collect();
        prop_assert_eq!(&applied.outcome.removed, &gone);
        let changed = wanted.iter().filter(|(key, intent)| held_before.get(key) != Some(intent)).count();
        let told = applied.outcome.items.iter().filter(|item| **item == ItemOutcome::Changed).count();
        prop_assert_eq!(told, changed);
        // What stays as it is, is not touched.
        prop_assert_eq!(engine.snapshot().revision(), revision + (gone.len() + changed) as u64);
    }

    #[test]
    fn the_order_of_items_means_nothing(
        before in puts(),
        removals in prop::collection::btree_set(0..PREFIXES, 0..10),
        puts in puts(),
        seed in prop::collection::vec(any::<prop::sample::Index>(), 30),
    ) {
        let mut all = items(&puts);
        let removed = removals.iter().filter(|at| !puts.contains_key(at));
        all.extend(removed.map(|at| Item::from(Change::Remove(Target::Key(intent(*at, 0).key())))));
        let mut shuffled = all.clone();
        for (at, index) in (0..shuffled.len()).zip(&seed) {
            shuffled.swap(at, index.index(all.len()));
        }
        let (mut one, mut other) = (engine(), engine());
        for engine in [&mut one, &mut other] {
            apply(engine, merge(items(&before)));
        }
        let straight = apply(&mut one, merge(all.clone()));
        let mixed = apply(&mut other, merge(shuffled.clone()));
        prop_assert_eq!(held(&one), held(&other));
        for (item, outcome) in all.iter().zip(&straight.outcome.items) {
            let at = shuffled.iter().position(|other| other.target == item.target).unwrap();
            prop_assert_eq!(outcome, &mixed.outcome.items[at]);
        }
    }

    #[test]
    fn the_journal_of_a_batch_leads_to_the_same(before in puts(), after in puts(), replaces in any::<bool>()) {
        let (mut engine, mut replayed) = (engine(), engine());
        for batch in [merge(items(&before)), if replaces { replace(items(&after)) } else { merge(items(&after)) }] {
            for change in apply(&mut engine, batch).journaled {
                let decision = replayed.decide(&owner(), change).unwrap();
                replayed.commit(decision);
            }
        }
        prop_assert_eq!(held(&engine), held(&replayed));
    }

    #[test]
    fn an_atomic_batch_is_done_as_a_whole_or_not_at_all(before in puts(), after in puts()) {
        let mut engine = engine();
        apply(&mut engine, merge(items(&before)));
        let earlier = held(&engine);
        let applied = apply(&mut engine, Batch { atomic: true, ..replace(items(&after)) });
        let good = after.keys().all(|at| *at < HOSTS);
        prop_assert_eq!(applied.outcome.done, good);
        if !good {
            prop_assert_eq!(held(&engine), earlier);
            prop_assert!(applied.journaled.is_empty());
        } else {
            prop_assert_eq!(held(&engine).len(), after.len());
        }
    }
}
