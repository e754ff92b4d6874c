use serde_json::json;

use super::*;

/// Findings for one package with dependencies given as (name, kind).
fn findings(package: &str, dependencies: &[(&str, Option<&str>)]) -> Vec<String> {
    let dependencies: Vec<Value> =
        dependencies.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
    let metadata = json!({
        "workspace_root": "/w",
        "packages": [{
            "name": package,
            "manifest_path": "/w/crates/x/Cargo.toml",
            "dependencies": dependencies,
        }],
    });
    let found = check(&metadata).unwrap();
    assert!(found.iter().all(|finding| finding.file == "crates/x/Cargo.toml"));
    found.into_iter().map(|finding| finding.what).collect()
}

#[test]
fn core_may_use_arrayvec_ipnet_and_thiserror() {
    assert!(findings("novaroute-core", &[("arrayvec", None), ("ipnet", None), ("thiserror", None)]).is_empty());
}

#[test]
fn core_may_use_nothing_else() {
    assert_eq!(
        findings("novaroute-core", &[("serde", None)]),
        ["novaroute-core depends on serde; it may use only arrayvec, ipnet, thiserror"]
    );
}

#[test]
fn build_dependencies_count() {
    assert_eq!(findings("novaroute-frr", &[("tokio", Some("build"))]).len(), 1);
}

#[test]
fn the_wire_contract_does_not_know_frr() {
    assert_eq!(
        findings("novaroute-api", &[("novaroute-frr", None)]),
        ["novaroute-api depends on novaroute-frr, which it must not"]
    );
}

#[test]
fn the_command_line_neither_decides_nor_knows_frr() {
    for never in ["novaroute-core", "novaroute-frr", "novaroute-agent", "kube"] {
        assert_eq!(findings("novaroute-ctl", &[(never, None)]).len(), 1, "{never}");
    }
}

#[test]
fn the_lab_is_for_tests_only() {
    assert_eq!(findings("novaroute-agent", &[("novaroute-lab", None)]).len(), 1);
    assert!(findings("novaroute-agent", &[("novaroute-lab", Some("dev"))]).is_empty());
    assert!(findings("novaroute-e2e", &[("novaroute-lab", None)]).is_empty());
}

#[test]
fn a_new_crate_needs_a_row() {
    assert_eq!(findings("novaroute-new", &[]), ["crate novaroute-new has no row in the dependency rules"]);
}
