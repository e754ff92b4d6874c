//! From what resources ask for to what the agent is asked for. It remembers what each asked for when that was last known.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use novaroute_api::client::Intent;
use novaroute_core::intent::IntentKey;

use super::intent::{Asked, Desired};
use super::resolve::Outcome;
use crate::check::Fault;
use crate::crd::Problem;

/// What each resource asked for when that was last known.
#[derive(Debug, Default)]
pub(super) struct Settled(BTreeMap<String, Vec<(IntentKey, Intent)>>);

impl Settled {
    /// What this node is to have. A resource that cannot be used changes nothing of what it asked for before.
    pub(super) fn settle(&mut self, resources: BTreeMap<String, Outcome>) -> Desired {
        self.0.retain(|resource, _| resources.contains_key(resource));
        let mut desired = Desired { complete: true, ..Desired::default() };
        for (resource, outcome) in resources {
            let faults = match outcome {
                Outcome::Wanted(wanted, faults) => {
                    self.0.insert(resource.clone(), wanted);
                    faults
                }
                Outcome::Wrong(faults) => faults,
                Outcome::NotHeard(fault) => {
                    desired.unheard = true;
                    vec![fault]
                }
            };
            match self.0.get(&resource) {
                Some(known) => ask(&mut desired, &resource, known),
                None => desired.complete = false,
            }
            desired.problems.extend(faults.into_iter().map(|fault| problem(&resource, fault)));
        }
        desired
    }
}

/// What two resources ask for in different ways, the first has; by name, so that every node decides alike.
fn ask(desired: &mut Desired, resource: &str, known: &[(IntentKey, Intent)]) {
    for (key, intent) in known {
        match desired.intents.entry(key.clone()) {
            Entry::Vacant(free) => {
                free.insert(Asked { intent: intent.clone(), resource: resource.to_owned() });
            }
            Entry::Occupied(taken) if taken.get().intent != *intent => {
                let reason = format!("{} asks for {key} in another way, and comes first", taken.get().resource);
                desired.problems.push(Problem { resource: resource.to_owned(), field: None, reason });
            }
            Entry::Occupied(_) => {}
        }
    }
}

fn problem(resource: &str, Fault { field, reason }: Fault) -> Problem {
    Problem { resource: resource.to_owned(), field: Some(field), reason }
}

#[cfg(test)]
mod tests {
    use novaroute_api::v1;

    use super::*;

    fn wanted(prefixes: &[(&str, u32)]) -> Outcome {
        let intents = prefixes.iter().map(|(prefix, med)| {
            let attributes = v1::PrefixAttributes { med: *med, ..Default::default() };
            let intent = Intent::prefix(prefix, v1::Protocol::Bgp, Some(attributes));
            (intent.key().unwrap(), intent)
        });
        Outcome::Wanted(intents.collect(), Vec::new())
    }

    fn unknown() -> Outcome {
        Outcome::Wrong(vec![Fault { field: "spec.prefixes".to_owned(), reason: "is wrong".to_owned() }])
    }

    fn settle(settled: &mut Settled, resources: Vec<(&str, Outcome)>) -> (Vec<String>, Vec<String>, bool) {
        let desired = settled.settle(resources.into_iter().map(|(name, outcome)| (name.to_owned(), outcome)).collect());
        let intents = desired.intents.iter().map(|(key, asked)| format!("{key} by {}", asked.resource)).collect();
        let problems = desired.problems.into_iter();
        let problems = problems.map(|problem| format!("{}: {}", problem.resource, problem.reason)).collect();
        (intents, problems, desired.complete)
    }

    #[test]
    fn a_resource_that_turns_bad_changes_nothing() {
        let mut settled = Settled::default();
        let has = (vec!["prefix bgp 10.0.0.1/32 by a".to_owned()], vec![], true);
        assert_eq!(settle(&mut settled, vec![("a", wanted(&[("10.0.0.1/32", 0)]))]), has);
        let kept = (has.0, vec!["a: is wrong".to_owned()], true);
        assert_eq!(settle(&mut settled, vec![("a", unknown())]), kept);
        assert_eq!(settle(&mut settled, vec![]), (vec![], vec![], true));
        // It is another one of that name.
        assert_eq!(settle(&mut settled, vec![("a", unknown())]), (vec![], vec!["a: is wrong".to_owned()], false));
    }

    #[test]
    fn of_two_that_differ_the_first_counts() {
        let both = vec![("b", wanted(&[("10.0.0.1/32", 2), ("10.0.0.2/32", 0)])), ("a", wanted(&[("10.0.0.1/32", 1)]))];
        let (intents, problems, complete) = settle(&mut Settled::default(), both);
        assert_eq!(intents, ["prefix bgp 10.0.0.1/32 by a", "prefix bgp 10.0.0.2/32 by b"]);
        assert_eq!(problems, ["b: a asks for prefix bgp 10.0.0.1/32 in another way, and comes first"]);
        assert!(complete);
    }

    #[test]
    fn two_that_agree_are_one() {
        let both = vec![("a", wanted(&[("10.0.0.1/32", 1)])), ("b", wanted(&[("10.0.0.1/32", 1)]))];
        let (intents, problems, _) = settle(&mut Settled::default(), both);
        assert_eq!((intents, problems), (vec!["prefix bgp 10.0.0.1/32 by a".to_owned()], vec![]));
    }
}
