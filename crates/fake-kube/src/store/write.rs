//! Creating and changing objects.

mod checks;
mod defaults;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Key, Store};
use crate::apply::managed::{self, Author, Entry};
use crate::apply::{self, Applied};
use crate::error::{ApiError, FieldError};
use crate::object;
use crate::resource::Resource;

/// Which part of an object a write reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the status, where that is a subresource.
    Main,
    /// The status only.
    Status,
    /// Everything: what a test does by itself.
    Whole,
}

/// How a write is done.
#[derive(Debug, Clone)]
pub(crate) struct WriteOptions {
    /// The field manager.
    pub(crate) manager: String,
    pub(crate) part: Part,
    /// Everything is checked and nothing is stored.
    pub(crate) dry_run: bool,
}

/// A place for an object of a kind.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) resource: Arc<Resource>,
    /// Empty for what lives in no namespace.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Place {
    pub(crate) fn key(&self) -> Key {
        Key::of(&self.resource.kind, &self.namespace, &self.name)
    }
}

impl WriteOptions {
    fn author(&self, applies: bool) -> Author {
        Author { manager: self.manager.clone(), applies, status: self.part == Part::Status }
    }
}

impl Store {
    /// Creates an object; its name is made where `generateName` asks for it.
    ///
    /// # Errors
    /// 400, 403, 404, 409, 422: as the API server.
    pub(crate) fn create(
        &mut self,
        place: &Place,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Arc<Value>, ApiError> {
        let mut new = checks::body(place, body)?;
        if !object::meta(&new, "resourceVersion").is_empty() {
            const WHY: &str = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::new(500, "InternalError", WHY));
        }
        let prefix = object::meta(&new, "generateName");
        if object::name(&new).is_empty() && !prefix.is_empty() {
            let name = format!("{prefix}{}", defaults::suffix(self.next_serial()));
            object::set_meta(&mut new, "name", json!(name));
        }
        let place = &Place { name: object::name(&new).to_owned(), ..place.clone() };
        object::remove_meta(&mut new, "managedFields");
        self.insert(place, new, options, |resource, new| {
            Ok(managed::after_update(resource, &empty(), new, &options.author(false)))
        })
    }

    /// Replaces an object.
    ///
    /// # Errors
    /// 400, 404, 409, 422: as the API server.
    pub(crate) fn replace(
        &mut self,
        place: &Place,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Arc<Value>, ApiError> {
        let new = checks::body(place, body)?;
        let old = self.find(&place.resource.kind, &place.namespace, &place.name)?;
        let unconditional = object::meta(&new, "resourceVersion").is_empty();
        if unconditional && place.resource.needs_version_to_replace() {
            const WHY: &str = "Invalid value: 0: must be specified for an update";
            return Err(ApiError::invalid_field(&place.resource.kind, &place.name, "metadata.resourceVersion", WHY));
        }
        self.update(place, &old, new, options, None)
    }

    /// Changes an object by a patch.
    ///
    /// # Errors
    /// 400, 404, 409, 422: as the API server.
    pub(crate) fn patch(
        &mut self,
        place: &Place,
        options: &WriteOptions,
        patch: impl FnOnce(&mut Value),
    ) -> Result<Arc<Value>, ApiError> {
        let old = self.find(&place.resource.kind, &place.namespace, &place.name)?;
        let mut new = (*old).clone();
        patch(&mut new);
        let new = checks::body(place, new)?;
        self.update(place, &old, new, options, None)
    }

    /// Server-side apply; tells whether the object was created.
    ///
    /// # Errors
    /// 400, 404, 409, 422: as the API server.
    pub(crate) fn apply(
        &mut self,
        place: &Place,
        config: Value,
        force: bool,
        options: &WriteOptions,
    ) -> Result<(Arc<Value>, bool), ApiError> {
        let mut config = checks::body(place, config)?;
        object::set_meta(&mut config, "name", json!(place.name));
        if !config["metadata"]["managedFields"].is_null() {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        defaults::strip_nulls(&place.resource, &mut config);
        let author = options.author(true);
        let Some(old) = self.get(&place.key()).cloned() else {
            if options.part == Part::Status {
                return Err(ApiError::not_found(&place.resource.kind, &place.name));
            }
            let Applied { object, entries } = apply::apply(&place.resource, &empty(), &config, &author, force)?;
            return self.insert(place, object, options, |_, _| Ok(entries)).map(|object| (object, true));
        };
        checks::identity(place, &old, &config)?;
        let Applied { object, entries } = apply::apply(&place.resource, &old, &config, &author, force)?;
        self.update(place, &old, object, options, Some(entries)).map(|object| (object, false))
    }

    fn insert(
        &mut self,
        place: &Place,
        mut new: Value,
        options: &WriteOptions,
        owners: impl FnOnce(&Resource, &Value) -> Result<Vec<Entry>, ApiError>,
    ) -> Result<Arc<Value>, ApiError> {
        let resource = &place.resource;
        defaults::check_name(resource, &new)?;
        checks::namespace(self, place)?;
        if self.get(&place.key()).is_some() {
            return Err(ApiError::already_exists(&resource.kind, &place.name));
        }
        defaults::normalize(resource, &mut new);
        defaults::complete_new(resource, &mut new, options.part == Part::Whole);
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"] {
            object::remove_meta(&mut new, field);
        }
        if resource.kind.namespaced {
            object::set_meta(&mut new, "namespace", json!(place.namespace));
        } else {
            object::remove_meta(&mut new, "namespace");
        }
        let entries = owners(resource, &new)?;
        managed::write(&mut new, &entries);
        object::set_meta(&mut new, "uid", json!(uid(self.next_serial())));
        object::set_meta(&mut new, "creationTimestamp", json!(object::now()));
        if resource.has_generation() {
            object::set_meta(&mut new, "generation", json!(1));
        }
        self.validate(resource, &new, None, options)?;
        self.keep(place, new, options)
    }

    /// The end of every change: what may not change is put back, then the result is checked and stored.
    fn update(
        &mut self,
        place: &Place,
        old: &Value,
        wanted: Value,
        options: &WriteOptions,
        owners: Option<Vec<Entry>>,
    ) -> Result<Arc<Value>, ApiError> {
        let resource = &place.resource;
        checks::identity(place, old, &wanted)?;
        let mut new = defaults::only_part(resource, old, wanted, options.part);
        defaults::normalize(resource, &mut new);
        defaults::restore(&mut new, old);
        let entries = owners.unwrap_or_else(|| managed::after_update(resource, old, &new, &options.author(false)));
        managed::write(&mut new, &entries);
        let without_status = resource.kind.status;
        if resource.has_generation() && object::wish(&new, without_status) != object::wish(old, without_status) {
            let generation = old["metadata"]["generation"].as_u64().unwrap_or_default() + 1;
            object::set_meta(&mut new, "generation", json!(generation));
        }
        if new == *old {
            return self.find(&resource.kind, &place.namespace, &place.name);
        }
        checks::finalizers(place, old, &new)?;
        self.validate(resource, &new, Some(old), options)?;
        self.keep(place, new, options)
    }

    /// Stores the object, or removes it where it only waited for its finalizers.
    pub(super) fn keep(&mut self, place: &Place, new: Value, options: &WriteOptions) -> Result<Arc<Value>, ApiError> {
        if options.dry_run {
            return Ok(Arc::new(new));
        }
        let waits = !object::finalizers(&new).is_empty() || place.resource.is("Namespace");
        if object::is_deleting(&new) && !waits {
            self.commit(place.key(), None);
            return Ok(Arc::new(new));
        }
        let stored = self.commit(place.key(), Some(new));
        stored.ok_or_else(|| ApiError::not_found(&place.resource.kind, &place.name))
    }

    fn validate(
        &self,
        resource: &Resource,
        new: &Value,
        old: Option<&Value>,
        options: &WriteOptions,
    ) -> Result<(), ApiError> {
        if resource.is("CustomResourceDefinition") {
            Resource::from_definition(new)?;
        }
        if options.part == Part::Whole {
            return Ok(());
        }
        let validators = self.validators.get(&resource.kind.qualified_plural());
        let mut errors: Vec<FieldError> = Vec::new();
        for validator in validators.into_iter().flatten() {
            errors.extend(validator(new, old).err().unwrap_or_default());
        }
        if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(&resource.kind, object::name(new), &errors)) }
    }
}

/// An identity that no other object of this server has.
pub(super) fn uid(serial: u64) -> String {
    format!("{:08x}-0000-4000-8000-{serial:012x}", serial.wrapping_mul(2_654_435_761) & 0xffff_ffff)
}

fn empty() -> Value {
    json!({"metadata": {}})
}
