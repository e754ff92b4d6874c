//! Messages as JSON and YAML: keys are the names of the proto fields, in their
//! order; enums are words; secrets are `***`.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::schema::EnumWords;

/// Fields that are never shown.
const SECRETS: &[&str] = &["token", "password", "authentication_key"];
const MASK: &str = "***";

/// A message, ready to serialise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    message: &'a DynamicMessage,
    fields: Fields,
    action: Option<&'a str>,
}

/// Which fields are shown.
#[derive(Debug, Clone, Copy)]
enum Fields {
    /// All; only a message or an `optional` field that is not there is left
    /// out. The keys of a response do not come and go.
    All,
    /// Those that were set.
    Set,
    /// Only the one of that name; everything in it.
    Only(&'static str),
}

impl<'a> View<'a> {
    /// Everything the agent said.
    pub(crate) fn response(message: &'a DynamicMessage) -> Self {
        Self { message, fields: Fields::All, action: None }
    }

    /// What is asked of the agent, as an item of a list that `apply` takes.
    pub(crate) fn item(action: &'a str, message: &'a DynamicMessage) -> Self {
        Self { message, fields: Fields::Set, action: Some(action) }
    }

    /// One field of what the agent said.
    pub(crate) fn only(message: &'a DynamicMessage, field: &'static str) -> Self {
        Self { message, fields: Fields::Only(field), action: None }
    }

    fn shows(&self, field: &FieldDescriptor) -> bool {
        match self.fields {
            Fields::All => !field.supports_presence() || self.message.has_field(field),
            Fields::Set => self.message.has_field(field),
            Fields::Only(name) => field.name() == name,
        }
    }

    fn inner(&self) -> Fields {
        match self.fields {
            Fields::Set => Fields::Set,
            Fields::All | Fields::Only(_) => Fields::All,
        }
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(action) = self.action {
            map.serialize_entry("action", action)?;
        }
        for field in self.message.descriptor().fields().filter(|field| self.shows(field)) {
            let value = self.message.get_field(&field);
            let kind = field.kind();
            if SECRETS.contains(&field.name()) && !value.is_default(&kind) {
                map.serialize_entry(field.name(), MASK)?;
            } else {
                map.serialize_entry(field.name(), &ValueView { value: &value, kind: &kind, fields: self.inner() })?;
            }
        }
        map.end()
    }
}

struct ValueView<'a> {
    value: &'a Value,
    kind: &'a Kind,
    fields: Fields,
}

impl Serialize for ValueView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { kind, fields, .. } = *self;
        match self.value {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::I32(value) => serializer.serialize_i32(*value),
            Value::I64(value) => serializer.serialize_i64(*value),
            Value::U32(value) => serializer.serialize_u32(*value),
            Value::U64(value) => serializer.serialize_u64(*value),
            Value::F32(value) => serializer.serialize_f32(*value),
            Value::F64(value) => serializer.serialize_f64(*value),
            Value::String(value) => serializer.serialize_str(value),
            Value::Bytes(value) => serializer.serialize_bytes(value),
            Value::EnumNumber(number) => match kind.as_enum() {
                Some(words) => serializer.serialize_str(&EnumWords(words.clone()).word(*number)),
                None => serializer.serialize_i32(*number),
            },
            Value::Message(message) => View { message, fields, action: None }.serialize(serializer),
            Value::List(values) => serializer.collect_seq(values.iter().map(|value| ValueView { value, kind, fields })),
            Value::Map(values) => {
                let mut entries: Vec<_> = values.iter().map(|(key, value)| (map_key(key), value)).collect();
                entries.sort_by(|(left, _), (right, _)| left.cmp(right));
                let entries = entries.into_iter();
                serializer.collect_map(entries.map(|(key, value)| (key, ValueView { value, kind, fields })))
            }
        }
    }
}

fn map_key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use novaroute_api::v1;

    use super::*;
    use crate::schema::reflect;

    fn apply_peer() -> DynamicMessage {
        let peer = v1::BgpPeer {
            neighbor_address: "192.0.2.1".into(),
            remote_as: 65000,
            address_families: vec![1, 2, 77],
            password: "md5 secret".into(),
            ..Default::default()
        };
        let message =
            v1::ApplyPeerRequest { owner: "edge".into(), token: "t0p".into(), peer: Some(peer), ..Default::default() };
        reflect(&message, "ApplyPeerRequest").unwrap()
    }

    #[test]
    fn a_request_shows_what_was_set_and_no_secret() {
        expect![[r#"{"action":"apply-peer","owner":"edge","token":"***","peer":{"neighbor_address":"192.0.2.1","remote_as":65000,"address_families":["ipv4-unicast","ipv6-unicast","77"],"password":"***"}}"#]]
            .assert_eq(&serde_json::to_string(&View::item("apply-peer", &apply_peer())).unwrap());
    }

    #[test]
    fn a_response_has_all_its_keys() {
        let event = v1::RouteEvent {
            r#type: 1,
            metadata: [("b".into(), "2".into()), ("a".into(), "1".into())].into(),
            ..Default::default()
        };
        let event = reflect(&event, "RouteEvent").unwrap();
        expect![[r#"{"type":"PEER_UP","detail":"","timestamp_unix":0,"owner":"","metadata":{"a":"1","b":"2"},"sequence":0,"timestamp_ns":0,"intent":"","reason":"","boot_id":""}"#]]
            .assert_eq(&serde_json::to_string(&View::response(&event)).unwrap());
    }

    #[test]
    fn one_field_alone_keeps_its_key() {
        let status = reflect(&v1::GetStatusResponse::default(), "GetStatusResponse").unwrap();
        assert_eq!(serde_json::to_string(&View::only(&status, "peers")).unwrap(), r#"{"peers":[]}"#);
    }
}
