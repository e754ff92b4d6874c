//! Every string field that a client can send, out of the descriptor that the agent serves.

use anyhow::{Context, Result};
use novaroute_api::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// A string field of a request.
#[derive(Debug)]
pub(crate) struct StringField {
    /// The RPC.
    pub(crate) method: String,
    /// The path as errors name it, such as `peer.description` or `attributes.communities[0]`.
    pub(crate) path: String,
    numbers: Vec<u32>,
}

impl StringField {
    /// The field with this value, to be appended to an encoded request: the last value of a field counts, and messages
    /// are merged.
    pub(crate) fn encode(&self, value: &[u8]) -> Vec<u8> {
        self.numbers.iter().rev().fold(value.to_vec(), |inner, number| {
            let mut outer = Vec::new();
            encode_key(*number, WireType::LengthDelimited, &mut outer);
            encode_varint(inner.len() as u64, &mut outer);
            outer.extend(inner);
            outer
        })
    }
}

/// All of them, by RPC and number.
pub(crate) fn string_fields() -> Result<Vec<StringField>> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?;
    let file = set.file.iter().find(|file| file.package() == "novaroute.v1").context("no package novaroute.v1")?;
    let service = file.service.first().context("no service")?;
    let mut found = Vec::new();
    for method in &service.method {
        let mut place = StringField { method: method.name().to_owned(), path: String::new(), numbers: Vec::new() };
        collect(file, message(file, method.input_type())?, &mut place, &mut found)?;
    }
    Ok(found)
}

fn message<'a>(file: &'a FileDescriptorProto, name: &str) -> Result<&'a DescriptorProto> {
    let simple = name.rsplit('.').next().unwrap_or(name);
    file.message_type.iter().find(|message| message.name() == simple).with_context(|| format!("no message {name}"))
}

fn collect(
    file: &FileDescriptorProto,
    of: &DescriptorProto,
    place: &mut StringField,
    found: &mut Vec<StringField>,
) -> Result<()> {
    for field in &of.field {
        let StringField { method, path, numbers } = &*place;
        let dot = if path.is_empty() { "" } else { "." };
        let mut inner = StringField {
            method: method.clone(),
            path: format!("{path}{dot}{}{}", field.name(), index(field)),
            numbers: numbers.iter().copied().chain([field.number().try_into()?]).collect(),
        };
        match field.r#type() {
            Type::String => found.push(inner),
            // An item of a call with many changes is parsed as the request that stands in it, which is here by itself.
            Type::Message if field.type_name().ends_with(".IntentItem") => {}
            Type::Message => collect(file, message(file, field.type_name())?, &mut inner, found)?,
            _ => {}
        }
    }
    Ok(())
}

fn index(field: &FieldDescriptorProto) -> &'static str {
    if field.label() == Label::Repeated { "[0]" } else { "" }
}

/// The list is what the contract says, so a new field does not go untested.
#[test]
fn every_string_field_of_the_contract_is_found() {
    let fields = string_fields().unwrap();
    let of = |method: &str| {
        let named = fields.iter().filter(|field| field.method == method);
        named.map(|field| field.path.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of("Register"), "owner token instance");
    assert_eq!(of("Renew"), "owner token session_id");
    assert_eq!(of("EndOfReplay"), "owner token session_id");
    assert_eq!(
        of("ApplyPeer"),
        "owner token peer.neighbor_address peer.description peer.source_address peer.password \
         peer.interface_name peer.shutdown_message peer.import_policy.prefixes[0].prefix peer.export_policy.communities[0]"
    );
    assert_eq!(
        of("AdvertisePrefix"),
        "owner token prefix attributes.communities[0] attributes.next_hop attributes.large_communities[0] \
         attributes.extended_communities[0] attributes.peers[0]"
    );
    assert_eq!(of("EnableBFD"), "owner token peer_address interface_name source_address");
    assert_eq!(
        of("Explain"),
        "prefix.prefix peer.neighbor_address peer.interface_name bfd.peer_address bfd.interface_name ospf.interface_name owner"
    );
    assert_eq!(of("StreamEvents"), "owner_filter event_types[0] boot_id");
    assert_eq!(fields.iter().filter(|field| field.path == "token").count(), 19);
}
