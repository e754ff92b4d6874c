//! `apply -f`.

use expect_test::expect;
use novaroute_api::v1::{self, intent_item::Change};
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

/// How many items each call had since the last look.
fn items(agent: &Fake) -> Vec<usize> {
    let items = |seen| match seen {
        Seen::ApplyIntents(request) => Some(request.items.len()),
        _ => None,
    };
    let asked = agent.asked();
    let calls = asked.len();
    let items: Vec<_> = asked.into_iter().filter_map(items).collect();
    assert_eq!(items.len(), calls, "nothing but ApplyIntents");
    items
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
    assert_eq!(items(&agent), [5]);
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

const TWO_OWNERS: &str = "
- {action: advertise, prefix: 203.0.113.7/32, protocol: bgp}
- {action: advertise, owner: net, prefix: 203.0.113.8/32, protocol: bgp}
- {action: withdraw, prefix: 203.0.113.9/32, protocol: bgp}
";

#[test]
fn an_agent_that_goes_away_ends_the_sending() {
    let agent = Fake::start(Script { refuse_all: Some(Status::unavailable("broken pipe")), ..Default::default() });
    let ran = run_with_input(&mut agent.command("apply -f -"), TWO_OWNERS);
    assert_eq!(ran.code, 3);
    assert!(ran.stdout.starts_with("failed    apply 2 requests of edge: UNREACHABLE\n"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("not sent  advertise 203.0.113.8/32 (bgp)\n0 of 3 done\n"), "{}", ran.stdout);
    assert_eq!(items(&agent), [2]);
}

#[test]
fn each_owner_has_a_call_of_its_own() {
    let agent = Fake::start(Script::default());
    let ran = run_with_input(&mut agent.command("apply -f - --atomic"), TWO_OWNERS);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let asked = agent.asked();
    let [Seen::ApplyIntents(edge), Seen::ApplyIntents(net)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((edge.owner.as_str(), edge.items.len(), edge.atomic), ("edge", 2, true));
    assert_eq!((net.owner.as_str(), net.items.len(), net.mode), ("net", 1, 0));
}

#[test]
fn what_a_pruned_file_does_not_name_goes_and_is_told() {
    let answer =
        v1::ApplyIntentsResponse { removed: vec!["prefix bgp 10.0.0.1/32".into()], kept: 2, ..Default::default() };
    let agent = Fake::start(Script { apply_intents: answer, ..Default::default() });
    let file = "prefixes:\n- {prefix: 203.0.113.7/32, protocol: bgp}\n";
    let ran = run_with_input(&mut agent.command("apply -f - --prune --yes"), file);
    expect![[r#"
        ok        advertise 203.0.113.7/32 (bgp)
        removed   prefix bgp 10.0.0.1/32
        kept      2 that the file does not name: of an item that failed it is not known what it names
        1 of 1 done
    "#]]
    .assert_eq(&ran.stdout);
    let asked = agent.asked();
    let [Seen::ApplyIntents(request)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((request.mode, request.confirm_removals), (v1::ApplyMode::Replace.into(), true));
    let ran = run_with_input(&mut agent.command("apply -f - --prune -o json"), file);
    let lines: Vec<serde_json::Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["result"].as_str(), lines[0]["changed"].as_bool()), (Some("ok"), Some(true)));
    assert_eq!(lines[1]["result"], "removed");
}

#[test]
fn a_change_that_waits_says_how_it_is_confirmed() {
    let answer = v1::ApplyIntentsResponse { change_id: "c-1".into(), ..Default::default() };
    let agent = Fake::start(Script { apply_intents: answer, ..Default::default() });
    let file = "prefixes:\n- {prefix: 203.0.113.7/32, protocol: bgp}\n";
    let ran = run_with_input(&mut agent.command("apply -f - --confirm-within 2m"), file);
    assert!(ran.stdout.contains("waits     goes back in 120 s unless: novaroutectl confirm c-1\n"), "{}", ran.stdout);
    let ran = run_with_input(&mut agent.command("apply -f - --confirm-within 2m -o json"), file);
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&last["result"], &last["change_id"]), (&"waits".into(), &"c-1".into()));
    let asked = agent.asked();
    let [Seen::ApplyIntents(request), _] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(request.confirm_within_s, 120);
}

#[test]
fn a_change_is_confirmed_or_taken_back() {
    let agent = Fake::start(Script::default());
    let ran = agent.run("confirm");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "ok        confirm\n  change id: c-1\n"));
    assert_eq!(agent.run("rollback c-1").code, 0);
    let asked = agent.asked();
    let [Seen::Confirm(confirm), Seen::Confirm(rollback)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((confirm.change_id.as_str(), confirm.rollback), ("", false));
    assert_eq!((rollback.change_id.as_str(), rollback.rollback), ("c-1", true));
}

#[test]
fn a_refused_prune_says_how_to_mean_it() {
    let details = ErrorDetails::with_error_info("SWEEP_TOO_LARGE", "novaroute.io", []);
    let status = Status::with_error_details(Code::FailedPrecondition, "would remove 16 of 22", details);
    let agent = Fake::start(Script { refuse_all: Some(status), ..Default::default() });
    let ran =
        run_with_input(&mut agent.command("apply -f - --prune"), "prefixes:\n- {prefix: 10.0.0.1/32, protocol: bgp}\n");
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("SWEEP_TOO_LARGE") && ran.stdout.contains("--yes"), "{}", ran.stdout);
}

#[test]
fn only_a_file_that_says_all_of_it_can_be_pruned() {
    let agent = Fake::start(Script::default());
    for (file, told) in [
        ("- {action: register}", "`register edge` has no place"),
        ("[]", "deregister --withdraw-all"),
        ("- {action: withdraw, prefix: 10.0.0.1/32, protocol: bgp, wait: programmed}", "has no place"),
    ] {
        let ran = run_with_input(&mut agent.command("apply -f - --prune"), file);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{file}");
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    assert_eq!(agent.asked(), []);
}

#[test]
fn printed_requests_are_not_sent_and_show_no_secret() {
    let agent = agent(refusal());
    let ran = agent.run("apply -f routes.yaml --print");
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
    let [Seen::ApplyIntents(request)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((request.owner.as_str(), request.token.as_str()), ("edge", TOKEN));
    let Some(Change::WithdrawPrefix(item)) = &request.items[0].change else { panic!("{request:?}") };
    assert_eq!((item.owner.as_str(), item.token.as_str(), item.prefix.as_str()), ("", "", "203.0.113.7/32"));
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
        wrong.yaml: item 3: unknown action `drop`; known: register, deregister, configure-bgp, apply-peer, remove-peer, advertise, withdraw, enable-bfd, disable-bfd, enable-ospf, disable-ospf, end-of-replay, renew, handoff, drain, undrain, confirm
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
        assert_eq!(items(&agent), [requests], "{language}");
    }
}
