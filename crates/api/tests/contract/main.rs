//! Part 1 of the contract is what it was, and the check that says so bites.

// Every unwrap is of something that the test itself put there.
#![allow(clippy::unwrap_used)]

mod check;
mod describe;

use check::{breaches, part_1};
use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::Type,
};

/// Lines of part 1: package, service, 24 enum values, 113 fields of 24
/// messages, 9 empty messages, 13 calls.
const PART_1_LINES: usize = 2 + 24 + 113 + 9 + 13;

fn today() -> FileDescriptorProto {
    let set = FileDescriptorSet::decode(novaroute_api::FILE_DESCRIPTOR_SET).unwrap();
    assert_eq!(set.file.len(), 1, "reflection serves the contract and nothing else");
    set.file.into_iter().next().unwrap()
}

fn message<'a>(file: &'a mut FileDescriptorProto, name: &str) -> &'a mut DescriptorProto {
    file.message_type.iter_mut().find(|message| message.name() == name).unwrap()
}

fn hold_time(file: &mut FileDescriptorProto) -> &mut FieldDescriptorProto {
    let peer = message(file, "BGPPeer");
    peer.field.iter_mut().find(|field| field.name() == "hold_time").unwrap()
}

/// What the check says about today's descriptor after `change`.
fn after(change: impl FnOnce(&mut FileDescriptorProto)) -> Vec<String> {
    let mut file = today();
    change(&mut file);
    breaches(&part_1(), &file)
}

#[test]
fn todays_descriptor_keeps_part_1() {
    assert_eq!(part_1().len(), PART_1_LINES);
    assert_eq!(breaches(&part_1(), &today()), Vec::<String>::new());
}

#[test]
fn a_renamed_field_is_a_breach() {
    let found = after(|file| hold_time(file).name = Some("hold".into()));
    assert!(found.contains(&"missing or changed: message BGPPeer 5 hold_time uint32".into()));
}

#[test]
fn a_renumbered_field_is_a_breach() {
    assert!(!after(|file| hold_time(file).number = Some(105)).is_empty());
}

#[test]
fn a_retyped_field_is_a_breach() {
    assert!(!after(|file| hold_time(file).set_type(Type::Uint64)).is_empty());
}

#[test]
fn explicit_presence_in_part_1_is_a_breach() {
    assert!(!after(|file| hold_time(file).proto3_optional = Some(true)).is_empty());
}

#[test]
fn a_removed_field_is_a_breach() {
    let found = after(|file| message(file, "BGPPeer").field.retain(|f| f.name() != "hold_time"));
    assert_eq!(found, ["missing or changed: message BGPPeer 5 hold_time uint32"]);
}

#[test]
fn a_removed_message_is_a_breach() {
    let found = after(|file| file.message_type.retain(|m| m.name() != "DisableOSPFResponse"));
    assert_eq!(found, ["missing or changed: message DisableOSPFResponse (empty)"]);
}

#[test]
fn a_field_added_below_100_is_a_breach() {
    let found = after(|file| {
        let mut field = hold_time(file).clone();
        (field.name, field.number) = (Some("vrf".into()), Some(16));
        message(file, "BGPPeer").field.push(field);
    });
    assert_eq!(found, ["added below 100 or out of order: message BGPPeer 16 vrf uint32"]);
}

#[test]
fn a_field_added_from_100_is_none() {
    let found = after(|file| {
        let mut field = hold_time(file).clone();
        (field.name, field.number) = (Some("vrf".into()), Some(199));
        message(file, "BGPPeer").field.push(field.clone());
        message(file, "ApplyPeerResponse").field.push(field);
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn an_enum_value_below_100_is_a_breach() {
    let found = after(|file| {
        let events = file.enum_type.iter_mut().find(|e| e.name() == "EventType").unwrap();
        let name = Some("EVENT_TYPE_NEW".into());
        events.value.push(EnumValueDescriptorProto { name, number: Some(15), options: None });
    });
    assert_eq!(found, ["added below 100 or out of order: enum EventType EVENT_TYPE_NEW = 15"]);
}

#[test]
fn a_renumbered_enum_value_is_a_breach() {
    assert!(!after(|file| file.enum_type[0].value[1].number = Some(9)).is_empty());
}

#[test]
fn a_call_in_another_place_is_a_breach() {
    assert!(!after(|file| file.service[0].method.swap(0, 1)).is_empty());
}

#[test]
fn a_call_that_no_longer_streams_is_a_breach() {
    let found = after(|file| file.service[0].method[12].server_streaming = Some(false));
    assert!(!found.is_empty());
}

#[test]
fn an_appended_call_is_none() {
    let found = after(|file| {
        let mut method = file.service[0].method[0].clone();
        method.name = Some("Renew".into());
        file.service[0].method.push(method);
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn another_package_is_a_breach() {
    let found = after(|file| file.package = Some("novaroute.v2".into()));
    assert!(found.contains(&"missing or changed: package novaroute.v1".into()));
}
