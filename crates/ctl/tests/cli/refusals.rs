//! What the agent refuses is shown so that one can act on it.

use expect_test::expect;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::fake::{Fake, Script};

fn refusing() -> Fake {
    let allowed = [("allowed".to_owned(), "203.0.113.0/24".to_owned())];
    let policy = ErrorDetails::with_error_info("PREFIX_NOT_IN_ALLOWED_CIDRS", "novaroute.io", allowed);
    let policy = Status::with_error_details(
        Code::PermissionDenied,
        "10.66.0.0/32 lies in none of the allowed CIDRs of edge (203.0.113.0/24)",
        policy,
    );
    let mut fields = ErrorDetails::with_error_info("INVALID_FIELD", "novaroute.io", []);
    fields.set_bad_request(vec![
        FieldViolation::new("prefix", "`x` is no prefix; write address/length"),
        FieldViolation::new("attributes.communities[0]", "`1:99999` is no community"),
    ]);
    let fields = Status::with_error_details(Code::InvalidArgument, "2 fields cannot be what they say", fields);
    let refuse = vec![
        ("10.66.0.0/32", policy),
        ("x", fields),
        ("token", Status::unauthenticated("unknown owner or wrong token")),
        ("gone", Status::unavailable("transport error")),
    ];
    Fake::start(Script { refuse, ..Default::default() })
}

#[test]
fn a_refusal_has_code_reason_message_and_fields() {
    let agent = refusing();
    let policy = agent.run("advertise --prefix 10.66.0.0/32");
    assert_eq!((policy.code, policy.stdout.as_str()), (1, ""));
    expect![[r#"
        novaroutectl: advertise 10.66.0.0/32 (bgp): PERMISSION_DENIED (PREFIX_NOT_IN_ALLOWED_CIDRS)
          10.66.0.0/32 lies in none of the allowed CIDRs of edge (203.0.113.0/24)
    "#]]
    .assert_eq(&policy.stderr);

    let fields = agent.run("advertise --prefix x");
    assert_eq!(fields.code, 1);
    expect![[r#"
        novaroutectl: advertise x (bgp): INVALID_ARGUMENT (INVALID_FIELD)
          2 fields cannot be what they say
          prefix: `x` is no prefix; write address/length
          attributes.communities[0]: `1:99999` is no community
    "#]]
    .assert_eq(&fields.stderr);

    let token = agent.run("advertise --prefix token");
    assert_eq!(token.code, 1);
    assert!(token.stderr.contains("way out: check --owner"), "{token:?}");
}

#[test]
fn json_has_the_error_on_stdout() {
    let ran = refusing().run("advertise --prefix 10.66.0.0/32 -o json");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    expect![[r#"
        {
          "action": "advertise",
          "subject": "10.66.0.0/32 (bgp)",
          "owner": "edge",
          "result": "failed",
          "error": {
            "code": "PERMISSION_DENIED",
            "reason": "PREFIX_NOT_IN_ALLOWED_CIDRS",
            "message": "10.66.0.0/32 lies in none of the allowed CIDRs of edge (203.0.113.0/24)",
            "metadata": {
              "allowed": "203.0.113.0/24"
            },
            "fields": [],
            "way_out": ""
          }
        }
    "#]]
    .assert_eq(&ran.stdout);
}

#[test]
fn an_agent_that_goes_away_is_not_reachable() {
    let agent = refusing();
    for (line, form) in [("advertise --prefix gone", "text"), ("advertise --prefix gone -o yaml", "yaml")] {
        let ran = agent.run(line);
        assert_eq!(ran.code, 3, "{form}: {ran:?}");
        assert!((ran.stdout + &ran.stderr).contains("UNREACHABLE"), "{form}");
    }
}
