//! Server-side apply: a manager says all that it wants; what it no longer says and nobody else owns, goes.

pub(crate) mod fields;
pub(crate) mod managed;
pub(crate) mod merge;
pub(crate) mod shape;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::object;
use crate::resource::Resource;
use fields::FieldSet;
use managed::{Author, Entry};
use merge::Changes;
use shape::Shape;

/// An object after an apply, and who owns its fields then.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) object: Value,
    pub(crate) entries: Vec<Entry>,
}

/// Applies `config` to `live`.
///
/// # Errors
/// 409 with one cause for each field that has another owner and another value, unless `force` is set.
pub(crate) fn apply(
    resource: &Resource,
    live: &Value,
    config: &Value,
    author: &Author,
    force: bool,
) -> Result<Applied, ApiError> {
    let shape = Shape::root(resource);
    let config = writable(resource, config, author);
    let mut entries = managed::read(live);
    let last = entries.iter().find(|entry| entry.author == *author).map(|entry| entry.fields.clone());
    let wanted = managed::ownable(merge::field_set(&shape, &config), resource, author);
    managed::set(&mut entries, resource, author, wanted.clone(), false);

    let mut object = merge::merge(&shape, live, &config);
    let owned = entries.iter().fold(FieldSet::default(), |all, entry| all.union(&entry.fields));
    merge::cut(&shape, &mut object, &last.unwrap_or_default().difference(&owned), &owned);

    let changes = merge::compare(&shape, live, &object);
    let changes = Changes { set: managed::ownable(changes.set, resource, author), removed: changes.removed };
    if !force {
        refuse_conflicts(&entries, author, &changes.set)?;
    }
    let touched = !changes.set.is_empty() || !changes.removed.is_empty();
    managed::release(&mut entries, author, &changes);
    managed::set(&mut entries, resource, author, wanted, touched);
    entries.retain(|entry| !entry.fields.is_empty());
    Ok(Applied { object, entries })
}

/// What of a configuration can be written through the author's subresource.
fn writable(resource: &Resource, config: &Value, author: &Author) -> Value {
    if author.status {
        return config.get("status").map_or_else(|| json!({}), |status| json!({ "status": status }));
    }
    let mut config = config.clone();
    if resource.kind.status {
        object::remove(&mut config, "status");
    }
    // These say what the request is about, not what it wants.
    for field in ["resourceVersion", "uid", "creationTimestamp", "managedFields"] {
        object::remove_meta(&mut config, field);
    }
    config
}

fn refuse_conflicts(entries: &[Entry], author: &Author, changed: &FieldSet) -> Result<(), ApiError> {
    let mut causes = Vec::new();
    for entry in entries.iter().filter(|entry| entry.author != *author) {
        let message = format!("conflict with {}", describe(entry));
        let fields = entry.fields.intersection(changed).paths();
        causes.extend(fields.into_iter().map(|field| (message.clone(), field)));
    }
    if causes.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = causes.iter().map(|(message, field)| format!("{message}: {field}")).collect();
    let s = if causes.len() == 1 { "" } else { "s" };
    let message = format!("Apply failed with {} conflict{s}: {}", causes.len(), texts.join("\n"));
    let details: Vec<Value> = causes
        .iter()
        .map(|(message, field)| json!({"reason": "FieldManagerConflict", "message": message, "field": field}))
        .collect();
    Err(ApiError { details: json!({ "causes": details }), ..ApiError::new(409, "Conflict", message) })
}

fn describe(entry: &Entry) -> String {
    let subresource = if entry.author.status { " with subresource \"status\"" } else { "" };
    let at = if entry.author.applies { String::new() } else { format!(" at {}", entry.time) };
    format!("\"{}\"{subresource} using {}{at}", entry.author.manager, entry.api_version)
}

#[cfg(test)]
mod tests;
