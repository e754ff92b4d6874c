//! From the journal back to an engine.

use std::collections::BTreeMap;

use novaroute_core::engine::Engine;
use novaroute_core::intent::Change;
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;
use tracing::warn;

/// An engine that holds what the journal's records say, with `policies` in force for what comes next.
///
/// What was accepted once is not judged again: a policy that became stricter, or an owner that is no longer
/// configured, must not withdraw a route behind everybody's back. Only who may override whom is taken from
/// the policies, since that decides which of two records holds a key.
#[must_use]
pub fn restore(records: Vec<(OwnerName, Change)>, policies: BTreeMap<OwnerName, Policy>) -> Engine {
    let mut engine = Engine::new(policies.iter().map(|(owner, policy)| (owner.clone(), permissive(policy))).collect());
    for (owner, change) in records {
        match engine.decide(&owner, change) {
            Ok(decision) => drop(engine.commit(decision)),
            Err(rejection) => warn!(%owner, %rejection, "a record of the journal no longer applies"),
        }
    }
    engine.set_policies(policies);
    engine
}

fn permissive(policy: &Policy) -> Policy {
    Policy { can_override: policy.can_override, allow_default_route: true, ..Policy::default() }
}

#[cfg(test)]
mod tests {
    use novaroute_core::bgp::PrefixAttributes;
    use novaroute_core::intent::{Advertisement, Intent, Protocol};
    use novaroute_core::policy::PrefixType;

    use super::*;

    #[test]
    fn what_was_accepted_survives_a_stricter_policy_which_then_holds() {
        let owner: OwnerName = "lb".parse().unwrap();
        let put = |prefix: &str| {
            let attributes = PrefixAttributes::default();
            Change::Put(Intent::Prefix(Advertisement {
                protocol: Protocol::Bgp,
                prefix: prefix.parse().unwrap(),
                attributes,
            }))
        };
        let policy = Policy { prefix_type: PrefixType::HostOnly, max_prefixes: Some(1), ..Policy::default() };
        let records = vec![(owner.clone(), put("10.0.0.0/24")), (owner.clone(), put("10.0.1.0/24"))];
        let engine = restore(records, [(owner.clone(), policy)].into());
        assert_eq!(engine.snapshot().slots().count(), 2);
        assert!(engine.decide(&owner, put("10.0.2.0/24")).is_err());
    }
}
