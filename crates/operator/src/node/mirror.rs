//! Objects of one kind, as the API server last told them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt as _;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use super::view::Objects;

/// Follows the objects until it is dropped. While the API server is away, it has those of before.
#[derive(Debug)]
pub(super) struct Mirror<T> {
    heard: Arc<Mutex<Heard<T>>>,
    _following: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Heard<T> {
    objects: Objects<T>,
    /// A list on its way: it takes the place of `objects` when it is whole.
    list: BTreeMap<String, Arc<T>>,
    /// A whole list has been there.
    complete: bool,
}

impl<T: Debug + Clone + PartialEq + Send + Sync + 'static> Mirror<T> {
    /// Begins to follow. `reduce` makes of an object what is kept of it, `changed` is told of every change.
    pub(super) fn follow<K>(
        api: Api<K>,
        config: watcher::Config,
        changed: Arc<Notify>,
        reduce: impl Fn(K) -> Option<T> + Send + 'static,
    ) -> Self
    where
        K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
    {
        let heard = Heard { objects: Objects::default(), list: BTreeMap::new(), complete: false };
        let heard = Arc::new(Mutex::new(heard));
        let filled = Arc::clone(&heard);
        let path = api.resource_url().to_owned();
        let following = tokio::spawn(async move {
            let mut told = watcher(api, config).default_backoff().boxed();
            while let Some(event) = told.next().await {
                match event {
                    Ok(event) => {
                        if lock(&filled).take(event, &reduce) {
                            changed.notify_one();
                        }
                    }
                    Err(watcher::Error::WatchFailed(error)) => debug!(path, %error, "a watch broke"),
                    Err(error) => warn!(path, %error, "the API server does not tell of changes"),
                }
            }
        });
        Self { heard, _following: AbortOnDropHandle::new(following) }
    }

    /// What it has; `None` before the first whole list.
    pub(super) fn objects(&self) -> Option<Objects<T>> {
        let heard = lock(&self.heard);
        heard.complete.then(|| Arc::clone(&heard.objects))
    }
}

impl<T: Clone + PartialEq> Heard<T> {
    /// Takes in what was told; whether that changes anything.
    fn take<K: Resource>(&mut self, event: Event<K>, reduce: &impl Fn(K) -> Option<T>) -> bool {
        match event {
            Event::Init => self.list.clear(),
            Event::InitApply(object) => {
                let name = name(&object);
                self.list.extend(reduce(object).map(|kept| (name, Arc::new(kept))));
            }
            Event::InitDone => {
                let list = std::mem::take(&mut self.list);
                let changes = !self.complete || *self.objects != list;
                self.complete = true;
                self.objects = Arc::new(list);
                return changes;
            }
            Event::Apply(object) => return self.put(name(&object), reduce(object)),
            Event::Delete(object) => return self.put(name(&object), None),
        }
        false
    }

    fn put(&mut self, name: String, kept: Option<T>) -> bool {
        if self.objects.get(&name).map(Arc::as_ref) == kept.as_ref() {
            return false;
        }
        let objects = Arc::make_mut(&mut self.objects);
        match kept {
            Some(kept) => drop(objects.insert(name, Arc::new(kept))),
            None => drop(objects.remove(&name)),
        }
        true
    }
}

fn name(object: &impl Resource) -> String {
    match object.namespace() {
        Some(namespace) => format!("{namespace}/{}", object.name_any()),
        None => object.name_any(),
    }
}

/// Nothing panics while it is held; after a panic elsewhere the map is as whole as before.
fn lock<T>(heard: &Mutex<Heard<T>>) -> MutexGuard<'_, Heard<T>> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Namespace;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;
    use crate::node::view::{Labels, namespace};

    fn named(name: &str, label: &str) -> Namespace {
        let labels = Some([("rack".to_owned(), label.to_owned())].into());
        Namespace {
            metadata: ObjectMeta { name: Some(name.to_owned()), labels, ..ObjectMeta::default() },
            ..Namespace::default()
        }
    }

    fn told(heard: &mut Heard<Labels>, events: Vec<Event<Namespace>>) -> Vec<bool> {
        events.into_iter().map(|event| heard.take(event, &|object| Some(namespace(object)))).collect()
    }

    fn empty() -> Heard<Labels> {
        Heard { objects: Objects::default(), list: BTreeMap::new(), complete: false }
    }

    fn names(heard: &Heard<Labels>) -> Vec<&str> {
        heard.objects.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_list_counts_when_it_is_whole() {
        let mut heard = empty();
        let changes = told(&mut heard, vec![Event::Init, Event::InitApply(named("a", "1"))]);
        assert_eq!((changes, heard.complete, names(&heard)), (vec![false, false], false, vec![]));
        assert_eq!(told(&mut heard, vec![Event::InitDone]), [true]);
        assert_eq!((heard.complete, names(&heard)), (true, vec!["a"]));
    }

    #[test]
    fn what_a_new_list_lacks_stays_until_it_is_whole() {
        let mut heard = empty();
        told(&mut heard, vec![Event::Init, Event::InitApply(named("a", "1")), Event::InitDone]);
        told(&mut heard, vec![Event::Init, Event::InitApply(named("b", "1"))]);
        assert_eq!(names(&heard), ["a"]);
        assert_eq!(told(&mut heard, vec![Event::InitDone]), [true]);
        assert_eq!(names(&heard), ["b"]);
        assert_eq!(
            told(&mut heard, vec![Event::Init, Event::InitApply(named("b", "1")), Event::InitDone]),
            [false, false, false]
        );
    }

    #[test]
    fn what_does_not_change_what_is_kept_is_no_change() {
        let mut heard = empty();
        told(&mut heard, vec![Event::Init, Event::InitDone]);
        let events = vec![
            Event::Apply(named("a", "1")),
            Event::Apply(named("a", "1")),
            Event::Apply(named("a", "2")),
            Event::Delete(named("a", "2")),
            Event::Delete(named("a", "2")),
        ];
        assert_eq!(told(&mut heard, events), [true, false, true, true, false]);
    }
}
