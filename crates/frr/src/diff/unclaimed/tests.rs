use novaroute_core::desired::Desired;
use novaroute_core::intent::Protocol;

use super::*;
use crate::fake::FakeFrr;
use crate::rules::Scope;
use crate::sample::{self, DIALECT};
use crate::{diff, render};

fn running(desired: &Desired) -> FakeFrr {
    let mut frr = FakeFrr::new();
    frr.execute(&sample::plan_from_nothing(desired));
    frr
}

/// The sample without any prefix and with one peer, whose description is cleared.
fn partly_claimed() -> Desired {
    let mut desired = Desired { bgp: sample::full().bgp, ..Desired::default() };
    let bgp = desired.bgp.as_mut().unwrap();
    bgp.prefixes.clear();
    bgp.peers.retain(|address, _| address.to_string() == "10.12.0.2");
    bgp.peers.values_mut().for_each(|peer| peer.description = None);
    desired
}

fn all_intents(desired: &Desired) -> BTreeSet<IntentKey> {
    let bgp = desired.bgp.as_ref().unwrap();
    let peers = bgp.peers.keys().copied().map(IntentKey::Peer);
    let prefixes = bgp.prefixes.keys().map(|prefix| IntentKey::Prefix(Protocol::Bgp, *prefix));
    let ospf_prefixes = desired.ospf_prefixes.iter().map(|prefix| IntentKey::Prefix(Protocol::Ospf, *prefix));
    let bfd = desired.bfd.keys().cloned().map(IntentKey::Bfd);
    let ospf = desired.ospf.keys().cloned().map(IntentKey::Ospf);
    peers.chain(prefixes).chain(ospf_prefixes).chain(bfd).chain(ospf).chain([IntentKey::Bgp]).collect()
}

#[test]
fn while_adopting_nothing_unclaimed_is_removed_but_changes_are_made() {
    let full = sample::full();
    let desired = partly_claimed();
    let plan = diff(running(&full).running(), &render(&desired, DIALECT), Removals::Hold(&BTreeSet::new()));
    // Policies may be made ready for when all have spoken; what is used stays.
    let used = plan.batches.iter().filter(|batch| Scope::of(&batch.context) != Some(Scope::RouteMap));
    let lines: Vec<_> = used.flat_map(|batch| &batch.leaves).map(|leaf| leaf.text.reveal()).collect();
    assert_eq!(lines, ["no neighbor 10.12.0.2 description"]);
    let held: BTreeSet<_> = plan.held.iter().filter_map(|held| held.intent.clone()).collect();
    let wanted = all_intents(&desired);
    assert_eq!(held, all_intents(&full).difference(&wanted).cloned().collect());
}

#[test]
fn what_was_claimed_and_given_up_again_goes_while_adopting() {
    let full = sample::full();
    let target = render(&partly_claimed(), DIALECT);
    for key in all_intents(&full).difference(&all_intents(&partly_claimed())) {
        let mut frr = running(&full);
        let before = diff(frr.running(), &target, Removals::Hold(&BTreeSet::new()));
        let claimed = BTreeSet::from([key.clone()]);
        let plan = diff(frr.running(), &target, Removals::Hold(&claimed));
        assert!(plan.held.len() < before.held.len(), "{key}");
        assert!(plan.held.iter().all(|held| held.intent.as_ref() != Some(key)), "{key}");
        frr.execute(&plan);
        let left = diff(frr.running(), &target, Removals::Hold(&claimed));
        assert!(left.is_empty() && left.held == plan.held, "{key}:\n{left}");
    }
}

#[test]
fn with_everything_claimed_nothing_is_held() {
    let full = sample::full();
    let target = render(&partly_claimed(), DIALECT);
    let claimed = all_intents(&full);
    let frr = running(&full);
    let plan = diff(frr.running(), &target, Removals::Hold(&claimed));
    assert_eq!(plan, diff(frr.running(), &target, Removals::Apply));
}

#[test]
fn ospf_keeps_its_router_id_while_the_bgp_instance_is_unclaimed() {
    let full = sample::full();
    let desired = Desired { ospf: full.ospf.clone(), ..Desired::default() };
    let claimed: BTreeSet<_> = desired.ospf.keys().cloned().map(IntentKey::Ospf).collect();
    let frr = running(&full);
    let target = render(&desired, DIALECT);
    let plan = diff(frr.running(), &target, Removals::Hold(&claimed));
    assert!(plan.is_empty(), "{plan}");
    // Also where bgpd has lost the instance, or does not answer.
    let mut frr = frr;
    frr.restart(crate::Daemon::Bgpd);
    let plan = diff(frr.running(), &target, Removals::Hold(&claimed));
    assert!(plan.is_empty(), "{plan}");
    // An instance that was claimed and given up takes its router id along.
    let claimed: BTreeSet<_> = claimed.into_iter().chain([IntentKey::Bgp]).collect();
    let plan = diff(frr.running(), &target, Removals::Hold(&claimed));
    let lines: Vec<_> = plan.leaves().map(|leaf| leaf.text.reveal()).collect();
    assert_eq!(lines, ["no ospf router-id", "no ospf6 router-id"]);
}

#[test]
fn a_prefix_of_ospf_that_waits_for_its_interface_keeps_its_route() {
    let full = sample::full();
    let desired = Desired { ospf_prefixes: full.ospf_prefixes.clone(), ..Desired::default() };
    let plan = diff(running(&full).running(), &render(&desired, DIALECT), Removals::Hold(&BTreeSet::new()));
    assert!(plan.is_empty(), "{plan}");
}
