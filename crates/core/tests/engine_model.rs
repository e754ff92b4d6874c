//! The engine against a map that anyone can follow: the same submissions give the same holders.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what went wrong")]

use std::collections::BTreeMap;

use novaroute_core::bgp::PrefixAttributes;
use novaroute_core::engine::Engine;
use novaroute_core::intent::{Advertisement, Change, Intent, IntentKey, Protocol, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;
use novaroute_core::state::Reason;
use proptest::prelude::*;

const OWNERS: [&str; 4] = ["a", "b", "admin", "root"];
const PREFIXES: [&str; 3] = ["10.0.0.1/32", "10.0.0.2/32", "fd00::1/128"];

fn may_override(owner: &str) -> bool {
    matches!(owner, "admin" | "root")
}

#[derive(Debug, Clone)]
enum Operation {
    Put { owner: &'static str, prefix: &'static str, med: u32 },
    Remove { owner: &'static str, prefix: &'static str },
    Deregister { owner: &'static str, withdraw_all: bool },
}

fn operation() -> impl Strategy<Value = Operation> {
    let owner = || prop::sample::select(&OWNERS[..]);
    let prefix = || prop::sample::select(&PREFIXES[..]);
    prop_oneof![
        4 => (owner(), prefix(), 0u32..3).prop_map(|(owner, prefix, med)| Operation::Put { owner, prefix, med }),
        2 => (owner(), prefix()).prop_map(|(owner, prefix)| Operation::Remove { owner, prefix }),
        1 => (owner(), any::<bool>()).prop_map(|(owner, withdraw_all)| Operation::Deregister { owner, withdraw_all }),
    ]
}

/// Two places a prefix: the holder's and that of one who overrides it, each an owner and a MED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Places {
    base: Option<(&'static str, u32)>,
    over: Option<(&'static str, u32)>,
}

#[derive(Debug, Default)]
struct Model(BTreeMap<&'static str, Places>);

impl Model {
    fn apply(&mut self, operation: &Operation) -> Result<(), Reason> {
        match *operation {
            Operation::Put { owner, prefix, med } => {
                let places = self.0.entry(prefix).or_default();
                let place = match (places.over, places.base) {
                    (Some((holder, _)), _) if holder == owner => &mut places.over,
                    (_, Some((holder, _))) if holder == owner => &mut places.base,
                    (None, None) => &mut places.base,
                    (None, Some(_)) if may_override(owner) => &mut places.over,
                    (Some(_), None) | (_, Some(_)) => return Err(Reason::HeldByAnother),
                };
                *place = Some((owner, med));
                Ok(())
            }
            Operation::Remove { owner, prefix } => {
                let places = self.0.entry(prefix).or_default();
                let place = match (places.over, places.base) {
                    (Some((holder, _)), _) if holder == owner => &mut places.over,
                    (_, Some((holder, _))) if holder == owner => &mut places.base,
                    (None, None) => return Err(Reason::NotHeld),
                    _ => return Err(Reason::HeldByAnother),
                };
                *place = None;
                Ok(())
            }
            Operation::Deregister { owner, withdraw_all } => {
                let of_owner =
                    |place: &Option<(&str, u32)>| withdraw_all && place.is_some_and(|(holder, _)| holder == owner);
                for places in self.0.values_mut() {
                    places.base = places.base.filter(|_| !of_owner(&places.base));
                    places.over = places.over.filter(|_| !of_owner(&places.over));
                }
                Ok(())
            }
        }
    }

    fn live(&self) -> BTreeMap<String, (String, u32)> {
        let live = self.0.iter().filter_map(|(prefix, places)| Some((prefix, places.over.or(places.base)?)));
        live.map(|(prefix, (owner, med))| ((*prefix).to_owned(), (owner.to_owned(), med))).collect()
    }
}

fn key(prefix: &str) -> IntentKey {
    IntentKey::Prefix(Protocol::Bgp, prefix.parse().unwrap())
}

fn change(operation: &Operation) -> (OwnerName, Change) {
    match *operation {
        Operation::Put { owner, prefix, med } => {
            let attributes = PrefixAttributes { med: Some(med), ..Default::default() };
            let prefix = prefix.parse().unwrap();
            let intent = Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes });
            (owner.parse().unwrap(), Change::Put(intent))
        }
        Operation::Remove { owner, prefix } => (owner.parse().unwrap(), Change::Remove(Target::Key(key(prefix)))),
        Operation::Deregister { owner, withdraw_all } => (owner.parse().unwrap(), Change::Deregister { withdraw_all }),
    }
}

fn submit(engine: &mut Engine, operation: &Operation) -> Result<(), Reason> {
    let (owner, change) = change(operation);
    let decision = engine.decide(&owner, change).map_err(|rejection| rejection.reason)?;
    engine.commit(decision);
    Ok(())
}

fn live(engine: &Engine) -> BTreeMap<String, (String, u32)> {
    let row = |intent: &Intent, owner: &OwnerName| match intent {
        Intent::Prefix(a) => (a.prefix.to_string(), (owner.to_string(), a.attributes.med.unwrap())),
        other => panic!("{other:?} was never put"),
    };
    engine.snapshot().slots().filter_map(|(_, slot)| slot.live()).map(|e| row(&e.intent, &e.owner)).collect()
}

fn engine() -> Engine {
    let policy = |owner: &&str| Policy { can_override: may_override(owner), ..Policy::default() };
    Engine::new(OWNERS.iter().map(|owner| (owner.parse().unwrap(), policy(owner))).collect())
}

proptest! {
    #[test]
    fn the_engine_does_what_the_map_does(operations in prop::collection::vec(operation(), 0..60)) {
        let (mut engine, mut model) = (engine(), Model::default());
        for operation in &operations {
            prop_assert_eq!(submit(&mut engine, operation), model.apply(operation), "{:?}", operation);
            prop_assert_eq!(live(&engine), model.live(), "after {:?}", operation);
        }
        let places = model.0.values().map(|p| u32::from(p.base.is_some()) + u32::from(p.over.is_some())).sum::<u32>();
        let held = |owner: &str| engine.snapshot().held(&owner.parse().unwrap(), key(PREFIXES[0]).kind());
        prop_assert_eq!(OWNERS.iter().map(|owner| held(owner)).sum::<u32>(), places);
    }

    #[test]
    fn a_draft_that_is_dropped_leaves_nothing(operations in prop::collection::vec(operation(), 1..20)) {
        let mut engine = engine();
        submit(&mut engine, &Operation::Put { owner: "a", prefix: PREFIXES[0], med: 1 }).unwrap();
        let before = live(&engine);
        let mut draft = engine.clone();
        for operation in &operations {
            // Refusals are part of the game; what counts is that the original sees none of it.
            let _refused = submit(&mut draft, operation);
        }
        drop(draft);
        prop_assert_eq!(live(&engine), before);
    }
}
