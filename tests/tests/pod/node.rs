//! A node with the chart's pod on it, and a router of the rack.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use k8s_openapi::api::core::v1::{Container, PodSpec, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use novaroute_e2e::agent::Client;
use novaroute_e2e::chart::{chart, documents, object};
use novaroute_e2e::config::{LB, token};
use novaroute_e2e::helm::{Helm, RELEASES};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, FrrRelease, Router, http, wait_for};
use novaroute_lab::Lab;
use novaroute_lab::topology::{Tor, add_tor};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::images::images;
use crate::kubelet::Kubelet;
use crate::podman::Podman;

/// Longest wait for something in a pod to come about: its processes share the machine with those of other tests.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
/// The node's name.
pub(crate) const NAME: &str = "node";
/// The agent's socket on a node.
const SOCKET: &str = "/run/novaroute/novaroute.sock";

/// The node. The pod ends with it, in whatever order.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) podman: Podman,
    pub(crate) router: Router,
    pub(crate) tor: Tor,
    /// The pod as the chart has it.
    pub(crate) chart: PodSpec,
    pod: String,
    socket: PathBuf,
    _lab: Lab,
}

impl Node {
    /// A pod whose containers say that they are ready, and a router of the rack that waits for the node to connect.
    ///
    /// # Errors
    /// The pod did not come up; the logs of its containers are part of the error.
    pub(crate) async fn start(release: FrrRelease) -> Result<Self> {
        Self::with(release, None).await
    }

    /// As [`Node::start`], with a companion in the pod.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn start_in(cluster: &Cluster, release: FrrRelease) -> Result<Self> {
        Self::with(release, Some(cluster)).await
    }

    async fn with(release: FrrRelease, cluster: Option<&Cluster>) -> Result<Self> {
        let images = images().await?;
        let lab = Lab::new("pod")?;
        let router = lab.router(NAME, release).await?;
        let tor = add_tor(&lab, &router, 1, release).await?;
        tor.router.start(&[Daemon::Zebra, Daemon::Staticd, Daemon::Bgpd]).await?;
        bgp_session(&tor, TOR_AS, tor.node_ipv4.into(), NODE_AS).await?;
        let folder = router.dir().to_owned();
        let mut objects = rendered(&folder, cluster.is_some()).await?;
        objects.extend(cluster.map(Cluster::authority));
        let kubelet = Kubelet { objects: &objects, folder: &folder, node: NAME, address: tor.node_ipv4.into() };
        let (mut pod, socket) = (kubelet.pod()?, kubelet.on_node(SOCKET));
        if let Some(cluster) = cluster {
            cluster.connect(&router, &mut pod).await?;
        }
        let chart = serde_json::from_value(object(&objects, "DaemonSet")?["spec"]["template"]["spec"].clone())?;
        let name = pod.metadata.name.clone().context("a pod without name")?;
        let node = Self { podman: Podman::on(&router, images)?, router, tor, chart, pod: name, socket, _lab: lab };
        node.podman.play(pod).await?;
        node.wait_ready().await?;
        Ok(node)
    }

    /// What podman calls a container of the pod.
    pub(crate) fn container(&self, name: &str) -> String {
        format!("{}-{name}", self.pod)
    }

    /// Ends the pod in order.
    pub(crate) async fn end_pod(&self) -> Result<()> {
        let grace_s = self.chart.termination_grace_period_seconds.context("no time to end")?;
        self.podman.end(&self.pod, grace_s).await
    }

    /// A client on the agent's socket, as another pod on the node would mount it.
    pub(crate) async fn client(&self) -> Result<Client> {
        novaroute_api::client::connect(&self.socket).await.context("connecting to the agent in the pod")
    }

    /// Waits until the router of the rack has a prefix with this node as the next hop.
    pub(crate) async fn arrived(&self, prefix: &str) -> Result<()> {
        let paths = self.tor.router.wait_bgp_route(prefix, TIMEOUT).await;
        let paths = match paths {
            Ok(paths) => paths,
            Err(error) => return Err(error.context(self.logs().await)),
        };
        let next_hop = &paths.first().context("no path")?["nexthops"][0]["ip"];
        ensure!(*next_hop == self.tor.node_ipv4.to_string(), "the next hop is not the node: {paths:?}");
        Ok(())
    }

    /// The ids of the processes of a program in the node's network, in the pod or not.
    pub(crate) async fn processes(&self, program: &str) -> Result<Vec<u32>> {
        let pids = self.router.run("ip", &["netns", "pids", self.router.namespace()]).await?;
        let pids = pids.lines().map(|pid| Ok(pid.trim().parse()?)).collect::<Result<Vec<u32>>>()?;
        let name = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Ok(pids.into_iter().filter(|pid| name(pid).trim() == program).collect())
    }

    /// Waits until each container passes its probes.
    pub(crate) async fn wait_ready(&self) -> Result<()> {
        for container in &self.chart.containers {
            for probe in container.liveness_probe.iter().chain(&container.readiness_probe) {
                if let Err(error) = self.passes(probe).await {
                    return Err(error.context(self.logs().await));
                }
            }
        }
        Ok(())
    }

    async fn passes(&self, probe: &Probe) -> Result<()> {
        let probe = probe.http_get.as_ref().context("no probe over HTTP")?;
        let IntOrString::Int(port) = &probe.port else { bail!("a port by name: {probe:?}") };
        let (address, path) = (format!("127.0.0.1:{port}"), probe.path.as_deref().unwrap_or("/"));
        wait_for(&format!("{path} on {port} to pass"), TIMEOUT, async || {
            match http::get(&self.router, &address, path).await? {
                (200, _) => Ok(Some(())),
                (code, text) => bail!("{code} {text}"),
            }
        })
        .await
    }

    async fn logs(&self) -> String {
        let mut logs = String::new();
        for Container { name, .. } in &self.chart.containers {
            logs += &format!("--- log of {name}:\n{}\n", self.podman.log(&self.container(name)).await);
        }
        logs
    }
}

/// What the chart becomes with an AS, an owner, and on request a companion.
async fn rendered(folder: &Path, with_companion: bool) -> Result<Vec<Value>> {
    let values = json!({
        "bgp": {"localAs": NODE_AS},
        "owners": [{"name": LB, "token": token(LB)}],
        "agent": {"logLevel": "debug"},
        "companion": {"enabled": with_companion},
        // One that is not there is not looked for elsewhere.
        "image": {"pullPolicy": "Never"},
    });
    let file = folder.join("values.json");
    fs::write(&file, values.to_string())?;
    let newest = RELEASES.last().context("no release of Helm")?;
    let helm = Helm::of(newest, Path::new(env!("CARGO_TARGET_TMPDIR"))).await?;
    documents(&helm.template(&chart("novaroute"), &file, &[]).await?)
}
