use proptest::prelude::*;

use super::*;

fn message(uid: &str, text: &str) -> Message {
    Message { at_ns: 0, lost: 0, uid: uid.to_owned(), text: text.to_owned() }
}

fn pushed(uid: &str, text: &str) -> Push {
    parse(&message(uid, text)).unwrap()
}

fn peer() -> PeerKey {
    "10.0.1.2".parse().unwrap()
}

fn session(interface: Option<&str>, hop: Hop) -> BfdKey {
    let interface = interface.map(|name| name.parse().unwrap());
    BfdKey { peer: peer().address().unwrap(), interface, hop }
}

/// The words are those of FRR 8.4 and 10.3, which write them alike.
#[test]
fn sessions_of_bgp() {
    assert_eq!(pushed(BGP_UP, "%ADJCHANGE: neighbor 10.0.1.2(vm) in vrf default Up"), Push::PeerUp(peer()));
    let down = "%ADJCHANGE: neighbor 10.0.1.2(vm) in vrf default Down BGP Notification send";
    assert_eq!(pushed(BGP_DOWN, down), Push::PeerDown { peer: peer(), reason: "BGP Notification send".to_owned() });
    let v6 = "%ADJCHANGE: neighbor fd00::2(Unknown) in vrf default Up";
    assert_eq!(pushed(BGP_UP, v6), Push::PeerUp("fd00::2".parse().unwrap()));
    for (uid, text) in [
        (BGP_NOTIFICATION[0], "%NOTIFICATION(Hard Reset): sent to neighbor 10.0.1.2 6/10 (Cease/BFD Down) 0 bytes "),
        (BGP_NOTIFICATION[1], "%NOTIFICATION: received from neighbor 10.0.1.2 6/10 (Cease/BFD Down) \"\""),
    ] {
        assert_eq!(pushed(uid, text), Push::Notification { peer: peer(), reason: "Cease/BFD Down".to_owned() });
    }
}

#[test]
fn sessions_of_bfd() {
    let up = "state-change: [mhop:no peer:10.0.1.2 local:10.0.1.1 vrf:default ifname:tor1] init -> up";
    assert_eq!(pushed(BFD_UP, up), Push::BfdUp(session(Some("tor1"), Hop::Single)));
    let down = "state-change: [mhop:yes peer:10.0.1.2 local:10.0.1.1 vrf:default] up -> down reason:control-expired";
    let reason = "control-expired".to_owned();
    assert_eq!(pushed(BFD_DOWN, down), Push::BfdDown { session: session(None, Hop::Multi), reason });
    assert_eq!(pushed(BFD_SESSIONS[0], "session-new: mhop:no peer:10.0.1.2 local:0.0.0.0 vrf:default"), Push::Look);
}

#[test]
fn neighbors_of_both_ospf_versions() {
    let v2 = "AdjChg: Nbr 2.2.2.2, NbrIP 10.0.1.2 (default) on tor1:10.0.1.1: Full -> Deleted (InactivityTimer)";
    let v3 = "AdjChg: Nbr 2.2.2.2(default) on 2.2.2.2%tor1: Loading -> Full (LoadingDone)";
    for (uid, text, neighbor, state) in
        [(OSPF_NEIGHBOR, v2, "ospf 2.2.2.2 10.0.1.2", "Deleted"), (OSPF6_NEIGHBOR, v3, "ospf3 2.2.2.2", "Full")]
    {
        let (interface, neighbor) = ("tor1".parse().unwrap(), neighbor.to_owned());
        assert_eq!(pushed(uid, text), Push::OspfNeighbor { interface, neighbor, state: state.to_owned() });
    }
}

#[test]
fn words_that_cannot_be_read_ask_for_a_look_and_other_messages_say_nothing() {
    assert_eq!(pushed(BGP_DOWN, "%ADJCHANGE: neighbor 10.0.1.2(vm) in vrf red Down Interface down"), Push::Look);
    assert_eq!(pushed(BGP_UP, "%ADJCHANGE: neighbor fe80::1(vm) in vrf default Up"), Push::Look);
    assert_eq!(pushed(BFD_UP, "something new"), Push::Look);
    assert_eq!(parse(&message("M59KS-A3ZXZ", "rcvd End-of-RIB for IPv4 Unicast from 10.0.1.2 in vrf default")), None);
}

proptest! {
    #[test]
    fn any_words_are_read_or_ask_for_a_look(text in ".{0,200}") {
        for uid in [BGP_UP, BGP_DOWN, BGP_NOTIFICATION[0], BFD_UP, BFD_DOWN, OSPF_NEIGHBOR, OSPF6_NEIGHBOR] {
            prop_assert!(parse(&message(uid, &text)).is_some());
        }
    }
}

/// The words are those of FRR 8.4 and 10.3, which write them alike.
#[test]
fn packets_that_were_refused_name_their_interface() {
    for (uid, text) in [
        (
            "YMNZB-QCM62",
            "Packet 10.0.1.2 [Hello:RECV]: HelloInterval mismatch on tor1:10.0.1.1 (expected 1, but received 2).",
        ),
        ("Y9FH4-5CVMQ", "interface tor1:10.0.1.1: ospf_read invalid Area ID 0.0.0.1"),
        ("XZZ9Y-NNTMQ", "Packet[DD]: Neighbor 10.0.1.2 MTU 9000 is larger than [tor1:10.0.1.1]'s MTU 1500"),
        ("W4KEJ-609X6", "VRF default: I/F tor1 HelloInterval mismatch from fe80::1 (10.0.1.2): (my 1, rcvd 2)"),
    ] {
        assert_eq!(packet_refused_on(&message(uid, text)), Some("tor1".parse().unwrap()), "{text}");
        assert_eq!(parse(&message(uid, text)), None, "it is no change of a session");
    }
    assert_eq!(packet_refused_on(&message(BGP_UP, "on tor1")), None);
    assert_eq!(packet_refused_on(&message("YMNZB-QCM62", "worded anew")), None);
}
