//! The companion: on each node, it asks the agent for what the cluster's resources say of that node, as the owner
//! `kubernetes`, and tells in a NovaRouteNode what became of it.
//!
//! What is desired is a function of what was heard from the API server. While that is away, nothing changes: neither here,
//! nor, over a restart of this process, in the agent, which withdraws nothing until a replay is complete.

mod drain;
mod intent;
mod metrics;
mod mirror;
mod publish;
mod resolve;
mod select;
mod session;
mod settle;
mod status;
mod view;
mod watches;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::http::{self, BindError};
use drain::{Drain, Phase, drain};
use intent::Desired;
use metrics::Metrics;
use publish::{Publisher, Standing};
use resolve::resolve;
use session::{Keeper, Report};
use settle::Settled;
use view::NodeFacts;
use watches::{Source, Watches};

pub use drain::DrainSettings;

/// How long changes are gathered before they are looked at: a Service comes with its endpoints.
const GATHER: Duration = Duration::from_millis(20);
/// How long after the start it is waited for everything that resources speak of, such as Secrets and Services.
const HEAR: Duration = Duration::from_secs(5);
/// Annotation of a Node with which somebody agrees that most of what the agent has may be withdrawn at once.
const CONFIRM_REMOVALS: &str = "novaroute.io/confirm-removals";

/// How the companion runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of this node.
    pub node: String,
    /// Where the Secrets are that resources name.
    pub namespace: String,
    /// What tells this process from others, for people.
    pub instance: String,
    /// The agent's socket.
    pub socket: PathBuf,
    /// File with the token of the owner `kubernetes`.
    pub token_file: PathBuf,
    /// When the node is drained.
    pub drain: DrainSettings,
    /// Where metrics and health are served.
    pub bind: SocketAddr,
}

/// Runs until `shutdown`. What the agent has stays.
///
/// # Errors
/// The address for metrics and health cannot be used.
pub async fn run(client: Client, settings: Settings, shutdown: CancellationToken) -> Result<(), BindError> {
    let listener = http::listen(settings.bind)?;
    let metrics = Metrics::new();
    let serving = tokio::spawn(http::serve(listener, metrics.clone(), shutdown.clone()));
    tokio::select! {
        () = work(client, settings, metrics) => {}
        () = shutdown.cancelled() => {}
    }
    // It ends with the same token.
    let _ended = serving.await;
    Ok(())
}

async fn work(client: Client, settings: Settings, metrics: Metrics) {
    let (desired, desired_out) = watch::channel(None);
    let (standing, standing_out) = watch::channel(Standing::default());
    let not_yet = Report { broken: Some("there was none yet".to_owned()), ..Report::default() };
    let (report, report_out) = watch::channel(not_yet);
    let news = Arc::new(Notify::new());
    let keeper = Keeper {
        socket: settings.socket.clone(),
        token_file: settings.token_file,
        instance: settings.instance,
        desired: desired_out.clone(),
        report,
        news: Arc::clone(&news),
        metrics: metrics.clone(),
    };
    let publisher = Publisher {
        client: client.clone(),
        name: settings.node.clone(),
        socket: settings.socket,
        standing: standing_out,
        desired: desired_out,
        report: report_out,
        news,
        metrics,
    };
    let changed = Arc::new(Notify::new());
    let source = Source { client, node: settings.node, namespace: settings.namespace, changed: Arc::clone(&changed) };
    let follower = Follower {
        watches: Watches::start(source),
        changed,
        settled: Settled::default(),
        drain: Drain::new(settings.drain),
        hear_until: Instant::now() + HEAR,
        desired,
        standing,
    };
    tokio::join!(follower.follow(), keeper.keep(), publisher.publish());
}

/// Turns what is heard into what is desired.
struct Follower {
    watches: Watches,
    changed: Arc<Notify>,
    settled: Settled,
    drain: Drain,
    /// Until then nothing is asked of the agent before everything is known.
    hear_until: Instant,
    desired: watch::Sender<Option<Arc<Desired>>>,
    standing: watch::Sender<Standing>,
}

impl Follower {
    async fn follow(mut self) {
        loop {
            let look_again = self.look();
            let look_again = async {
                match look_again {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.changed.notified() => sleep(GATHER).await,
                () = look_again => {}
            }
        }
    }

    /// One look at everything; when to look again although nothing has changed.
    fn look(&mut self) -> Option<Instant> {
        let view = self.watches.view();
        let node = view.node.clone()?;
        let phase = self.drain.phase(&node, Instant::now());
        let drained = self.drain.reason(&node);
        let mut desired = resolve(&view).map(|resources| self.settled.settle(resources));
        if let Some(desired) = &mut desired {
            drain(desired, phase);
            desired.confirm_removals = confirms(&node);
        }
        replace(&self.standing, Standing { node: Some(node), drained });
        let leaves = match phase {
            Phase::Leaving(until) => Some(until),
            Phase::Serving | Phase::Drained => None,
        };
        match desired {
            // A moment later it is known who comes first where two resources ask for one thing.
            Some(desired) if desired.unheard && Instant::now() < self.hear_until => {
                Some(leaves.map_or(self.hear_until, |leaves| leaves.min(self.hear_until)))
            }
            Some(desired) => {
                replace(&self.desired, Some(Arc::new(desired)));
                leaves
            }
            None => leaves,
        }
    }
}

fn confirms(node: &NodeFacts) -> bool {
    node.annotations.get(CONFIRM_REMOVALS).is_some_and(|value| value == "true")
}

/// Those who wait hear of changes only.
fn replace<T: PartialEq>(sender: &watch::Sender<T>, value: T) {
    sender.send_if_modified(|present| {
        let changes = *present != value;
        *present = value;
        changes
    });
}
