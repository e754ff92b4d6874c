//! GetStatus: what is wanted, joined with what FRR does. Reads never wait for a reconcile.

mod rows;

use novaroute_api::{from_proto, to_proto, v1};
use novaroute_core::desired::session_of_peer;
use novaroute_core::drain::{Drain, DrainDelay, DrainScope};
use novaroute_core::intent::{Intent, IntentKey};
use novaroute_core::live::{Live, effective_status};
use novaroute_core::name::OwnerName;
use novaroute_core::peer::Peer;
use novaroute_core::state::{Cause, IntentState, IntentStatus, Reason};
use novaroute_core::store::{Entry, Snapshot};
use tonic::Status;

use super::Service;
use super::drain::count_in;
use crate::reconciler::Seen;
use rows::{bfd_of_peer_row, bfd_row, ospf_row, peer_row, prefix_row};

impl Service {
    /// Answers from what was published last.
    ///
    /// # Errors
    /// The filter is no name of an owner.
    pub(crate) fn status(&self, request: &v1::GetStatusRequest) -> Result<v1::GetStatusResponse, Status> {
        let filter = from_proto::owner_filter(request)?;
        let snapshot = self.view.borrow().snapshot.clone();
        let live = self.live.borrow().clone();
        let seen = self.seen.borrow().clone();
        let mut answer = v1::GetStatusResponse {
            frr_status: Some(frr_row(&live, &seen)),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            pending_changes: self.pending_changes(filter.as_ref()),
            ..Default::default()
        };
        for (key, entry) in snapshot.entries() {
            if filter.as_ref().is_none_or(|owner| entry.owner == *owner) {
                add_entry(&mut answer, key, entry, &snapshot, &live);
            }
        }
        if filter.is_none() {
            for key in &seen.unclaimed {
                add_unclaimed(&mut answer, key, &live);
            }
        }
        answer.drains = drain_rows(&snapshot, filter.as_ref());
        Ok(answer)
    }
}

/// The drains that concern an owner, or all of them.
fn drain_rows(snapshot: &Snapshot, filter: Option<&OwnerName>) -> Vec<v1::DrainStatus> {
    let concerned = |(scope, _): &(&DrainScope, &Drain)| filter.is_none_or(|owner| scope.covers(owner));
    let rows = snapshot.drains().iter().filter(concerned).map(|(scope, drain)| v1::DrainStatus {
        of_owner: match scope {
            DrainScope::Node => String::new(),
            DrainScope::Owner(owner) => owner.to_string(),
        },
        owner: drain.by.to_string(),
        phase: drain.phase.to_string(),
        prefixes: count_in(snapshot, scope),
        delay_s: drain.terms.withdraw_after.map(DrainDelay::seconds),
    });
    rows.collect()
}

/// One row, as an entry gives it: who, where it is, and what was seen.
struct Row<'a> {
    owner: Option<&'a OwnerName>,
    status: IntentStatus,
    /// Since when FRR has run it, in nanoseconds since 1970-01-01 UTC; 0: it does not, or nobody knows.
    programmed_at_ns: i64,
    live: &'a Live,
}

impl Row<'_> {
    fn owner(&self) -> String {
        self.owner.map(ToString::to_string).unwrap_or_default()
    }

    fn state(&self) -> String {
        self.status.state.to_string()
    }

    fn reason(&self) -> String {
        self.status.cause.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

fn add_entry(answer: &mut v1::GetStatusResponse, key: &IntentKey, entry: &Entry, snapshot: &Snapshot, live: &Live) {
    let (status, programmed_at_ns) = (effective_status(key, entry, live), entry.programmed_at_ns);
    let row = Row { owner: Some(&entry.owner), status, programmed_at_ns, live };
    match &entry.intent {
        Intent::Bgp(_) => {}
        Intent::Peer(peer) => {
            answer.peers.push(peer_row(&row, peer));
            answer.bfd_sessions.extend(bfd_of_peer_row(&row, peer, whose_timers(snapshot, peer)));
        }
        Intent::Prefix(a) => {
            answer.prefixes.push(prefix_row(&row, to_proto::protocol(a.protocol), a.protocol, a.prefix))
        }
        Intent::Bfd(session) => answer.bfd_sessions.push(bfd_row(&row, session)),
        Intent::Ospf(ospf) => answer.ospf_interfaces.push(ospf_row(&row, ospf)),
    }
}

/// The explicit session, if there is one, whose timers run in place of those that a peer asks for.
fn whose_timers(snapshot: &Snapshot, peer: &Peer) -> Option<Cause> {
    let Intent::Bgp(instance) = snapshot.live(&IntentKey::Bgp)?.intent else { return None };
    let sessions = snapshot.bfd_sessions_of(peer.key);
    let key = session_of_peer(sessions.clone().map(|(key, _)| key), peer, instance)?;
    let (_, entry) = sessions.into_iter().find(|(other, _)| *other == key)?;
    let detail = format!("the timers of the BFD session {key} of owner {} run in place of the peer's own", entry.owner);
    Some(Cause::new(Reason::BfdTimersOfSession, detail))
}

/// Something of ours that FRR still has and nobody has claimed since a start without journal.
fn add_unclaimed(answer: &mut v1::GetStatusResponse, key: &IntentKey, live: &Live) {
    let detail = "found in FRR after a start without journal; it goes when the adoption grace ends unclaimed";
    let status = IntentStatus::because(IntentState::Stale, Reason::AdoptedUnclaimed, detail);
    let row = Row { owner: None, status, programmed_at_ns: 0, live };
    match key {
        IntentKey::Bgp => {}
        IntentKey::Peer(peer) => answer.peers.push(rows::unclaimed_peer_row(&row, *peer)),
        IntentKey::Prefix(protocol, prefix) => {
            answer.prefixes.push(prefix_row(&row, to_proto::protocol(*protocol), *protocol, *prefix));
        }
        IntentKey::Bfd(bfd) => answer.bfd_sessions.push(rows::unclaimed_bfd_row(&row, bfd)),
        IntentKey::Ospf(interface) => answer.ospf_interfaces.push(rows::unclaimed_ospf_row(&row, interface)),
    }
}

fn frr_row(live: &Live, seen: &Seen) -> v1::FrrStatus {
    let daemons = live.daemons.iter().map(|(name, daemon)| v1::DaemonStatus {
        name: name.clone(),
        connected: daemon.connected,
        version: daemon.version.clone(),
    });
    v1::FrrStatus {
        version: live.daemons.values().map(|daemon| daemon.version.clone()).find(|v| !v.is_empty()).unwrap_or_default(),
        connected: live.frr_connected(),
        uptime: live.frr_uptime_s.map(rows::uptime_text).unwrap_or_default(),
        daemons: daemons.collect(),
        foreign_lines: seen.foreign.clone(),
    }
}
