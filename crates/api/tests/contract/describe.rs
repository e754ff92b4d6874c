//! A descriptor as sorted lines of text, in the form of `contract/v1.txt`.

use std::collections::BTreeSet;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, MethodDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

/// Every fact about `file` that a client's generated code depends on.
pub(crate) fn lines(file: &FileDescriptorProto) -> BTreeSet<String> {
    let mut lines = BTreeSet::from([format!("package {}", file.package())]);
    lines.extend(file.enum_type.iter().flat_map(enumeration));
    lines.extend(file.message_type.iter().flat_map(message));
    for service in &file.service {
        lines.insert(format!("service {}", service.name()));
        lines.extend(service.method.iter().enumerate().map(|(at, method)| rpc(at + 1, method)));
    }
    lines
}

fn enumeration(of: &EnumDescriptorProto) -> Vec<String> {
    let line = |name: &str, number: i32| format!("enum {} {name} = {number}", of.name());
    of.value.iter().map(|value| line(value.name(), value.number())).collect()
}

fn message(of: &DescriptorProto) -> Vec<String> {
    if of.field.is_empty() {
        return vec![format!("message {} (empty)", of.name())];
    }
    let line = |field: &FieldDescriptorProto| {
        let (number, name) = (field.number(), field.name());
        format!("message {} {number} {name} {}", of.name(), kind(of, field))
    };
    of.field.iter().map(line).collect()
}

fn rpc(place: usize, method: &MethodDescriptorProto) -> String {
    let stream = |yes: bool| if yes { "stream " } else { "" };
    format!(
        "rpc {place} {} {}{} -> {}{}",
        method.name(),
        stream(method.client_streaming()),
        short(method.input_type()),
        stream(method.server_streaming()),
        short(method.output_type()),
    )
}

/// The type as the proto file spells it.
fn kind(of: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    if let Some(entry) = map_entry(of, field) {
        return format!("map<{}>", entry.field.iter().map(scalar).collect::<Vec<_>>().join(","));
    }
    let prefix = match field.label() {
        Label::Repeated => "repeated ",
        _ if field.proto3_optional() => "optional ",
        _ if field.oneof_index.is_some() => "oneof ",
        _ => "",
    };
    format!("{prefix}{}", scalar(field))
}

fn map_entry<'a>(of: &'a DescriptorProto, field: &FieldDescriptorProto) -> Option<&'a DescriptorProto> {
    let entry = of.nested_type.iter().find(|nested| nested.name() == short(field.type_name()))?;
    entry.options.as_ref().is_some_and(|options| options.map_entry()).then_some(entry)
}

fn scalar(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message | Type::Enum => short(field.type_name()).to_owned(),
        other => other.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    }
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
