//! An API server that knows our definitions: a fake one, or with TEST_KUBECONFIG a real one.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, ResourceExt as _};
use novaroute_fake_kube::FakeKube;
use novaroute_operator::crd::{NovaRouteCluster, definitions};
use serde_json::json;
use tempfile::TempDir;

use crate::wait_for;

/// Longest wait for the definitions to be served, and for a namespace to go.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Who changes resources in the tests.
pub const USER: &str = "kubectl";

/// The API server, and a namespace of the test's own in it.
pub struct ApiServer {
    /// A client.
    pub client: Client,
    /// `None`: it is a real one.
    pub fake: Option<FakeKube>,
    /// What programs find it by.
    pub kubeconfig: PathBuf,
    /// The namespace. Its name is also good for what has none, such as nodes.
    pub namespace: String,
    _folder: TempDir,
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiServer").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl ApiServer {
    /// Starts a fake one, or finds the real one.
    ///
    /// # Errors
    /// The real one is not there, or refuses the definitions.
    pub async fn start() -> Result<Self> {
        match std::env::var_os("TEST_KUBECONFIG") {
            Some(real) => Self::connect(None, PathBuf::from(real), tempfile::tempdir()?).await,
            None => Self::start_fake().await,
        }
    }

    /// Starts a fake one.
    ///
    /// # Errors
    /// There is no port for it.
    pub async fn start_fake() -> Result<Self> {
        let (fake, folder) = (FakeKube::start(Vec::new()).await?, tempfile::tempdir()?);
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, fake.kubeconfig())?;
        Self::connect(Some(fake), kubeconfig, folder).await
    }

    async fn connect(fake: Option<FakeKube>, kubeconfig: PathBuf, folder: TempDir) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(&kubeconfig)?, &options).await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("novaroute-test-{}-{number}", std::process::id());
        let server = Self { client: Client::try_from(config)?, fake, kubeconfig, namespace, _folder: folder };
        server.prepare().await?;
        Ok(server)
    }

    async fn prepare(&self) -> Result<()> {
        let known: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        for (_, definition) in definitions() {
            let apply = PatchParams::apply(USER).force();
            known.patch(&definition.name_any(), &apply, &Patch::Apply(&definition)).await?;
        }
        wait_for("the definitions to be served", TIMEOUT, async || {
            Api::<NovaRouteCluster>::all(self.client.clone()).list(&Default::default()).await?;
            Ok(Some(()))
        })
        .await?;
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": self.namespace}}))?;
        Api::<Namespace>::all(self.client.clone()).create(&PostParams::default(), &namespace).await?;
        Ok(())
    }

    /// Removes the namespace, and with it all that a test has made there.
    ///
    /// # Errors
    /// It does not go.
    pub async fn end(self) -> Result<()> {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        if self.fake.is_none() {
            namespaces.delete(&self.namespace, &DeleteParams::background()).await?;
            wait_for("the namespace to be gone", TIMEOUT, async || {
                Ok(namespaces.get_opt(&self.namespace).await?.is_none().then_some(()))
            })
            .await?;
        }
        Ok(())
    }
}
