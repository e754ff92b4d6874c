//! From the journal back to an engine.

use std::collections::BTreeMap;

use novaroute_core::drain::DrainScope;
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
    let is_drain = |(_, change): &(OwnerName, Change)| {
        matches!(change, Change::Drain(..) | Change::DrainDue(_) | Change::Undrain(_))
    };
    let (drains, records): (Vec<_>, Vec<_>) = records.into_iter().partition(is_drain);
    let owners = records.iter().map(|(owner, _)| owner).chain(policies.keys());
    let permissive = |owner: &OwnerName| policies.get(owner).cloned().unwrap_or_default().permissive();
    let mut engine = Engine::new(owners.map(|owner| (owner.clone(), permissive(owner))).collect());
    let may_override = |(owner, _): &(OwnerName, Change)| policies.get(owner).is_some_and(|policy| policy.can_override);
    let (above, below): (Vec<_>, Vec<_>) = records.into_iter().partition(may_override);
    replay(&mut engine, below);
    declare(&mut engine, declared);
    replay(&mut engine, above);
    replay_drains(&mut engine, drains);
    engine.set_policies(policies);
    engine.begin_again();
    engine
}

/// Drains in their own order, whoever asked for them: of two that are about the same, the later one counts. Who was let then
/// is let now, and whom a drain is about is known, whether or not that owner is configured still.
fn replay_drains(engine: &mut Engine, drains: Vec<(OwnerName, Change)>) {
    let policy = Policy { can_override: true, ..Policy::of_config() };
    let concerned = |(by, change): &(OwnerName, Change)| match change.drained(by) {
        Some(DrainScope::Owner(owner)) => vec![by.clone(), owner],
        Some(DrainScope::Node) | None => vec![by.clone()],
    };
    let known = drains.iter().flat_map(concerned).map(|owner| (owner, policy.clone()));
    engine.set_policies(known.collect());
    replay(engine, drains);
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
    use novaroute_core::drain::DrainTerms;
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
    fn drains_are_replayed_in_their_own_order_and_not_judged_again() {
        let owner = |name: &str| name.parse::<OwnerName>().unwrap();
        let of_lb = || Some(DrainScope::Owner(owner("lb")));
        let drain = |by: &str, scope| (owner(by), Change::Drain(scope, DrainTerms::default()));
        let undrain = (owner("lb"), Change::Undrain(None));
        let scopes = |records, policies: &[(&str, bool)]| {
            let policy = |(name, can_override): &(&str, bool)| {
                (owner(name), Policy { can_override: *can_override, ..Policy::default() })
            };
            let engine = restore(records, Vec::new(), policies.iter().map(policy).collect());
            engine.snapshot().drains().keys().cloned().collect::<Vec<_>>()
        };
        let both = [("admin", true), ("lb", false)];
        assert_eq!(scopes(vec![drain("admin", of_lb()), undrain.clone()], &both), []);
        assert_eq!(scopes(vec![undrain, drain("admin", of_lb())], &both), [DrainScope::Owner(owner("lb"))]);
        // The right was lost since, or the owner is gone from the configuration.
        assert_eq!(scopes(vec![drain("admin", Some(DrainScope::Node))], &[("admin", false)]), [DrainScope::Node]);
        assert_eq!(scopes(vec![drain("admin", Some(DrainScope::Node))], &[]), [DrainScope::Node]);
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
