//! Every flag lands in its field, and in no other.

use novaroute_api::v1;

use crate::{
    ctl::{PASSWORD, TOKEN},
    fake::{Fake, Script, Seen},
};

/// Runs each line and compares what the agent was asked.
fn check(rows: Vec<(&str, Seen)>) {
    let agent = Fake::start(Script::default());
    std::fs::write(agent.folder().join("secret"), format!("{PASSWORD}\n")).unwrap();
    for (line, expected) in rows {
        let ran = agent.run(line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        assert!(ran.stdout.starts_with("ok "), "{line}: {ran:?}");
        assert_eq!(agent.asked(), [expected], "{line}");
    }
}

fn edge() -> String {
    "edge".into()
}

fn token() -> String {
    TOKEN.into()
}

#[test]
fn register_and_deregister() {
    let plain = v1::RegisterRequest { owner: edge(), token: token(), ..Default::default() };
    let reassert = v1::RegisterRequest { reassert_intents: true, ..plain.clone() };
    let leased = v1::RegisterRequest { lease_s: 60, instance: "edge-0".into(), ..plain.clone() };
    let deregister = |withdraw_all| {
        Seen::Deregister(v1::DeregisterRequest { owner: edge(), token: token(), withdraw_all, ..Default::default() })
    };
    check(vec![
        ("register", Seen::Register(plain)),
        ("register --reassert", Seen::Register(reassert)),
        ("register --lease 60 --instance edge-0", Seen::Register(leased)),
        ("deregister", deregister(false)),
        ("deregister --withdraw-all", deregister(true)),
    ]);
}

#[test]
fn renew_and_end_of_replay() {
    let renew = v1::RenewRequest { owner: edge(), token: token(), session_id: "s-1".into(), ..Default::default() };
    let end = v1::EndOfReplayRequest { owner: edge(), token: token(), ..Default::default() };
    let sure = v1::EndOfReplayRequest { session_id: "s-1".into(), confirm_removals: true, ..end.clone() };
    check(vec![
        ("renew --session-id s-1", Seen::Renew(renew)),
        ("end-of-replay", Seen::EndOfReplay(end)),
        ("end-of-replay --session-id s-1 --confirm-removals", Seen::EndOfReplay(sure)),
    ]);
}

#[test]
fn drain_and_undrain() {
    let drain = v1::DrainRequest { owner: edge(), token: token(), ..Default::default() };
    let node = v1::DrainRequest { node: true, delay_s: Some(0), ..drain.clone() };
    let kept = v1::DrainRequest { of_owner: "lb".into(), keep_announced: true, ..drain.clone() };
    let shut = v1::DrainRequest { shut_sessions: true, shutdown_message: "moving".into(), ..drain.clone() };
    let undrain = v1::UndrainRequest { owner: edge(), token: token(), ..Default::default() };
    let of_owner = v1::UndrainRequest { of_owner: "lb".into(), ..undrain.clone() };
    check(vec![
        ("drain", Seen::Drain(drain)),
        ("drain --node --delay-s 0", Seen::Drain(node)),
        ("drain --of-owner lb --keep-announced", Seen::Drain(kept)),
        ("drain --shut-sessions --shutdown-message moving", Seen::Drain(shut)),
        ("undrain", Seen::Undrain(undrain.clone())),
        ("undrain --of-owner lb", Seen::Undrain(of_owner)),
        ("undrain --node", Seen::Undrain(v1::UndrainRequest { node: true, ..undrain })),
    ]);
}

#[test]
fn handoff() {
    check(vec![("handoff", Seen::Handoff(v1::HandoffRequest { owner: edge(), token: token(), ..Default::default() }))]);
}

#[test]
fn configure_bgp() {
    let expected = v1::ConfigureBgpRequest {
        owner: edge(),
        token: token(),
        local_as: 4_294_967_295,
        router_id: "192.0.2.1".into(),
        ..Default::default()
    };
    check(vec![("configure-bgp --local-as 4294967295 --router-id 192.0.2.1", Seen::ConfigureBgp(expected))]);
}

fn apply(peer: v1::BgpPeer) -> Seen {
    Seen::ApplyPeer(v1::ApplyPeerRequest { owner: edge(), token: token(), peer: Some(peer), ..Default::default() })
}

#[test]
fn apply_peer() {
    let least = v1::BgpPeer { neighbor_address: "2001:db8::1".into(), remote_as: 65000, ..Default::default() };
    let all = v1::BgpPeer {
        peer_type: v1::PeerType::External.into(),
        keepalive: 1,
        hold_time: 3,
        bfd_enabled: true,
        description: "50%".into(),
        address_families: vec![1, 2],
        source_address: "2001:db8::2".into(),
        ebgp_multihop: 4,
        password: PASSWORD.into(),
        max_prefix: 5,
        bfd_min_rx_ms: 106,
        bfd_min_tx_ms: 107,
        bfd_detect_multiplier: 8,
        graceful_restart: v1::GracefulRestart::Full.into(),
        max_prefix_action: v1::MaxPrefixAction::Restart.into(),
        max_prefix_restart_min: 9,
        import_policy: Some(v1::ImportPolicy {
            accept: v1::ImportAccept::Listed.into(),
            prefixes: ["10.0.0.0/8", "fd00::/8"]
                .map(|prefix| v1::PrefixRange { prefix: prefix.into(), ..Default::default() })
                .into(),
            refuse_default_route: true,
        }),
        export_policy: Some(v1::ExportPolicy {
            announce: v1::ExportAnnounce::OwnWithCommunities.into(),
            communities: vec!["65001:1".into(), "65001:0:1".into()],
        }),
        next_hop_self: true,
        allowas_in: 2,
        ..least.clone()
    };
    let nothing = v1::ImportPolicy { accept: v1::ImportAccept::Nothing.into(), ..Default::default() };
    let transit = v1::ExportPolicy { announce: v1::ExportAnnounce::Transit.into(), ..Default::default() };
    let settings = v1::BgpPeer {
        neighbor_address: String::new(),
        interface_name: "eth1".into(),
        local_as: 65_010,
        ttl_security_hops: 1,
        passive: true,
        connect_retry_s: 2,
        advertisement_interval_s: 3,
        shutdown: true,
        shutdown_message: "moving".into(),
        ..least.clone()
    };
    let policies = v1::BgpPeer { import_policy: Some(nothing), export_policy: Some(transit), ..least.clone() };
    check(vec![
        ("apply-peer --neighbor 2001:db8::1 --remote-as 65000", apply(least.clone())),
        (
            "apply-peer --neighbor 2001:db8::1 --remote-as 65000 --peer-type external --keepalive 1 --hold-time 3 --bfd \
             --description 50% --address-families ipv4-unicast,ipv6-unicast --source-address 2001:db8::2 \
             --ebgp-multihop 4 --password-file secret --max-prefix 5 --bfd-min-rx 106 --bfd-min-tx 107 \
             --bfd-detect-multiplier 8 --graceful-restart full --max-prefix-action restart --max-prefix-restart-min 9 \
             --import-prefixes 10.0.0.0/8,fd00::/8 --refuse-default-route --export-communities 65001:1,65001:0:1 \
             --next-hop-self --allowas-in 2",
            apply(all),
        ),
        ("apply-peer --neighbor 2001:db8::1 --remote-as 65000 --import nothing --export transit", apply(policies)),
        (
            "apply-peer --interface eth1 --remote-as 65000 --local-as 65010 --ttl-security 1 --passive --connect-retry 2 \
             --advertisement-interval 3 --shutdown --shutdown-message moving",
            apply(settings),
        ),
        (
            "apply-peer --neighbor 2001:db8::1 --remote-as 65000 --password passw0rd-that-nobody-sees \
             --peer-type PEER_TYPE_INTERNAL --address-families ipv6 --address-families IPV4",
            apply(v1::BgpPeer { password: PASSWORD.into(), peer_type: 2, address_families: vec![2, 1], ..least }),
        ),
    ]);
}

#[test]
fn remove_peer() {
    let expected = v1::RemovePeerRequest {
        owner: edge(),
        token: token(),
        neighbor_address: "192.0.2.1".into(),
        ..Default::default()
    };
    let unnumbered =
        v1::RemovePeerRequest { neighbor_address: String::new(), interface_name: "eth1".into(), ..expected.clone() };
    check(vec![
        ("remove-peer --neighbor 192.0.2.1", Seen::RemovePeer(expected)),
        ("remove-peer --interface eth1", Seen::RemovePeer(unnumbered)),
    ]);
}

fn advertise(protocol: i32, attributes: Option<v1::PrefixAttributes>) -> Seen {
    Seen::AdvertisePrefix(v1::AdvertisePrefixRequest {
        owner: edge(),
        token: token(),
        prefix: "203.0.113.7/32".into(),
        protocol,
        attributes,
        ..Default::default()
    })
}

#[test]
fn advertise_and_withdraw() {
    let all = v1::PrefixAttributes {
        local_preference: 200,
        communities: vec!["65001:1".into(), "no-export".into(), "65001:2".into()],
        med: 7,
        next_hop: "192.0.2.9".into(),
        large_communities: vec!["65001:0:1".into(), "65001:0:2".into()],
        extended_communities: vec!["rt:65001:1".into()],
        as_path_prepend: 3,
        origin: v1::Origin::Incomplete.into(),
        peers: vec!["192.0.2.1".into(), "fd00::1".into()],
        ..Default::default()
    };
    let zeros = v1::PrefixAttributes { local_pref: Some(0), multi_exit_disc: Some(0), ..Default::default() };
    let withdraw = |protocol| {
        let prefix = "203.0.113.7/32".into();
        Seen::WithdrawPrefix(v1::WithdrawPrefixRequest {
            owner: edge(),
            token: token(),
            prefix,
            protocol,
            ..Default::default()
        })
    };
    check(vec![
        ("advertise --prefix 203.0.113.7/32", advertise(1, None)),
        ("advertise --prefix 203.0.113.7/32 --protocol OSPF", advertise(2, None)),
        (
            "advertise --prefix 203.0.113.7/32 --protocol bgp --local-pref 200 --communities 65001:1,no-export \
             --communities 65001:2 --med 7 --next-hop 192.0.2.9 --large-communities 65001:0:1,65001:0:2 \
             --extended-communities rt:65001:1 --as-path-prepend 3 --origin incomplete --peers 192.0.2.1,fd00::1",
            advertise(1, Some(all)),
        ),
        ("advertise --prefix 203.0.113.7/32 --local-pref 0 --med 0", advertise(1, Some(zeros))),
        ("withdraw --prefix 203.0.113.7/32", withdraw(1)),
        ("withdraw --prefix 203.0.113.7/32 --protocol PROTOCOL_OSPF", withdraw(2)),
    ]);
}

#[test]
fn enable_and_disable_bfd() {
    let enable = v1::EnableBfdRequest {
        owner: edge(),
        token: token(),
        peer_address: "fe80::1".into(),
        min_rx_ms: 101,
        min_tx_ms: 102,
        detect_multiplier: 3,
        interface_name: "eth0".into(),
        multihop: true,
        source_address: "fe80::2".into(),
        ..Default::default()
    };
    let least =
        v1::EnableBfdRequest { owner: edge(), token: token(), peer_address: "fe80::1".into(), ..Default::default() };
    let disable = |interface: &str, multihop| {
        Seen::DisableBfd(v1::DisableBfdRequest {
            owner: edge(),
            token: token(),
            peer_address: "fe80::1".into(),
            interface_name: interface.into(),
            multihop,
            ..Default::default()
        })
    };
    check(vec![
        ("enable-bfd --peer fe80::1", Seen::EnableBfd(least)),
        (
            "enable-bfd --peer fe80::1 --min-rx 101 --min-tx 102 --detect-multiplier 3 --interface eth0 --multihop \
             --source-address fe80::2",
            Seen::EnableBfd(enable),
        ),
        ("disable-bfd --peer fe80::1", disable("", None)),
        ("disable-bfd --peer fe80::1 --interface eth0", disable("eth0", None)),
        ("disable-bfd --peer fe80::1 --multihop", disable("", Some(true))),
        ("disable-bfd --peer fe80::1 --multihop=false", disable("", Some(false))),
    ]);
}

#[test]
fn enable_and_disable_ospf() {
    let least = v1::EnableOspfRequest {
        owner: edge(),
        token: token(),
        interface_name: "eth0".into(),
        area_id: "0.0.0.1".into(),
        ..Default::default()
    };
    let all = v1::EnableOspfRequest {
        passive: true,
        cost: 11,
        hello_interval: 12,
        dead_interval: 13,
        network_type: v1::OspfNetworkType::PointToPoint.into(),
        priority: Some(0),
        area_type: v1::OspfAreaType::Nssa.into(),
        authentication: v1::OspfAuthentication::Md5.into(),
        authentication_key_id: 14,
        authentication_key: PASSWORD.into(),
        bfd_enabled: true,
        bfd_min_rx_ms: 115,
        bfd_min_tx_ms: 116,
        bfd_detect_multiplier: 17,
        ..least.clone()
    };
    let disable =
        v1::DisableOspfRequest { owner: edge(), token: token(), interface_name: "eth0".into(), ..Default::default() };
    check(vec![
        ("enable-ospf --interface eth0 --area 0.0.0.1", Seen::EnableOspf(least)),
        (
            "enable-ospf --interface eth0 --area 0.0.0.1 --passive --cost 11 --hello-interval 12 --dead-interval 13 \
             --network-type point-to-point --priority 0 --area-type nssa --authentication md5 --authentication-key-id 14 \
             --authentication-key-file secret --bfd --bfd-min-rx 115 --bfd-min-tx 116 --bfd-detect-multiplier 17",
            Seen::EnableOspf(all),
        ),
        ("disable-ospf --interface eth0", Seen::DisableOspf(disable)),
    ]);
}

#[test]
fn owner_and_token_from_flags_win_over_the_environment() {
    let agent = Fake::start(Script::default());
    std::fs::write(agent.folder().join("token"), "from-file\n").unwrap();
    for (line, owner, token) in [
        ("register --owner net --token own", "net", "own"),
        ("--owner net --token own register", "net", "own"),
        ("register --token-file token", "edge", "from-file"),
    ] {
        assert_eq!(agent.run(line).code, 0, "{line}");
        let expected = v1::RegisterRequest { owner: owner.into(), token: token.into(), ..Default::default() };
        // Compared field by field: `Debug` and thus a diff hides the token.
        let asked = agent.asked();
        let [Seen::Register(seen)] = &asked[..] else { panic!("{line}: {asked:?}") };
        assert_eq!((&seen.owner, &seen.token), (&expected.owner, &expected.token), "{line}");
    }
}

#[test]
fn the_answer_is_shown() {
    let agent = Fake::start(Script {
        register: v1::RegisterResponse {
            session_id: "s-1".into(),
            current_prefixes: vec!["203.0.113.7/32".into(), "203.0.113.8/32".into()],
            current_peers: Vec::new(),
            epoch: 3,
            has_state: true,
            ..Default::default()
        },
        end_of_replay: v1::EndOfReplayResponse { removed: vec!["prefix bgp 203.0.113.8/32".into()], plan: None },
        configure_bgp: v1::ConfigureBgpResponse { previous_as: 65000, ..Default::default() },
        ..Default::default()
    });
    expect_test::expect![[r#"
        ok        register edge
          session id: s-1
          current prefixes: 203.0.113.7/32, 203.0.113.8/32
          epoch: 3
          has state: true
    "#]]
    .assert_eq(&agent.run("register").stdout);
    expect_test::expect![[r#"
        ok        end-of-replay edge
          removed: prefix bgp 203.0.113.8/32
    "#]]
    .assert_eq(&agent.run("end-of-replay").stdout);
    expect_test::expect![[r#"
        {
          "action": "configure-bgp",
          "subject": "AS 65001 router-id 192.0.2.1",
          "owner": "edge",
          "result": "ok",
          "response": {
            "previous_as": 65000,
            "previous_router_id": ""
          }
        }
    "#]]
    .assert_eq(&agent.run("configure-bgp --local-as 65001 --router-id 192.0.2.1 -o json").stdout);
}

#[test]
fn wait_goes_into_every_request() {
    let withdraw = |wait: v1::Wait| {
        Seen::WithdrawPrefix(v1::WithdrawPrefixRequest {
            owner: edge(),
            token: token(),
            prefix: "203.0.113.7/32".into(),
            protocol: 1,
            wait: wait.into(),
            ..Default::default()
        })
    };
    let (withdraw_all, wait) = (true, v1::Wait::Programmed.into());
    let deregister = v1::DeregisterRequest { owner: edge(), token: token(), withdraw_all, wait, ..Default::default() };
    check(vec![
        ("withdraw --prefix 203.0.113.7/32 --wait", withdraw(v1::Wait::Advertised)),
        ("withdraw --wait=programmed --prefix 203.0.113.7/32", withdraw(v1::Wait::Programmed)),
        ("withdraw --wait=WAIT_ADVERTISED --prefix 203.0.113.7/32", withdraw(v1::Wait::Advertised)),
        ("deregister --withdraw-all --wait=programmed", Seen::Deregister(deregister)),
    ]);
}
