//! `apply -f`.

use expect_test::expect;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    ctl::{PASSWORD, TOKEN, run, run_with_input},
    fake::{Fake, Script, Seen},
};

const DESCRIPTION: &str = "
owner: edge
token_file: edge.token
bgp: {local_as: 65001, router_id: 192.0.2.1}
peers:
- {neighbor_address: 192.0.2.254, remote_as: 65000, password_file: peer.secret}
prefixes:
- {prefix: 203.0.113.7/32, protocol: bgp}
- {prefix: 10.66.0.0/16, protocol: bgp}
- {prefix: 203.0.113.8/32, protocol: bgp, attributes: {local_pref: 0}}
";

fn agent(status: Status) -> Fake {
    let agent = Fake::start(Script { refuse: vec![("10.66.0.0/16", status)], ..Default::default() });
    for (name, text) in [("edge.token", TOKEN), ("peer.secret", PASSWORD), ("routes.yaml", DESCRIPTION)] {
        std::fs::write(agent.folder().join(name), text).unwrap();
    }
    agent
}

fn refusal() -> Status {
    let details = ErrorDetails::with_error_info("PREFIX_NOT_IN_ALLOWED_CIDRS", "novaroute.io", []);
    Status::with_error_details(Code::PermissionDenied, "10.66.0.0/16 lies in none of the allowed CIDRs", details)
}

#[test]
fn one_refusal_does_not_stop_the_rest_and_is_exit_code_1() {
    let agent = agent(refusal());
    let ran = agent.run("apply -f routes.yaml");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    expect![[r#"
        ok        configure-bgp AS 65001 router-id 192.0.2.1
        ok        apply-peer 192.0.2.254
        ok        advertise 203.0.113.7/32 (bgp)
        failed    advertise 10.66.0.0/16 (bgp): PERMISSION_DENIED (PREFIX_NOT_IN_ALLOWED_CIDRS)
          10.66.0.0/16 lies in none of the allowed CIDRs
        ok        advertise 203.0.113.8/32 (bgp)
        4 of 5 done
    "#]]
    .assert_eq(&ran.stdout);
    assert_eq!(agent.asked().len(), 5);
}

#[test]
fn json_is_one_outcome_a_line() {
    let ran = agent(refusal()).run("apply -f routes.yaml -o json");
    let results: Vec<serde_json::Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<_> = results.iter().map(|outcome| outcome["result"].as_str().unwrap()).collect();
    assert_eq!((ran.code, words), (1, vec!["ok", "ok", "ok", "failed", "ok"]));
    assert_eq!(results[3]["error"]["reason"], "PREFIX_NOT_IN_ALLOWED_CIDRS");
}

#[test]
fn without_an_agent_json_still_tells_what_became_of_each() {
    let agent = agent(refusal());
    let mut command = agent.command("apply -f routes.yaml -o json");
    let _stopped = agent.stop();
    let ran = run(&mut command);
    let results: Vec<serde_json::Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<_> = results.iter().map(|outcome| outcome["result"].as_str().unwrap()).collect();
    assert_eq!((ran.code, words), (3, vec!["failed", "not_sent", "not_sent", "not_sent", "not_sent"]), "{ran:?}");
    assert_eq!(results[0]["error"]["code"], "UNREACHABLE");
}

#[test]
fn an_agent_that_goes_away_ends_the_sending() {
    let agent = agent(Status::unavailable("broken pipe"));
    let ran = agent.run("apply -f routes.yaml");
    assert_eq!(ran.code, 3);
    assert!(ran.stdout.ends_with("not sent  advertise 203.0.113.8/32 (bgp)\n3 of 5 done\n"), "{}", ran.stdout);
    assert_eq!(agent.asked().len(), 4);
}

#[test]
fn a_dry_run_sends_nothing_and_shows_no_secret() {
    let agent = agent(refusal());
    let ran = agent.run("apply -f routes.yaml --dry-run");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    expect![[r#"
        - action: configure-bgp
          owner: edge
          token: "***"
          local_as: 65001
          router_id: "192.0.2.1"
        - action: apply-peer
          owner: edge
          token: "***"
          peer:
            neighbor_address: "192.0.2.254"
            remote_as: 65000
            password: "***"
        - action: advertise
          owner: edge
          token: "***"
          prefix: 203.0.113.7/32
          protocol: bgp
        - action: advertise
          owner: edge
          token: "***"
          prefix: 10.66.0.0/16
          protocol: bgp
        - action: advertise
          owner: edge
          token: "***"
          prefix: 203.0.113.8/32
          protocol: bgp
          attributes:
            local_pref: 0
    "#]]
    .assert_eq(&ran.stdout);
    assert_eq!(agent.asked(), []);
}

#[test]
fn a_list_comes_from_stdin_and_takes_the_owner_of_the_command_line() {
    let agent = Fake::start(Script::default());
    let list = r#"[{"action": "withdraw", "prefix": "203.0.113.7/32", "protocol": "ospf"}]"#;
    let ran = run_with_input(&mut agent.command("apply -f -"), list);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "ok        withdraw 203.0.113.7/32 (ospf)\n1 of 1 done\n"));
    let asked = agent.asked();
    let [Seen::WithdrawPrefix(request)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((request.owner.as_str(), request.token.as_str()), ("edge", TOKEN));
}

#[test]
fn a_wrong_file_sends_nothing() {
    let agent = agent(refusal());
    let text = "- {action: register}\n- {action: advertise, prefix: 203.0.113.7/32, protcol: bgp}\n- {action: drop}\n";
    std::fs::write(agent.folder().join("wrong.yaml"), text).unwrap();
    let ran = run(&mut agent.command("apply -f wrong.yaml"));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    expect![[r#"
        novaroutectl: nothing was sent
        wrong.yaml: item 2 (advertise): unknown key `protcol`; did you mean `protocol`?
        wrong.yaml: item 3: unknown action `drop`; known: register, deregister, configure-bgp, apply-peer, remove-peer, advertise, withdraw, enable-bfd, disable-bfd, enable-ospf, disable-ospf, end-of-replay, renew, handoff, drain, undrain
    "#]].assert_eq(&ran.stderr);
    assert_eq!(agent.asked(), []);
}

#[test]
fn an_empty_list_is_done_at_once() {
    let ran = run_with_input(&mut Fake::start(Script::default()).command("apply -f -"), "[]");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "0 of 0 done\n"));
}

#[test]
fn the_files_in_the_documentation_are_right() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
    let page = std::fs::read_to_string(page).unwrap();
    let agent = agent(refusal());
    std::fs::write(agent.folder().join("tor.secret"), PASSWORD).unwrap();
    for (language, requests) in [("yaml", 6), ("json", 2)] {
        let fence = format!("```{language}\n");
        let (_, after) = page.split_once(&fence).unwrap();
        let (file, _) = after.split_once("```").unwrap();
        let ran = run_with_input(&mut agent.command("apply -f -"), file);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{language}");
        assert_eq!(agent.asked().len(), requests, "{language}");
    }
}
