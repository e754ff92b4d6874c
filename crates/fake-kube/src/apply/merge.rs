//! Joining, comparing and cutting objects field by field.

use serde_json::{Map, Value};

use super::fields::{Element, FieldSet};
use super::shape::Shape;

/// What differs between two objects.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Fields that were added or have another value.
    pub(crate) set: FieldSet,
    pub(crate) removed: FieldSet,
}

/// `live` with everything that `config` says.
pub(crate) fn merge(shape: &Shape<'_>, live: &Value, config: &Value) -> Value {
    match (live, config) {
        (Value::Object(old), Value::Object(new)) if !shape.is_atomic_map() => {
            let mut merged = old.clone();
            for (name, value) in new {
                let before = old.get(name).unwrap_or(&Value::Null);
                merged.insert(name.clone(), merge(&shape.field(name), before, value));
            }
            Value::Object(merged)
        }
        (Value::Array(old), Value::Array(new)) => match (shape.elements(old), shape.elements(new)) {
            (Some(old), Some(new)) => Value::Array(merge_lists(shape, &old, &new)),
            _ => config.clone(),
        },
        _ => config.clone(),
    }
}

/// What both have follows the order of `new`; what only `old` has stays behind what it followed.
fn merge_lists(shape: &Shape<'_>, old: &[(Element, &Value)], new: &[(Element, &Value)]) -> Vec<Value> {
    let is_in = |list: &[(Element, &Value)], element: &Element| list.iter().any(|(other, _)| other == element);
    let mut merged = Vec::new();
    let mut rest = old.iter().peekable();
    for (at, (element, value)) in new.iter().enumerate() {
        let next_shared = new[at..].iter().map(|(element, _)| element).find(|element| is_in(old, element));
        while let Some((other, kept)) = rest.next_if(|(other, _)| Some(other) != next_shared) {
            if !is_in(new, other) {
                merged.push((*kept).clone());
            }
        }
        rest.next_if(|(other, _)| other == element);
        let before = old.iter().find(|(other, _)| other == element).map_or(&Value::Null, |(_, before)| *before);
        merged.push(merge(&shape.item(), before, value));
    }
    merged.extend(rest.filter(|(other, _)| !is_in(new, other)).map(|(_, kept)| (*kept).clone()));
    merged
}

/// The fields that a configuration names.
pub(crate) fn field_set(shape: &Shape<'_>, config: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    for (element, child_shape, child) in children(shape, config).unwrap_or_default() {
        let mut below = field_set(&child_shape, child);
        let is_item = !matches!(element, Element::Field(_));
        let is_empty_list = child.as_array().is_some_and(Vec::is_empty) && children(&child_shape, child).is_some();
        below.member |= is_item || (below.children.is_empty() && !is_empty_list);
        set.put(element, below);
    }
    set
}

/// Every field of a value, also the objects and lists that hold them.
fn every_field(shape: &Shape<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::leaf();
    for (element, child_shape, child) in children(shape, value).unwrap_or_default() {
        set.put(element, every_field(&child_shape, child));
    }
    set
}

/// What became of `old`.
pub(crate) fn compare(shape: &Shape<'_>, old: &Value, new: &Value) -> Changes {
    let mut changes = Changes::default();
    let (Some(before), Some(after)) = (children(shape, old), children(shape, new)) else {
        changes.set.member = old != new;
        return changes;
    };
    for (element, child_shape, child) in &after {
        match before.iter().find(|(other, ..)| other == element) {
            Some((.., earlier)) => {
                let below = compare(child_shape, earlier, child);
                changes.set.put(element.clone(), below.set);
                changes.removed.put(element.clone(), below.removed);
            }
            None => changes.set.put(element.clone(), every_field(child_shape, child)),
        }
    }
    for (element, child_shape, child) in &before {
        if !after.iter().any(|(other, ..)| other == element) {
            changes.removed.put(element.clone(), every_field(child_shape, child));
        }
    }
    changes
}

/// Removes `gone` from `value`, but what holds something of `owned`.
pub(crate) fn cut(shape: &Shape<'_>, value: &mut Value, gone: &FieldSet, owned: &FieldSet) {
    match value {
        Value::Object(map) => cut_fields(shape, map, gone, owned),
        Value::Array(list) => cut_items(shape, list, gone, owned),
        _ => {}
    }
}

fn cut_fields(shape: &Shape<'_>, map: &mut Map<String, Value>, gone: &FieldSet, owned: &FieldSet) {
    for (element, below) in &gone.children {
        let Element::Field(name) = element else { continue };
        let Some(child) = map.get_mut(name) else { continue };
        let kept = owned.child(element);
        let was_empty = is_empty(child);
        cut(&shape.field(name), child, below, &kept);
        // An object that lost its last field goes with it.
        let emptied = !was_empty && is_empty(child);
        if kept.is_empty() && (below.member || emptied) {
            map.remove(name);
        }
    }
}

fn cut_items(shape: &Shape<'_>, list: &mut Vec<Value>, gone: &FieldSet, owned: &FieldSet) {
    let Some(elements) = shape.elements(list) else { return };
    let elements: Vec<Element> = elements.into_iter().map(|(element, _)| element).collect();
    let items = std::mem::take(list);
    for (element, mut item) in elements.into_iter().zip(items) {
        let (below, kept) = (gone.child(&element), owned.child(&element));
        if below.member && kept.is_empty() {
            continue;
        }
        cut(&shape.item(), &mut item, &below, &kept);
        list.push(item);
    }
}

/// The fields of an object or the elements of a list; `None` for what is one value.
fn children<'a>(shape: &Shape<'a>, value: &'a Value) -> Option<Vec<(Element, Shape<'a>, &'a Value)>> {
    match value {
        Value::Object(map) if !shape.is_atomic_map() => {
            let field =
                |(name, child): (&'a String, &'a Value)| (Element::Field(name.clone()), shape.field(name), child);
            Some(map.iter().map(field).collect())
        }
        Value::Array(list) => {
            let elements = shape.elements(list)?;
            Some(elements.into_iter().map(|(element, child)| (element, shape.item(), child)).collect())
        }
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}
