use super::*;
use crate::bgp::{Asn, BgpInstance, PrefixAttributes};
use crate::intent::{Advertisement, Protocol};
use crate::store::{Place, Store};
use std::sync::Arc;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn prefix(med: u32) -> Intent {
    let attributes = PrefixAttributes { med: Some(med), ..Default::default() };
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix: "10.0.0.1/32".parse().unwrap(), attributes })
}

fn instance() -> Intent {
    Intent::Bgp(BgpInstance { local_as: Asn::new(65001).unwrap(), router_id: "1.1.1.1".parse().unwrap() })
}

fn sent() -> Live {
    let to = ["10.9.9.9".parse().unwrap()].into();
    let advertised = [((Protocol::Bgp, "10.0.0.1/32".parse().unwrap()), to)].into();
    Live { advertised: Arc::new(advertised), ..Live::default() }
}

fn put(store: &mut Store, name: &str, intent: &Intent, place: Place) {
    store.put(&owner(name), intent.clone(), place);
}

fn set(store: &mut Store, intent: &Intent, status: &IntentStatus) {
    let revision = store.snapshot().revision();
    store.set_status(&intent.key(), status, revision, 1);
}

/// Looks at the goal for both waits; `gone` is what FRR says.
fn look(goal: &Goal, store: &Store, live: &Live, gone: Result<(), &str>) -> [Progress; 2] {
    let gone = |_: &IntentKey, _: u64| gone.map_err(str::to_owned);
    let sight = Sight { snapshot: store.snapshot(), live, gone };
    assert_eq!(goal.look(Wait::None, &sight), Progress::Arrived);
    [goal.look(Wait::Programmed, &sight), goal.look(Wait::Advertised, &sight)]
}

fn states(progress: [Progress; 2]) -> [String; 2] {
    progress.map(|progress| match progress {
        Progress::Arrived => "arrived".to_owned(),
        Progress::OnTheWay { text, .. } => text,
        Progress::Ended(rejection) => rejection.reason.to_string(),
    })
}

#[test]
fn a_prefix_is_pending_then_programmed_then_advertised() {
    let (mut store, intent) = (Store::default(), prefix(1));
    put(&mut store, "a", &intent, Place::Base);
    let goal = Goal::There(owner("a"), intent.clone());
    let here = |store: &Store, live: &Live| states(look(&goal, store, live, Ok(())));
    let pending = "prefix bgp 10.0.0.1/32 is pending";
    // A look from before may still show an earlier announcement.
    assert_eq!(here(&store, &sent()), [pending, pending]);
    set(&mut store, &intent, &IntentStatus::of(IntentState::Programmed));
    let programmed =
        "prefix bgp 10.0.0.1/32 is programmed (NO_ESTABLISHED_PEER: no established peer was sent this prefix)";
    assert_eq!(here(&store, &Live::default()), ["arrived", programmed]);
    assert_eq!(here(&store, &sent()), ["arrived", "arrived"]);
}

#[test]
fn what_is_no_prefix_is_there_when_it_is_programmed() {
    let (mut store, intent) = (Store::default(), instance());
    put(&mut store, "a", &intent, Place::Base);
    let goals = ["a", "b"].map(|name| Goal::There(owner(name), intent.clone()));
    for goal in &goals {
        assert_eq!(states(look(goal, &store, &Live::default(), Ok(()))), ["bgp is pending", "bgp is pending"]);
    }
    set(&mut store, &intent, &IntentStatus::of(IntentState::Programmed));
    for goal in &goals {
        assert_eq!(states(look(goal, &store, &Live::default(), Ok(()))), ["arrived", "arrived"]);
    }
}

#[test]
fn refused_overridden_and_superseded_end_the_wait() {
    let (mut store, intent) = (Store::default(), prefix(1));
    put(&mut store, "a", &intent, Place::Base);
    let goal = Goal::There(owner("a"), intent.clone());
    set(&mut store, &intent, &IntentStatus::because(IntentState::Refused, Reason::FrrRefused, "% no"));
    let [Progress::Ended(refused), _] = look(&goal, &store, &Live::default(), Ok(())) else { panic!("goes on") };
    assert_eq!((refused.class, refused.reason), (RejectionClass::FailedPrecondition, Reason::FrrRefused));
    assert!(refused.message.contains("is refused: % no. It stays accepted"), "{refused}");
    assert_eq!(refused.metadata["state"], "refused");

    put(&mut store, "admin", &prefix(2), Place::Over);
    assert_eq!(states(look(&goal, &store, &sent(), Ok(()))), ["OVERRIDDEN_BY_OWNER"; 2]);
    store.remove(&intent.key(), Place::Over);
    put(&mut store, "a", &prefix(3), Place::Base);
    assert_eq!(states(look(&goal, &store, &sent(), Ok(()))), ["SUPERSEDED"; 2]);
    store.remove(&intent.key(), Place::Base);
    assert_eq!(states(look(&goal, &store, &sent(), Ok(()))), ["SUPERSEDED"; 2]);
}

#[test]
fn what_is_removed_is_gone_from_frr_then_from_the_peers() {
    let (mut store, intent) = (Store::default(), prefix(1));
    put(&mut store, "a", &intent, Place::Base);
    store.remove(&intent.key(), Place::Base);
    let goal = Goal::Gone(intent.key(), store.snapshot().revision());
    let still = "prefix bgp 10.0.0.1/32 is still in FRR (not yet)";
    assert_eq!(states(look(&goal, &store, &Live::default(), Err("not yet"))), [still, still]);
    let sent_on = "prefix bgp 10.0.0.1/32 has not been taken back from everybody who was sent it";
    assert_eq!(states(look(&goal, &store, &sent(), Ok(()))), ["arrived", sent_on]);
    assert_eq!(states(look(&goal, &store, &Live::default(), Ok(()))), ["arrived", "arrived"]);
    put(&mut store, "b", &intent, Place::Base);
    assert_eq!(states(look(&goal, &store, &Live::default(), Err("not yet"))), ["SUPERSEDED"; 2]);
}

#[test]
fn what_was_covered_comes_back_in_place_of_what_is_removed() {
    let (mut store, intent) = (Store::default(), prefix(1));
    put(&mut store, "a", &intent, Place::Base);
    put(&mut store, "admin", &prefix(2), Place::Over);
    store.remove(&intent.key(), Place::Over);
    let goal = Goal::Gone(intent.key(), store.snapshot().revision());
    assert_eq!(states(look(&goal, &store, &sent(), Err("not yet"))), ["arrived", "arrived"]);
}

#[test]
fn the_end_of_patience_says_where_it_is() {
    let key = prefix(1).key();
    let status = IntentStatus::because(IntentState::Pending, Reason::DaemonUnavailable, "bgpd does not answer");
    let rejection = ran_out(&key, "prefix bgp 10.0.0.1/32 is pending", Some(&status), 1.5);
    assert_eq!((rejection.class, rejection.reason), (RejectionClass::DeadlineExceeded, Reason::WaitRanOut));
    let text = "after 1.5 s prefix bgp 10.0.0.1/32 is pending. The change stays accepted";
    assert!(rejection.message.starts_with(text), "{rejection}");
    let told = |key| rejection.metadata.get(key).map(String::as_str);
    let expected = [Some("pending"), Some("DAEMON_UNAVAILABLE"), Some("bgpd does not answer")];
    assert_eq!(["state", "cause", "cause_detail"].map(told), expected);
}
