//! What a write is refused for before anything is stored.

use serde_json::{Value, json};

use super::Place;
use crate::error::ApiError;
use crate::object;
use crate::store::Store;

/// Refuses a body that is about something else than the path says.
pub(super) fn body(place: &Place, object: Value) -> Result<Value, ApiError> {
    let object = object::check(object)?;
    let kind = &place.resource.kind;
    let differs = |field: &str, expected: &str| object[field].as_str().is_some_and(|given| given != expected);
    if differs("kind", &kind.kind) || differs("apiVersion", &kind.api_version()) {
        let given = format!("{}, {}", object["apiVersion"], object["kind"]);
        return Err(ApiError::bad_request(format!("the object is {given}, not {}", kind.kind)));
    }
    let namespace = object::namespace(&object);
    if kind.namespaced && !namespace.is_empty() && namespace != place.namespace {
        const WHY: &str = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(ApiError::bad_request(WHY));
    }
    let name = object::name(&object);
    if !place.name.is_empty() && !name.is_empty() && name != place.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", place.name);
        return Err(ApiError::bad_request(message));
    }
    Ok(object)
}

/// Refuses a write that means another version of the object, or another object.
pub(super) fn identity(place: &Place, old: &Value, new: &Value) -> Result<(), ApiError> {
    let differs = |field: &str| {
        let given = object::meta(new, field);
        !given.is_empty() && given != object::meta(old, field)
    };
    if differs("uid") {
        let (given, found) = (object::uid(new), object::uid(old));
        let why = format!("Precondition failed: UID in precondition: {given}, UID in object meta: {found}");
        return Err(ApiError::conflict(&place.resource.kind, &place.name, &why));
    }
    if differs("resourceVersion") {
        return Err(ApiError::stale(&place.resource.kind, &place.name));
    }
    Ok(())
}

pub(super) fn finalizers(place: &Place, old: &Value, new: &Value) -> Result<(), ApiError> {
    let before = object::finalizers(old);
    let added: Vec<String> = object::finalizers(new).into_iter().filter(|name| !before.contains(name)).collect();
    if !object::is_deleting(old) || added.is_empty() {
        return Ok(());
    }
    let why = format!(
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers {added:?}"
    );
    Err(ApiError::invalid_field(&place.resource.kind, &place.name, "metadata.finalizers", &why))
}

/// Refuses what is to be created in a namespace that is missing or ends.
pub(super) fn namespace(store: &Store, place: &Place) -> Result<(), ApiError> {
    if !place.resource.kind.namespaced {
        return Ok(());
    }
    let kind = &store.named("namespaces")?.kind;
    let namespace = store.find(kind, "", &place.namespace)?;
    if !object::is_deleting(&namespace) {
        return Ok(());
    }
    let why = format!(
        "{} \"{}\" is forbidden: unable to create new content in namespace {} because it is being terminated",
        place.resource.kind.qualified_plural(),
        place.name,
        place.namespace
    );
    let cause = json!({"reason": "NamespaceTerminating", "message": why, "field": "metadata.namespace"});
    Err(ApiError { details: json!({ "causes": [cause] }), ..ApiError::new(403, "Forbidden", why) })
}
