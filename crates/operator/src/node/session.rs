//! The session with the agent: everything desired is asked for, what is no longer desired is taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use novaroute_api::client::{ConnectError, connect};
use novaroute_api::v1;
use novaroute_core::intent::IntentKey;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tonic::{Code, Request, Status, Streaming};
use tracing::{info, warn};

use super::agent::{Agent, CALL_TIMEOUT, Operation, reason_of};
use super::intent::{Desired, Intent};
use super::metrics::Metrics;
use crate::crd::{COMPANION_OWNER, Problem};

/// Requests that are on their way at once.
const IN_FLIGHT: usize = 32;
/// Time until what the agent refused is asked for again: what stood against it may have gone.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// The same where it had too much to do.
const BUSY: Duration = Duration::from_secs(1);
/// Pause before the agent is connected to again, and the longest such pause: it doubles.
const RECONNECT: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];
/// The same after another process has taken the session: one of the two is about to end.
const SUPERSEDED: Duration = Duration::from_secs(30);

/// How it stands with the agent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Report {
    /// Why the agent is not spoken to; `None`: it is.
    pub(super) broken: Option<String>,
    /// Why what nobody asks for any more is still there; `None`: it is not.
    pub(super) held_back: Option<String>,
    /// What the agent did not take.
    pub(super) refused: Vec<Problem>,
}

/// What it takes to keep a session.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) socket: PathBuf,
    pub(super) token_file: PathBuf,
    /// This process, for people.
    pub(super) instance: String,
    /// `None` until it is known what is desired.
    pub(super) desired: watch::Receiver<Option<Arc<Desired>>>,
    pub(super) report: watch::Sender<Report>,
    /// Told of every event of the agent.
    pub(super) news: Arc<Notify>,
    pub(super) metrics: Metrics,
}

/// The session is over.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the token file {}: {source}", path.display())]
    Token { path: PathBuf, source: std::io::Error },
    #[error("{}: {}", reason_of(.0), .0.message())]
    Call(Status),
    #[error("the agent ended the stream of events")]
    Stream,
}

impl Keeper {
    /// Keeps a session, one after the other, until it is dropped. Nothing is withdrawn at the end.
    pub(super) async fn keep(mut self) {
        let mut pause = RECONNECT[0];
        // Without it there is nothing to say, and what the agent has stays.
        while self.desired.borrow().is_none() {
            if self.desired.changed().await.is_err() {
                return;
            }
        }
        loop {
            let begun = Instant::now();
            let Err(broken) = self.session().await;
            self.metrics.connected(false);
            warn!(reason = %broken, "no session with the agent");
            self.report.send_replace(Report { broken: Some(broken.to_string()), ..Report::default() });
            pause = match broken {
                Broken::Call(status) if reason_of(&status) == "SESSION_SUPERSEDED" => SUPERSEDED,
                _ if begun.elapsed() > RECONNECT[1] => RECONNECT[0],
                _ => RECONNECT[1].min(pause * 2),
            };
            sleep(pause).await;
        }
    }

    async fn session(&mut self) -> Result<Infallible, Broken> {
        let Opened { agent, mut events, held } = self.open().await?;
        let mut session = Session::new(agent, held);
        self.metrics.connected(true);
        loop {
            let desired = self.desired.borrow_and_update().clone().unwrap_or_default();
            session.ask(&desired, &self.metrics).await?;
            let replayed = session.replayed;
            let held_back = session.end_replay(&desired).await?;
            if session.replayed && !replayed && !session.refused.is_empty() {
                // What has gone may have made room.
                continue;
            }
            let again = session.pause(held_back.is_some()).map(|pause| Instant::now() + pause);
            self.metrics.intents(session.has.len(), session.refused.len());
            self.report.send_replace(Report { broken: None, held_back, refused: session.problems(&desired) });
            self.next(&mut events, again).await?;
        }
    }

    async fn open(&self) -> Result<Opened, Broken> {
        let path = &self.token_file;
        let token = tokio::fs::read_to_string(path).await;
        let token = token.map_err(|source| Broken::Token { path: path.clone(), source })?;
        let token = token.trim_end_matches(['\r', '\n']).to_owned();
        let mut client = connect(&self.socket).await?;
        let register = v1::RegisterRequest {
            owner: COMPANION_OWNER.to_owned(),
            token: token.clone(),
            instance: self.instance.clone(),
            ..Default::default()
        };
        let mut register = Request::new(register);
        register.set_timeout(CALL_TIMEOUT);
        let session = client.register(register).await.map_err(Broken::Call)?.into_inner();
        info!(epoch = session.epoch, "in session with the agent");
        // It ends with the agent, and tells of everything that may be worth a look.
        let events = timeout(CALL_TIMEOUT, client.stream_events(v1::StreamEventsRequest::default())).await;
        let events = events.map_err(|_| Broken::Stream)?.map_err(Broken::Call)?.into_inner();
        let held = session.current_prefixes.into_iter().chain(session.current_peers).collect();
        Ok(Opened { agent: Agent::new(client, token, session.session_id), events, held })
    }

    /// Waits until something else is desired, or it is time to ask again.
    async fn next(&mut self, events: &mut Streaming<v1::RouteEvent>, again: Option<Instant>) -> Result<(), Broken> {
        let again = async {
            match again {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(again);
        loop {
            tokio::select! {
                () = &mut again => return Ok(()),
                changed = self.desired.changed() => match changed {
                    Ok(()) => return Ok(()),
                    // The process is about to end.
                    Err(_) => std::future::pending().await,
                },
                event = events.message() => match event {
                    Ok(Some(_)) => self.news.notify_one(),
                    Ok(None) => return Err(Broken::Stream),
                    Err(status) => return Err(Broken::Call(status)),
                },
            }
        }
    }
}

/// A session that has begun.
struct Opened {
    agent: Agent,
    events: Streaming<v1::RouteEvent>,
    /// Prefixes and neighbor addresses that the agent had before.
    held: BTreeSet<String>,
}

/// One session.
#[derive(Debug)]
struct Session {
    agent: Agent,
    /// Prefixes and neighbor addresses that the agent had before.
    held: BTreeSet<String>,
    /// What the agent took in this session.
    has: BTreeMap<IntentKey, Intent>,
    /// What it was told not to have.
    withheld: BTreeSet<IntentKey>,
    /// Why it did not take the rest.
    refused: BTreeMap<IntentKey, Status>,
    /// What was there before it and is not desired has gone.
    replayed: bool,
}

impl Session {
    fn new(agent: Agent, held: BTreeSet<String>) -> Self {
        let (has, withheld, refused) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { agent, held, has, withheld, refused, replayed: false }
    }

    /// Brings the agent to what is desired, as far as it goes.
    async fn ask(&mut self, desired: &Desired, metrics: &Metrics) -> Result<(), Broken> {
        self.withheld.retain(|key| desired.withheld.contains(key));
        let withheld = desired.withheld.difference(&self.withheld).filter(|key| !self.has.contains_key(*key));
        let gone = self.has.keys().filter(|key| !desired.intents.contains_key(*key));
        // Prefixes go before their peers, and peers come before their prefixes.
        let gone: BTreeSet<&IntentKey> = gone.chain(withheld).collect();
        let gone: Vec<_> = gone.into_iter().rev().map(|key| (key.clone(), Operation::Remove(key.clone()))).collect();
        let wanted = desired.intents.iter().filter(|(key, asked)| self.has.get(*key) != Some(&asked.intent));
        let wanted: Vec<_> =
            wanted.map(|(key, asked)| (key.clone(), Operation::Ask(Box::new(asked.intent.clone())))).collect();
        self.refused.clear();
        self.perform(gone, metrics).await?;
        self.withheld = desired.withheld.iter().filter(|key| !self.refused.contains_key(*key)).cloned().collect();
        self.perform(wanted, metrics).await
    }

    async fn perform(&mut self, operations: Vec<(IntentKey, Operation)>, metrics: &Metrics) -> Result<(), Broken> {
        let agent = &self.agent;
        let calls = stream::iter(operations).map(|(key, operation)| async move {
            let answer = agent.perform(&operation).await;
            (key, operation, answer)
        });
        let mut answers = calls.buffered(IN_FLIGHT);
        let (mut has, mut refused) = (Vec::new(), Vec::new());
        while let Some((key, operation, answer)) = answers.next().await {
            metrics.called(answer.is_ok());
            match answer {
                Ok(()) => has.push((key, operation)),
                Err(status) if is_end(&status) => return Err(Broken::Call(status)),
                Err(status) => refused.push((key, status)),
            }
        }
        drop(answers);
        for (key, operation) in has {
            match operation {
                Operation::Ask(intent) => drop(self.has.insert(key, *intent)),
                Operation::Remove(_) => drop(self.has.remove(&key)),
            }
        }
        self.refused.extend(refused);
        Ok(())
    }

    /// Has the agent withdraw what was there before the session and is not desired, once; why it cannot yet.
    async fn end_replay(&mut self, desired: &Desired) -> Result<Option<String>, Broken> {
        if self.replayed {
            return Ok(None);
        }
        if !desired.complete {
            return Ok(Some("it is not known of every resource what it asks for".to_owned()));
        }
        // The agent has it as it was asked for before, and would take it for something that nobody asks for.
        if let Some((key, status)) = self.refused.iter().find(|(key, _)| self.holds(key)) {
            return Ok(Some(format!("{key} stays as it was: {}", told(status))));
        }
        match self.agent.end_of_replay(desired.confirm_removals).await {
            Ok(removed) => {
                self.replayed = true;
                info!(asked = self.has.len(), removed, "the agent has what is desired");
                Ok(None)
            }
            Err(status) if is_end(&status) => Err(Broken::Call(status)),
            Err(status) => Ok(Some(told(&status))),
        }
    }

    /// Whether the agent had this before the session.
    fn holds(&self, key: &IntentKey) -> bool {
        match key {
            IntentKey::Peer(peer) => self.held.contains(&peer.to_string()),
            IntentKey::Prefix(_, prefix) => self.held.contains(&prefix.to_string()),
            IntentKey::Bgp | IntentKey::Bfd(_) | IntentKey::Ospf(_) => false,
        }
    }

    /// Time until the agent is asked again although nothing has changed; `None`: there is nothing to ask for.
    fn pause(&self, held_back: bool) -> Option<Duration> {
        if self.refused.values().any(|status| reason_of(status) == "QUEUE_FULL") {
            return Some(BUSY);
        }
        (held_back || !self.refused.is_empty()).then_some(ASK_AGAIN)
    }

    fn problems(&self, desired: &Desired) -> Vec<Problem> {
        let problem = |(key, status): (&IntentKey, &Status)| Problem {
            resource: desired.intents.get(key).map_or("", |asked| asked.resource.as_str()).to_owned(),
            field: None,
            reason: format!("{key}: {}", told(status)),
        };
        self.refused.iter().map(problem).collect()
    }
}

/// A refusal in words.
fn told(status: &Status) -> String {
    format!("{}: {}", reason_of(status), status.message())
}

/// Whether there is no point in going on in this session.
fn is_end(status: &Status) -> bool {
    let over = ["SESSION_SUPERSEDED", "NO_SESSION"];
    matches!(status.code(), Code::Unauthenticated | Code::Unavailable | Code::Unknown | Code::Cancelled)
        || over.contains(&reason_of(status).as_str())
}
