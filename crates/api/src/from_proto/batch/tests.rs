use novaroute_core::wait::Wait;

use super::*;

fn item(asked: Asked) -> v1::IntentItem {
    v1::IntentItem { change: Some(asked) }
}

fn peer(address: &str, hold_time: u32) -> v1::IntentItem {
    let peer = v1::BgpPeer { neighbor_address: address.into(), remote_as: 65_000, hold_time, ..Default::default() };
    item(Asked::ApplyPeer(v1::ApplyPeerRequest { peer: Some(peer), ..Default::default() }))
}

fn prefix(text: &str) -> v1::AdvertisePrefixRequest {
    v1::AdvertisePrefixRequest { prefix: text.into(), protocol: 1, ..Default::default() }
}

fn head() -> v1::ApplyIntentsRequest {
    v1::ApplyIntentsRequest { owner: "edge".into(), token: "t".into(), ..Default::default() }
}

fn named(bad: &BadFields) -> Vec<&str> {
    bad.violations().iter().map(|violation| violation.field.as_str()).collect()
}

fn target_of(item: &v1::IntentItem) -> Option<String> {
    let (items, bad) = batch_items(std::slice::from_ref(item));
    assert_eq!(bad.len(), 1, "{item:?}");
    items[0].target.as_ref().map(ToString::to_string)
}

#[test]
fn a_head_is_parsed_as_any_request() {
    let parsed = batch_head(&v1::ApplyIntentsRequest { mode: 1, atomic: true, wait: 2, ..head() }).unwrap();
    let BatchHead { batch, confirm_within } = parsed.change;
    assert_eq!((batch.mode, batch.atomic, parsed.wait), (Mode::Replace, true, Wait::Advertised));
    assert!(!batch.confirm_removals && confirm_within.is_none() && !parsed.dry_run);
    let bad = batch_head(&v1::ApplyIntentsRequest { mode: 2, wait: 7, ..Default::default() }).unwrap_err();
    assert_eq!(named(&bad), ["owner", "token", "mode", "wait"]);
}

#[test]
fn a_confirmation_names_its_change_or_means_whichever_waits() {
    let request = |change_id: &str| {
        let (owner, token) = ("edge".into(), "t".into());
        confirm(&v1::ConfirmRequest { owner, token, change_id: change_id.into(), rollback: true, ..Default::default() })
    };
    assert_eq!(request("").unwrap().change, Settlement { change: None, roll_back: true });
    assert_eq!(request("c-1").unwrap().change.change.unwrap().as_str(), "c-1");
    assert_eq!(named(&request("a b").unwrap_err()), ["change_id"]);
    let late = batch_head(&v1::ApplyIntentsRequest { confirm_within_s: 86_401, ..head() }).unwrap_err();
    assert_eq!(named(&late), ["confirm_within_s"]);
}

#[test]
fn good_items_become_changes_and_bad_ones_are_told_by_place() {
    let items = [peer("10.0.0.2", 0), peer("10.0.0.3", 1), item(Asked::AdvertisePrefix(prefix("10.1.0.0/33")))];
    let (parsed, bad) = batch_items(&items);
    assert!(matches!(&parsed[0].change, Some(Change::Put(_))));
    assert!(parsed[1].change.is_none() && parsed[2].change.is_none());
    assert_eq!(bad.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(named(&bad[&1]), ["peer.keepalive"]);
    assert_eq!(named(&bad[&2]), ["prefix"]);
}

#[test]
fn a_bad_item_still_names_its_key_where_that_can_be_read() {
    let bfd = |peer: &str, interface: &str, multihop| {
        let (peer_address, interface_name) = (peer.to_owned(), interface.to_owned());
        let min_rx_ms = 1;
        item(Asked::EnableBfd(v1::EnableBfdRequest {
            peer_address,
            interface_name,
            multihop,
            min_rx_ms,
            ..Default::default()
        }))
    };
    let ospf = v1::EnableOspfRequest { interface_name: "eth0".into(), area_id: "x".into(), ..Default::default() };
    let far = v1::PrefixAttributes { next_hop: "fd00::1".into(), ..Default::default() };
    let prefix = v1::AdvertisePrefixRequest { attributes: Some(far), ..prefix("10.1.0.9/24") };
    for (item, target) in [
        (peer("10.0.0.3", 1), Some("peer 10.0.0.3")),
        (peer("10.0.0", 1), None),
        (item(Asked::ConfigureBgp(v1::ConfigureBgpRequest::default())), Some("bgp")),
        (item(Asked::AdvertisePrefix(prefix)), Some("prefix bgp 10.1.0.0/24")),
        (bfd("10.0.0.2", "eth0", false), Some("bfd 10.0.0.2 interface eth0")),
        (bfd("10.0.0.2", "", true), Some("bfd 10.0.0.2 multihop")),
        (bfd("10.0.0.2", "eth0", true), None),
        (item(Asked::EnableOspf(ospf)), Some("ospf eth0")),
        (item(Asked::ApplyPeer(v1::ApplyPeerRequest::default())), None),
        (v1::IntentItem { change: None }, None),
    ] {
        assert_eq!(target_of(&item).as_deref(), target, "{item:?}");
    }
}

#[test]
fn who_asks_stands_in_the_call_alone() {
    let signed = v1::AdvertisePrefixRequest {
        owner: "edge".into(),
        token: "t".into(),
        wait: 1,
        dry_run: true,
        ..prefix("10.0.0.1/32")
    };
    let (_, bad) = batch_items(&[item(Asked::AdvertisePrefix(signed))]);
    assert_eq!(named(&bad[&0]), ["owner", "token", "wait", "dry_run"]);
}

#[test]
fn later_messages_of_a_stream_have_items_and_nothing_else() {
    let items = vec![peer("10.0.0.2", 0)];
    assert!(only_items(&v1::ApplyIntentsRequest { items, ..Default::default() }).is_ok());
    assert_eq!(named(&only_items(&head()).unwrap_err()), ["owner"]);
    let atomic = v1::ApplyIntentsRequest { atomic: true, ..Default::default() };
    assert_eq!(named(&only_items(&atomic).unwrap_err()), ["atomic"]);
}

#[test]
fn too_many_items_name_the_way_out() {
    assert!(too_many_items(ITEMS_MAX).to_string().contains("10000: call ApplyIntentsStream"));
    assert!(too_many_items(STREAM_ITEMS_MAX).to_string().contains("100000: split"));
}
