//! Wrong usage is exit code 2, a missing agent is exit code 3, and both say
//! what to do.

use std::os::unix::net::UnixListener;

use crate::ctl::{self, TOKEN, alone, alone_as_edge};

#[test]
fn wrong_usage_is_named() {
    for (line, named) in [
        ("", "Usage: novaroutectl"),
        ("advertize --prefix 1.2.3.4/32", "'advertise'"),
        ("advertise", "--prefix <PREFIX>"),
        ("advertise --prefix p --protocol bpg", "--protocol <PROTOCOL>: unknown word `bpg`; did you mean `bgp`?"),
        ("advertise --prefix p --protocol isis", "unknown word `isis`; known: bgp, ospf"),
        ("advertise --prefix p --protocol 1", "unknown word `1`"),
        ("advertise --prefix p --med x", "invalid value 'x' for '--med <N>'"),
        ("apply-peer --neighbor n --remote-as 4294967296", "4294967296 is not in 0..=4294967295"),
        ("apply-peer --neighbor n --remote-as -1", "-1"),
        ("apply-peer --neighbor n --remote-as 1 --peer-type foreign", "known: external, internal"),
        ("apply-peer --neighbor n --remote-as 1 --address-families ipv4,ipv5", "unknown word `ipv5`"),
        ("apply-peer --neighbor n --remote-as 1 --password a --password-file b", "cannot be used with"),
        ("apply-peer --neighbor n --remote-as 1 --password-file /nonexistent", "/nonexistent: No such file"),
        ("register --token a --token-file b", "cannot be used with"),
        ("register --token-file /nonexistent", "/nonexistent: No such file"),
        ("events --types PEER_UPP", "did you mean `PEER_UP`?"),
        ("events --boot-id 5f0c", "--from <SEQUENCE>"),
        ("events --from soon", "invalid value 'soon'"),
        ("withdraw --prefix p --wait=sent", "--wait[=<STATE>]: unknown word `sent`; known: programmed, advertised"),
        ("status --wait", "--wait is for commands that change something"),
        ("status --interval 0", "write a time from 1ms"),
        ("status --timeout soon", "write seconds"),
        ("top", "top needs a terminal that can place text (TERM): elsewhere take `novaroutectl status --watch`"),
        ("top -o json", "take `novaroutectl status -o json`"),
        ("status -o xml", "[possible values: table, wide, json, yaml]"),
        ("apply", "--file <FILE>"),
        ("apply -f /nonexistent/routes.yaml", "cannot read /nonexistent/routes.yaml: No such file"),
        ("completion tcsh", "[possible values: bash,"),
    ] {
        let ran = alone_as_edge(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line}: {ran:?}");
        assert!(ran.stderr.contains(named), "{line}: {}", ran.stderr);
    }
}

#[test]
fn a_change_needs_an_owner_and_a_token() {
    let ran = alone("register");
    assert_eq!(ran.code, 2);
    assert_eq!(ran.stderr, "novaroutectl: this command needs an owner: give --owner or set NOVAROUTE_OWNER\n");
    let ran = alone("register --owner edge");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("this command needs a token: give --token-file, --token or set NOVAROUTE_TOKEN"));
}

#[test]
fn without_an_agent_the_code_is_3() {
    for line in ["status", "peers -o json", "events", "register", "withdraw --prefix 203.0.113.7/32"] {
        let ran = alone_as_edge(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{line}");
        for part in ["UNREACHABLE", "/nonexistent/novaroute.sock: No such file", "way out: start novaroute-agent"] {
            assert!(ran.stderr.contains(part), "{line}: {}", ran.stderr);
        }
    }
    let json = alone_as_edge("register -o json");
    assert_eq!((json.code, json.stderr.as_str()), (3, ""));
    assert!(json.stdout.contains(r#""code": "UNREACHABLE""#), "{json:?}");
}

#[test]
fn an_agent_that_hangs_runs_into_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    // Connections are taken by the kernel; nobody ever answers them.
    let _listener = UnixListener::bind(&socket).unwrap();
    for line in ["status --timeout 50ms", "register --timeout 50ms"] {
        let mut command = ctl::command(&socket, line);
        let ran = ctl::run(command.env("NOVAROUTE_OWNER", "edge").env("NOVAROUTE_TOKEN", TOKEN));
        assert_eq!(ran.code, 3, "{line}: {ran:?}");
        assert!(ran.stderr.contains("within 50ms"), "{line}: {ran:?}");
    }
}
