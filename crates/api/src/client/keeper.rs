//! One session after the other.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::state::Reason;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};
use tonic::{Request, Streaming};
use tracing::{info, warn};

use super::backoff::Backoff;
use super::ledger::Ledger;
use super::session::{Observer, Report, Terms, Wanted};
use super::{CallError, ConnectError, Owner, TokenError, connect};
use crate::v1;

/// How long it is waited for the agent to begin its stream of events.
const STREAM_TIMEOUT: Duration = Duration::from_secs(15);
/// Pause after another process has taken the session: one of the two is about to end.
const SUPERSEDED: Duration = Duration::from_secs(30);
/// How often a lease is renewed while it lasts: two renewals may be lost.
const RENEWALS: u32 = 3;

/// The session is over.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the agent ended the stream of events")]
    Stream,
}

/// What it takes to keep a session.
pub(super) struct Keeper {
    pub(super) terms: Terms,
    pub(super) wanted: watch::Receiver<Wanted>,
    pub(super) report: watch::Sender<Report>,
    pub(super) observer: Arc<dyn Observer>,
    /// The owner in the last session that was opened, also when that has broken since.
    pub(super) last: watch::Sender<Option<Owner>>,
}

impl Keeper {
    /// Keeps a session, one after the other, until it is dropped. Nothing is withdrawn at the end.
    pub(super) async fn keep(mut self) {
        let mut backoff = Backoff::new();
        loop {
            backoff.begin();
            let Err(broken) = self.session().await;
            warn!(reason = %broken, "no session with the agent");
            self.report.send_replace(Report { broken: Some(broken.to_string()), ..Report::default() });
            let pause = backoff.pause();
            let superseded = matches!(&broken, Broken::Call(error) if error.is(Reason::SessionSuperseded));
            sleep(if superseded { SUPERSEDED } else { pause }).await;
        }
    }

    async fn session(&mut self) -> Result<Infallible, Broken> {
        let Opened { ledger, events, epoch, lease } = self.open().await?;
        let owner = ledger.owner().clone();
        tokio::select! {
            over = self.converse(ledger, events, epoch) => over,
            over = renew(&owner, lease) => Err(over.into()),
        }
    }

    /// Sends what is wanted, and each change of it.
    async fn converse(
        &mut self,
        mut ledger: Ledger,
        mut events: Streaming<v1::RouteEvent>,
        epoch: u64,
    ) -> Result<Infallible, Broken> {
        loop {
            let wanted = self.wanted.borrow_and_update().clone();
            let held_back = ledger.settle(&wanted.desired, self.observer.as_ref()).await?;
            let again = ledger.pause(held_back.is_some()).map(|pause| Instant::now() + pause);
            self.report.send_replace(Report {
                broken: None,
                held_back,
                refused: ledger.refused().clone(),
                taken: ledger.taken(),
                epoch,
                revision: wanted.revision,
            });
            self.next(&mut events, again).await?;
        }
    }

    async fn open(&self) -> Result<Opened, Broken> {
        let token = self.terms.token.read().await?;
        let mut client = connect(&self.terms.socket).await?;
        let owner = Owner::new(client.clone(), &self.terms.owner, &token);
        let (owner, registered) = owner.register(self.terms.register.clone()).await?;
        self.last.send_replace(Some(owner.clone()));
        let (epoch, lease) = (registered.epoch, registered.lease_s);
        info!(epoch, "in session with the agent");
        // It ends with the agent.
        let events = client.stream_events(Request::new(self.terms.events.clone()));
        let events = timeout(STREAM_TIMEOUT, events).await.map_err(|_| Broken::Stream)?;
        let events = events.map_err(CallError::from)?.into_inner();
        let lease = Duration::from_secs(lease.into());
        Ok(Opened { ledger: Ledger::new(owner, registered), events, epoch, lease })
    }

    /// Waits until something else is wanted, or it is time to ask again.
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
                changed = self.wanted.changed() => match changed {
                    Ok(()) => return Ok(()),
                    // The session is about to be dropped.
                    Err(_) => std::future::pending().await,
                },
                event = events.message() => match event {
                    Ok(Some(event)) => self.observer.event(&event),
                    Ok(None) => return Err(Broken::Stream),
                    Err(status) => return Err(CallError::from(status).into()),
                },
            }
        }
    }
}

/// A session that has begun.
struct Opened {
    ledger: Ledger,
    events: Streaming<v1::RouteEvent>,
    epoch: u64,
    /// Zero: it lasts without being renewed.
    lease: Duration,
}

/// Renews the lease as long as that goes; why it goes no longer.
async fn renew(owner: &Owner, lease: Duration) -> CallError {
    if lease.is_zero() {
        return std::future::pending().await;
    }
    let every = lease / RENEWALS;
    let mut due = interval_at(Instant::now(), every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        match owner.within(every).renew().await {
            // The agent has too much to do: that is no reason to register and to ask for everything again.
            Err(error) if !error.is(Reason::QueueFull) => return error,
            Ok(_) | Err(_) => {}
        }
    }
}
