//! What each file of values makes of its chart.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use expect_test::expect_file;
use novaroute_e2e::binary::binary;
use novaroute_e2e::kubernetes::{agent_takes, lay_out};
use novaroute_e2e::python::run;
use serde_json::Value;
use tokio::process::Command;

use crate::shared::{AGENT, OPERATOR, cases, chart, documents, helms, object, rendered, text, validate};

/// `UPDATE_EXPECT=1` writes them anew.
#[tokio::test]
async fn each_file_of_values_makes_the_manifests_that_are_kept() -> Result<()> {
    for name in [AGENT, OPERATOR] {
        for values in cases(name)? {
            let text = rendered(&chart(name), &values, &[]).await?;
            let kept = values.with_extension("").with_extension("expected.yaml");
            expect_file![kept].assert_eq(&text);
        }
    }
    Ok(())
}

#[tokio::test]
async fn helm_has_nothing_against_the_charts() -> Result<()> {
    for helm in helms().await? {
        for name in [AGENT, OPERATOR] {
            for values in cases(name)? {
                helm.lint(&chart(name), &values).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn kubernetes_takes_what_the_charts_become() -> Result<()> {
    for name in [AGENT, OPERATOR] {
        for values in cases(name)? {
            let text = rendered(&chart(name), &values, &["--include-crds"]).await?;
            validate(&text).await.with_context(|| values.display().to_string())?;
            let broken = text.replace("serviceAccountName:", "serviceAcountName:");
            let told = validate(&broken).await.err().context("a field that does not exist was taken")?;
            ensure!(format!("{told:#}").contains("serviceAcountName"), "{told:#}");
        }
    }
    Ok(())
}

/// Without a warning: with the tokens where the pod has them.
#[tokio::test]
async fn the_agent_takes_the_configuration() -> Result<()> {
    for values in cases(AGENT)? {
        let documents = documents(&rendered(&chart(AGENT), &values, &[]).await?)?;
        let folder = tempfile::tempdir()?;
        let config = configuration(&documents, folder.path()).await?;
        agent_takes(&config).await.with_context(|| values.display().to_string())?;
    }
    Ok(())
}

/// The configuration and the tokens as a pod would have them, but in one folder.
async fn configuration(documents: &[Value], folder: &Path) -> Result<PathBuf> {
    let open = &object(documents, "ConfigMap")?["data"]["config.json"];
    let config = match text(open, false) {
        Some(open) => open,
        None => text(&object(documents, "Secret")?["data"]["config.json"], true).context("no configuration")?,
    };
    let volumes = &object(documents, "DaemonSet")?["spec"]["template"]["spec"]["volumes"];
    let volumes = volumes.as_array().context("no volumes")?;
    let tokens = volumes.iter().find(|volume| volume["name"] == "tokens").context("no volume with tokens")?;
    for source in tokens["projected"]["sources"].as_array().into_iter().flatten() {
        let name = source["secret"]["items"][0]["path"].as_str().context("a token without a file")?;
        let file = folder.join(name);
        fs::write(&file, format!("token of {name}"))?;
        fs::set_permissions(file, fs::Permissions::from_mode(0o400))?;
    }
    lay_out(&config, folder).await
}

#[tokio::test]
async fn the_operator_takes_the_resource_that_its_chart_makes() -> Result<()> {
    let mut made = 0;
    for values in cases(OPERATOR)? {
        let documents = documents(&rendered(&chart(OPERATOR), &values, &[]).await?)?;
        let Ok(resource) = object(&documents, "NovaRouteCluster") else { continue };
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("cluster.yaml");
        fs::write(&path, resource.to_string())?;
        let mut manifests = Command::new(binary("novaroute-operator")?);
        run(manifests.args(["manifests", "--filename"]).arg(path)).await?;
        made += 1;
    }
    ensure!(made == 2, "{made} files of values make a resource");
    Ok(())
}
