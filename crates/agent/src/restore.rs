//! From the journal back to an engine.

use std::collections::BTreeMap;

use novaroute_core::engine::Engine;
use novaroute_core::intent::{Change, Intent};
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;
use tracing::warn;

use crate::owner::declare;

/// An engine that holds what the journal's records and the configuration file say, with `policies` in force for
/// what comes next.
///
/// What was accepted once is not judged again: a policy that became stricter, or an owner that is no longer
/// configured, must not withdraw a route behind everybody's back. Only who may override whom is taken from
/// the policies, since that decides which of two records holds a key: first come those who may not, then the
/// file, which stands above them, then those who may override.
///
/// Sessions are open again as they were, with clocks that start now, which is the time 0.
#[must_use]
pub fn restore(
    records: Vec<(OwnerName, Change)>,
    declared: Vec<Intent>,
    policies: BTreeMap<OwnerName, Policy>,
) -> Engine {
    let mut engine = Engine::new(policies.iter().map(|(owner, policy)| (owner.clone(), policy.permissive())).collect());
    let may_override = |(owner, _): &(OwnerName, Change)| policies.get(owner).is_some_and(|policy| policy.can_override);
    let (above, below): (Vec<_>, Vec<_>) = records.into_iter().partition(may_override);
    replay(&mut engine, below);
    declare(&mut engine, declared);
    replay(&mut engine, above);
    engine.set_policies(policies);
    engine.begin_again();
    engine
}

fn replay(engine: &mut Engine, records: Vec<(OwnerName, Change)>) {
    for (owner, change) in records {
        match engine.decide(&owner, change) {
            Ok(decision) => drop(engine.commit(decision)),
            Err(rejection) => warn!(%owner, %rejection, "a record of the journal no longer applies"),
        }
    }
}

#[cfg(test)]
mod tests {
    use novaroute_core::bgp::{Asn, BgpInstance, PrefixAttributes};
    use novaroute_core::intent::{Advertisement, Protocol};
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
        let engine = restore(records, Vec::new(), [(owner.clone(), policy)].into());
        assert_eq!(engine.snapshot().slots().count(), 2);
        assert!(engine.decide(&owner, put("10.0.2.0/24")).is_err());
    }

    #[test]
    fn the_file_stands_above_clients_and_below_those_who_override() {
        let instance = |local_as| {
            let router_id = "1.1.1.1".parse().unwrap();
            Intent::Bgp(BgpInstance { local_as: Asn::new(local_as).unwrap(), router_id })
        };
        let held_by = |records: &[(&str, u32)]| {
            let policy = |name: &str| Policy { can_override: name == "admin", ..Policy::default() };
            let policies = ["lb", "admin"].map(|name| (name.parse().unwrap(), policy(name))).into();
            let records =
                records.iter().map(|(name, local_as)| (name.parse().unwrap(), Change::Put(instance(*local_as))));
            restore(records.collect(), vec![instance(65_000)], policies).bgp_instance().unwrap().local_as.get()
        };
        assert_eq!(held_by(&[("lb", 65_001)]), 65_000);
        assert_eq!(held_by(&[("admin", 65_002)]), 65_002);
    }
}
