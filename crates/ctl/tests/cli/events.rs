//! The stream of events.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use expect_test::expect;
use novaroute_api::v1;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    ctl::{finished, interrupt},
    fake::{Fake, Script, Seen},
};

fn events() -> Vec<Result<v1::RouteEvent, Status>> {
    let up = v1::RouteEvent {
        r#type: v1::EventType::PeerUp.into(),
        detail: "peer 192.0.2.254 is Established".into(),
        timestamp_unix: 1_700_000_000,
        timestamp_ns: 1_700_000_000_250_000_000,
        owner: "edge".into(),
        metadata: [("neighbor".into(), "192.0.2.254".into())].into(),
        sequence: 1,
        boot_id: "b-1".into(),
        ..Default::default()
    };
    let unknown = v1::RouteEvent { r#type: 999, detail: "something new".into(), sequence: 2, ..Default::default() };
    vec![Ok(up), Ok(unknown)]
}

#[test]
fn events_are_lines() {
    let agent = Fake::start(Script { events: events(), ..Default::default() });
    let ran = agent.run("events");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    expect![[r#"
        TIME                      TYPE                OWNER         DETAIL
        2023-11-14T22:13:20.250Z  PEER_UP             edge          peer 192.0.2.254 is Established
        1970-01-01T00:00:00.000Z  999                 -             something new
    "#]]
    .assert_eq(&ran.stdout);
}

#[test]
fn json_is_one_object_a_line() {
    let agent = Fake::start(Script { events: events(), ..Default::default() });
    expect![[r#"
        {"type":"PEER_UP","detail":"peer 192.0.2.254 is Established","timestamp_unix":1700000000,"owner":"edge","metadata":{"neighbor":"192.0.2.254"},"sequence":1,"timestamp_ns":1700000000250000000,"intent":"","reason":"","boot_id":"b-1"}
        {"type":"999","detail":"something new","timestamp_unix":0,"owner":"","metadata":{},"sequence":2,"timestamp_ns":0,"intent":"","reason":"","boot_id":""}
    "#]].assert_eq(&agent.run("events -o json").stdout);
    expect![[r#"
        ---
        type: PEER_UP
        detail: peer 192.0.2.254 is Established
        timestamp_unix: 1700000000
        owner: edge
        metadata:
          neighbor: "192.0.2.254"
        sequence: 1
        timestamp_ns: 1700000000250000000
        intent: ""
        reason: ""
        boot_id: b-1
        ---
        type: "999"
        detail: something new
        timestamp_unix: 0
        owner: ""
        metadata: {}
        sequence: 2
        timestamp_ns: 0
        intent: ""
        reason: ""
        boot_id: ""
    "#]]
    .assert_eq(&agent.run("events -o yaml").stdout);
}

#[test]
fn filters_go_to_the_agent() {
    let agent = Fake::start(Script::default());
    for (line, owner, types) in [
        ("events", "", &[][..]),
        ("events --owner net", "net", &[]),
        ("events --types 1,105", "", &["PEER_UP", "LAGGED"]),
        ("events --types peer-up,EVENT_TYPE_BFD_DOWN --types lagged", "", &["PEER_UP", "BFD_DOWN", "LAGGED"]),
    ] {
        assert_eq!(agent.run(line).code, 0, "{line}");
        let event_types = types.iter().map(ToString::to_string).collect();
        let expected = v1::StreamEventsRequest { owner_filter: owner.into(), event_types, ..Default::default() };
        assert_eq!(agent.asked(), [Seen::StreamEvents(expected)], "{line}");
    }
}

#[test]
fn a_place_to_begin_at_goes_to_the_agent() {
    let agent = Fake::start(Script::default());
    for (line, from_sequence, boot_id, snapshot) in [
        ("events --from 0", Some(0), "", false),
        ("events --from 42 --boot-id 5f0c", Some(42), "5f0c", false),
        ("events --snapshot", None, "", true),
    ] {
        assert_eq!(agent.run(line).code, 0, "{line}");
        let boot_id = boot_id.to_owned();
        let expected = v1::StreamEventsRequest { from_sequence, boot_id, snapshot, ..Default::default() };
        assert_eq!(agent.asked(), [Seen::StreamEvents(expected)], "{line}");
    }
}

#[test]
fn a_stream_that_breaks_is_an_agent_out_of_reach() {
    let mut events = events();
    events.push(Err(Status::unavailable("gone")));
    let ran = Fake::start(Script { events, ..Default::default() }).run("events -o json");
    assert_eq!((ran.code, ran.stdout.lines().count()), (3, 2));
    assert!(ran.stderr.starts_with("novaroutectl: events: UNREACHABLE\n"), "{ran:?}");
}

#[test]
fn an_agent_that_shuts_down_has_gone_away() {
    let details = ErrorDetails::with_error_info("SHUTTING_DOWN", "novaroute.io", []);
    let end = Status::with_error_details(Code::Unavailable, "the agent is shutting down", details);
    let mut events = events();
    events.push(Err(end));
    let ran = Fake::start(Script { events, ..Default::default() }).run("events");
    assert_eq!((ran.code, ran.stdout.lines().count()), (3, 3));
    assert!(ran.stderr.starts_with("novaroutectl: events: UNAVAILABLE (SHUTTING_DOWN)\n"), "{ran:?}");
}

#[test]
fn ctrl_c_is_a_good_end() {
    let agent = Fake::start(Script { events: events(), events_stay_open: true, ..Default::default() });
    let mut child = agent.command("events").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.nth(2).unwrap().unwrap().contains("something new"));
    interrupt(&child);
    let ran = finished(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
