//! `--dry-run`.

use expect_test::expect;
use novaroute_api::v1;
use tonic::Status;

use crate::{
    ctl::alone_as_edge,
    fake::{Fake, Script, Seen},
};

fn plan() -> v1::Plan {
    let line = v1::PlannedLine {
        daemon: "bgpd".into(),
        context: vec!["router bgp 65001".into(), "address-family ipv4 unicast".into()],
        line: "network 203.0.113.7/32 route-map NR-A-1".into(),
        operation: v1::LineOperation::Replace.into(),
        effect: v1::Effect::Soft.into(),
        intents: vec!["prefix bgp 203.0.113.7/32".into()],
        anyway: false,
    };
    v1::Plan { lines: vec![line], effect: v1::Effect::Soft.into(), ..Default::default() }
}

#[test]
fn the_plan_is_shown_and_nothing_is_said_to_be_done() {
    let agent = Fake::start(Script { plan: plan(), ..Default::default() });
    let ran = agent.run("advertise --prefix 203.0.113.7/32 --dry-run");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    expect![[r#"
        planned   advertise 203.0.113.7/32 (bgp)

        bgpd
          router bgp 65001
           address-family ipv4 unicast
        ~   network 203.0.113.7/32 route-map NR-A-1  soft

        1 line is sent to FRR
    "#]]
    .assert_eq(&ran.stdout);
    let asked = agent.asked();
    assert!(matches!(&asked[..], [Seen::AdvertisePrefix(request)] if request.dry_run), "{asked:?}");
}

#[test]
fn programs_get_the_plan_as_it_came() {
    let agent = Fake::start(Script { plan: plan(), ..Default::default() });
    let ran = agent.run("advertise --prefix 203.0.113.7/32 --dry-run -o json");
    let outcome: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &outcome["result"]), (0, &"planned".into()));
    let plan = &outcome["response"]["plan"];
    assert_eq!((&plan["effect"], &plan["lines"][0]["operation"]), (&"soft".into(), &"replace".into()), "{plan:#}");
    assert_eq!(plan["resets"], serde_json::json!([]), "a key that is always there");
}

#[test]
fn every_command_that_changes_something_has_it() {
    let agent = Fake::start(Script::default());
    for line in [
        "register",
        "renew --session-id s-1",
        "end-of-replay",
        "deregister",
        "handoff",
        "configure-bgp --local-as 65001 --router-id 192.0.2.1",
        "apply-peer --neighbor 192.0.2.254 --remote-as 65000",
        "remove-peer --neighbor 192.0.2.254",
        "withdraw --prefix 203.0.113.7/32",
        "enable-bfd --peer 192.0.2.254",
        "disable-bfd --peer 192.0.2.254",
        "enable-ospf --interface eth0 --area 0",
        "disable-ospf --interface eth0",
        "drain --node",
        "undrain",
    ] {
        let ran = agent.run(&format!("{line} --dry-run"));
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        assert!(ran.stdout.starts_with("planned   ") && ran.stdout.ends_with("nothing is sent to FRR\n"), "{ran:?}");
        let asked = format!("{:?}", agent.asked());
        assert!(asked.contains("dry_run: true"), "{line}: {asked}");
    }
}

#[test]
fn a_refusal_is_one_as_ever_and_reading_takes_no_dry_run() {
    let refuse = vec![("10.66.0.0/16", Status::permission_denied("not yours"))];
    let agent = Fake::start(Script { refuse, ..Default::default() });
    let ran = agent.run("advertise --prefix 10.66.0.0/16 --dry-run");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("not yours"), "{}", ran.stderr);
    let ran = alone_as_edge("status --dry-run");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--dry-run is for commands that change something"), "{}", ran.stderr);
}
