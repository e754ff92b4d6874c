//! From a path to what it means.

use std::sync::Arc;

use crate::resource::Resource;
use crate::store::Store;

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Route {
    /// `/healthz`, `/livez`, `/readyz`.
    Healthy,
    /// `/version`.
    Version,
    /// `/api`.
    Core,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    Resources(String, String),
    Objects(Target),
}

/// Objects of a kind, or one of them.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) resource: Arc<Resource>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
}

impl Route {
    /// `None` where nothing is served.
    pub(super) fn parse(store: &Store, path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let owned = |text: &str| text.to_owned();
        match parts.as_slice() {
            ["healthz" | "livez" | "readyz", ..] => Some(Self::Healthy),
            ["version"] => Some(Self::Version),
            ["api"] => Some(Self::Core),
            ["apis"] => Some(Self::Groups),
            ["apis", group] => Some(Self::Group(owned(group))),
            ["api", version] => Some(Self::Resources(String::new(), owned(version))),
            ["apis", group, version] => Some(Self::Resources(owned(group), owned(version))),
            ["api", version, rest @ ..] => target(store, "", version, rest),
            ["apis", group, version, rest @ ..] => target(store, group, version, rest),
            _ => None,
        }
    }
}

fn target(store: &Store, group: &str, version: &str, rest: &[&str]) -> Option<Route> {
    let in_namespace = match rest {
        ["namespaces", namespace, plural, below @ ..] => {
            let resource = store.resource(group, version, plural).filter(|resource| resource.kind.namespaced);
            resource.map(|resource| (resource, Some((*namespace).to_owned()), below))
        }
        _ => None,
    };
    let (resource, namespace, below) = match (in_namespace, rest) {
        (Some(found), _) => found,
        (None, [plural, below @ ..]) => (store.resource(group, version, plural)?, None, below),
        (None, []) => return None,
    };
    // A namespaced object is not to be had without its namespace.
    if resource.kind.namespaced && namespace.is_none() && !below.is_empty() {
        return None;
    }
    let owned = |text: Option<&&str>| text.map(|text| (*text).to_owned());
    let (name, subresource) = (owned(below.first()), owned(below.get(1)));
    let has_subresource = subresource.as_deref().is_none_or(|name| name == "status" && resource.kind.status);
    let found = below.len() <= 2 && has_subresource;
    found.then_some(Route::Objects(Target { resource, namespace, name, subresource }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind, namespace, name and subresource of what a path leads to.
    fn parsed(path: &str) -> Option<[String; 4]> {
        let Route::Objects(target) = Route::parse(&Store::new(Vec::new()), path)? else { return None };
        let Target { resource, namespace, name, subresource } = target;
        let [namespace, name, subresource] = [namespace, name, subresource].map(Option::unwrap_or_default);
        Some([resource.kind.kind.clone(), namespace, name, subresource])
    }

    #[test]
    fn paths_lead_to_kinds_namespaces_names_and_subresources() {
        let paths = [
            ("/api/v1/pods", ["Pod", "", "", ""]),
            ("/api/v1/namespaces/a/pods/b", ["Pod", "a", "b", ""]),
            ("/api/v1/namespaces/a", ["Namespace", "", "a", ""]),
            ("/api/v1/namespaces/a/status", ["Namespace", "", "a", "status"]),
            ("/apis/apps/v1/namespaces/a/daemonsets/d/status", ["DaemonSet", "a", "d", "status"]),
        ];
        for (path, expected) in paths {
            assert_eq!(parsed(path), Some(expected.map(str::to_owned)), "{path}");
        }
    }

    #[test]
    fn what_is_not_served_leads_nowhere() {
        let paths = [
            "/api/v1/widgets",
            "/api/v2/pods",
            "/api/v1/pods/a",
            "/api/v1/namespaces/a/secrets/b/status",
            "/api/v1/namespaces/a/pods/b/exec",
            "/api/v1/namespaces/a/nodes",
        ];
        for path in paths {
            assert_eq!(parsed(path), None, "{path}");
        }
    }
}
