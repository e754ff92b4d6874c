use super::*;

fn key(text: &str) -> IntentKey {
    let prefix = |protocol| IntentKey::Prefix(protocol, "10.0.0.1/32".parse().unwrap());
    match text {
        "bgp" => IntentKey::Bgp,
        "peer" => IntentKey::Peer("10.9.9.9".parse().unwrap()),
        "bgp prefix" => prefix(Protocol::Bgp),
        "ospf prefix" => prefix(Protocol::Ospf),
        other => IntentKey::Ospf(other.parse().unwrap()),
    }
}

#[test]
fn what_is_removed_is_gone_when_a_later_comparison_finds_nothing_left() {
    let seen = |compared, unswept: &[Daemon]| Seen {
        compared,
        unswept: unswept.iter().map(|daemon| (*daemon, "it hangs".to_owned())).collect(),
        ..Seen::default()
    };
    assert!(gone(&seen(4, &[]), &key("bgp"), 5).unwrap_err().contains("not been compared"));
    assert_eq!(gone(&seen(5, &[]), &key("bgp"), 5), Ok(()));
    assert_eq!(gone(&seen(6, &[Daemon::Bgpd]), &key("bgp prefix"), 5), Err("bgpd: it hangs".to_owned()));
    assert_eq!(gone(&seen(6, &[Daemon::Bfdd]), &key("peer"), 5), Err("bfdd: it hangs".to_owned()));
}

#[test]
fn a_daemon_holds_up_only_what_it_has_lines_of() {
    let others = Seen { compared: 9, unswept: [(Daemon::Ospfd, "it hangs".to_owned())].into(), ..Seen::default() };
    for unaffected in ["bgp", "peer", "bgp prefix"] {
        assert_eq!(gone(&others, &key(unaffected), 1), Ok(()), "{unaffected}");
    }
    for affected in ["ospf prefix", "eth0"] {
        assert!(gone(&others, &key(affected), 1).is_err(), "{affected}");
    }
}
