//! The owner task under a paused clock: leases that end, are renewed, outlive a restart.

use novaroute_core::batch::{Batch, Mode};
use novaroute_core::bgp::PrefixAttributes;
use novaroute_core::drain::{DrainDelay, DrainPhase, DrainTerms};
use novaroute_core::event::EventType;
use novaroute_core::intent::{Advertisement, Intent, IntentKey, Protocol};
use novaroute_core::pending::ConfirmWithin;
use novaroute_core::session::{ConnectionId, Lease, Registration, SessionCall, SessionTerms};
use tokio::task::JoinHandle;
use tokio::time::{advance, sleep};

use super::*;
use crate::events::{Delivery, Subscription};
use crate::restore::restore;

const GRACE: Duration = Duration::from_secs(30);
/// How long a change waits to be confirmed.
const WITHIN: Duration = Duration::from_secs(120);
const LEASE: Duration = Duration::from_secs(10);
/// What the task's own ticks may add.
const LATE: Duration = Duration::from_millis(50);

struct Running {
    owner: OwnerHandle,
    view: watch::Receiver<View>,
    events: Subscription,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts on what the journal in `dir` holds.
    fn start(dir: &std::path::Path) -> Self {
        let (journal, loaded) = Journal::open(dir).unwrap();
        assert_eq!(loaded.problems, Vec::<String>::new());
        let metrics = Arc::new(Metrics::new("0", "0"));
        let hub = EventHub::new(64, String::new(), Arc::clone(&metrics));
        let events = hub.subscribe(crate::events::Start::Next).unwrap();
        let engine = restore(loaded.records, Vec::new(), BTreeMap::new());
        let stopwatch = Stopwatch::new(Arc::clone(&metrics));
        let (task, owner, view) = owner_task(engine, journal, hub, metrics, stopwatch, GRACE);
        Self { owner, view, events, task: tokio::spawn(task.run()) }
    }

    async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|ended| ended.is_cancelled()));
    }

    async fn register(&self, bound: bool, connection: u64) -> SessionTerms {
        let lease = if bound { None } else { Lease::new(10).unwrap() };
        let registration = Registration { lease, bind_to_connection: bound, ..Registration::default() };
        let new_session = format!("s-{connection}").parse().ok();
        let origin = Origin { connection: Some(ConnectionId(connection)), new_session, ..Origin::default() };
        let accepted = self.owner.submit_from(edge(), Demand::Change(Change::Register(registration)), origin).await;
        accepted.unwrap().session.unwrap()
    }

    async fn put(&self) {
        let (prefix, attributes) = ("10.0.0.1/32".parse().unwrap(), PrefixAttributes::default());
        let intent = Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes });
        self.owner.submit(edge(), Change::Put(intent)).await.unwrap();
    }

    async fn renew(&self, session: &SessionTerms) -> Result<Accepted, Rejection> {
        let renew = SessionCall::Renew { session: session.id.clone() };
        self.owner.submit_from(edge(), Demand::Session(renew), Origin::default()).await
    }

    fn held(&self) -> usize {
        self.view.borrow().snapshot.slots().count()
    }

    async fn event(&mut self) -> EventType {
        match self.events.next().await {
            Some(Delivery::Event(published)) => published.event.event_type,
            other => panic!("not an event: {other:?}"),
        }
    }
}

fn edge() -> OwnerName {
    "edge".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn when_lease_and_grace_are_over_the_intents_go_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let mut agent = Running::start(dir.path());
    let session = agent.register(false, 1).await;
    agent.put().await;
    assert_eq!(agent.event().await, EventType::OwnerRegistered);
    sleep(LEASE + GRACE - LATE).await;
    assert_eq!(agent.held(), 1);
    sleep(LATE * 2).await;
    assert_eq!(agent.held(), 0);
    assert_eq!(agent.event().await, EventType::OwnerExpired);
    assert_eq!(agent.renew(&session).await.unwrap_err().reason, Reason::NoSession);
    assert!(agent.view.borrow().sessions.is_empty());
    agent.crash().await;
    assert_eq!(Running::start(dir.path()).held(), 0);
}

#[tokio::test(start_paused = true)]
async fn renewing_within_the_grace_keeps_them_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Running::start(dir.path());
    let session = agent.register(false, 1).await;
    agent.put().await;
    for _ in 0..100 {
        sleep(LEASE + GRACE - LATE).await;
        agent.renew(&session).await.unwrap();
    }
    assert_eq!(agent.held(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_drops_starts_the_clock_unless_the_session_was_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Running::start(dir.path());
    agent.register(true, 1).await;
    agent.put().await;
    agent.register(true, 2).await;
    agent.owner.disconnected(ConnectionId(1)).await;
    sleep(GRACE * 10).await;
    assert_eq!(agent.held(), 1);
    agent.owner.disconnected(ConnectionId(2)).await;
    sleep(GRACE - LATE).await;
    assert_eq!(agent.held(), 1);
    sleep(LATE * 2).await;
    assert_eq!(agent.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_restart_gives_lease_and_grace_anew_and_knows_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Running::start(dir.path());
    let session = agent.register(false, 1).await;
    agent.put().await;
    sleep(LEASE + GRACE - LATE).await;
    agent.crash().await;
    // While it is down, nobody's time runs.
    advance(GRACE * 100).await;
    let agent = Running::start(dir.path());
    sleep(LEASE + GRACE - LATE).await;
    assert_eq!(agent.held(), 1);
    assert_eq!(agent.renew(&session).await.unwrap().session, Some(session));
    sleep(LEASE + GRACE + LATE).await;
    assert_eq!(agent.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_drain_outlives_the_agent_and_its_delay_starts_afresh() {
    let dir = tempfile::tempdir().unwrap();
    let phase = |agent: &Running| {
        let snapshot = agent.view.borrow().snapshot.clone();
        snapshot.drains().values().next().map(|drain| drain.phase)
    };
    let terms = DrainTerms { withdraw_after: Some(DrainDelay::new(10).unwrap()), shut_sessions: None };
    let agent = Running::start(dir.path());
    agent.put().await;
    agent.owner.submit(edge(), Change::Drain(None, terms)).await.unwrap();
    sleep(Duration::from_secs(9)).await;
    agent.crash().await;
    let agent = Running::start(dir.path());
    sleep(Duration::from_secs(9)).await;
    assert_eq!(phase(&agent), Some(DrainPhase::Marked));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(phase(&agent), Some(DrainPhase::Withdrawn));
    agent.crash().await;
    let agent = Running::start(dir.path());
    assert_eq!((phase(&agent), agent.held()), (Some(DrainPhase::Withdrawn), 1));
    agent.owner.submit(edge(), Change::Undrain(None)).await.unwrap();
    agent.crash().await;
    assert_eq!(phase(&Running::start(dir.path())), None);
}

/// An agent that was stopped for minutes, or whose machine slept, heard nobody: the silence is not the owner's.
#[tokio::test(start_paused = true)]
async fn a_standstill_of_the_agent_is_not_held_against_the_owner() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Running::start(dir.path());
    let session = agent.register(false, 1).await;
    agent.put().await;
    sleep(LEASE + GRACE - Duration::from_secs(5)).await;
    advance(Duration::from_secs(600)).await;
    sleep(LATE).await;
    assert_eq!(agent.held(), 1);
    agent.renew(&session).await.unwrap();
}

/// What is rehearsed is decided as ever, and nothing else.
#[tokio::test(start_paused = true)]
async fn a_rehearsal_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut agent = Running::start(dir.path());
    let session = agent.register(false, 1).await;
    agent.put().await;
    assert_eq!(agent.event().await, EventType::OwnerRegistered);
    let seen = agent.view.borrow().snapshot.revision();

    let rehearse = async |change| agent.owner.rehearse(&edge(), Demand::Change(change), Origin::default()).await;
    let all = rehearse(Change::Deregister { withdraw_all: true }).await.unwrap();
    assert_eq!((all.accepted.removed.len(), all.accepted.session), (1, None));
    assert_eq!((all.before.slots().count(), all.accepted.snapshot.slots().count()), (1, 0));
    let other = rehearse(Change::Register(Registration::default())).await.unwrap();
    assert!(!other.asks_of_frr() && other.accepted.session.unwrap().epoch > session.epoch);
    let bgp = rehearse(Change::Remove(Target::Key(IntentKey::Bgp))).await;
    assert_eq!(bgp.unwrap_err().reason, Reason::NotHeld, "refused as the real call");

    assert_eq!(agent.view.borrow().snapshot.revision(), seen);
    assert_eq!(agent.renew(&session).await.unwrap().session, Some(session), "the session is the one it was");
    agent.owner.submit(edge(), Change::Deregister { withdraw_all: false }).await.unwrap();
    assert_eq!(agent.event().await, EventType::OwnerDeregistered, "nothing was told in between");
    agent.crash().await;
    assert_eq!(Running::start(dir.path()).held(), 1, "nor journaled");
}

/// A change that waits goes back when its time is over, also in the next life of the agent, whose clock starts afresh.
#[tokio::test(start_paused = true)]
async fn what_nobody_confirms_goes_back_also_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Running::start(dir.path());
    agent.put().await;
    let confirm = Some(("c-1".parse().unwrap(), ConfirmWithin::new(120).unwrap().unwrap()));
    let replacement = Batch { mode: Mode::Replace, confirm, ..Batch::default() };
    let accepted = agent.owner.submit_from(edge(), Demand::Batch(replacement), Origin::default()).await.unwrap();
    assert_eq!((accepted.removed.len(), agent.held()), (1, 0));
    sleep(WITHIN - LATE).await;
    assert_eq!(agent.view.borrow().pending.len(), 1);
    agent.crash().await;

    let mut agent = Running::start(dir.path());
    sleep(WITHIN - LATE).await;
    assert_eq!((agent.view.borrow().pending.len(), agent.held()), (1, 0));
    sleep(LATE * 2).await;
    assert_eq!((agent.view.borrow().pending.len(), agent.held()), (0, 1));
    assert_eq!(agent.event().await, EventType::ChangeRolledBack);
    agent.crash().await;
    let agent = Running::start(dir.path());
    assert_eq!((agent.view.borrow().pending.len(), agent.held()), (0, 1));
}
