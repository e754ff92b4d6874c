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
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::warn;

use super::intent::Desired;
use super::metrics::Metrics;
use super::session::Report;
use super::status::{Found, status};
use super::view::NodeFacts;
use crate::crd::{NovaRouteNode, NovaRouteNodeStatus};

/// Under which name we write.
const MANAGER: &str = "novaroute-companion";
/// How long changes are gathered before a look at the agent.
const GATHER: Duration = Duration::from_secs(1);
/// Shortest time between two writes.
const BETWEEN_WRITES: Duration = Duration::from_secs(10);
/// Longest such time, where writes fail: it doubles.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Longest wait for the API server.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
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
    /// Looks and writes until it is dropped.
    pub(super) async fn publish(mut self) {
        let nodes: Api<NovaRouteNode> = Api::all(self.client.clone());
        let mut known = Known::default();
        loop {
            sleep(GATHER).await;
            let now = self.look(known.status.as_ref()).await;
            let uid = self.standing.borrow().node.as_ref().map(|node| node.uid.clone());
            let Some(uid) = uid.filter(|uid| !known.is(uid, &now)) else {
                self.next(Instant::now() + LOOK_AGAIN).await;
                continue;
            };
            if known.not_before <= Instant::now() {
                let done = timeout(WRITE_TIMEOUT, self.write(&nodes, &uid, now, &mut known)).await;
                let done = done.unwrap_or_else(|_| Err(format!("no answer within {} s", WRITE_TIMEOUT.as_secs())));
                self.metrics.written(done.is_ok());
                known.count(done.is_ok());
                if let Err(error) = done {
                    warn!(error, again_in = ?known.not_before.duration_since(Instant::now()), "the NovaRouteNode is not written");
                }
            }
            self.next(known.not_before).await;
        }
    }

    /// Waits until something has happened, or until then.
    async fn next(&mut self, until: Instant) {
        tokio::select! {
            () = self.news.notified() => {}
            _ = self.report.changed() => {}
            _ = self.desired.changed() => {}
            _ = self.standing.changed() => {}
            () = sleep_until(until) => {}
        }
    }

    async fn look(&mut self, before: Option<&NovaRouteNodeStatus>) -> NovaRouteNodeStatus {
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
        let status = status(&found, before.unwrap_or(&NovaRouteNodeStatus::default()));
        self.metrics.problems(status.problems.len());
        let ready =
            status.conditions.iter().find(|condition| condition.type_ == "Ready" && condition.status == "False");
        self.metrics.obstacle(ready.map(|condition| format!("{}: {}", condition.reason, condition.message)));
        status
    }

    /// Writes the status, and first the object itself where this node has not done so: the Node may be another one by now.
    async fn write(
        &self,
        nodes: &Api<NovaRouteNode>,
        uid: &str,
        status: NovaRouteNodeStatus,
        known: &mut Known,
    ) -> Result<(), String> {
        let words = |error: kube::Error| error.to_string();
        if known.status.is_none() {
            // What it said before this process: times stay where nothing has changed. The next look takes them up.
            let before = nodes.get_opt(&self.name).await.map_err(words)?;
            known.status = Some(before.and_then(|node| node.status).unwrap_or_default());
            return Ok(());
        }
        let apply = PatchParams::apply(MANAGER).force();
        if known.written.as_deref() != Some(uid) {
            nodes.patch(&self.name, &apply, &Patch::Apply(&object(&self.name, uid))).await.map_err(words)?;
            known.written = Some(uid.to_owned());
        }
        let told = json!({
            "apiVersion": NovaRouteNode::api_version(&()), "kind": NovaRouteNode::kind(&()),
            "metadata": {"name": self.name}, "status": status,
        });
        let patched = nodes.patch_status(&self.name, &apply, &Patch::Apply(&told)).await;
        if patched.is_err() {
            // Somebody may have deleted it.
            known.written = None;
        }
        patched.map_err(words)?;
        known.status = Some(status);
        Ok(())
    }
}

/// What is known of the object.
#[derive(Debug)]
struct Known {
    /// What it says; `None`: it was not looked at yet.
    status: Option<NovaRouteNodeStatus>,
    /// Of which Node it was made; `None`: it was not, or has to be again.
    written: Option<String>,
    /// Writes that failed in a row.
    failures: u32,
    /// When it may be written.
    not_before: Instant,
}

impl Default for Known {
    fn default() -> Self {
        Self { status: None, written: None, failures: 0, not_before: Instant::now() }
    }
}

impl Known {
    fn is(&self, uid: &str, status: &NovaRouteNodeStatus) -> bool {
        self.written.as_deref() == Some(uid) && self.status.as_ref() == Some(status)
    }

    /// After a write. The one that only read may be followed at once.
    fn count(&mut self, ok: bool) {
        self.failures = if ok { 0 } else { self.failures.saturating_add(1) };
        let only_read = ok && self.written.is_none();
        let pause = BETWEEN_WRITES.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_PAUSE);
        self.not_before = Instant::now() + if only_read { Duration::ZERO } else { pause };
    }
}

/// The object, but for its status. It goes with its Node.
fn object(name: &str, uid: &str) -> Value {
    let owner = OwnerReference {
        api_version: "v1".to_owned(),
        kind: "Node".to_owned(),
        name: name.to_owned(),
        uid: uid.to_owned(),
        ..OwnerReference::default()
    };
    json!({
        "apiVersion": NovaRouteNode::api_version(&()), "kind": NovaRouteNode::kind(&()), "spec": {},
        "metadata": {"name": name, "ownerReferences": [owner]},
    })
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
