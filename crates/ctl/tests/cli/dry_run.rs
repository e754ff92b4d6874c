//! `--dry-run` and `diff`.

use expect_test::expect;
use novaroute_api::v1;
use tonic::Status;

use crate::{
    ctl::{alone_as_edge, run_with_input},
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

const FILE: &str = "prefixes:\n- {prefix: 203.0.113.7/32, protocol: bgp}\n- {prefix: 10.66.0.0/16, protocol: bgp}\n";

#[test]
fn a_file_is_planned_as_one_call() {
    let refuse = vec![("10.66.0.0/16", Status::permission_denied("not yours"))];
    let answer = v1::ApplyIntentsResponse { removed: vec!["prefix bgp 10.0.0.1/32".into()], ..Default::default() };
    let agent = Fake::start(Script { plan: plan(), refuse, apply_intents: answer, ..Default::default() });
    let ran = run_with_input(&mut agent.command("diff -f - --prune"), FILE);
    expect![[r#"
        failed    advertise 10.66.0.0/16 (bgp): PERMISSION_DENIED
          not yours
        removed   prefix bgp 10.0.0.1/32

        bgpd
          router bgp 65001
           address-family ipv4 unicast
        ~   network 203.0.113.7/32 route-map NR-A-1  soft

        1 line is sent to FRR
    "#]]
    .assert_eq(&ran.stdout);
    let asked = agent.asked();
    let [Seen::ApplyIntents(request)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((request.dry_run, request.confirm_removals, request.items.len()), (true, true, 2));
    assert_eq!((ran.code, request.mode), (1, v1::ApplyMode::Replace.into()));
}

#[test]
fn diff_ends_as_diff_tools_do_and_apply_as_apply_does() {
    let file = FILE.replace("- {prefix: 10.66.0.0/16, protocol: bgp}\n", "");
    let agent = Fake::start(Script { plan: plan(), ..Default::default() });
    for (line, code) in [("diff -f -", 1), ("diff -f - -o json", 1), ("apply -f - --dry-run", 0)] {
        let ran = run_with_input(&mut agent.command(line), &file);
        assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{line}: {}", ran.stdout);
    }
    let ran = run_with_input(&mut agent.command("diff -f - -o json"), &file);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&answer["results"][0]["outcome"], &answer["plan"]["effect"]), (&"changed".into(), &"soft".into()));
    let unchanged = v1::ItemOutcome::Unchanged;
    let agent = Fake::start(Script { outcome: unchanged, ..Default::default() });
    let ran = run_with_input(&mut agent.command("diff -f -"), &file);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "nothing is sent to FRR\n"));
}

#[test]
fn a_file_of_several_calls_has_no_plan() {
    let agent = Fake::start(Script::default());
    let file = "[{action: register}, {action: advertise, prefix: 203.0.113.7/32, protocol: bgp}]";
    for line in ["diff -f -", "apply -f - --dry-run"] {
        let ran = run_with_input(&mut agent.command(line), file);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line}");
        assert!(ran.stderr.contains("the file needs 2 calls"), "{}", ran.stderr);
    }
    assert_eq!(agent.asked(), []);
}
