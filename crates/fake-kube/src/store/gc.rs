//! Garbage collection: dependents of what is gone, content of namespaces that end.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::delete::{DeleteOptions, FOREGROUND, ORPHAN};
use super::write::{Part, Place, WriteOptions};
use super::{Key, Store};
use crate::object;
use crate::resource::Resource;

/// Everything as it is when a round begins.
struct Round {
    objects: Vec<(Place, Arc<Value>)>,
    /// Places in `objects` by identity.
    by_uid: BTreeMap<String, usize>,
}

/// What an owner reference leads to.
#[derive(PartialEq, Eq)]
enum Owner {
    Present,
    /// It is being deleted and waits for its dependents.
    Waiting,
    Absent,
}

impl Store {
    /// Collects until nothing is left to collect.
    pub(crate) fn collect_garbage(&mut self) {
        while self.garbage {
            self.garbage = false;
            let before = self.revision;
            let round = Round::of(self);
            for (place, object) in &round.objects {
                self.collect(&round, place, object);
            }
            // What waits for a finalizer of someone else is looked at when that changes.
            self.garbage = self.revision != before;
        }
    }

    fn collect(&mut self, round: &Round, place: &Place, object: &Value) {
        let is_same = self.get(&place.key()).is_some_and(|now| object::uid(now) == object::uid(object));
        if !is_same {
            return;
        }
        if object::is_deleting(object) {
            self.finish_deletion(round, place, object);
        }
        if !object::owner_references(object).is_empty() {
            self.collect_dependent(round, place, object);
        }
    }

    fn finish_deletion(&mut self, round: &Round, place: &Place, object: &Value) {
        let finalizers = object::finalizers(object);
        let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
        if place.resource.is("Namespace") {
            self.finish_namespace(round, place);
        }
        if has(ORPHAN) {
            for (place, dependent) in round.dependents(object) {
                self.drop_owners(place, dependent, |reference| reference["uid"] == object["metadata"]["uid"]);
            }
            self.remove_finalizer(place, ORPHAN);
        }
        let blocks = |reference: &Value| {
            reference["uid"] == object["metadata"]["uid"] && reference["blockOwnerDeletion"] == true
        };
        let mut dependents = round.dependents(object);
        if has(FOREGROUND) && !dependents.any(|(_, dependent)| object::owner_references(dependent).iter().any(blocks)) {
            self.remove_finalizer(place, FOREGROUND);
        }
    }

    fn finish_namespace(&mut self, round: &Round, place: &Place) {
        let mut content = round.objects.iter().filter(|(other, _)| other.namespace == place.name).peekable();
        if content.peek().is_none() {
            self.commit(place.key(), None);
            return;
        }
        for (place, _) in content {
            self.delete_quietly(place, None);
        }
    }

    fn collect_dependent(&mut self, round: &Round, place: &Place, object: &Value) {
        let references = object::owner_references(object);
        let owners: Vec<Owner> = references.iter().map(|reference| self.owner(round, place, reference)).collect();
        if owners.contains(&Owner::Present) {
            let gone: Vec<&Value> =
                references.iter().zip(&owners).filter(|(_, owner)| **owner != Owner::Present).map(|(r, _)| r).collect();
            if !gone.is_empty() {
                self.drop_owners(place, object, |reference| gone.contains(&reference));
            }
        } else if object::is_deleting(object) {
            // It waits for its own finalizers.
        } else if owners.contains(&Owner::Waiting) && round.dependents(object).next().is_some() {
            self.delete_quietly(place, Some("Foreground"));
        } else {
            self.delete_quietly(place, None);
        }
    }

    fn owner(&self, round: &Round, dependent: &Place, reference: &Value) -> Owner {
        let kind = self.resources.iter().find(|resource| {
            reference["kind"] == json!(resource.kind.kind)
                && reference["apiVersion"] == json!(resource.kind.api_version())
        });
        // A kind that is not served cannot be looked up, nor can an owner in a namespace from outside of it.
        let cannot_tell = |kind: &Arc<Resource>| kind.kind.namespaced && dependent.namespace.is_empty();
        if kind.is_none_or(cannot_tell) {
            return Owner::Present;
        }
        let found = reference["uid"].as_str().and_then(|uid| round.by_uid.get(uid)).map(|&place| &round.objects[place]);
        match found {
            Some((place, owner)) if place.namespace.is_empty() || place.namespace == dependent.namespace => {
                let waits =
                    object::is_deleting(owner) && object::finalizers(owner).iter().any(|name| name == FOREGROUND);
                if waits { Owner::Waiting } else { Owner::Present }
            }
            _ => Owner::Absent,
        }
    }

    fn drop_owners(&mut self, place: &Place, object: &Value, gone: impl Fn(&Value) -> bool) {
        let kept: Vec<&Value> = object::owner_references(object).iter().filter(|reference| !gone(reference)).collect();
        let kept = json!(kept);
        self.rewrite(place, |object| {
            object::set_meta(object, "ownerReferences", kept);
            object::strip_empty_metadata(object);
        });
    }

    fn remove_finalizer(&mut self, place: &Place, name: &str) {
        self.rewrite(place, |object| {
            let finalizers: Vec<String> =
                object::finalizers(object).into_iter().filter(|other| other != name).collect();
            object::set_finalizers(object, &finalizers);
        });
    }

    fn rewrite(&mut self, place: &Place, change: impl FnOnce(&mut Value)) {
        let Some(old) = self.get(&place.key()) else { return };
        let mut new = (**old).clone();
        change(&mut new);
        if new != **old {
            let options = WriteOptions { manager: String::new(), part: Part::Whole, dry_run: false };
            // What cannot be kept any more is gone, as it should be.
            let _ = self.keep(place, new, &options);
        }
    }

    fn delete_quietly(&mut self, place: &Place, propagation: Option<&str>) {
        let options = DeleteOptions { propagation: propagation.map(str::to_owned), ..DeleteOptions::default() };
        // Another deletion may have been first.
        let _ = self.delete(place, &options);
    }
}

impl Round {
    fn of(store: &Store) -> Self {
        let objects: Vec<(Place, Arc<Value>)> =
            store.objects.iter().filter_map(|(key, object)| Some((place(store, key)?, object.clone()))).collect();
        let by_uid = objects.iter().enumerate().map(|(at, (_, object))| (object::uid(object).to_owned(), at)).collect();
        Self { objects, by_uid }
    }

    /// The objects that name `owner` as one of their owners.
    fn dependents(&self, owner: &Value) -> impl Iterator<Item = &(Place, Arc<Value>)> {
        let uid = owner["metadata"]["uid"].clone();
        self.objects
            .iter()
            .filter(move |(_, object)| object::owner_references(object).iter().any(|reference| reference["uid"] == uid))
    }
}

fn place(store: &Store, key: &Key) -> Option<Place> {
    let resource = store.named(&key.resource).ok().filter(|found| found.kind.qualified_plural() == key.resource)?;
    Some(Place { resource, namespace: key.namespace.clone(), name: key.name.clone() })
}
