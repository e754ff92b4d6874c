//! An API server with our definitions, a namespace of its own, and the resources in it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, ResourceExt as _};
use novaroute_e2e::wait_for;
use novaroute_fake_kube::FakeKube;
use novaroute_operator::crd::{NovaRouteCluster, definitions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::operator::Operator;

/// Longest wait for something to come about.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);
/// Who changes resources in these tests.
const USER: &str = "kubectl";

/// The API server and a namespace in it.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    /// `None`: a real cluster.
    pub(crate) fake: Option<FakeKube>,
    kubeconfig: PathBuf,
    _folder: TempDir,
}

impl Stage {
    /// An API server that knows the definitions.
    pub(crate) async fn start() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir()?;
        let (fake, kubeconfig) = match std::env::var_os("TEST_KUBECONFIG") {
            Some(real) => (None, PathBuf::from(real)),
            None => {
                let (fake, path) = (FakeKube::start(Vec::new()).await?, folder.path().join("kubeconfig"));
                std::fs::write(&path, fake.kubeconfig())?;
                (Some(fake), path)
            }
        };
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(&kubeconfig)?, &options).await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("novaroute-test-{}-{number}", std::process::id());
        let stage = Self { client: Client::try_from(config)?, namespace, fake, kubeconfig, _folder: folder };
        stage.prepare().await?;
        Ok(stage)
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

    /// Removes the namespace, and with it all that a test has made.
    pub(crate) async fn end(self) -> Result<()> {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        if self.fake.is_none() {
            namespaces.delete(&self.namespace, &DeleteParams::background()).await?;
            wait_for("the namespace to be gone", TIMEOUT * 3, async || {
                Ok(namespaces.get_opt(&self.namespace).await?.is_none().then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// An operator that looks at this namespace.
    pub(crate) fn operator(&self, identity: &str) -> Result<Operator> {
        Operator::start(&self.kubeconfig, &self.namespace, identity)
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// A cluster as its user writes it, with changes.
    pub(crate) async fn apply(&self, name: &str, change: impl FnOnce(&mut Value)) -> Result<NovaRouteCluster> {
        let mut resource = json!({
            "apiVersion": "novaroute.io/v1alpha1",
            "kind": "NovaRouteCluster",
            "metadata": {"name": name},
            "spec": {
                "version": "0.1.0",
                "agent": {
                    "bgp": {"localAs": 4_200_000_001_u32, "autoRouterId": true},
                    "owners": [{"name": "edge", "token": "not-a-secret", "prefixType": "host_only"}],
                },
                "frr": {},
            },
        });
        change(&mut resource);
        let apply = PatchParams::apply(USER).force();
        Ok(self.api::<NovaRouteCluster>().patch(name, &apply, &Patch::Apply(resource)).await?)
    }

    /// Waits until `holds` says so of the cluster.
    pub(crate) async fn cluster(
        &self,
        name: &str,
        what: &str,
        holds: impl Fn(&NovaRouteCluster) -> bool,
    ) -> Result<NovaRouteCluster> {
        let clusters = self.api::<NovaRouteCluster>();
        wait_for(&format!("the cluster: {what}"), TIMEOUT, async || {
            let cluster = clusters.get(name).await?;
            ensure!(holds(&cluster), "{:?} {:?}", cluster.metadata, cluster.status);
            Ok(Some(cluster))
        })
        .await
    }

    /// Waits until a condition holds or not, for a reason; its message.
    pub(crate) async fn condition(&self, name: &str, kind: &str, status: &str, reason: &str) -> Result<String> {
        let is_so = |cluster: &NovaRouteCluster| find(cluster, kind, status, reason).is_some();
        let cluster = self.cluster(name, &format!("{kind}={status} for {reason}"), is_so).await?;
        find(&cluster, kind, status, reason).context("it was there")
    }

    /// Waits until `holds` says so of the DaemonSet.
    pub(crate) async fn daemon_set(
        &self,
        name: &str,
        what: &str,
        holds: impl Fn(&DaemonSet) -> bool,
    ) -> Result<DaemonSet> {
        let daemon_sets = self.api::<DaemonSet>();
        wait_for(&format!("the DaemonSet: {what}"), TIMEOUT, async || {
            let daemon_set = daemon_sets.get(name).await?;
            ensure!(holds(&daemon_set), "generation {:?} is not", daemon_set.metadata.generation);
            Ok(Some(daemon_set))
        })
        .await
    }

    /// What the controller of DaemonSets would write for nodes of which so many have a pod, a new one, a ready one.
    pub(crate) fn roll_out(
        fake: &FakeKube,
        namespace: &str,
        name: &str,
        [desired, updated, ready]: [i32; 3],
    ) -> Result<()> {
        fake.update("daemonsets", namespace, name, |object| {
            object["status"] = json!({
                "observedGeneration": object["metadata"]["generation"],
                "desiredNumberScheduled": desired,
                "currentNumberScheduled": desired,
                "updatedNumberScheduled": updated,
                "numberReady": ready,
                "numberMisscheduled": 0,
            });
        })?;
        Ok(())
    }
}

fn find(cluster: &NovaRouteCluster, kind: &str, status: &str, reason: &str) -> Option<String> {
    let mut conditions = cluster.status.as_ref()?.conditions.iter();
    let found = conditions.find(|one| one.type_ == kind && one.status == status && one.reason == reason)?;
    (found.observed_generation == cluster.metadata.generation).then(|| found.message.clone())
}
