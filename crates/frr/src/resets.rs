//! The sessions and adjacencies that a plan resets or ends.

use std::collections::BTreeSet;

use novaroute_core::intent::IntentKey;

use crate::config::{Config, Context};
use crate::daemon::Daemon;
use crate::own;
use crate::plan::{Leaf, Plan};
use crate::rules::{Effect, LineKind, Scope};

/// The peers and OSPF interfaces in `running` that have a session or an adjacency which a line of `plan` resets or ends,
/// if it is up. A line of a whole instance concerns all that the instance has, foreign ones too.
#[must_use]
pub fn resets(plan: &Plan, running: &Config) -> BTreeSet<IntentKey> {
    let leaves = plan.batches.iter().flat_map(|batch| batch.leaves.iter().map(move |leaf| (batch, leaf)));
    let reset = leaves.filter(|(_, leaf)| leaf.effect == Effect::Reset);
    reset.flat_map(|(batch, leaf)| concerned(batch.daemon, &batch.context, leaf, running)).collect()
}

fn concerned(daemon: Daemon, context: &Context, leaf: &Leaf, running: &Config) -> BTreeSet<IntentKey> {
    let all = if daemon == Daemon::Bgpd { peers(running) } else { interfaces(daemon, running) };
    let only = |one: Option<IntentKey>| all.iter().filter(|key| Some(*key) == one.as_ref()).cloned().collect();
    if leaf.kind.is_of_neighbor() {
        return only(own::neighbor_in(leaf.text.reveal()).and_then(peer));
    }
    match Scope::of(context) {
        Some(Scope::Interface) => only(interface(context)),
        _ => all,
    }
}

fn peers(running: &Config) -> BTreeSet<IntentKey> {
    let routers = running.contexts_of(Daemon::Bgpd, Scope::RouterBgp);
    let slots = routers.flat_map(|(_, slots)| slots.keys());
    slots.filter(|slot| slot.kind == LineKind::NeighborRemoteAs).filter_map(|slot| peer(&slot.id)).collect()
}

fn interfaces(daemon: Daemon, running: &Config) -> BTreeSet<IntentKey> {
    let contexts = running.contexts_of(daemon, Scope::Interface);
    let on = contexts.filter(|(_, slots)| slots.keys().any(|slot| slot.kind == LineKind::OspfArea));
    on.filter_map(|(context, _)| interface(context)).collect()
}

fn peer(address: &str) -> Option<IntentKey> {
    Some(IntentKey::Peer(address.parse().ok()?))
}

fn interface(context: &Context) -> Option<IntentKey> {
    let (_, line) = context.split_last()?;
    Some(IntentKey::Ospf(line.strip_prefix("interface ")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use novaroute_core::bgp::Asn;
    use novaroute_core::desired::Desired;
    use novaroute_core::secret::Password;

    use super::*;
    use crate::fake::FakeFrr;
    use crate::sample::{self, DIALECT};
    use crate::{Removals, diff, render};

    /// What is reset where FRR runs all of the sample, and something beside it, and then `change` is wanted.
    fn reset_by(change: impl FnOnce(&mut Desired)) -> Vec<String> {
        let mut desired = sample::full();
        let mut frr = FakeFrr::new();
        frr.execute(&sample::plan_from_nothing(&desired));
        let router = Context::top().child("router bgp 65001");
        frr.type_line(Daemon::Bgpd, &router, "neighbor 10.99.0.1 remote-as 65099");
        change(&mut desired);
        let plan = diff(frr.running(), &render(&desired, DIALECT), Removals::Apply);
        resets(&plan, frr.running()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_of_a_peer_concerns_that_peer_and_one_of_an_interface_that_interface() {
        let address = "10.12.0.2".parse().unwrap();
        assert_eq!(
            reset_by(|desired| {
                let peers = &mut desired.bgp.as_mut().unwrap().peers;
                peers.get_mut(&address).unwrap().password = Some(Password::new("other").unwrap());
            }),
            ["peer 10.12.0.2"]
        );
        assert_eq!(
            reset_by(|desired| drop(desired.bgp.as_mut().unwrap().peers.remove(&address))),
            ["peer 10.12.0.2"],
            "a session that ends"
        );
        let interface = "r2".parse().unwrap();
        assert_eq!(reset_by(|desired| desired.ospf.get_mut(&interface).unwrap().passive = true), ["ospf r2"]);
    }

    #[test]
    fn an_instance_takes_all_its_sessions_along_foreign_ones_too() {
        let all = ["peer 10.12.0.2", "peer 10.13.0.3", "peer 10.99.0.1", "peer 2001:db8:ffff::2", "peer r3"];
        let instance =
            |desired: &mut Desired| desired.bgp.as_mut().unwrap().instance.router_id = "9.9.9.9".parse().unwrap();
        assert_eq!(reset_by(|desired| instance(desired))[..all.len()], all);
        assert_eq!(reset_by(|desired| desired.bgp.as_mut().unwrap().instance.local_as = Asn::new(65009).unwrap()), all);
        assert_eq!(reset_by(|desired| desired.ospf.clear()), ["ospf r2", "ospf r3"]);
    }

    #[test]
    fn what_is_new_or_only_announced_resets_nothing() {
        let none: [&str; 0] = [];
        assert_eq!(reset_by(|_| {}), none);
        assert_eq!(
            reset_by(|desired| {
                let new = sample::peer("10.14.0.4", 65004);
                desired.bgp.as_mut().unwrap().peers.insert(new.key, new);
            }),
            none
        );
        assert_eq!(reset_by(|desired| desired.bgp.as_mut().unwrap().prefixes.clear()), none);
    }
}
