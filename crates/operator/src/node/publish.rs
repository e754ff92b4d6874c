//! Writes the NovaRouteNode of this node: when something changes, and not more often than the API server can bear of a
//! thousand nodes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource as _};
use novaroute_api::client::connect;
use novaroute_api::v1;
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, warn};

use super::intent::Desired;
use super::metrics::Metrics;
use super::session::Report;
use super::status::{Found, status};
use super::view::NodeFacts;
use crate::crd::{NovaRouteNode, NovaRouteNodeStatus};

/// Under which name we write.
pub const MANAGER: &str = "novaroute-companion";
/// How long changes are gathered before a look at the agent.
const GATHER: Duration = Duration::from_secs(1);
/// Shortest time between two writes.
const BETWEEN_WRITES: Duration = Duration::from_secs(10);
/// Time after which the agent is looked at although nothing was heard of: not everything is an event.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Longest wait for what the agent says.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// This node, as far as its NovaRouteNode is concerned.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Standing {
    pub(super) node: Option<Arc<NodeFacts>>,
    /// Why it is drained; `None`: it is not.
    pub(super) drained: Option<String>,
}

/// What it takes to write.
pub(super) struct Publisher {
    pub(super) client: Client,
    /// This node.
    pub(super) name: String,
    pub(super) socket: PathBuf,
    pub(super) standing: watch::Receiver<Standing>,
    pub(super) desired: watch::Receiver<Option<Arc<Desired>>>,
    pub(super) report: watch::Receiver<Report>,
    pub(super) news: Arc<Notify>,
    pub(super) metrics: Metrics,
}

impl Publisher {
    /// Writes until it is dropped.
    pub(super) async fn publish(mut self) {
        let nodes: Api<NovaRouteNode> = Api::all(self.client.clone());
        let mut written: Option<NovaRouteNodeStatus> = None;
        let mut not_before = Instant::now();
        loop {
            sleep(GATHER).await;
            sleep_until(not_before).await;
            // What it said before this process: when its conditions began.
            let before = match &written {
                Some(written) => written.clone(),
                None => self.read(&nodes).await.unwrap_or_default(),
            };
            let now = self.look(&before).await;
            let uid = self.standing.borrow().node.as_ref().map(|node| node.uid.clone());
            match uid {
                Some(uid) if written.as_ref() != Some(&now) => {
                    let done = self.write(&nodes, &uid, &now).await;
                    self.metrics.written(done.is_ok());
                    not_before = Instant::now() + BETWEEN_WRITES;
                    match done {
                        Ok(()) => written = Some(now),
                        Err(error) => {
                            warn!(%error, "this node's NovaRouteNode is not written");
                            written = None;
                            continue;
                        }
                    }
                }
                _ => {}
            }
            self.next().await;
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = self.news.notified() => {}
            _ = self.report.changed() => {}
            _ = self.desired.changed() => {}
            _ = self.standing.changed() => {}
            () = sleep(LOOK_AGAIN) => {}
        }
    }

    async fn look(&mut self, before: &NovaRouteNodeStatus) -> NovaRouteNodeStatus {
        let agent = timeout(LOOK_TIMEOUT, ask(&self.socket)).await;
        let agent = agent.unwrap_or_else(|_| Err(format!("no answer within {} s", LOOK_TIMEOUT.as_secs())));
        let report = self.report.borrow_and_update().clone();
        let desired = self.desired.borrow_and_update().clone();
        let standing = self.standing.borrow_and_update().clone();
        let found = Found {
            agent: agent.as_ref().map_err(String::as_str),
            report: &report,
            problems: desired.as_ref().map(|desired| desired.problems.as_slice()),
            drained: standing.drained.as_deref(),
            now: whole_seconds(Timestamp::now()),
        };
        let status = status(&found, before);
        self.metrics.problems(status.problems.len());
        let ready =
            status.conditions.iter().find(|condition| condition.type_ == "Ready" && condition.status == "False");
        self.metrics.obstacle(ready.map(|condition| format!("{}: {}", condition.reason, condition.message)));
        status
    }

    async fn read(&self, nodes: &Api<NovaRouteNode>) -> Option<NovaRouteNodeStatus> {
        match nodes.get_opt(&self.name).await {
            Ok(node) => node?.status,
            Err(error) => {
                debug!(%error, "this node's NovaRouteNode is not read");
                None
            }
        }
    }

    async fn write(
        &self,
        nodes: &Api<NovaRouteNode>,
        uid: &str,
        status: &NovaRouteNodeStatus,
    ) -> Result<(), kube::Error> {
        let apply = PatchParams::apply(MANAGER).force();
        let (version, kind) = (NovaRouteNode::api_version(&()), NovaRouteNode::kind(&()));
        // It goes with its Node.
        let owner = OwnerReference {
            api_version: "v1".to_owned(),
            kind: "Node".to_owned(),
            name: self.name.clone(),
            uid: uid.to_owned(),
            ..OwnerReference::default()
        };
        let object = json!({
            "apiVersion": version, "kind": kind, "spec": {},
            "metadata": {"name": self.name, "ownerReferences": [owner]},
        });
        let told = json!({"apiVersion": version, "kind": kind, "metadata": {"name": self.name}, "status": status});
        let patched = nodes.patch_status(&self.name, &apply, &Patch::Apply(&told)).await;
        match patched {
            Err(kube::Error::Api(error)) if error.code == 404 => {
                nodes.patch(&self.name, &apply, &Patch::Apply(&object)).await?;
                nodes.patch_status(&self.name, &apply, &Patch::Apply(&told)).await.map(drop)
            }
            patched => patched.map(drop),
        }
    }
}

async fn ask(socket: &PathBuf) -> Result<v1::GetStatusResponse, String> {
    let mut client = connect(socket).await.map_err(|error| error.to_string())?;
    let response = client.get_status(v1::GetStatusRequest::default()).await;
    response.map(tonic::Response::into_inner).map_err(|status| status.message().to_owned())
}

/// As the API server keeps times.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
