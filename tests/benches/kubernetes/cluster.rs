//! A cluster in the fake API server.

use std::ops::Sub;
use std::path::Path;

use anyhow::{Context as _, Result};
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use novaroute_e2e::api_server::ApiServer;
use novaroute_e2e::program::Program;
use novaroute_fake_kube::FakeKube;
use novaroute_operator::crd::NovaRouteAdvertisement;
use serde_json::{Value, json};

use crate::agents::{Agents, socket, token_file};

/// What is asked of the API server here: the verbs, and the kinds.
const VERBS: [&str; 4] = ["list", "watch", "get", "apply"];
const KINDS: [&str; 6] =
    ["nodes", "novaroutepeers", "novarouteadvertisements", "novaroutenodes", "services", "endpointslices"];

/// The cluster.
pub(crate) struct Cluster {
    server: ApiServer,
    nodes: usize,
}

/// What was asked of the API server so far, or in a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) requests: u32,
    bytes: u64,
}

impl Asked {
    pub(crate) fn kib(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
        let bytes = self.bytes as f64;
        bytes / 1024.0
    }
}

impl Sub for Asked {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { requests: self.requests - before.requests, bytes: self.bytes - before.bytes }
    }
}

impl Cluster {
    /// Nodes, and one more for a companion in a process of its own; Services with an endpoint each; a peer, and two
    /// advertisements: one of the Services, one that [`Cluster::advertise`] changes.
    pub(crate) async fn start(nodes: usize, services: usize) -> Result<Self> {
        let cluster = Self { server: ApiServer::start().await?, nodes };
        for number in 0..=nodes {
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node(number)}, "spec": {}});
            cluster.fake()?.put("nodes", node)?;
        }
        for number in 0..services {
            cluster.service(number)?;
        }
        cluster.put("NovaRoutePeer", "novaroutepeers", json!({"address": "10.0.0.1", "remoteAs": 65_100}))?;
        let services = json!({"services": {}});
        cluster.put("NovaRouteAdvertisement", "novarouteadvertisements", services)?;
        cluster.advertise(0).await?;
        Ok(cluster)
    }

    fn fake(&self) -> Result<&FakeKube> {
        self.server.fake.as_ref().context("this is measured with the fake API server: unset TEST_KUBECONFIG")
    }

    fn put(&self, kind: &str, plural: &str, spec: Value) -> Result<()> {
        let resource =
            json!({"apiVersion": "novaroute.io/v1alpha1", "kind": kind, "metadata": {"name": "all"}, "spec": spec});
        self.fake()?.put(plural, resource)?;
        Ok(())
    }

    fn service(&self, number: usize) -> Result<()> {
        let (fake, name, namespace) = (self.fake()?, format!("service-{number}"), &self.server.namespace);
        let address = format!("203.0.{}.{}", 112 + number / 256, number % 256);
        fake.put(
            "services",
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
                "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
                "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
            }),
        )?;
        fake.put(
            "endpointslices",
            json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": name}},
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.244.0.7"], "nodeName": node(0), "conditions": {"ready": true}}],
            }),
        )?;
        Ok(())
    }

    /// Announces a prefix on all nodes, with this MED.
    pub(crate) async fn advertise(&self, med: u32) -> Result<()> {
        let resource = json!({
            "apiVersion": "novaroute.io/v1alpha1", "kind": "NovaRouteAdvertisement", "metadata": {"name": "one"},
            "spec": {"prefixes": ["192.0.2.1/32"], "attributes": {"med": med}},
        });
        let api = Api::<NovaRouteAdvertisement>::all(self.server.client.clone());
        let applied = api.patch("one", &PatchParams::apply("kubectl").force(), &Patch::Apply(resource)).await?;
        anyhow::ensure!(applied.name_any() == "one");
        Ok(())
    }

    /// What programs find the API server by.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.server.kubeconfig
    }

    /// An operator and the companion of the last node, as processes.
    pub(crate) fn programs(&self, agents: &Agents) -> Result<(Program, Program)> {
        let (kubeconfig, name) = (&self.server.kubeconfig, node(self.nodes));
        let operator = Program::start(kubeconfig, &["run", "--identity", "bench"])?;
        let (socket, token_file) = (socket(agents.folder(), self.nodes), token_file(agents.folder()));
        let paths = [socket.to_str(), token_file.to_str()].map(|path| path.context("a path that is no text"));
        let [socket, token_file] = paths;
        let arguments = ["node", "--node", &name, "--socket", socket?, "--token-file", token_file?];
        Ok((operator, Program::start(kubeconfig, &arguments)?))
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Asked {
        let Some(fake) = &self.server.fake else { return Asked { requests: 0, bytes: 0 } };
        let counts = VERBS.iter().flat_map(|verb| KINDS.iter().map(|kind| fake.requests(verb, kind)));
        Asked { requests: counts.sum::<u64>().try_into().unwrap_or(u32::MAX), bytes: fake.bytes_out() }
    }

    /// How many NovaRouteNodes there are with a status.
    pub(crate) fn written(&self) -> usize {
        let nodes = self.server.fake.as_ref().map(|fake| fake.list("novaroutenodes")).unwrap_or_default();
        nodes.iter().filter(|node| !node["status"].is_null()).count()
    }
}

/// The name of a node.
pub(crate) fn node(number: usize) -> String {
    format!("node-{number}")
}
