//! The resources of a test and what becomes of them.

use std::ops::Deref;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use novaroute_e2e::api_server::{ApiServer, USER};
use novaroute_e2e::wait_for;
use novaroute_fake_kube::FakeKube;
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRoutePeer};
use serde_json::{Value, json};

use crate::operator::Operator;

/// Longest wait for something to come about.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// Label of what a test has made in no namespace.
const TEST: &str = "novaroute.io/test";

/// The API server with a namespace of the test's own.
pub(crate) struct Stage(ApiServer);

impl Deref for Stage {
    type Target = ApiServer;

    fn deref(&self) -> &ApiServer {
        &self.0
    }
}

impl Stage {
    pub(crate) async fn start() -> Result<Self> {
        Ok(Self(ApiServer::start().await?))
    }

    /// Removes all that a test has made.
    pub(crate) async fn end(self) -> Result<()> {
        if self.fake.is_none() {
            let ours = ListParams::default().labels(&format!("{TEST}={}", self.namespace));
            self.declared::<NovaRoutePeer>().delete_collection(&DeleteParams::default(), &ours).await?;
            self.declared::<NovaRouteAdvertisement>().delete_collection(&DeleteParams::default(), &ours).await?;
        }
        self.0.end().await
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

    /// What is in no namespace.
    pub(crate) fn in_none<K: kube::Resource<DynamicType = ()>>(&self) -> Api<K> {
        Api::all(self.client.clone())
    }

    /// The name of something that is in no namespace, which no other test has.
    pub(crate) fn unique(&self, name: &str) -> String {
        format!("{}-{name}", self.namespace)
    }

    /// Peers or advertisements, as they are.
    pub(crate) fn declared<R: kube::Resource<DynamicType = ()>>(&self) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &ApiResource::erase::<R>(&()))
    }

    /// A peer or an advertisement as its user writes it.
    pub(crate) async fn declare<R: kube::Resource<DynamicType = ()>>(&self, name: &str, spec: Value) -> Result<()> {
        let name = self.unique(name);
        let resource = json!({
            "apiVersion": R::api_version(&()),
            "kind": R::kind(&()),
            "metadata": {"name": name, "labels": {TEST: self.namespace}},
            "spec": spec,
        });
        self.declared::<R>().patch(&name, &PatchParams::apply(USER).force(), &Patch::Apply(resource)).await?;
        Ok(())
    }

    /// Takes one back.
    pub(crate) async fn withdraw<R: kube::Resource<DynamicType = ()>>(&self, name: &str) -> Result<()> {
        self.declared::<R>().delete(&self.unique(name), &DeleteParams::default()).await?;
        Ok(())
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
