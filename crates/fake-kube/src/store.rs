//! The objects, their versions and what happened to them.

pub(crate) mod delete;
pub(crate) mod gc;
pub(crate) mod history;
pub(crate) mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, FieldError};
use crate::object;
use crate::resource::{self, Resource, ResourceKind};
use history::{Change, History};

/// Says what is wrong with an object: the new one, and the one that it replaces.
pub(crate) type Validator = Box<dyn Fn(&Value, Option<&Value>) -> Result<(), Vec<FieldError>> + Send + Sync>;

/// Where an object is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The qualified plural of its kind.
    pub(crate) resource: String,
    /// Empty for what lives in no namespace.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// Everything that the server knows.
pub(crate) struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    resources: Vec<Arc<Resource>>,
    history: History,
    validators: BTreeMap<String, Vec<Validator>>,
    revision: u64,
    /// Counts what is unique: identities, and names that are made.
    serial: u64,
    /// Whether something may be left to collect.
    garbage: bool,
}

/// The qualified plural of what defines kinds.
const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// The namespaces of a new cluster.
const NAMESPACES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

impl Key {
    pub(crate) fn of(kind: &ResourceKind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced { namespace } else { "" };
        Self { resource: kind.qualified_plural(), namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl Store {
    /// A store with the kinds of the API server, those given, and the namespaces of a new cluster.
    pub(crate) fn new(kinds: Vec<ResourceKind>) -> Self {
        let custom = kinds.into_iter().map(Resource::untyped);
        let mut store = Self {
            objects: BTreeMap::new(),
            resources: resource::builtin().chain(custom).map(Arc::new).collect(),
            history: History::default(),
            validators: BTreeMap::new(),
            revision: 0,
            serial: 0,
            garbage: false,
        };
        for name in NAMESPACES {
            store.add_namespace(name);
        }
        store
    }

    pub(crate) fn resources(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    pub(crate) fn resource(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        let is_it = |kind: &ResourceKind| kind.group == group && kind.version == version && kind.plural == plural;
        self.resources.iter().find(|resource| is_it(&resource.kind)).cloned()
    }

    /// The kind of a plural, with or without its group.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn named(&self, plural: &str) -> Result<Arc<Resource>, ApiError> {
        let is_it = |kind: &ResourceKind| kind.plural == plural || kind.qualified_plural() == plural;
        let found = self.resources.iter().find(|resource| is_it(&resource.kind)).cloned();
        found.ok_or_else(|| ApiError::new(404, "NotFound", format!("no kind has the plural {plural}")))
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn compact(&mut self) {
        self.history.compact(self.revision);
    }

    pub(crate) fn add_validator(&mut self, qualified_plural: String, validator: Validator) {
        self.validators.entry(qualified_plural).or_default().push(validator);
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// An object.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn find(&self, kind: &ResourceKind, namespace: &str, name: &str) -> Result<Arc<Value>, ApiError> {
        let found = self.objects.get(&Key::of(kind, namespace, name)).cloned();
        found.ok_or_else(|| ApiError::not_found(kind, name))
    }

    /// The objects of a kind by namespace and name; all namespaces where none is given.
    pub(crate) fn list(&self, kind: &ResourceKind, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let plural = kind.qualified_plural();
        let wanted = |key: &Key| key.resource == plural && namespace.is_none_or(|namespace| key.namespace == namespace);
        self.objects.iter().filter(|(key, _)| wanted(key)).map(|(_, object)| object.clone()).collect()
    }

    /// Stores, or removes, an object under the next revision and remembers the change.
    fn commit(&mut self, key: Key, new: Option<Value>) -> Option<Arc<Value>> {
        self.revision += 1;
        let new = new.map(|mut object| {
            object::set_meta(&mut object, "resourceVersion", json!(self.revision.to_string()));
            Arc::new(object)
        });
        let old = match &new {
            Some(object) => self.objects.insert(key.clone(), object.clone()),
            None => self.objects.remove(&key),
        };
        let stored = new.clone();
        self.note_garbage(old.as_deref(), new.as_deref());
        if key.resource == DEFINITIONS {
            self.learn(old.as_deref(), new.as_deref());
        }
        self.history.push(Change { revision: self.revision, resource: key.resource, old, new });
        stored
    }

    /// Serves the kind of a definition, or no longer where the definition is gone.
    fn learn(&mut self, old: Option<&Value>, new: Option<&Value>) {
        let known = old.and_then(|definition| Resource::from_definition(definition).ok());
        let learned = new.and_then(|definition| Resource::from_definition(definition).ok());
        for resource in [&known, &learned].into_iter().flatten() {
            let name = resource.kind.qualified_plural();
            self.resources.retain(|other| other.kind.qualified_plural() != name);
        }
        if let Some(resource) = learned {
            self.resources.push(Arc::new(resource));
        } else if let Some(resource) = known {
            let name = resource.kind.qualified_plural();
            let keys: Vec<Key> = self.objects.keys().filter(|key| key.resource == name).cloned().collect();
            for key in keys {
                self.commit(key, None);
            }
        }
    }

    fn note_garbage(&mut self, old: Option<&Value>, new: Option<&Value>) {
        let may_go = |object: &Value| !object::owner_references(object).is_empty() || object::is_deleting(object);
        self.garbage |= old.is_some() && new.is_none();
        self.garbage |= new.is_some_and(may_go);
    }

    /// The next number that was never given out.
    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn add_namespace(&mut self, name: &str) {
        let uid = write::uid(self.next_serial());
        let metadata = json!({
            "name": name, "uid": uid, "creationTimestamp": object::now(),
            "labels": {"kubernetes.io/metadata.name": name},
        });
        let object = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": metadata,
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        });
        let key = Key { resource: "namespaces".to_owned(), namespace: String::new(), name: name.to_owned() };
        self.commit(key, Some(object));
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("objects", &self.objects.len()).field("revision", &self.revision).finish()
    }
}
