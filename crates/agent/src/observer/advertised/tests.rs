use novaroute_core::bgp::PrefixAttributes;
use novaroute_core::intent::{Advertisement, Intent};
use novaroute_core::store::{Place, Store};

use super::*;

const TOR: &str = "10.9.9.9";

fn prefix(number: u8) -> Prefix {
    format!("10.0.0.{number}/32").parse().unwrap()
}

/// A store with so many prefixes.
fn store(number: u8) -> Store {
    let mut store = Store::default();
    (0..number).for_each(|number| put(&mut store, number));
    store
}

fn put(store: &mut Store, number: u8) {
    let attributes = PrefixAttributes::default();
    let intent = Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix: prefix(number), attributes });
    store.put(&"lb".parse().unwrap(), intent, Place::Base);
}

fn remove(store: &mut Store, number: u8) {
    store.remove(&IntentKey::Prefix(Protocol::Bgp, prefix(number)), Place::Base);
}

fn to_one() -> BTreeSet<PeerKey> {
    [TOR.parse().unwrap()].into()
}

fn peers(prefixes_sent: u32, flaps: u32) -> BTreeMap<PeerKey, PeerLive> {
    let peer = PeerLive { state: SessionState::Established, prefixes_sent, flaps, ..PeerLive::default() };
    [(TOR.parse().unwrap(), peer)].into()
}

/// One look; what is wanted counts as sent, unless it is `unsent`. Tells what was asked for.
fn look(
    advertised: &mut Advertised,
    store: &Store,
    peers: &BTreeMap<PeerKey, PeerLive>,
    unsent: &[u8],
) -> BTreeSet<Prefix> {
    advertised.doubt(store.snapshot(), peers);
    let asked = advertised.most_doubtful();
    for one in &asked {
        let sent = advertised.wanted.contains(one) && !unsent.iter().any(|number| prefix(*number) == *one);
        advertised.take_in(*one, if sent && !peers.is_empty() { to_one() } else { BTreeSet::new() }, Instant::now());
    }
    advertised.explain(peers);
    asked.into_iter().collect()
}

#[test]
fn at_rest_a_few_are_asked_for_in_turn_until_all_were() {
    let (mut advertised, store) = (Advertised::default(), store(40));
    assert_eq!(look(&mut advertised, &store, &peers(40, 0), &[]).len(), 40);
    let mut asked = BTreeSet::new();
    for _ in 0..4 {
        let now = look(&mut advertised, &store, &peers(40, 0), &[]);
        assert!(now.len() <= ASKED_IN_TURN);
        asked.extend(now);
    }
    assert_eq!(asked, advertised.wanted);
}

#[test]
fn one_more_prefix_is_asked_for_until_it_is_sent_and_the_others_are_left_alone() {
    let (mut advertised, mut store) = (Advertised::default(), store(40));
    look(&mut advertised, &store, &peers(40, 0), &[]);
    put(&mut store, 40);
    for _ in 0..3 {
        let asked = look(&mut advertised, &store, &peers(40, 0), &[40]);
        assert!(asked.contains(&prefix(40)) && asked.len() <= 1 + ASKED_IN_TURN);
        assert!(advertised.is_in_doubt());
    }
    look(&mut advertised, &store, &peers(41, 0), &[]);
    assert!(!advertised.is_in_doubt());
    assert_eq!(advertised.sent().get(&prefix(40)), Some(&to_one()));
}

#[test]
fn a_session_that_came_anew_puts_all_in_doubt_and_one_that_ended_takes_its_prefixes_along() {
    let (mut advertised, store) = (Advertised::default(), store(40));
    look(&mut advertised, &store, &peers(40, 0), &[]);
    assert_eq!(look(&mut advertised, &store, &peers(40, 1), &[]).len(), 40);
    advertised.doubt(store.snapshot(), &BTreeMap::new());
    assert!(advertised.sent().values().all(BTreeSet::is_empty));
}

#[test]
fn a_number_that_nothing_explains_puts_all_in_doubt_once() {
    let (mut advertised, store) = (Advertised::default(), store(40));
    look(&mut advertised, &store, &peers(40, 0), &[]);
    look(&mut advertised, &store, &peers(39, 0), &[]);
    assert!(advertised.is_in_doubt());
    assert_eq!(look(&mut advertised, &store, &peers(39, 0), &[]).len(), 40);
    assert!(!advertised.is_in_doubt());
    look(&mut advertised, &store, &peers(39, 0), &[]);
    assert!(!advertised.is_in_doubt());
}

#[test]
fn a_withdrawn_prefix_is_asked_for_until_it_is_gone() {
    let (mut advertised, mut store) = (Advertised::default(), store(2));
    look(&mut advertised, &store, &peers(2, 0), &[]);
    remove(&mut store, 1);
    advertised.doubt(store.snapshot(), &peers(2, 0));
    advertised.take_in(prefix(1), to_one(), Instant::now());
    assert!(advertised.is_in_doubt() && advertised.sent().contains_key(&prefix(1)));
    look(&mut advertised, &store, &peers(1, 0), &[]);
    assert_eq!(advertised.sent().keys().copied().collect::<Vec<_>>(), [prefix(0)]);
    assert!(!advertised.is_in_doubt());
}

#[test]
fn what_is_sent_to_nobody_for_a_moment_is_still_announced() {
    let (mut advertised, store) = (Advertised::default(), store(1));
    look(&mut advertised, &store, &peers(1, 0), &[]);
    let now = Instant::now();
    advertised.take_in(prefix(0), BTreeSet::new(), now);
    assert_eq!(advertised.sent().get(&prefix(0)), Some(&to_one()));
    assert!(advertised.is_in_doubt());
    advertised.take_in(prefix(0), BTreeSet::new(), now + GONE_AFTER);
    assert_eq!(advertised.sent().get(&prefix(0)), Some(&BTreeSet::new()));
}
