//! Who owns which fields: `metadata.managedFields`.

use serde_json::{Value, json};

use super::fields::{Element, FieldSet};
use super::merge::{Changes, compare};
use super::shape::Shape;
use crate::object;
use crate::resource::Resource;

/// Who writes, how, and through what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) manager: String,
    /// Whether it applies; otherwise it updates.
    pub(crate) applies: bool,
    /// Whether it writes the `/status` subresource.
    pub(crate) status: bool,
}

/// The fields of one author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) author: Author,
    pub(crate) api_version: String,
    pub(crate) time: String,
    pub(crate) fields: FieldSet,
}

pub(crate) fn read(object: &Value) -> Vec<Entry> {
    object["metadata"]["managedFields"].as_array().into_iter().flatten().map(Entry::from_value).collect()
}

pub(crate) fn write(object: &mut Value, entries: &[Entry]) {
    let list: Vec<Value> = entries.iter().filter(|entry| !entry.fields.is_empty()).map(Entry::to_value).collect();
    object::set_meta(object, "managedFields", Value::Array(list));
}

/// Sets the fields of `author`; keeps the time where they are the same and `touched` is false.
pub(crate) fn set(entries: &mut Vec<Entry>, resource: &Resource, author: &Author, fields: FieldSet, touched: bool) {
    let entry = Entry { author: author.clone(), api_version: resource.kind.api_version(), time: object::now(), fields };
    match entries.iter_mut().find(|entry| entry.author == *author) {
        Some(old) if touched || old.fields != entry.fields => *old = entry,
        Some(_) => {}
        None => entries.push(entry),
    }
}

/// The owners after `author` made `new` of `old`: it owns what it changed, and nobody what is gone.
pub(crate) fn after_update(resource: &Resource, old: &Value, new: &Value, author: &Author) -> Vec<Entry> {
    let mut entries = read(old);
    let changes = compare(&Shape::root(resource), old, new);
    let changed = ownable(changes.set.clone(), resource, author);
    let own = entries.iter().find(|entry| entry.author == *author).map(|entry| entry.fields.clone());
    let fields = own.unwrap_or_default().difference(&changes.removed).union(&changed);
    release(&mut entries, author, &Changes { set: changed.clone(), removed: changes.removed });
    let touched = !changed.is_empty();
    set(&mut entries, resource, author, fields, touched);
    entries.retain(|entry| !entry.fields.is_empty());
    entries
}

/// Takes from everyone but `author` what was changed or removed.
pub(crate) fn release(entries: &mut [Entry], author: &Author, changes: &Changes) {
    for entry in entries.iter_mut().filter(|entry| entry.author != *author) {
        entry.fields = entry.fields.difference(&changes.set).difference(&changes.removed);
    }
}

/// `set` without what nobody owns, or what the author cannot write through the subresource that it uses.
pub(crate) fn ownable(mut set: FieldSet, resource: &Resource, author: &Author) -> FieldSet {
    set.member = false;
    let top = |name: &str| Element::Field(name.to_owned());
    let (status, metadata) = (top("status"), top("metadata"));
    if author.status {
        set.children.retain(|element, _| *element == status);
        return set;
    }
    if resource.kind.status {
        set.children.remove(&status);
    }
    set.children.remove(&top("apiVersion"));
    set.children.remove(&top("kind"));
    let mut fields = set.children.remove(&metadata).unwrap_or_default();
    // The API server writes them, or wrote them once: nobody owns them.
    for name in object::SERVER_WRITTEN.iter().chain(&["selfLink"]) {
        fields.children.remove(&top(name));
    }
    fields.member = false;
    set.put(metadata, fields);
    set
}

impl Entry {
    fn from_value(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let author = Author {
            manager: text("manager"),
            applies: value["operation"] == "Apply",
            status: value["subresource"] == "status",
        };
        let fields = FieldSet::from_v1(&value["fieldsV1"]);
        Self { author, api_version: text("apiVersion"), time: text("time"), fields }
    }

    fn to_value(&self) -> Value {
        let mut value = json!({
            "manager": self.author.manager, "operation": if self.author.applies { "Apply" } else { "Update" },
            "apiVersion": self.api_version, "time": self.time,
            "fieldsType": "FieldsV1", "fieldsV1": self.fields.to_v1(),
        });
        if self.author.status {
            value["subresource"] = json!("status");
        }
        value
    }
}
