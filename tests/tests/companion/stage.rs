//! A node with an agent and its companion, a router of the rack, and an API server.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::{Node, Secret, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Resource};
use novaroute_e2e::api_server::{ApiServer, USER};
use novaroute_e2e::config::token;
use novaroute_e2e::program::Program;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{FrrRelease, wait_for};
use novaroute_operator::crd::{
    COMPANION_OWNER, NovaRouteAdvertisement, NovaRouteNode, NovaRouteNodeStatus, NovaRoutePeer,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Longest wait for something to come about: a peer's timers, and 10 s between two writes of a NovaRouteNode.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// What a companion logs when it has said everything that is desired to the agent.
pub(crate) const SAID_EVERYTHING: &str = "the agent has what is desired";
/// Label by which the resources of a test mean its node and no other.
const MINE: &str = "novaroute.io/test";

/// The node with all that is around it.
pub(crate) struct Stage {
    /// `None`: none runs.
    pub(crate) companion: Option<Program>,
    pub(crate) scene: Scene,
    pub(crate) server: ApiServer,
    /// More arguments of the companion.
    arguments: Vec<String>,
}

/// The companion among the owners of the agent's configuration.
pub(crate) fn owner() -> Value {
    json!({"token": token(COMPANION_OWNER), "permissions": ["peers", "prefixes"], "allowed_prefixes": {"type": "any"}})
}

impl Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl Stage {
    /// A node in the API server, its agent, and a companion with these arguments. The router of the rack waits for the node.
    pub(crate) async fn start(release: FrrRelease, arguments: &[&str]) -> Result<Self> {
        let scene = Scene::with(release, |config| {
            config["owners"][COMPANION_OWNER] = owner();
            config["bgp"] = json!({"local_as": NODE_AS, "router_id": "10.0.1.1"});
        })
        .await?;
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
        Self::around(scene, arguments).await
    }

    /// The same around a node whose agent knows the [`owner`].
    pub(crate) async fn around(scene: Scene, arguments: &[&str]) -> Result<Self> {
        let server = ApiServer::start().await?;
        std::fs::write(scene.node.dir().join("token"), format!("{}\n", token(COMPANION_OWNER)))?;
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut stage = Self { companion: None, scene, server, arguments };
        stage.node(|_| {}).await?;
        stage.start_companion()?;
        Ok(stage)
    }

    /// As [`Stage::start`], with a session to the router of the rack that a resource has asked for.
    pub(crate) async fn with_peer(release: FrrRelease, arguments: &[&str]) -> Result<Self> {
        let stage = Self::start(release, arguments).await?;
        stage.peer("rack", |_| {}).await?;
        stage.established().await?;
        Ok(stage)
    }

    /// Starts the companion, also after it has ended.
    pub(crate) fn start_companion(&mut self) -> Result<()> {
        self.companion = Some(self.another_companion()?);
        Ok(())
    }

    fn another_companion(&self) -> Result<Program> {
        let text = |path: &Path| path.to_str().map(str::to_owned).context("a path that is no text");
        let (socket, token_file) = (text(&self.agent.socket())?, text(&self.scene.node.dir().join("token"))?);
        let name = &self.server.namespace;
        let mut arguments = vec!["node", "--node", name, "--namespace", name, "--socket", &socket];
        arguments.extend(["--token-file", &token_file]);
        arguments.extend(self.arguments.iter().map(String::as_str));
        Program::start(&self.server.kubeconfig, &arguments)
    }

    /// Kills the companion.
    pub(crate) fn kill_companion(&mut self) -> Result<()> {
        self.companion.as_mut().map_or(Ok(()), Program::kill)
    }

    /// Removes all that the test has made.
    pub(crate) async fn end(self) -> Result<()> {
        drop(self.companion);
        if self.server.fake.is_none() {
            let mine = kube::api::ListParams::default().labels(&format!("{MINE}={}", self.server.namespace));
            let all = DeleteParams::default();
            Api::<NovaRoutePeer>::all(self.server.client.clone()).delete_collection(&all, &mine).await?;
            Api::<NovaRouteAdvertisement>::all(self.server.client.clone()).delete_collection(&all, &mine).await?;
            Api::<Node>::all(self.server.client.clone()).delete(&self.server.namespace, &all).await?;
        }
        self.server.end().await
    }

    pub(crate) fn log(&self) -> String {
        let companion = self.companion.as_ref().map(Program::log).unwrap_or_default();
        format!("companion:\n{companion}\nagent:\n{}", self.agent.log())
    }

    /// Waits until the companion has said everything that is desired to the agent, so many times.
    pub(crate) async fn said_everything(&self, times: usize) -> Result<()> {
        wait_for("the companion to have said everything", TIMEOUT, async || {
            let log = self.companion.as_ref().map(Program::log).unwrap_or_default();
            Ok((log.matches(SAID_EVERYTHING).count() >= times).then_some(()))
        })
        .await
    }

    /// Waits until the companion answers so to the kubelet.
    pub(crate) async fn readiness(&self, code: u16, word: &str) -> Result<()> {
        wait_for(&format!("the companion to answer {code} {word}"), TIMEOUT, async || {
            let (told, text) = self.companion.as_ref().context("none runs")?.get("/readyz").await?;
            ensure!(told == code && text.contains(word), "{told} {text}");
            Ok(Some(()))
        })
        .await
    }

    pub(crate) async fn established(&self) -> Result<()> {
        self.scene.established(self.tor.ipv4.into()).await.with_context(|| self.log())
    }

    /// The Node, with changes. Everything that a field of it was is gone unless it is set again.
    pub(crate) async fn node(&self, change: impl FnOnce(&mut Value)) -> Result<Node> {
        let name = &self.server.namespace;
        let mut node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {MINE: name}},
            "spec": {},
        });
        change(&mut node);
        self.apply(&Api::all(self.server.client.clone()), node).await
    }

    /// A NovaRoutePeer for the router of the rack, with changes.
    pub(crate) async fn peer(&self, name: &str, change: impl FnOnce(&mut Value)) -> Result<NovaRoutePeer> {
        let spec = json!({
            "address": self.tor.ipv4, "remoteAs": TOR_AS, "keepalive": 3, "holdTime": 9,
            "addressFamilies": ["ipv4_unicast", "ipv6_unicast"],
        });
        self.custom(name, spec, change).await
    }

    /// A NovaRouteAdvertisement.
    pub(crate) async fn advertise(&self, name: &str, spec: Value) -> Result<NovaRouteAdvertisement> {
        self.custom(name, spec, |_| {}).await
    }

    /// Takes one back.
    pub(crate) async fn delete<R>(&self, name: &str) -> Result<()>
    where
        R: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    {
        let api = Api::<R>::all(self.server.client.clone());
        api.delete(&self.own(name), &DeleteParams::default()).await?;
        Ok(())
    }

    /// A custom resource for this node alone.
    pub(crate) async fn custom<R>(&self, name: &str, spec: Value, change: impl FnOnce(&mut Value)) -> Result<R>
    where
        R: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    {
        let mine = &self.server.namespace;
        let mut resource = json!({
            "apiVersion": R::api_version(&()), "kind": R::kind(&()),
            "metadata": {"name": self.own(name), "labels": {MINE: mine}},
            "spec": spec,
        });
        resource["spec"]["nodeSelector"] = json!({"matchLabels": {MINE: mine}});
        change(&mut resource["spec"]);
        self.apply(&Api::all(self.server.client.clone()), resource).await
    }

    /// The name of a resource of this test; those of a cluster are in no namespace.
    pub(crate) fn own(&self, name: &str) -> String {
        format!("{}-{name}", self.server.namespace)
    }

    /// A Service of type LoadBalancer that was given an address.
    pub(crate) async fn service(&self, name: &str, address: &str, policy: &str) -> Result<()> {
        let services = Api::<Service>::namespaced(self.server.client.clone(), &self.server.namespace);
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "labels": {"announce": "yes"}},
            "spec": {
                "type": "LoadBalancer", "loadBalancerClass": "novaroute.io/test", "externalTrafficPolicy": policy,
                "ports": [{"port": 80, "protocol": "TCP"}],
            },
        });
        self.apply(&services, service).await?;
        let given = json!({"status": {"loadBalancer": {"ingress": [{"ip": address}]}}});
        services.patch_status(name, &PatchParams::default(), &Patch::Merge(given)).await?;
        Ok(())
    }

    /// The endpoints of a Service: on which node, and whether it is ready.
    pub(crate) async fn endpoints(&self, service: &str, endpoints: &[(&str, bool)]) -> Result<()> {
        let slices = Api::<EndpointSlice>::namespaced(self.server.client.clone(), &self.server.namespace);
        let endpoints: Vec<Value> = (1..)
            .zip(endpoints)
            .map(|(number, (node, ready))| {
                let addresses = [format!("10.244.0.{number}")];
                json!({"addresses": addresses, "nodeName": node, "conditions": {"ready": ready}})
            })
            .collect();
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": service, "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4", "endpoints": endpoints, "ports": [{"port": 80, "protocol": "TCP", "name": ""}],
        });
        self.apply(&slices, slice).await?;
        Ok(())
    }

    /// A Secret.
    pub(crate) async fn secret(&self, name: &str, values: Value) -> Result<()> {
        let secrets = Api::<Secret>::namespaced(self.server.client.clone(), &self.server.namespace);
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values});
        self.apply(&secrets, secret).await?;
        Ok(())
    }

    async fn apply<R>(&self, api: &Api<R>, resource: Value) -> Result<R>
    where
        R: Clone + DeserializeOwned + std::fmt::Debug,
    {
        let name = resource["metadata"]["name"].as_str().context("no name")?.to_owned();
        let applied = api.patch(&name, &PatchParams::apply(USER).force(), &Patch::Apply(&resource)).await;
        applied.with_context(|| format!("applying {resource}"))
    }

    /// Waits until the router of the rack has a prefix; its best path.
    pub(crate) async fn arrived(&self, prefix: &str) -> Result<Value> {
        let paths = self.tor.router.wait_bgp_route(prefix, TIMEOUT).await.with_context(|| self.log())?;
        paths.into_iter().next().context("no path")
    }

    /// Waits until the router of the rack does not have it.
    pub(crate) async fn gone(&self, prefix: &str) -> Result<()> {
        self.tor.router.wait_bgp_no_route(prefix, TIMEOUT).await.with_context(|| self.log())
    }

    /// Waits until the NovaRouteNode says so.
    pub(crate) async fn told(
        &self,
        what: &str,
        holds: impl Fn(&NovaRouteNodeStatus) -> bool,
    ) -> Result<NovaRouteNodeStatus> {
        let nodes = Api::<NovaRouteNode>::all(self.server.client.clone());
        let described = format!("the NovaRouteNode: {what}");
        let told = wait_for(&described, TIMEOUT, async || {
            let status = nodes.get(&self.server.namespace).await?.status.context("no status")?;
            ensure!(holds(&status), "{status:#?}");
            Ok(Some(status))
        });
        told.await.with_context(|| self.log())
    }

    /// Waits until a condition of the NovaRouteNode has a status and a reason; its message.
    pub(crate) async fn condition(&self, kind: &str, status: &str, reason: &str) -> Result<String> {
        let find = |node: &NovaRouteNodeStatus| {
            let mut all = node.conditions.iter();
            let found = all.find(|one| one.type_ == kind && one.status == status && one.reason == reason)?;
            Some(found.message.clone())
        };
        let told = self.told(&format!("{kind}={status} for {reason}"), |node| find(node).is_some()).await?;
        find(&told).context("it was there")
    }
}
