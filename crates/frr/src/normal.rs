//! The normal form of a line: one text for what FRR's versions print differently.

use std::net::IpAddr;

use novaroute_core::bgp::Community;
use novaroute_core::ospf::AreaId;

use crate::context::Context;
use crate::daemon::Daemon;
use crate::names::NAME_PREFIX;

/// The largest hop count of `ebgp-multihop`: FRR 10 prints it as no number at all, FRR 8 as 255.
const HOPS_MAX: &str = "255";

/// Brings a line of `daemon` in `context` into normal form.
pub(crate) fn line(daemon: Daemon, context: &Context, text: &str) -> String {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words.as_slice() {
        // Free text and secrets stay as they are, but for the address before them.
        ["neighbor", peer, word @ ("description" | "password"), ..] => {
            let rest = text.trim_start().splitn(4, ' ').nth(3).unwrap_or_default();
            format!("neighbor {} {word} {rest}", address(peer))
        }
        ["neighbor", peer, "shutdown", "message", ..] => {
            let rest = text.trim_start().splitn(5, ' ').nth(4).unwrap_or_default();
            format!("neighbor {} shutdown message {rest}", address(peer))
        }
        ["ip", "ospf", "authentication-key" | "message-digest-key", ..]
        | ["ipv6", "ospf6", "authentication", ..]
        | ["key-string", ..] => words.join(" "),
        // How FRR 10 shows AS numbers is its own business; in a VRF's instance nothing is ours.
        ["router", "bgp", asn] | ["router", "bgp", asn, "as-notation", _] => format!("router bgp {}", as_number(asn)),
        ["neighbor", peer, "remote-as", asn] => format!("neighbor {} remote-as {}", address(peer), as_number(asn)),
        ["neighbor", interface, "interface", "remote-as", asn] => {
            format!("neighbor {interface} interface remote-as {}", as_number(asn))
        }
        ["neighbor", peer, "local-as", asn, rest @ ..] => {
            [&["neighbor", &address(peer), "local-as", &as_number(asn)], rest].concat().join(" ")
        }
        ["neighbor", peer, "ebgp-multihop"] => format!("neighbor {} ebgp-multihop {HOPS_MAX}", address(peer)),
        ["set", "community", list @ ..] => format!("set community {}", communities(list)),
        // FRR numbers own entries as they come; the numbers of others mean something to them.
        [family @ ("ip" | "ipv6"), "prefix-list", name, "seq", _, rest @ ..] if name.starts_with(NAME_PREFIX) => {
            format!("{family} prefix-list {name} {}", addresses(rest))
        }
        [
            "bgp",
            list @ ("community-list" | "large-community-list"),
            "standard",
            name,
            "seq",
            _,
            verdict,
            words @ ..,
        ] if name.starts_with(NAME_PREFIX) => {
            format!("bgp {list} standard {name} {verdict} {}", communities(words))
        }
        [family @ ("ip" | "ipv6"), ospf @ ("ospf" | "ospf6"), "area", id] => {
            format!("{family} {ospf} area {}", area(id))
        }
        ["peer", rest @ ..] if daemon == Daemon::Bfdd && context.path().len() == 1 => bfd_peer(rest),
        _ => addresses(&words),
    }
}

fn addresses(words: &[&str]) -> String {
    words.iter().map(|word| address(word)).collect::<Vec<_>>().join(" ")
}

/// An address or prefix as the standard library prints it; anything else as it is. FRR 8 prints IPv4-mapped
/// addresses in hexadecimal, both print IPv4-compatible ones with dots.
fn address(word: &str) -> String {
    let (host, length) = word.split_once('/').map_or((word, None), |(host, length)| (host, Some(length)));
    match (host.parse::<IpAddr>(), length) {
        (Ok(ip), Some(length)) => format!("{ip}/{length}"),
        (Ok(ip), None) => ip.to_string(),
        (Err(_), _) => word.to_owned(),
    }
}

/// An AS number as a plain one. FRR 10 remembers in which form it was typed, and prints that (RFC 5396).
fn as_number(word: &str) -> String {
    let dotted =
        word.split_once('.').and_then(|(high, low)| Some((high.parse::<u16>().ok()?, low.parse::<u16>().ok()?)));
    dotted.map_or_else(|| word.to_owned(), |(high, low)| (u32::from(high) << 16 | u32::from(low)).to_string())
}

/// FRR remembers in which of the two forms an area was typed, and prints that.
fn area(word: &str) -> String {
    word.parse::<AreaId>().map_or_else(|_| word.to_owned(), |area| area.to_string())
}

/// Names that FRR prints for communities which have none in the domain (FRR `bgpd/bgp_community.c`).
const FRR_NAMES: [(&str, u32); 8] = [
    ("internet", 0),
    ("route-filter-translated-v4", 0xffff_0002),
    ("route-filter-v4", 0xffff_0003),
    ("route-filter-translated-v6", 0xffff_0004),
    ("route-filter-v6", 0xffff_0005),
    ("llgr-stale", 0xffff_0006),
    ("no-llgr", 0xffff_0007),
    ("accept-own-nexthop", 0xffff_0008),
];

/// FRR sorts communities and prints names; unknown words (`additive`, `none`) make the list stay as it is.
fn communities(words: &[&str]) -> String {
    let bits = words.iter().map(|word| {
        let named = FRR_NAMES.iter().find(|(name, _)| name == word).map(|(_, bits)| Community::from_bits(*bits));
        named.or_else(|| word.parse().ok())
    });
    match bits.collect::<Option<std::collections::BTreeSet<Community>>>() {
        Some(sorted) => sorted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        None => words.join(" "),
    }
}

/// Words of FRR's after which a key follows, in lines that only others write.
const BEFORE_SECRETS: [&str; 12] = [
    "password",
    "secret",
    "authentication-key",
    "message-digest-key",
    "key-string",
    "key",
    "md5",
    "domain-password",
    "area-password",
    "tcp-ao",
    "psk",
    "community-string",
];

/// A line of others as it may be shown: nothing of it after a word that a key follows.
pub(crate) fn without_secret(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words.iter().position(|word| BEFORE_SECRETS.contains(word)) {
        Some(at) if at + 1 < words.len() => format!("{} ********", words[..=at].join(" ")),
        _ => line.to_owned(),
    }
}

/// `vrf default` says nothing.
fn bfd_peer(words: &[&str]) -> String {
    let mut out = vec!["peer".to_owned()];
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "vrf" => drop(rest.next()),
            word => out.push(address(word)),
        }
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(text: &str) -> String {
        line(Daemon::Bgpd, &Context::top(), text)
    }

    #[test]
    fn what_versions_print_differently_is_one_text() {
        for (one, other) in [
            ("neighbor FD12:0::22 remote-as 65009", "neighbor fd12::22 remote-as 65009"),
            ("neighbor 10.0.0.2 ebgp-multihop 255", "neighbor 10.0.0.2 ebgp-multihop"),
            ("network ::ffff:102:304/128 route-map X", "network ::ffff:1.2.3.4/128 route-map X"),
            ("ip prefix-list NR-L seq 5 permit 10.0.0.0/8", "ip prefix-list NR-L permit 10.0.0.0/8"),
            ("ip prefix-list L seq 5 permit 10.0.0.0/8", "ip prefix-list L seq 5 permit 10.0.0.0/8"),
            (
                "bgp community-list standard NR-C-1 seq 5 permit internet",
                "bgp community-list standard NR-C-1 permit 0:0",
            ),
            ("bgp community-list standard C seq 5 permit 1:2", "bgp community-list standard C seq 5 permit 1:2"),
            ("ip ospf area 1", "ip ospf area 0.0.0.1"),
            ("router bgp 65001 as-notation dot+", "router bgp 65001"),
            ("router bgp 64086.59905 as-notation dot", "router bgp 4200000001"),
            ("router bgp 0.65001", "router bgp 65001"),
            ("neighbor 10.0.0.2 remote-as 1.1", "neighbor 10.0.0.2 remote-as 65537"),
            ("set community internet 1:2 no-export", "set community no-export 1:2 0:0"),
            ("neighbor 10.0.0.2 local-as 1.1 no-prepend", "neighbor 10.0.0.2 local-as 65537 no-prepend"),
            ("set community 65535:65281", "set community no-export"),
        ] {
            assert_eq!(top(one), top(other));
        }
    }

    #[test]
    fn free_text_is_left_alone() {
        let description = "neighbor 10.0.0.2 description 010.0.0.1 FD00::1 x/y";
        assert_eq!(top(description), description);
        let message = "neighbor 10.0.0.2 shutdown message 010.0.0.1 FD00::1";
        assert_eq!(top(message), message);
        assert_eq!(top("neighbor FD00::1 password FD00::1"), "neighbor fd00::1 password FD00::1");
        assert_eq!(top("set community none"), "set community none");
        for key in
            ["ip ospf authentication-key FD00::1", "ip ospf message-digest-key 1 md5 FD00::1", "key-string A::/4"]
        {
            assert_eq!(top(key), key);
        }
    }

    #[test]
    fn keys_in_lines_of_others_are_not_shown() {
        for (line, shown) in [
            ("ip ospf message-digest-key 1 md5 s3cret", "ip ospf message-digest-key ********"),
            ("ip ospf authentication-key s3cret", "ip ospf authentication-key ********"),
            (
                "ipv6 ospf6 authentication key-id 1 hash-algo md5 key s3cret",
                "ipv6 ospf6 authentication key-id 1 hash-algo md5 ********",
            ),
            ("key-string s3cret", "key-string ********"),
            ("enable password 8 aGFzaA", "enable password ********"),
            ("area-password clear s3cret", "area-password ********"),
            ("no neighbor 192.0.2.1 password", "no neighbor 192.0.2.1 password"),
            ("ip ospf network point-to-point", "ip ospf network point-to-point"),
        ] {
            assert_eq!(without_secret(line), shown);
        }
    }

    #[test]
    fn sessions_of_the_default_vrf_do_not_name_it() {
        let bfd = Context::top().child("bfd");
        let peer = |text| line(Daemon::Bfdd, &bfd, text);
        let single = "peer FD12::2 local-address fd12::1 interface r2 vrf default";
        assert_eq!(peer(single), "peer fd12::2 local-address fd12::1 interface r2");
        assert_eq!(peer("peer 10.0.0.1 vrf default"), "peer 10.0.0.1");
        let multihop = "peer 10.0.0.1 multihop local-address 10.0.0.9";
        assert_eq!(peer(multihop), multihop);
    }
}
