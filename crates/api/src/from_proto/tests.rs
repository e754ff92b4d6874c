//! Every string field × hostile text: refused with the field named, or kept as it is.

use super::*;
use crate::v1::{
    AdvertisePrefixRequest, ApplyPeerRequest, BgpPeer, ConfigureBgpRequest, DisableBfdRequest, DisableOspfRequest,
    EnableBfdRequest, EnableOspfRequest, ExportPolicy, ImportPolicy, PrefixAttributes, PrefixRange, RegisterRequest,
    RemovePeerRequest, WithdrawPrefixRequest,
};

/// Text that is no good in any field.
const NEVER: [&str; 17] = [
    "\n",
    "a\nno router bgp",
    "10.0.0.2\nexit",
    "10.0.0.2\r",
    "eth0\0",
    "a\tb",
    "\u{7f}",
    "a|include b",
    " ",
    "10.0.0.2 ",
    " eth0",
    "\u{202e}eth0",
    "1:1\u{2066}",
    "a\u{200b}b",
    "a\u{2028}b",
    "a\u{85}b",
    "\u{feff}eth0",
];

/// Text that looks like a command, and may stand in a description and nowhere else.
const WORDS: [&str; 6] =
    ["no router bgp 65000", "! comment", "50% off", "? show version", "\"quoted\" 'text'", "end; exit"];

fn long() -> String {
    "x".repeat(64 << 10)
}

/// One request with `text` in one field; the path of that field; whether free text may stand there.
type Case = (&'static str, bool, fn(String) -> Result<Call, BadFields>);

/// The outcome of a request with credentials and the fields that are given.
macro_rules! request {
    ($message:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        // Some messages have no other fields.
        #[allow(clippy::needless_update)]
        let request = $message { owner: "edge".into(), token: "t".into(), $($field: $value,)* ..Default::default() };
        call(&request)
    }};
}

fn apply(change: impl FnOnce(&mut BgpPeer)) -> Result<Call, BadFields> {
    let mut peer = BgpPeer { neighbor_address: "10.0.0.2".into(), remote_as: 65001, ..Default::default() };
    change(&mut peer);
    request!(ApplyPeerRequest { peer: Some(peer) })
}

fn attributes(attributes: PrefixAttributes) -> Result<Call, BadFields> {
    request!(AdvertisePrefixRequest { prefix: "10.0.0.1/32".into(), protocol: 1, attributes: Some(attributes) })
}

const CASES: [Case; 24] = [
    ("owner", false, |text| call(&RegisterRequest { owner: text, token: "t".into(), ..Default::default() })),
    ("router_id", false, |text| request!(ConfigureBgpRequest { local_as: 1, router_id: text })),
    ("peer.neighbor_address", false, |text| apply(|peer| peer.neighbor_address = text)),
    ("peer.description", true, |text| apply(|peer| peer.description = text)),
    ("peer.source_address", false, |text| apply(|peer| peer.source_address = text)),
    ("peer.import_policy.prefixes[0].prefix", false, |text| {
        let prefixes = vec![PrefixRange { prefix: text, ..Default::default() }];
        apply(|peer| peer.import_policy = Some(ImportPolicy { accept: 2, prefixes, ..Default::default() }))
    }),
    ("peer.export_policy.communities[0]", false, |text| {
        apply(|peer| peer.export_policy = Some(ExportPolicy { announce: 2, communities: vec![text] }))
    }),
    ("neighbor_address", false, |text| request!(RemovePeerRequest { neighbor_address: text })),
    ("prefix", false, |text| request!(AdvertisePrefixRequest { prefix: text, protocol: 1 })),
    ("prefix", false, |text| request!(WithdrawPrefixRequest { prefix: text, protocol: 1 })),
    ("attributes.communities[0]", false, |text| {
        attributes(PrefixAttributes { communities: vec![text], ..Default::default() })
    }),
    ("attributes.large_communities[0]", false, |text| {
        attributes(PrefixAttributes { large_communities: vec![text], ..Default::default() })
    }),
    ("attributes.extended_communities[0]", false, |text| {
        attributes(PrefixAttributes { extended_communities: vec![text], ..Default::default() })
    }),
    ("attributes.peers[0]", false, |text| attributes(PrefixAttributes { peers: vec![text], ..Default::default() })),
    ("attributes.next_hop", false, |text| attributes(PrefixAttributes { next_hop: text, ..Default::default() })),
    ("peer_address", false, |text| request!(EnableBfdRequest { peer_address: text })),
    ("interface_name", false, |text| {
        request!(EnableBfdRequest { peer_address: "10.0.0.2".into(), interface_name: text })
    }),
    ("source_address", false, |text| {
        request!(EnableBfdRequest { peer_address: "10.0.0.2".into(), source_address: text })
    }),
    ("peer_address", false, |text| request!(DisableBfdRequest { peer_address: text })),
    ("interface_name", false, |text| {
        request!(DisableBfdRequest { peer_address: "10.0.0.2".into(), interface_name: text })
    }),
    ("interface_name", false, |text| request!(EnableOspfRequest { interface_name: text, area_id: "0".into() })),
    ("area_id", false, |text| request!(EnableOspfRequest { interface_name: "eth0".into(), area_id: text })),
    ("interface_name", false, |text| request!(DisableOspfRequest { interface_name: text })),
    ("peer.password", false, |text| apply(|peer| peer.password = text)),
];

#[test]
fn hostile_text_is_refused_with_the_field_named() {
    for (field, _, request) in CASES {
        for text in NEVER.map(str::to_owned).into_iter().chain([long()]) {
            let bad = request(text.clone()).expect_err(&format!("{field} took {text:?}"));
            assert!(bad.violations().iter().any(|violation| violation.field == field), "{field}: {bad}");
            let printed = bad.to_string();
            assert!(printed.len() < 1000, "{field}: {} bytes", printed.len());
            assert!(!printed.chars().any(char::is_control), "{field}: {printed:?}");
        }
    }
}

#[test]
fn words_of_a_command_line_stand_in_free_text_only() {
    for (field, free, request) in CASES {
        for text in WORDS {
            assert_eq!(request(text.to_owned()).is_ok(), free, "{field}: {text}");
        }
    }
}

#[test]
fn credentials_and_fields_are_reported_together() {
    let bad = call(&RemovePeerRequest::default()).unwrap_err();
    let named: Vec<_> = bad.violations().iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(named, ["owner", "token", "neighbor_address"]);
}

#[test]
fn a_time_to_answer_is_one_of_three() {
    let waiting = |wait| {
        let (owner, token, interface_name) = ("edge".into(), "t".into(), "eth0".into());
        DisableOspfRequest { owner, token, interface_name, wait, dry_run: wait == 2 }
    };
    for (number, wait) in [(0, Wait::None), (1, Wait::Programmed), (2, Wait::Advertised)] {
        let call = call(&waiting(number)).unwrap();
        assert_eq!((call.wait, call.dry_run), (wait, number == 2));
    }
    for number in [3, -1, i32::MAX] {
        let bad = call(&waiting(number)).unwrap_err();
        assert_eq!(bad.violations()[0].field, "wait", "{bad}");
    }
}
