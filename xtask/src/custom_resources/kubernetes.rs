//! Types of Kubernetes itself, which are named and not spelled out.

/// The release whose documentation is linked: the oldest that is supported, which is that of the types too.
const RELEASE: &str = "v1.33";
const REFERENCE: &str = "https://kubernetes.io/docs/reference/generated/kubernetes-api";

/// A link to the documentation of a type such as `io.k8s.api.core.v1.Toleration`; `None` for one of ours.
pub(super) fn link(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.strip_prefix("io.k8s.")?.split('.').collect();
    let [.., group, version, kind] = parts.as_slice() else { return None };
    let anchor = format!("{}-{version}-{group}", kind.to_lowercase());
    Some(format!("[{kind}]({REFERENCE}/{RELEASE}/#{anchor})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_of_kubernetes_have_a_link() {
        let link_to = |anchor: &str, kind: &str| Some(format!("[{kind}]({REFERENCE}/{RELEASE}/#{anchor})"));
        assert_eq!(link("io.k8s.api.core.v1.Toleration"), link_to("toleration-v1-core", "Toleration"));
        let condition = "io.k8s.apimachinery.pkg.apis.meta.v1.Condition";
        assert_eq!(link(condition), link_to("condition-v1-meta", "Condition"));
        assert_eq!(link("BgpSpec"), None);
    }
}
