use super::*;

fn filter(request: &v1::StreamEventsRequest) -> Result<EventFilter, BadFields> {
    stream_call(request).map(|call| call.filter)
}

fn stream(types: &[&str]) -> v1::StreamEventsRequest {
    let event_types = types.iter().map(|text| (*text).to_owned()).collect();
    v1::StreamEventsRequest { event_types, ..Default::default() }
}

#[test]
fn no_filter_means_everything() {
    let filter = self::filter(&stream(&[])).unwrap();
    assert_eq!(filter, EventFilter::default());
    assert!(filter.matches(&Event::new(EventType::FrrConnected, "")));
    assert_eq!(owner_filter(&v1::GetStatusRequest::default()), Ok(None));
}

#[test]
fn types_are_named_in_any_spelling() {
    let filter = self::filter(&stream(&["peer_up", "EVENT_TYPE_PEER_UP", "2"])).unwrap();
    assert_eq!(filter.types, [EventType::PeerUp, EventType::PeerDown].into());
    assert!(!filter.matches(&Event::new(EventType::BfdUp, "")));
}

#[test]
fn each_unknown_type_is_named() {
    let bad = filter(&stream(&["PEER_UP", "PEER", "999", "UNSPECIFIED"])).unwrap_err();
    let named: Vec<_> = bad.violations().iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(named, ["event_types[1]", "event_types[2]", "event_types[3]"]);
}

#[test]
fn the_owner_filter_is_exact() {
    let request = v1::StreamEventsRequest { owner_filter: "edge".into(), ..stream(&[]) };
    let filter = self::filter(&request).unwrap();
    let event = |owner: &str| Event::new(EventType::PeerUp, "").of(&owner.parse().unwrap());
    assert!(filter.matches(&event("edge")));
    assert!(!filter.matches(&event("edge2")));
    assert!(!filter.matches(&Event::new(EventType::PeerUp, "")));
}

#[test]
fn the_built_in_owner_may_be_looked_at() {
    let request = v1::GetStatusRequest { owner_filter: CONFIG_OWNER.into() };
    assert_eq!(owner_filter(&request), Ok(Some(OwnerName::config())));
    assert!(owner_filter(&v1::GetStatusRequest { owner_filter: "a b".into() }).is_err());
}

#[test]
fn every_type_of_the_domain_is_on_the_wire_under_the_same_name_and_number() {
    for known in EventType::ALL {
        let wire = v1::EventType::from_str_name(&format!("EVENT_TYPE_{known}"));
        assert_eq!(wire.map(i32::from), Some(known.number()), "{known}");
    }
}

#[test]
fn a_stream_goes_on_from_a_number_of_a_run() {
    let request = |from_sequence, boot_id: &str| v1::StreamEventsRequest {
        from_sequence,
        boot_id: boot_id.into(),
        snapshot: true,
        ..Default::default()
    };
    let resume = |request| stream_call(&request).unwrap().resume;
    assert_eq!(resume(request(None, "")), None);
    assert_eq!(resume(request(Some(0), "")), Some(Resume { from_sequence: 0, boot_id: None }));
    let of_a_run = Resume { from_sequence: 7, boot_id: Some("4f-1A".into()) };
    assert_eq!(resume(request(Some(7), "4f-1A")), Some(of_a_run));
    assert!(stream_call(&request(None, "")).unwrap().snapshot);
    for (from_sequence, boot_id) in [(None, "4f"), (Some(7), "a b"), (Some(7), "a\n"), (Some(7), &"x".repeat(65))] {
        let bad = stream_call(&request(from_sequence, boot_id)).unwrap_err();
        assert_eq!(bad.violations()[0].field, "boot_id", "{bad}");
    }
}
