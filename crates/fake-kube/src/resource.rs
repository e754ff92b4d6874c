//! The kinds of object that are served.

use serde_json::Value;

use crate::error::ApiError;

/// A kind of object: what a `CustomResourceDefinition` says of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version, such as `v1alpha1`.
    pub version: String,
    /// The kind, such as `DaemonSet`.
    pub kind: String,
    /// The name in paths, such as `daemonsets`.
    pub plural: String,
    /// Whether objects of it live in namespaces.
    pub namespaced: bool,
    /// Whether there is a `/status` subresource.
    pub status: bool,
}

/// A kind as it is served, with what is known of its fields.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) kind: ResourceKind,
    /// Whether the API server itself defines it.
    pub(crate) builtin: bool,
    /// `openAPIV3Schema` of the definition that it was learned from.
    pub(crate) schema: Option<Value>,
}

/// Group, version, kind, plural, namespaced, status.
type Row = (&'static str, &'static str, &'static str, &'static str, bool, bool);

const BUILTIN: &[Row] = &[
    ("", "v1", "Namespace", "namespaces", false, true),
    ("", "v1", "Node", "nodes", false, true),
    ("", "v1", "Pod", "pods", true, true),
    ("", "v1", "Service", "services", true, true),
    ("", "v1", "Endpoints", "endpoints", true, false),
    ("", "v1", "Secret", "secrets", true, false),
    ("", "v1", "ConfigMap", "configmaps", true, false),
    ("", "v1", "ServiceAccount", "serviceaccounts", true, false),
    ("", "v1", "Event", "events", true, false),
    ("apps", "v1", "DaemonSet", "daemonsets", true, true),
    ("coordination.k8s.io", "v1", "Lease", "leases", true, false),
    ("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true, false),
    ("events.k8s.io", "v1", "Event", "events", true, false),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false, true),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", true, false),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true, false),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false, false),
    ("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false, false),
];

impl ResourceKind {
    /// `v1`, or the group and the version.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The plural with the group, as in `daemonsets.apps`; the bare plural for the core group.
    pub fn qualified_plural(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }
}

impl Resource {
    /// A kind that a test passed in: nothing is known of its fields.
    pub(crate) fn untyped(kind: ResourceKind) -> Self {
        Self { kind, builtin: false, schema: None }
    }

    /// The kind that a `CustomResourceDefinition` defines, in its first version that is served.
    ///
    /// # Errors
    /// 422 when a name, the group or a served version is missing.
    pub(crate) fn from_definition(definition: &Value) -> Result<Self, ApiError> {
        let spec = &definition["spec"];
        let served = spec["versions"].as_array().into_iter().flatten().find(|version| version["served"] != false);
        let read = || {
            let version = served?;
            let kind = ResourceKind {
                group: text(&spec["group"])?,
                version: text(&version["name"])?,
                kind: text(&spec["names"]["kind"])?,
                plural: text(&spec["names"]["plural"])?,
                namespaced: spec["scope"] == "Namespaced",
                status: version["subresources"]["status"].is_object(),
            };
            let schema = version["schema"].get("openAPIV3Schema").cloned();
            Some(Self { kind, builtin: false, schema })
        };
        read().ok_or_else(|| {
            let definition_kind = definition_kind();
            let name = definition["metadata"]["name"].as_str().unwrap_or_default();
            ApiError::invalid_field(&definition_kind, name, "spec", "Required value: group, names and a served version")
        })
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.builtin && self.kind.kind == kind
    }

    /// Whether the API server counts changes of its objects in `metadata.generation`.
    pub(crate) fn has_generation(&self) -> bool {
        const COUNTED: &[&str] = &["Pod", "DaemonSet", "EndpointSlice", "CustomResourceDefinition"];
        !self.builtin || COUNTED.contains(&self.kind.kind.as_str())
    }

    /// Whether a PUT must say which version it replaces.
    pub(crate) fn needs_version_to_replace(&self) -> bool {
        !self.builtin || self.is("Lease") || self.is("CustomResourceDefinition")
    }
}

/// The kinds that are always there.
pub(crate) fn builtin() -> impl Iterator<Item = Resource> {
    BUILTIN.iter().map(|row| Resource { kind: from_row(row), builtin: true, schema: None })
}

fn definition_kind() -> ResourceKind {
    from_row(&("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false, true))
}

fn from_row(&(group, version, kind, plural, namespaced, status): &Row) -> ResourceKind {
    ResourceKind {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        namespaced,
        status,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
