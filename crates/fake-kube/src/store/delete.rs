//! Deleting objects.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Store;
use super::write::{Part, Place, WriteOptions};
use crate::error::ApiError;
use crate::object;

/// The finalizer of an object that waits for its dependents.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object whose dependents are to stay.
pub(crate) const ORPHAN: &str = "orphan";

/// How a deletion is done.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteOptions {
    /// `Background`, `Foreground` or `Orphan`.
    pub(crate) propagation: Option<String>,
    /// The identity that the object must have.
    pub(crate) uid: Option<String>,
    /// The version that the object must have.
    pub(crate) resource_version: Option<String>,
    pub(crate) dry_run: bool,
}

/// What became of an object that was deleted.
#[derive(Debug)]
pub(crate) enum Deleted {
    Gone(Arc<Value>),
    /// It waits for its finalizers.
    Waiting(Arc<Value>),
}

impl Store {
    /// Deletes an object, or marks it where it has finalizers.
    ///
    /// # Errors
    /// 404, and 409 when a precondition is not met.
    pub(crate) fn delete(&mut self, place: &Place, options: &DeleteOptions) -> Result<Deleted, ApiError> {
        let old = self.find(&place.resource.kind, &place.namespace, &place.name)?;
        check_preconditions(place, &old, options)?;
        let mut new = (*old).clone();
        add_finalizer(&mut new, options.propagation.as_deref());
        let waits = !object::finalizers(&new).is_empty() || place.resource.is("Namespace");
        if !waits {
            if !options.dry_run {
                self.commit(place.key(), None);
            }
            return Ok(Deleted::Gone(old));
        }
        if !object::is_deleting(&old) {
            mark(place, &mut new);
        }
        if new == *old {
            return Ok(Deleted::Waiting(old));
        }
        let options = WriteOptions { manager: String::new(), part: Part::Whole, dry_run: options.dry_run };
        self.keep(place, new, &options).map(Deleted::Waiting)
    }
}

fn mark(place: &Place, object: &mut Value) {
    object::set_meta(object, "deletionTimestamp", json!(object::now()));
    object::set_meta(object, "deletionGracePeriodSeconds", json!(0));
    if let Some(generation) = object["metadata"]["generation"].as_u64() {
        object::set_meta(object, "generation", json!(generation + 1));
    }
    if place.resource.is("Namespace") {
        object["status"]["phase"] = json!("Terminating");
    }
}

fn add_finalizer(object: &mut Value, propagation: Option<&str>) {
    let wanted = match propagation {
        Some("Foreground") => FOREGROUND,
        Some("Orphan") => ORPHAN,
        _ => return,
    };
    let mut finalizers = object::finalizers(object);
    if !finalizers.iter().any(|name| name == wanted) {
        finalizers.push(wanted.to_owned());
        object::set_finalizers(object, &finalizers);
    }
}

fn check_preconditions(place: &Place, old: &Value, options: &DeleteOptions) -> Result<(), ApiError> {
    let check = |what: &str, wanted: &Option<String>, found: &str| match wanted {
        Some(wanted) if wanted != found => {
            let why = format!("Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}");
            Err(ApiError::conflict(&place.resource.kind, &place.name, &why))
        }
        _ => Ok(()),
    };
    check("UID", &options.uid, object::uid(old))?;
    check("ResourceVersion", &options.resource_version, object::meta(old, "resourceVersion"))
}
