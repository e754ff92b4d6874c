//! A map of a file into a message, field by field, by the proto names.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};

use crate::{
    nearest,
    node::{Entries, Node},
    problem::{Place, Problems},
    schema::EnumWords,
};

/// Keys that a map takes beside the fields of its message; they have been taken
/// out, and are only named where somebody misspells them.
pub(super) type ExtraKeys = &'static [&'static str];

/// Sets a field of `message` for every entry; what does not fit is a problem.
pub(super) fn fill(
    message: &mut DynamicMessage,
    entries: Entries,
    extra: ExtraKeys,
    place: &Place,
    problems: &mut Problems,
) {
    for (key, node) in entries {
        let Some(field) = message.descriptor().get_field_by_name(&key) else {
            problems.push(place, unknown_key(message, &key, extra));
            continue;
        };
        if let Some(value) = field_value(&field, node, &place.key(&key), problems) {
            message.set_field(&field, value);
        }
    }
}

fn unknown_key(message: &DynamicMessage, key: &str, extra: ExtraKeys) -> String {
    let fields: Vec<_> = message.descriptor().fields().collect();
    let known = fields.iter().map(FieldDescriptor::name).chain(extra.iter().copied());
    nearest::unknown("key", key, known)
}

fn field_value(field: &FieldDescriptor, node: Node, place: &Place, problems: &mut Problems) -> Option<Value> {
    if !field.is_list() {
        return value(field, node, place, problems);
    }
    let Node::List(nodes) = node else {
        problems.push(place, format!("expected a list, found {}", node.kind()));
        return None;
    };
    let values = nodes.into_iter().enumerate();
    let values = values.filter_map(|(index, node)| value(field, node, &place.index(index), problems));
    Some(Value::List(values.collect()))
}

fn value(field: &FieldDescriptor, node: Node, place: &Place, problems: &mut Problems) -> Option<Value> {
    let parsed = match (field.kind(), node) {
        (Kind::String, Node::Text(text)) => Ok(Value::String(text)),
        // An area is written as a number as often as it is dotted.
        (Kind::String, Node::Integer(number)) if field.name() == "area_id" => Ok(Value::String(number.to_string())),
        (Kind::String, Node::Integer(_) | Node::Float(_) | Node::Bool(_)) => {
            Err("expected text; put it in quotes".into())
        }
        (Kind::Bool, Node::Bool(yes)) => Ok(Value::Bool(yes)),
        (Kind::Uint32, Node::Integer(number)) => {
            u32::try_from(number).map(Value::U32).map_err(|_| format!("{number} is not between 0 and {}", u32::MAX))
        }
        (Kind::Enum(words), Node::Text(word)) => EnumWords(words).number(&word).map(Value::EnumNumber),
        (Kind::Message(message), Node::Map(entries)) => {
            let mut inner = DynamicMessage::new(message);
            fill(&mut inner, entries, super::item::extra_keys(field.name()), place, problems);
            Ok(Value::Message(inner))
        }
        (_, Node::Null) => Err("it has no value; leave the key out".into()),
        (kind, node) => Err(format!("expected {}, found {}", expected(&kind), node.kind())),
    };
    parsed.map_err(|text| problems.push(place, text)).ok()
}

fn expected(kind: &Kind) -> String {
    match kind {
        Kind::String => "text".into(),
        Kind::Bool => "true or false".into(),
        Kind::Uint32 => "a whole number".into(),
        Kind::Enum(words) => format!("one of {}", EnumWords(words.clone()).known().join(", ")),
        Kind::Message(_) => "a map".into(),
        other => format!("{other:?}"),
    }
}
