//! What the operator and the companions may do.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::python::run;
use serde_json::Value;
use tokio::process::Command;

use crate::shared::{AGENT, OPERATOR, at, cases, chart, documents, object, rendered};

/// What a chart makes of a file of values of the tests.
async fn made(name: &str, values: &str) -> Result<Vec<Value>> {
    let values = at("tests/charts").join(name).join(format!("{values}.values.yaml"));
    documents(&rendered(&chart(name), &values, &[]).await?)
}

/// The rules of the role whose name ends so, in the ClusterRoles or Roles.
fn rules<'a>(documents: &'a [Value], kind: &str, suffix: &str) -> Result<&'a Vec<Value>> {
    let mut named = documents.iter().filter(|document| document["kind"] == kind);
    let role = named.find(|role| role["metadata"]["name"].as_str().is_some_and(|name| name.ends_with(suffix)));
    role.with_context(|| format!("no {kind} …{suffix}"))?["rules"].as_array().context("no rules")
}

/// Each right by itself: group, kind, name or `*`, verb.
fn rights(rules: &[Value]) -> BTreeSet<[String; 4]> {
    let texts = |rule: &Value, key: &str| -> Vec<String> {
        let list = rule[key].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut all = BTreeSet::new();
    for rule in rules {
        let names = Some(texts(rule, "resourceNames")).filter(|names| !names.is_empty());
        let names = names.unwrap_or_else(|| vec!["*".to_owned()]);
        for group in texts(rule, "apiGroups") {
            for resource in texts(rule, "resources") {
                for verb in texts(rule, "verbs") {
                    all.extend(names.iter().map(|name| [group.clone(), resource.clone(), name.clone(), verb.clone()]));
                }
            }
        }
    }
    all
}

#[tokio::test]
async fn companions_have_the_same_rights_by_either_chart() -> Result<()> {
    let of_agent = made(AGENT, "cluster").await?;
    let of_operator = made(OPERATOR, "defaults").await?;
    let theirs = rules(&of_operator, "ClusterRole", "-companion")?;
    ensure!(rules(&of_agent, "ClusterRole", "")? == theirs, "{theirs:#?}");
    let rights = rights(theirs);
    ensure!(!rights.iter().any(|[_, resource, ..]| resource == "secrets"), "{rights:#?}");
    let written: Vec<_> =
        rights.iter().filter(|[.., verb]| !["get", "list", "watch"].contains(&verb.as_str())).collect();
    ensure!(written.iter().all(|[_, resource, ..]| resource.starts_with("novaroutenodes")), "{written:#?}");
    Ok(())
}

/// Kubernetes lets nobody grant what he does not have, or may not bind.
#[tokio::test]
async fn the_operator_may_grant_what_it_grants() -> Result<()> {
    let resource = at("crates/operator/tests/resources/cluster.yaml");
    let mut manifests = Command::new(binary("novaroute-operator")?);
    manifests.args(["manifests", "--password-secret", "rack", "--filename"]).arg(resource);
    let manifests = documents(&run(&mut manifests).await?)?;
    let granted = rights(rules(&manifests, "Role", "-companion")?);
    ensure!(granted.iter().all(|[_, _, name, _]| name == "rack") && granted.len() == 3, "{granted:#?}");
    for values in ["defaults", "production"] {
        let documents = made(OPERATOR, values).await?;
        let own = rights(rules(&documents, "ClusterRole", "-operator")?);
        let lacks: Vec<_> = granted
            .iter()
            .filter(|[group, resource, _, verb]| {
                !own.contains(&[group, resource, "*", verb].map(|part| part.to_string()))
            })
            .collect();
        ensure!(lacks.is_empty(), "{values}: {lacks:#?}");
    }
    Ok(())
}

/// In every case, also where the operator acts on one namespace.
#[tokio::test]
async fn the_operator_binds_the_role_that_the_chart_makes() -> Result<()> {
    for values in cases(OPERATOR)? {
        let documents = documents(&rendered(&chart(OPERATOR), &values, &[]).await?)?;
        let arguments = &object(&documents, "Deployment")?["spec"]["template"]["spec"]["containers"][0]["args"];
        let mut arguments = arguments.as_array().context("no arguments")?.iter().filter_map(Value::as_str);
        let role = arguments.find_map(|one| one.strip_prefix("--companion-role=")).context("no role")?;
        rules(&documents, "ClusterRole", role)?;
        let own = rights(rules(&documents, "ClusterRole", "-cluster")?);
        let bind = ["rbac.authorization.k8s.io", "clusterroles", role, "bind"].map(str::to_owned);
        ensure!(own.contains(&bind), "{}: {own:#?}", values.display());
        let any = own.iter().any(|[_, resource, name, _]| resource == "clusterroles" && name == "*");
        ensure!(!any, "it may bind any role");
    }
    Ok(())
}
