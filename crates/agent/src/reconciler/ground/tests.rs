//! Forecasts on an FRR in memory.

use novaroute_core::bgp::{Asn, BgpInstance};
use novaroute_core::engine::Engine;
use novaroute_core::intent::{Change, Intent, Target};
use novaroute_core::state::IntentState;
use novaroute_frr::config::Context;
use novaroute_frr::fake::FakeFrr;
use novaroute_frr::refusals::Refusal;
use novaroute_frr::{Dialect, FrrVersion, Profile};

use super::*;
use crate::frr::Digests;

const DIALECT: Dialect =
    Dialect { version: FrrVersion { major: 10, minor: 3, patch: 0 }, profile: Profile::Traditional, ospf6d: true };

fn engine(changes: Vec<Change>) -> Engine {
    let mut engine = Engine::default();
    changes.into_iter().for_each(|change| make(&mut engine, change));
    engine
}

fn make(engine: &mut Engine, change: Change) {
    let decision = engine.decide(&"edge".parse().unwrap(), change).unwrap();
    engine.commit(decision);
}

fn bgp() -> Change {
    let (local_as, router_id) = (Asn::new(65001).unwrap(), "1.1.1.1".parse().unwrap());
    Change::Put(Intent::Bgp(BgpInstance { local_as, router_id }))
}

fn prefix(text: &str) -> Change {
    let request = novaroute_api::v1::AdvertisePrefixRequest {
        owner: "edge".into(),
        token: "t".into(),
        prefix: text.into(),
        protocol: 1,
        ..Default::default()
    };
    novaroute_api::from_proto::call(&request).unwrap().change
}

fn ground(frr: &FakeFrr) -> Ground {
    let (missing, reconnected) = (BTreeMap::new(), BTreeSet::new());
    let running =
        Running { dialect: DIALECT, config: frr.running().clone(), missing, reconnected, digests: Digests::new() };
    Ground { running, refusals: Refusals::default(), claimed: None, looked_at: 0 }
}

/// An FRR that runs what is wanted.
fn settled(engine: &Engine) -> FakeFrr {
    let mut frr = FakeFrr::new();
    let nothing = Engine::default();
    let plan = ground(&frr).forecast(nothing.snapshot(), engine.snapshot()).plan;
    assert_eq!(frr.execute(&plan).refused, []);
    frr
}

fn texts(plan: &Plan) -> Vec<String> {
    plan.leaves().map(|leaf| leaf.text.to_string()).collect()
}

#[test]
fn what_was_asked_for_before_is_sent_anyway() {
    let engine_before = engine(vec![bgp(), prefix("10.0.0.1/32")]);
    let frr = settled(&engine_before);
    let mut pending = engine_before.clone();
    make(&mut pending, prefix("10.0.0.2/32"));
    let mut after = pending.clone();
    make(&mut after, prefix("10.0.0.3/32"));
    let forecast = ground(&frr).forecast(pending.snapshot(), after.snapshot());
    let named = |plan: &Plan| texts(plan).into_iter().map(|line| line[..18].to_owned()).collect::<Vec<_>>();
    assert_eq!(named(&forecast.plan), ["network 10.0.0.2/3", "network 10.0.0.3/3"]);
    assert_eq!(named(&forecast.caused), ["network 10.0.0.3/3"]);
    assert!(forecast.waiting.is_empty() && forecast.silent.is_empty() && forecast.resets.is_empty());
}

#[test]
fn what_a_change_leaves_without_an_instance_is_named() {
    let before = engine(vec![bgp(), prefix("10.0.0.1/32")]);
    let mut after = before.clone();
    make(&mut after, Change::Remove(Target::Key(IntentKey::Bgp)));
    let forecast = ground(&settled(&before)).forecast(before.snapshot(), after.snapshot());
    let waiting: Vec<_> = forecast.waiting.iter().map(|(key, status)| (key.to_string(), status.state)).collect();
    assert_eq!(waiting, [("prefix bgp 10.0.0.1/32".to_owned(), IntentState::Pending)]);
    assert!(texts(&forecast.caused).contains(&"no router bgp 65001".to_owned()));
}

#[test]
fn what_frr_refused_is_not_planned_and_told_only_where_it_is_new() {
    let before = engine(vec![bgp(), prefix("10.0.0.1/32")]);
    let mut after = before.clone();
    make(&mut after, prefix("10.0.0.2/32"));
    let mut ground = ground(&FakeFrr::new());
    ground.looked_at = after.snapshot().revision();
    let lines = ground.forecast(before.snapshot(), after.snapshot()).plan;
    for batch in &lines.batches {
        for leaf in batch.leaves.iter().filter(|leaf| leaf.text.reveal().starts_with("network ")) {
            ground.refusals.record(Refusal {
                daemon: batch.daemon,
                context: batch.context.clone(),
                line: Some(leaf.text.clone()),
                reason: "% no".to_owned(),
                sources: leaf.sources.clone(),
            });
        }
    }
    let forecast = ground.forecast(before.snapshot(), after.snapshot());
    assert!(texts(&forecast.plan).iter().all(|line| !line.starts_with("network ")), "{}", forecast.plan);
    let waiting: Vec<_> = forecast.waiting.keys().map(ToString::to_string).collect();
    assert_eq!(waiting, ["prefix bgp 10.0.0.2/32"], "the other is refused with and without it");
    ground.looked_at = before.snapshot().revision();
    let again = ground.forecast(before.snapshot(), after.snapshot());
    assert_eq!(texts(&again.caused).len(), 1, "what is asked for is tried: {}", again.caused);
}

#[test]
fn what_nobody_has_claimed_stays_in_the_plan_as_in_the_round() {
    let claimed_later = engine(vec![bgp(), prefix("10.0.0.1/32"), prefix("10.0.0.2/32")]);
    let frr = settled(&claimed_later);
    let before = engine(vec![bgp()]);
    let mut after = before.clone();
    make(&mut after, prefix("10.0.0.1/32"));
    let mut ground = ground(&frr);
    ground.claimed = Some(BTreeSet::new());
    assert!(ground.forecast(before.snapshot(), after.snapshot()).plan.is_empty());
    ground.claimed = None;
    let plan = ground.forecast(before.snapshot(), after.snapshot());
    assert_eq!(texts(&plan.plan), ["no network 10.0.0.2/32"]);
    assert!(plan.caused.is_empty(), "it goes without the call, too");
}

#[test]
fn a_daemon_that_is_needed_and_silent_is_named() {
    let before = engine(vec![bgp()]);
    let mut after = before.clone();
    make(&mut after, prefix("10.0.0.1/32"));
    let mut ground = ground(&FakeFrr::new());
    ground.running.missing = [(Daemon::Bgpd, "gone".to_owned()), (Daemon::Ospfd, "gone".to_owned())].into();
    let silent = ground.forecast(before.snapshot(), after.snapshot()).silent;
    assert_eq!(silent.into_keys().collect::<Vec<_>>(), [Daemon::Bgpd]);
}

#[test]
fn a_hand_edit_is_put_back_anyway() {
    let before = engine(vec![bgp(), prefix("10.0.0.1/32")]);
    let mut frr = settled(&before);
    let family = Context::top().child("router bgp 65001").child("address-family ipv4 unicast");
    frr.type_line(Daemon::Bgpd, &family, "no network 10.0.0.1/32");
    let mut after = before.clone();
    make(&mut after, prefix("10.0.0.2/32"));
    let forecast = ground(&frr).forecast(before.snapshot(), after.snapshot());
    assert_eq!((forecast.plan.len(), forecast.caused.len()), (2, 1), "{}", forecast.plan);
}
