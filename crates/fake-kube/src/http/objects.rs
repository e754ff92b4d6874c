//! Requests about objects.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::route::Target;
use super::view::View;
use super::{Answer, Call, list, method_not_allowed};
use crate::apply::shape::Shape;
use crate::error::ApiError;
use crate::object;
use crate::patch;
use crate::record::Write;
use crate::selector::Selector;
use crate::shared::Shared;
use crate::store::Store;
use crate::store::delete::{DeleteOptions, Deleted};
use crate::store::write::{Part, Place, WriteOptions};
use crate::watch::{Start, Watch};

/// How long a watch lasts that names no time.
const WATCH_TIMEOUT: Duration = Duration::from_secs(1800);

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// Answers and records a request.
pub(super) fn answer(
    shared: &Shared,
    call: &Call,
    target: Target,
    refused: Option<ApiError>,
) -> Result<Answer, ApiError> {
    let verb = verb(call, &target).ok_or_else(method_not_allowed)?;
    shared.record.count(verb, target.resource.kind.qualified_plural());
    if matches!(verb, "get" | "list" | "watch") {
        return match refused {
            Some(error) => Err(error),
            None => shared.read(|store| read(store, call, verb, target)),
        };
    }
    let (result, changed) = match refused {
        Some(error) => (Err(error), false),
        None => shared.write(|store| {
            let before = store.revision();
            let result = write(store, call, verb, target);
            (result, store.revision() != before)
        }),
    };
    let code = match &result {
        Ok(Answer::Json(code, _) | Answer::Text(code, _)) => *code,
        Ok(Answer::Watch(_)) => 200,
        Err(error) => error.code,
    };
    let manager = if verb.starts_with("delete") { String::new() } else { manager(call) };
    shared.record.wrote(Write { verb, path: call.path.clone(), manager, code, changed });
    result
}

fn verb(call: &Call, target: &Target) -> Option<&'static str> {
    let is_status = target.subresource.is_some();
    let can_create = target.namespace.is_some() == target.resource.kind.namespaced;
    match (call.method.as_str(), target.name.is_some()) {
        ("GET", true) => Some("get"),
        ("GET", false) if call.query.flag("watch") => Some("watch"),
        ("GET", false) => Some("list"),
        ("POST", false) if can_create => Some("create"),
        ("PUT", true) => Some("update"),
        ("PATCH", true) if call.content_type.starts_with(APPLY) => Some("apply"),
        ("PATCH", true) => Some("patch"),
        ("DELETE", true) if !is_status => Some("delete"),
        ("DELETE", false) if can_create => Some("deletecollection"),
        _ => None,
    }
}

fn read(store: &Store, call: &Call, verb: &str, target: Target) -> Result<Answer, ApiError> {
    match verb {
        "list" => list::list(store, call, &target).map(|list| Answer::Json(200, list)),
        "watch" => watch(call, target).map(Answer::Watch),
        _ => {
            let place = place(&target);
            let object = store.find(&place.resource.kind, &place.namespace, &place.name)?;
            Ok(shown(call, 200, &object))
        }
    }
}

fn watch(call: &Call, target: Target) -> Result<Watch, ApiError> {
    let query = &call.query;
    let (labels, fields) = (query.get("labelSelector"), query.get("fieldSelector"));
    let selector = Selector::parse(&target.resource, target.namespace.as_deref(), labels, fields)?;
    let initial = query.get("sendInitialEvents");
    if initial == "true" && query.get("resourceVersionMatch") != "NotOlderThan" {
        const WHY: &str = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        return Err(ApiError::new(422, "Invalid", WHY));
    }
    let start = match query.number("resourceVersion")?.unwrap_or_default() {
        _ if initial == "true" => Start::Objects { marked: true },
        0 if initial == "false" => Start::Now,
        0 => Start::Objects { marked: false },
        revision => Start::After(revision),
    };
    let timeout = query.number("timeoutSeconds")?.map_or(WATCH_TIMEOUT, Duration::from_secs);
    let bookmarks = query.flag("allowWatchBookmarks");
    Ok(Watch { resource: target.resource, selector, start, bookmarks, timeout, view: View::of(&call.accept) })
}

fn write(store: &mut Store, call: &Call, verb: &str, target: Target) -> Result<Answer, ApiError> {
    let place = place(&target);
    let options = WriteOptions {
        manager: manager(call),
        part: if target.subresource.is_some() { Part::Status } else { Part::Main },
        dry_run: !call.query.get("dryRun").is_empty(),
    };
    match verb {
        "create" => Ok(shown(call, 201, &store.create(&place, body(call)?, &options)?)),
        "update" => Ok(shown(call, 200, &store.replace(&place, body(call)?, &options)?)),
        "patch" => patched(store, call, &place, &options),
        "apply" => applied(store, call, &place, &options),
        "delete" => delete(store, call, &place),
        _ => delete_all(store, call, &target),
    }
}

fn patched(store: &mut Store, call: &Call, place: &Place, options: &WriteOptions) -> Result<Answer, ApiError> {
    let body = body(call)?;
    let resource = place.resource.clone();
    let is_strategic = call.content_type.starts_with(STRATEGIC) && resource.builtin;
    if !is_strategic && !call.content_type.starts_with(MERGE) {
        let message = format!("the body of the request was in an unknown format: {}", call.content_type);
        return Err(ApiError::new(415, "UnsupportedMediaType", message));
    }
    let object = store.patch(place, options, |object| {
        if is_strategic {
            patch::strategic(&Shape::root(&resource), object, &body);
        } else {
            patch::merge(object, &body);
        }
    })?;
    Ok(shown(call, 200, &object))
}

fn applied(store: &mut Store, call: &Call, place: &Place, options: &WriteOptions) -> Result<Answer, ApiError> {
    if call.query.get("fieldManager").is_empty() {
        const WHY: &str =
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
        return Err(ApiError::new(422, "Invalid", WHY));
    }
    let (object, created) = store.apply(place, body(call)?, call.query.flag("force"), options)?;
    Ok(shown(call, if created { 201 } else { 200 }, &object))
}

fn delete(store: &mut Store, call: &Call, place: &Place) -> Result<Answer, ApiError> {
    let kind = &place.resource.kind;
    match store.delete(place, &delete_options(call)?)? {
        Deleted::Waiting(object) => Ok(shown(call, 200, &object)),
        Deleted::Gone(object) => {
            let details = json!({
                "name": place.name, "group": kind.group, "kind": kind.plural, "uid": object::uid(&object),
            });
            let status = json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
            });
            Ok(Answer::Json(200, status))
        }
    }
}

fn delete_all(store: &mut Store, call: &Call, target: &Target) -> Result<Answer, ApiError> {
    let list = list::list(store, call, target)?;
    let options = delete_options(call)?;
    for object in list["items"].as_array().into_iter().flatten() {
        let name = object::name(object).to_owned();
        store.delete(&Place { name, ..place(target) }, &options)?;
    }
    Ok(Answer::Json(200, list))
}

fn delete_options(call: &Call) -> Result<DeleteOptions, ApiError> {
    let body = if call.body.is_empty() { Value::Null } else { body(call)? };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let from_query = Some(call.query.get("propagationPolicy").to_owned()).filter(|text| !text.is_empty());
    let orphan = (body["orphanDependents"] == true).then(|| "Orphan".to_owned());
    Ok(DeleteOptions {
        propagation: text(&body["propagationPolicy"]).or(from_query).or(orphan),
        uid: text(&body["preconditions"]["uid"]),
        resource_version: text(&body["preconditions"]["resourceVersion"]),
        dry_run: !body["dryRun"].is_null() || !call.query.get("dryRun").is_empty(),
    })
}

fn body(call: &Call) -> Result<Value, ApiError> {
    let refused = |error: String| ApiError::bad_request(format!("the body cannot be read: {error}"));
    match serde_json::from_slice(&call.body) {
        Ok(value) => Ok(value),
        Err(_) if call.content_type.contains("yaml") => {
            let text = String::from_utf8_lossy(&call.body);
            serde_saphyr::from_str(&text).map_err(|error| refused(error.to_string()))
        }
        Err(error) => Err(refused(error.to_string())),
    }
}

fn manager(call: &Call) -> String {
    let given = call.query.get("fieldManager");
    let name = if given.is_empty() { call.agent.as_str() } else { given };
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}

fn place(target: &Target) -> Place {
    Place {
        resource: target.resource.clone(),
        namespace: target.namespace.clone().unwrap_or_default(),
        name: target.name.clone().unwrap_or_default(),
    }
}

fn shown(call: &Call, code: u16, object: &Arc<Value>) -> Answer {
    Answer::Json(code, View::of(&call.accept).object(object))
}
