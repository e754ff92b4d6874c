//! What an owner wants, kept in the agent.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use novaroute_core::intent::IntentKey;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::keeper::Keeper;
use super::{CallError, Desired, EndError, Intent, Owner, TokenError, connect};
use crate::from_proto::BadFields;
use crate::v1;

/// Where the token of an owner comes from. It does not print.
#[derive(Clone)]
pub enum Token {
    /// This is it.
    Text(String),
    /// From a file, read for each session anew; line ends behind it are not part of it.
    File(PathBuf),
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Token(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Token {
    pub(super) async fn read(&self) -> Result<String, TokenError> {
        match self {
            Self::Text(token) => Ok(token.clone()),
            Self::File(path) => match tokio::fs::read_to_string(path).await {
                Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
                Err(source) => Err(TokenError { path: path.clone(), source }),
            },
        }
    }
}

/// Who opens a session, and how long it lasts.
#[derive(Debug, Clone)]
pub struct Terms {
    pub(super) socket: PathBuf,
    pub(super) owner: String,
    pub(super) token: Token,
    pub(super) register: v1::RegisterRequest,
    pub(super) events: v1::StreamEventsRequest,
}

impl Terms {
    /// A session of `owner` with the agent on the Unix socket `socket`. It lasts until it is ended or replaced: what the
    /// owner asked for stays when its process goes.
    #[must_use]
    pub fn new(socket: impl AsRef<Path>, owner: &str, token: Token) -> Self {
        let events = v1::StreamEventsRequest { owner_filter: owner.to_owned(), ..Default::default() };
        let (socket, owner) = (socket.as_ref().to_path_buf(), owner.to_owned());
        Self { socket, owner, token, register: v1::RegisterRequest::default(), events }
    }

    /// Tells the agent which process this is, for people.
    #[must_use]
    pub fn instance(mut self, instance: &str) -> Self {
        instance.clone_into(&mut self.register.instance);
        self
    }

    /// The session ends so many seconds after it was last renewed, which is done three times in that time. Then the agent
    /// withdraws everything after its `disconnect_grace_period`.
    #[must_use]
    pub fn lease_s(mut self, seconds: u32) -> Self {
        self.register.lease_s = seconds;
        self
    }

    /// The session ends with its connection; the rest as for a lease.
    #[must_use]
    pub fn bound_to_connection(mut self) -> Self {
        self.register.bind_to_connection = true;
        self
    }

    /// Which events the observer is told of, in place of all that are about the owner.
    #[must_use]
    pub fn events(mut self, filter: v1::StreamEventsRequest) -> Self {
        self.events = filter;
        self
    }
}

/// Is told what happens in a session, while it happens. It must not block.
pub trait Observer: Send + Sync + 'static {
    /// The agent has answered a call that changes something.
    fn called(&self, accepted: bool) {
        let _ = accepted;
    }

    /// An event came. What happens while there is no session is not told: [`super::Events`] misses nothing.
    fn event(&self, event: &v1::RouteEvent) {
        let _ = event;
    }
}

/// Nobody.
impl Observer for () {}

/// How it stands with the agent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Why there is no session at the moment; `None`: there is one.
    pub broken: Option<String>,
    /// Why what nobody asks for any more is still there; `None`: it is not.
    pub held_back: Option<String>,
    /// What the agent did not take, and why. It is asked again every 30 s.
    pub refused: BTreeMap<IntentKey, CallError>,
    /// How many intents the agent took.
    pub taken: usize,
    /// Which session of the owner this is.
    pub epoch: u64,
    pub(super) revision: u64,
}

/// What is wanted, and how often that has changed.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) desired: Arc<Desired>,
    pub(super) revision: u64,
}

/// A session that is kept: the agent has what is wanted, also after it, this process or the connection comes back.
///
/// It begins with everything that is wanted. What the agent has of before and is not wanted goes once it took the rest
/// (`EndOfReplay`); then each change is sent as it comes. When the session breaks, another one is opened, after 100 ms at
/// first and 5 s at most, and everything is asked for again: of what has not changed FRR notices nothing.
///
/// Dropping it ends the connection and withdraws nothing by itself; whether the agent does so later, the terms say.
#[derive(Debug)]
pub struct Session {
    terms: Terms,
    wanted: watch::Sender<Wanted>,
    report: watch::Receiver<Report>,
    last: watch::Receiver<Option<Owner>>,
    keeper: JoinHandle<()>,
}

impl Session {
    /// Begins to keep a session; to be called within a Tokio runtime.
    #[must_use]
    pub fn start(terms: Terms, desired: Desired) -> Self {
        Self::observed(terms, desired, Arc::new(()))
    }

    /// As [`Session::start`], with somebody who is told what happens.
    #[must_use]
    pub fn observed(terms: Terms, desired: Desired, observer: Arc<dyn Observer>) -> Self {
        let (wanted, wanted_out) = watch::channel(Wanted { desired: Arc::new(desired), revision: 1 });
        let not_yet = Report { broken: Some("there was none yet".to_owned()), ..Report::default() };
        let (report_in, report) = watch::channel(not_yet);
        let (last_in, last) = watch::channel(None);
        let keeper = Keeper { terms: terms.clone(), wanted: wanted_out, report: report_in, observer, last: last_in };
        Self { terms, wanted, report, last, keeper: tokio::spawn(keeper.keep()) }
    }

    /// Changes what is wanted. All that `change` does is looked at together.
    pub fn update(&self, change: impl FnOnce(&mut Desired)) {
        self.wanted.send_modify(|wanted| {
            change(Arc::make_mut(&mut wanted.desired));
            wanted.revision += 1;
        });
    }

    /// Wants this too, in place of what was wanted under the same key; the key, by which it can be removed.
    ///
    /// # Errors
    /// The fields that the agent would refuse; then nothing changes.
    pub fn put(&self, intent: Intent) -> Result<IntentKey, BadFields> {
        let key = intent.key()?;
        self.update(|desired| drop(desired.intents.insert(key.clone(), intent)));
        Ok(key)
    }

    /// Wants this no longer. The BGP instance cannot be asked back: it stays until another session begins without it.
    pub fn remove(&self, key: &IntentKey) {
        self.update(|desired| drop(desired.remove(key)));
    }

    /// How it stands, to be looked at or followed.
    #[must_use]
    pub fn report(&self) -> watch::Receiver<Report> {
        self.report.clone()
    }

    /// Waits until the agent has answered for everything that is wanted now. What it did not take stands in the report.
    pub async fn settled(&self) -> Report {
        let revision = self.wanted.borrow().revision;
        let mut report = self.report.clone();
        let settled = report.wait_for(|report| report.broken.is_none() && report.revision >= revision).await;
        match settled {
            Ok(report) => report.clone(),
            // It is kept as long as `self` lives, unless an observer panics.
            Err(_) => Report { broken: Some("nothing keeps the session any more".to_owned()), ..Report::default() },
        }
    }

    /// Ends the session for good: nothing is kept any more, and with `withdraw_all` all of the owner's intents go.
    ///
    /// # Errors
    /// The agent cannot be reached, or refuses: the session is over, or that of another process by now, whose intents
    /// stay.
    pub async fn end(self, withdraw_all: bool) -> Result<(), EndError> {
        self.keeper.abort();
        let token = self.terms.token.read().await?;
        let client = connect(&self.terms.socket).await?;
        let last = self.last.borrow().clone();
        let owner = Owner::new(client, &self.terms.owner, &token).in_session_of(last.as_ref());
        owner.deregister(withdraw_all).await?;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
