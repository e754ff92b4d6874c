use super::*;
use crate::bgp::{Asn, BgpInstance, PrefixAttributes};
use crate::intent::{Advertisement, Intent};
use crate::live::{DaemonLive, PeerLive, SessionState};
use crate::name::OwnerName;
use crate::state::IntentStatus;
use crate::store::{Place, Store};

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn prefix(n: usize) -> Prefix {
    format!("10.0.0.{n}/32").parse().unwrap()
}

fn advertisement(n: usize) -> Intent {
    Intent::Prefix(Advertisement {
        protocol: Protocol::Bgp,
        prefix: prefix(n),
        attributes: PrefixAttributes::default(),
    })
}

fn told(picture: Picture) -> Vec<String> {
    let owner = |event: &Event| event.owner.as_ref().map(ToString::to_string).unwrap_or_default();
    picture.tell().map(|event| format!("{} {} {}", event.event_type, owner(&event), event.detail)).collect()
}

#[test]
fn of_nothing_there_is_nothing_to_tell() {
    assert_eq!(told(Picture::default()), Vec::<String>::new());
}

#[test]
fn everything_that_is_so_is_told_once_and_what_is_not_is_not() {
    let mut store = Store::default();
    for n in 1..=3 {
        store.put(&owner("a"), advertisement(n), Place::Base);
    }
    let instance = BgpInstance { local_as: Asn::new(65001).unwrap(), router_id: "1.1.1.1".parse().unwrap() };
    store.put(&owner("a"), Intent::Bgp(instance), Place::Base);
    let revision = store.snapshot().revision();
    let programmed = IntentStatus::of(IntentState::Programmed);
    store.set_status(&IntentKey::Bgp, &programmed, revision, 1);
    store.set_status(&advertisement(1).key(), &programmed, revision, 1);
    let refused = IntentStatus::because(IntentState::Refused, Reason::FrrRefused, "% no");
    store.set_status(&advertisement(2).key(), &refused, revision, 1);
    store.put(&owner("admin"), advertisement(1), Place::Over);

    let peer = |state| PeerLive { state, ..PeerLive::default() };
    let live = Live {
        daemons: [
            ("bgpd".to_owned(), DaemonLive { connected: true, ..DaemonLive::default() }),
            ("ospfd".to_owned(), DaemonLive::default()),
        ]
        .into(),
        peers: [
            ("10.9.9.8".parse().unwrap(), peer(SessionState::Active)),
            ("10.9.9.9".parse().unwrap(), peer(SessionState::Established)),
        ]
        .into(),
        advertised: Arc::new([1, 9].map(|n| ((Protocol::Bgp, prefix(n)), ["10.9.9.9".parse().unwrap()].into())).into()),
        ..Live::default()
    };
    let picture = Picture { snapshot: store.snapshot().clone(), live: Arc::new(live) };
    let expected = [
        "FRR_CONNECTED  bgpd answers",
        "PEER_UP  peer 10.9.9.9 is established",
        "PREFIX_ADVERTISED admin prefix 10.0.0.1/32 is announced by bgp",
        "PREFIX_ADVERTISED  prefix 10.0.0.9/32 is announced by bgp",
        "INTENT_PROGRAMMED a bgp programmed",
        "INTENT_OVERRIDDEN a prefix bgp 10.0.0.1/32 of owner a is taken over by owner admin",
        "INTENT_REFUSED a prefix bgp 10.0.0.2/32 refused: % no",
    ];
    assert_eq!(told(picture), expected);
}

#[test]
fn what_changes_while_it_is_told_is_not_in_the_picture() {
    let mut store = Store::default();
    store.put(&owner("a"), advertisement(1), Place::Base);
    store.set_status(&advertisement(1).key(), &IntentStatus::of(IntentState::Programmed), 1, 1);
    let picture = Picture { snapshot: store.snapshot().clone(), live: Arc::default() };
    let telling = picture.tell();
    store.remove(&advertisement(1).key(), Place::Base);
    assert_eq!(telling.count(), 1);
}
