//! Objects of one kind as a watch has told of them, each as small as it can be.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt as _};

/// Objects of a kind by `namespace/name`, or by name.
pub(crate) type Objects<T> = Arc<BTreeMap<String, Arc<T>>>;

/// What a watch has told so far.
#[derive(Debug)]
pub(crate) struct Heard<T> {
    objects: Objects<T>,
    /// A list on its way: it takes the place of `objects` when it is whole.
    list: BTreeMap<String, Arc<T>>,
    /// A whole list has been there.
    complete: bool,
}

impl<T> Default for Heard<T> {
    fn default() -> Self {
        Self { objects: Objects::default(), list: BTreeMap::new(), complete: false }
    }
}

impl<T: Clone + PartialEq> Heard<T> {
    /// The objects; `None` before the first whole list.
    pub(crate) fn objects(&self) -> Option<Objects<T>> {
        self.complete.then(|| Arc::clone(&self.objects))
    }

    /// Takes in what was told; whether that changes anything.
    pub(crate) fn take<K: Resource>(&mut self, event: Event<K>, reduce: &impl Fn(K) -> Option<T>) -> bool {
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

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Namespace;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;

    fn named(name: &str, label: &str) -> Namespace {
        let labels = Some([("rack".to_owned(), label.to_owned())].into());
        Namespace {
            metadata: ObjectMeta { name: Some(name.to_owned()), labels, ..ObjectMeta::default() },
            ..Namespace::default()
        }
    }

    type Labels = BTreeMap<String, String>;

    fn told(heard: &mut Heard<Labels>, events: Vec<Event<Namespace>>) -> Vec<bool> {
        events.into_iter().map(|event| heard.take(event, &|object: Namespace| object.metadata.labels)).collect()
    }

    fn empty() -> Heard<Labels> {
        Heard::default()
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
