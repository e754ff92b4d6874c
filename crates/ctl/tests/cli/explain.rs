//! `explain`: what is asked, the steps, the exit code.

use expect_test::expect;
use novaroute_api::v1::{self, explain_request::Subject};

use crate::fake::{Fake, Script, Seen};

fn step(name: &str, about: &str, verdict: v1::Verdict, evidence: &str, next: &str) -> v1::ExplainStep {
    let (name, about, evidence, next) = (name.into(), about.into(), evidence.into(), next.into());
    v1::ExplainStep { name, about, verdict: verdict.into(), evidence, next }
}

fn agent(in_effect: bool) -> Fake {
    let steps = vec![
        step("policy", "", v1::Verdict::Ok, "the policy of owner edge allows it", ""),
        step("table", "", v1::Verdict::NotApplicable, "nothing to see", "nothing to do"),
        step("outbound_policy", "", v1::Verdict::Unknown, "bgpd: no answer within 1 s", ""),
        step("peer", "192.0.2.254", v1::Verdict::Failed, "the session is Active\u{1b}[2J", "look at it"),
        step("peer", "2001:db8::1", v1::Verdict::Waiting, "not sent yet", ""),
    ];
    let subject = "prefix bgp 203.0.113.7/32".into();
    let explain = v1::ExplainResponse { subject, in_effect, answer: "it is not announced".into(), steps };
    Fake::start(Script { explain, ..Default::default() })
}

#[test]
fn steps_have_marks_and_what_to_do() {
    let agent = agent(false);
    let ran = agent.run("explain prefix 203.0.113.7/32");
    expect![[r#"
        it is not announced

        ✓ policy            the policy of owner edge allows it
        - table             nothing to see
        ? outbound policy   bgpd: no answer within 1 s
        ✗ peer 192.0.2.254  the session is Active\u{1b}[2J
                            next: look at it
        … peer 2001:db8::1  not sent yet
    "#]]
    .assert_eq(&ran.stdout);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
}

#[test]
fn json_has_the_names_of_the_proto_fields() {
    let agent = agent(true);
    let ran = agent.run("explain prefix 203.0.113.7/32 -o json");
    assert_eq!(ran.code, 0);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["in_effect"], true);
    assert_eq!(json["steps"][1]["verdict"], "not-applicable");
    assert_eq!(json["steps"][3]["about"], "192.0.2.254");
}

#[test]
fn what_is_asked_is_what_was_typed() {
    let agent = agent(true);
    let prefix = |protocol| Subject::Prefix(v1::ExplainPrefix { prefix: "203.0.113.7/32".into(), protocol });
    let peer = |address: &str, interface: &str| {
        Subject::Peer(v1::ExplainPeer { neighbor_address: address.into(), interface_name: interface.into() })
    };
    let bfd = |interface: &str, multihop| {
        let (peer_address, interface_name) = ("192.0.2.9".into(), interface.into());
        Subject::Bfd(v1::ExplainBfd { peer_address, interface_name, multihop })
    };
    for (line, subject, owner) in [
        ("explain prefix 203.0.113.7/32", prefix(1), ""),
        ("explain prefix 203.0.113.7/32 --protocol ospf --owner net", prefix(2), "net"),
        ("explain peer 192.0.2.254", peer("192.0.2.254", ""), ""),
        ("explain peer eth0", peer("", "eth0"), ""),
        ("explain bfd 192.0.2.9 --multihop", bfd("", Some(true)), ""),
        ("explain bfd 192.0.2.9 --interface eth0", bfd("eth0", None), ""),
        ("explain ospf eth0", Subject::Ospf(v1::ExplainOspf { interface_name: "eth0".into() }), ""),
    ] {
        assert_eq!(agent.run(line).code, 0, "{line}");
        let request = v1::ExplainRequest { subject: Some(subject), owner: owner.into() };
        assert_eq!(agent.asked(), [Seen::Explain(request)], "{line}");
    }
}
