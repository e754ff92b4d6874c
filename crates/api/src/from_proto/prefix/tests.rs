use novaroute_core::{
    bgp::{Origin, PrefixAttributes},
    intent::{Advertisement, Change, Intent},
};

use crate::{
    from_proto::{
        AUDIENCE_PEERS_MAX, COMMUNITIES_MAX, EXTENDED_COMMUNITIES_MAX, LARGE_COMMUNITIES_MAX,
        testing::{fields_at_fault, parsed},
    },
    v1::{self, AdvertisePrefixRequest, Protocol, WithdrawPrefixRequest},
};

fn request(prefix: &str, protocol: i32, attributes: v1::PrefixAttributes) -> AdvertisePrefixRequest {
    AdvertisePrefixRequest { prefix: prefix.into(), protocol, attributes: Some(attributes), ..Default::default() }
}

fn bgp(attributes: v1::PrefixAttributes) -> AdvertisePrefixRequest {
    request("10.0.0.1/32", Protocol::Bgp.into(), attributes)
}

fn advertisement(request: &AdvertisePrefixRequest) -> Advertisement {
    match parsed(request) {
        Change::Put(Intent::Prefix(advertisement)) => advertisement,
        other => panic!("{other:?}"),
    }
}

fn communities(texts: impl IntoIterator<Item = String>) -> AdvertisePrefixRequest {
    bgp(v1::PrefixAttributes { communities: texts.into_iter().collect(), ..Default::default() })
}

#[test]
fn host_bits_are_cleared() {
    let given = request("2001:DB8:0::9/64", Protocol::Bgp.into(), Default::default());
    assert_eq!(advertisement(&given).prefix.to_string(), "2001:db8::/64");
    assert_eq!(advertisement(&given).attributes, PrefixAttributes::default());
}

#[test]
fn protocols_that_are_not_in_the_contract_are_refused() {
    for number in [0, 3, -1, i32::MAX] {
        assert_eq!(fields_at_fault(&request("10.0.0.1/32", number, Default::default())), ["protocol"], "{number}");
    }
}

#[test]
fn space_that_never_leaves_a_node_can_be_withdrawn_but_not_advertised() {
    let (prefix, protocol) = ("127.0.0.1/32", i32::from(Protocol::Bgp));
    assert_eq!(fields_at_fault(&request(prefix, protocol, Default::default())), ["prefix"]);
    let withdraw = WithdrawPrefixRequest { prefix: prefix.into(), protocol, ..Default::default() };
    assert!(matches!(parsed(&withdraw), Change::Remove(_)));
}

#[test]
fn the_field_that_can_say_zero_wins() {
    let both = v1::PrefixAttributes {
        local_preference: 200,
        med: 5,
        local_pref: Some(0),
        multi_exit_disc: Some(0),
        ..Default::default()
    };
    let old = v1::PrefixAttributes { local_pref: None, multi_exit_disc: None, ..both.clone() };
    let values = |given| {
        let attributes = advertisement(&bgp(given)).attributes;
        (attributes.local_preference, attributes.med)
    };
    assert_eq!(values(both), (Some(0), Some(0)));
    assert_eq!(values(old), (Some(200), Some(5)));
    assert_eq!(values(v1::PrefixAttributes { communities: vec!["1:1".into()], ..Default::default() }), (None, None));
}

#[test]
fn the_next_hop_has_the_family_of_the_prefix_and_can_be_reached() {
    for bad in ["2001:db8::1", "127.0.0.1", "0.0.0.0", "10.0.0.1/32", "next"] {
        let given = v1::PrefixAttributes { next_hop: bad.into(), ..Default::default() };
        assert_eq!(fields_at_fault(&bgp(given)), ["attributes.next_hop"], "{bad}");
    }
}

#[test]
fn each_bad_community_is_named() {
    let given = ["65000:1", "65536:1", "no-export", "no-such"].map(str::to_owned);
    assert_eq!(fields_at_fault(&communities(given)), ["attributes.communities[1]", "attributes.communities[3]"]);
}

#[test]
fn communities_are_a_set_of_limited_size() {
    let numbered = |count: usize| communities((0..count).map(|number| format!("65000:{number}")));
    assert_eq!(advertisement(&numbered(COMMUNITIES_MAX)).attributes.communities.len(), COMMUNITIES_MAX);
    assert_eq!(fields_at_fault(&numbered(COMMUNITIES_MAX + 1)), ["attributes.communities"]);
    let spelled = ["no-export", "65535:65281", "NO-EXPORT"].map(str::to_owned);
    assert_eq!(advertisement(&communities(spelled)).attributes.communities.len(), 1);
}

#[test]
fn the_other_lists_are_sets_of_limited_size_too() {
    let numbered = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<Vec<_>>();
    let large = |count| v1::PrefixAttributes {
        large_communities: numbered(count, |number| format!("65000:0:{number}")),
        ..Default::default()
    };
    assert!(advertisement(&bgp(large(LARGE_COMMUNITIES_MAX))).attributes.large_communities.len() > 1);
    assert_eq!(fields_at_fault(&bgp(large(LARGE_COMMUNITIES_MAX + 1))), ["attributes.large_communities"]);
    let extended = |count| v1::PrefixAttributes {
        extended_communities: numbered(count, |number| format!("rt:65000:{number}")),
        ..Default::default()
    };
    assert!(advertisement(&bgp(extended(EXTENDED_COMMUNITIES_MAX))).attributes.extended_communities.len() > 1);
    assert_eq!(fields_at_fault(&bgp(extended(EXTENDED_COMMUNITIES_MAX + 1))), ["attributes.extended_communities"]);
    let peers = |count| v1::PrefixAttributes {
        peers: numbered(count, |number| format!("10.0.{number}.1")),
        ..Default::default()
    };
    assert!(advertisement(&bgp(peers(AUDIENCE_PEERS_MAX))).attributes.peers.len() > 1);
    assert_eq!(fields_at_fault(&bgp(peers(AUDIENCE_PEERS_MAX + 1))), ["attributes.peers"]);
    let twice = v1::PrefixAttributes { peers: vec!["fd00::1".into(), "FD00:0::1".into()], ..Default::default() };
    assert_eq!(advertisement(&bgp(twice)).attributes.peers.len(), 1);
}

#[test]
fn numbers_beyond_their_range_are_refused() {
    let prepend = |times| bgp(v1::PrefixAttributes { as_path_prepend: times, ..Default::default() });
    assert_eq!(advertisement(&prepend(10)).attributes.as_path_prepend.times(), 10);
    assert_eq!(fields_at_fault(&prepend(11)), ["attributes.as_path_prepend"]);
    let origin = |number| bgp(v1::PrefixAttributes { origin: number, ..Default::default() });
    assert_eq!(advertisement(&origin(1)).attributes, PrefixAttributes::default());
    assert_eq!(advertisement(&origin(3)).attributes.origin, Origin::Incomplete);
    for number in [4, -1, i32::MAX] {
        assert_eq!(fields_at_fault(&origin(number)), ["attributes.origin"], "{number}");
    }
}

#[test]
fn ospf_carries_no_attributes() {
    let ospf = |attributes| request("10.0.0.1/32", Protocol::Ospf.into(), attributes);
    assert_eq!(fields_at_fault(&ospf(v1::PrefixAttributes { med: 1, ..Default::default() })), ["attributes"]);
    assert_eq!(advertisement(&ospf(Default::default())).attributes, PrefixAttributes::default());
}
