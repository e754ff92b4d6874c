//! `wait`: the call has been accepted, and answers when what it asked for has come about.
//!
//! A wait looks at what is published, each time that something is. It holds nothing that anybody else needs, and ends
//! with the call: when the caller hangs up, it is dropped.

mod patience;

use std::collections::BTreeMap;
use std::time::Duration;

use novaroute_core::intent::{Change, Intent, IntentKey, Protocol};
use novaroute_core::live::Live;
use novaroute_core::name::OwnerName;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::state::Reason;
use novaroute_core::wait::{Goal, Progress, Sight, Wait, ran_out};
use novaroute_frr::Daemon;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Service, drain};
use crate::owner::Accepted;
use crate::reconciler::Seen;

pub(super) use patience::Patience;

/// How long after bgpd has taken an announcement in place of another the new one counts as sent: bgpd holds every change
/// for 50 ms, and tells of a prefix only that it was sent, not with what.
const REPLACED_AFTER: Duration = Duration::from_millis(100);

/// What a caller wants to wait for, before it is known whether the change is accepted.
pub(super) struct Asked {
    wait: Wait,
    intents: Vec<Intent>,
    /// A change is about a prefix that is advertised already.
    was_advertised: bool,
}

impl Asked {
    /// For a call that asks for one change.
    pub(super) fn for_change(wait: Wait, change: &Change, live: &Live) -> Self {
        Self::new(wait, [change], live)
    }

    pub(super) fn new<'a>(wait: Wait, changes: impl IntoIterator<Item = &'a Change>, live: &Live) -> Self {
        let intents = changes.into_iter().filter_map(|change| match change {
            Change::Put(intent) if wait != Wait::None => Some(intent.clone()),
            _ => None,
        });
        let intents: Vec<_> = intents.collect();
        let was_advertised = intents.iter().any(|intent| match intent {
            Intent::Prefix(a) => a.protocol == Protocol::Bgp && live.advertised.contains_key(&(a.protocol, a.prefix)),
            _ => false,
        });
        Self { wait, intents, was_advertised }
    }

    /// For a call that takes away and asks for nothing.
    pub(super) fn for_removals(wait: Wait) -> Self {
        Self { wait, intents: Vec::new(), was_advertised: false }
    }

    /// What to wait for now that the change is accepted.
    pub(super) fn goals(self, owner: &OwnerName, accepted: &Accepted) -> Goals {
        let mut goals = Vec::new();
        if self.wait != Wait::None {
            let revision = accepted.snapshot.revision();
            let restored = accepted.batch.iter().flat_map(|outcome| outcome.restored.iter().cloned());
            let intents = self.intents.into_iter().chain(restored);
            goals.extend(intents.map(|intent| Goal::There(owner.clone(), intent)));
            goals.extend(accepted.removed.iter().map(|key| Goal::Gone(key.clone(), revision)));
            goals.extend(accepted.drained.iter().flat_map(|scope| drain::goals(&accepted.snapshot, scope)));
        }
        let restores = accepted.batch.as_ref().is_some_and(|outcome| !outcome.restored.is_empty());
        let replaced = self.was_advertised || restores || accepted.drained.is_some();
        let replaces = self.wait == Wait::Advertised && replaced && accepted.changed;
        Goals { wait: self.wait, goals, replaces }
    }
}

/// What is waited for.
pub(super) struct Goals {
    wait: Wait,
    goals: Vec<Goal>,
    /// A prefix was, or may have been, advertised before with other attributes.
    replaces: bool,
}

/// How far the goals are.
enum Look {
    Arrived,
    NotYet(Pending),
    Ended(Rejection),
}

/// The first goal that is not reached.
struct Pending {
    key: IntentKey,
    text: String,
    status: Option<novaroute_core::state::IntentStatus>,
}

impl Goals {
    /// Looks at the goals and drops those that are reached.
    fn look<G: Fn(&IntentKey, u64) -> Result<(), String>>(&mut self, sight: &Sight<'_, G>) -> Look {
        let mut pending = None;
        let mut ended = None;
        let wait = self.wait;
        self.goals.retain(|goal| match goal.look(wait, sight) {
            Progress::Arrived => false,
            Progress::OnTheWay { key, text, status } => {
                pending.get_or_insert(Pending { key, text, status });
                true
            }
            Progress::Ended(rejection) => {
                ended.get_or_insert(rejection);
                true
            }
        });
        match (ended, pending) {
            (Some(rejection), _) => Look::Ended(rejection),
            (None, Some(pending)) => Look::NotYet(pending),
            (None, None) => Look::Arrived,
        }
    }
}

impl Service {
    /// Waits until all goals are reached.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when one will not come about by waiting, DEADLINE_EXCEEDED when the caller's time is over,
    /// UNAVAILABLE when the agent shuts down. What was accepted stays accepted.
    pub(super) async fn wait(&self, mut goals: Goals, patience: Patience) -> Result<(), Rejection> {
        let Some(key) = goals.goals.first().map(Goal::key) else { return Ok(()) };
        let (mut view, mut live, mut seen) = (self.view.clone(), self.live.clone(), self.seen.clone());
        let deadline = patience.deadline();
        loop {
            let look = {
                let (view, live, seen) = (view.borrow_and_update(), live.borrow_and_update(), seen.borrow_and_update());
                let gone = |key: &IntentKey, revision| gone(&seen, key, revision);
                goals.look(&Sight { snapshot: &view.snapshot, live: &live, gone })
            };
            let pending = match look {
                Look::Arrived if goals.replaces => return settle(&key, patience).await,
                Look::Arrived => return Ok(()),
                Look::Ended(rejection) => return Err(rejection),
                Look::NotYet(pending) => pending,
            };
            let changed = async {
                tokio::select! {
                    changed = view.changed() => changed,
                    changed = live.changed() => changed,
                    changed = seen.changed() => changed,
                }
            };
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Err(ended(&pending)),
                changed = timeout_at(deadline, changed) => match changed {
                    Ok(Ok(())) => {}
                    // Who publishes is gone: the agent ends.
                    Ok(Err(_)) => return Err(ended(&pending)),
                    Err(_) => {
                        let Pending { key, text, status } = pending;
                        return Err(ran_out(&key, &text, status.as_ref(), patience.waited_s()));
                    }
                }
            }
        }
    }
}

/// Waits until an announcement that took the place of another has been sent.
async fn settle(key: &IntentKey, patience: Patience) -> Result<(), Rejection> {
    let sent = Instant::now() + REPLACED_AFTER;
    sleep_until(sent.min(patience.deadline())).await;
    if sent <= patience.deadline() {
        return Ok(());
    }
    let text = format!("{key} is programmed and may not have been sent yet in its new form");
    Err(ran_out(key, &text, None, patience.waited_s()))
}

/// Whether FRR no longer has what had this key when nobody wanted it any more; if it may have it, why.
fn gone(seen: &Seen, key: &IntentKey, revision: u64) -> Result<(), String> {
    if seen.compared < revision {
        return Err("FRR has not been compared with what is wanted since".to_owned());
    }
    let unswept: BTreeMap<_, _> = seen.unswept.iter().filter(|(daemon, _)| holds(**daemon, key)).collect();
    match unswept.into_iter().next() {
        Some((daemon, why)) => Err(format!("{daemon}: {why}")),
        None => Ok(()),
    }
}

/// Whether an intent has lines in a daemon.
fn holds(daemon: Daemon, key: &IntentKey) -> bool {
    match key {
        IntentKey::Bgp | IntentKey::Prefix(Protocol::Bgp, _) => daemon == Daemon::Bgpd,
        IntentKey::Peer(_) => matches!(daemon, Daemon::Bgpd | Daemon::Bfdd),
        IntentKey::Bfd(_) => daemon == Daemon::Bfdd,
        IntentKey::Ospf(_) => matches!(daemon, Daemon::Ospfd | Daemon::Ospf6d),
        IntentKey::Prefix(Protocol::Ospf, _) => {
            matches!(daemon, Daemon::Ospfd | Daemon::Ospf6d | Daemon::Staticd)
        }
    }
}

fn ended(pending: &Pending) -> Rejection {
    let text = format!("the agent is shutting down; the change was accepted, and {}", pending.text);
    Rejection::new(RejectionClass::Unavailable, Reason::ShuttingDown, text).with("intent", &pending.key)
}

#[cfg(test)]
mod tests;
