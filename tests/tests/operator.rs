//! What the operator makes of a resource is what the agent and an API server take.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::kubernetes::{KUBERNETES, agent_takes, lay_out, validate};
use novaroute_e2e::python::run;
use novaroute_operator::crd::NovaRouteCluster;
use novaroute_operator::manifest::objects;
use tokio::process::Command as Program;

/// The configuration of a resource with its tokens in `folder`, as a pod would have it.
async fn configuration(resource: &str, folder: &Path) -> Result<PathBuf> {
    let cluster: NovaRouteCluster = serde_saphyr::from_str(resource)?;
    let objects = objects(&cluster)?;
    let secrets = objects.secret.and_then(|secret| secret.data).unwrap_or_default();
    let data = objects.config_map.data.context("an empty ConfigMap")?;
    let confidential = secrets.get("config.json").map(|config| String::from_utf8_lossy(&config.0).into_owned());
    let config = data.get("config.json").cloned().or(confidential).context("no configuration")?;
    for owner in &cluster.spec.agent.owners {
        let own = owner.token.clone().unwrap_or_else(|| format!("token of {}", owner.name));
        let file = folder.join(&owner.name);
        fs::write(&file, own)?;
        fs::set_permissions(file, fs::Permissions::from_mode(0o400))?;
    }
    lay_out(&config, folder).await
}

/// Resources as users write them.
const RESOURCES: [&str; 2] = ["cluster.yaml", "earlier.yaml"];

fn resource(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/operator/tests/resources").join(name)
}

#[tokio::test]
async fn the_agent_takes_what_the_operator_writes() -> Result<()> {
    for name in RESOURCES {
        let folder = tempfile::tempdir()?;
        let config = configuration(&fs::read_to_string(resource(name))?, folder.path()).await?;
        agent_takes(&config).await.context(name)?;
    }
    Ok(())
}

/// Against the schemas of Kubernetes: no field that is not known, none missing, none of another type.
#[tokio::test]
async fn the_manifests_and_definitions_are_what_kubernetes_takes() -> Result<()> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let operator = binary("novaroute-operator")?;
    let mut printed = vec![run(Program::new(&operator).arg("crds")).await?];
    for name in RESOURCES {
        printed.push(
            run(Program::new(&operator)
                .args(["manifests", "--password-secret", "rack", "--filename"])
                .arg(resource(name)))
            .await?,
        );
    }
    for version in KUBERNETES {
        for documents in &printed {
            validate(documents, version, cache).await?;
        }
        let broken = printed[1].replace("hostNetwork:", "hostNetwrk:");
        let told = validate(&broken, version, cache).await.err().context("a field that does not exist was taken")?;
        ensure!(format!("{told:#}").contains("hostNetwrk"), "{told:#}");
    }
    Ok(())
}
