//! What the companions may do.

use serde_json::json;

use super::*;

fn secrets(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn they_have_their_role_and_the_secrets_of_peers_alone() {
    let resource = cluster(CLUSTER);
    let access = |names: &[&str]| super::access(&resource, "companions", Some(&secrets(names))).unwrap().unwrap();
    let bare = access(&[]);
    let expected = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {
            "name": "novaroute:novaroute:novaroute",
            "annotations": {"novaroute.io/cluster": "novaroute/novaroute"},
            "labels": labels("novaroute"),
        },
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "companions"},
        "subjects": [{"kind": "ServiceAccount", "name": "novaroute", "namespace": "novaroute"}],
    });
    assert_eq!(serde_json::to_value(&bare.binding).unwrap(), expected);
    assert_eq!(bare.passwords, None, "a rule without names would grant all Secrets");

    let passwords = access(&["rack", "spine"]).passwords.unwrap();
    let expected = json!([{
        "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["rack", "spine"], "verbs": ["get", "list", "watch"],
    }]);
    assert_eq!(serde_json::to_value(&passwords.role.rules).unwrap(), expected);
    assert_eq!((&*passwords.binding.role_ref.kind, &*passwords.binding.role_ref.name), ("Role", "novaroute-companion"));
    assert_eq!(passwords.binding.subjects, bare.binding.subjects);
}

#[test]
fn without_a_companion_there_is_nothing_to_grant() {
    let mut resource = cluster(CLUSTER);
    resource.spec.companion = Some(CompanionSpec { enabled: false, ..CompanionSpec::default() });
    assert_eq!(access(&resource, "companions", Some(&secrets(&["rack"]))).unwrap(), None);
}
