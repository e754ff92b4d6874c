//! ListIntents and ListOwners: what is held, and by whom.

use std::collections::BTreeMap;

use novaroute_api::error::to_status;
use novaroute_api::from_proto::{self, ListCall};
use novaroute_api::v1::intent_item::Change as Asked;
use novaroute_api::{to_proto, v1};
use novaroute_core::engine::OwnerReport;
use novaroute_core::intent::{IntentKey, Kind};
use novaroute_core::live::{Live, effective_status};
use novaroute_core::name::OwnerName;
use novaroute_core::session::Lease;
use novaroute_core::state::IntentState;
use novaroute_core::store::{Entry, Snapshot};
use tonic::Status;

use super::Service;
use crate::owner::Known;

impl Service {
    /// A page of what is held, from what was published last.
    pub(super) fn intents(&self, request: &v1::ListIntentsRequest) -> Result<v1::ListIntentsResponse, Status> {
        let ListCall { owner, page_size, after } = from_proto::list_intents(request)?;
        let snapshot = self.view.borrow().snapshot.clone();
        let live = self.live.borrow().clone();
        let mut answer = v1::ListIntentsResponse::default();
        let mut last = None;
        for (key, slot) in snapshot.slots_after(after.as_ref()) {
            let wanted = slot.entries().filter(|entry| owner.as_ref().is_none_or(|owner| entry.owner == *owner));
            let rows: Vec<_> = wanted.map(|entry| row(key, entry, &live)).collect();
            // The two intents of one key are on one page.
            if answer.intents.len() + rows.len() > page_size.max(2) {
                answer.next_page_token = last.map(to_proto::page_token).unwrap_or_default();
                return Ok(answer);
            }
            answer.intents.extend(rows);
            last = Some(key);
        }
        Ok(answer)
    }

    pub(super) async fn owners(&self, request: &v1::ListOwnersRequest) -> Result<v1::ListOwnersResponse, Status> {
        let filter = from_proto::list_owners(request)?;
        let known = self.owner.owners().await.map_err(|refused| to_status(&refused))?;
        let snapshot = self.view.borrow().snapshot.clone();
        let mut counts = counts(&snapshot, &self.live.borrow());
        let wanted = |known: &Known| filter.as_ref().is_none_or(|owner| known.report.owner == *owner);
        let owners = known.into_iter().filter(wanted).map(|known| {
            let owner = known.report.owner.clone();
            let pending_change = self.pending_changes(Some(&owner)).pop();
            let row = owner_row(known, counts.remove(&owner).unwrap_or_default());
            v1::OwnerStatus { pending_change, ..row }
        });
        Ok(v1::ListOwnersResponse { owners: owners.collect() })
    }
}

fn row(key: &IntentKey, entry: &Entry, live: &Live) -> v1::HeldIntent {
    let status = effective_status(key, entry, live);
    let mut intent = to_proto::intent_item(&entry.intent);
    let has_password = take_secret(&mut intent);
    v1::HeldIntent {
        key: key.to_string(),
        owner: entry.owner.to_string(),
        state: status.state.to_string(),
        reason: status.cause.as_ref().map(ToString::to_string).unwrap_or_default(),
        intent: Some(intent),
        has_password,
        programmed_at: entry.programmed_at_ns,
    }
}

/// Takes the secret out of an item; `true` if it had one.
fn take_secret(item: &mut v1::IntentItem) -> bool {
    let secret = match &mut item.change {
        Some(Asked::ApplyPeer(v1::ApplyPeerRequest { peer: Some(peer), .. })) => &mut peer.password,
        Some(Asked::EnableOspf(ospf)) => &mut ospf.authentication_key,
        _ => return false,
    };
    !std::mem::take(secret).is_empty()
}

type Counts = BTreeMap<(Kind, IntentState), u32>;

fn counts(snapshot: &Snapshot, live: &Live) -> BTreeMap<OwnerName, Counts> {
    let mut counts = BTreeMap::<_, Counts>::new();
    for (key, entry) in snapshot.entries() {
        let state = effective_status(key, entry, live).state;
        *counts.entry(entry.owner.clone()).or_default().entry((key.kind(), state)).or_default() += 1;
    }
    counts
}

fn owner_row(known: Known, counts: Counts) -> v1::OwnerStatus {
    let Known { report: OwnerReport { owner, session, open, lapses_in_ms, expires_in_ms }, refusals } = known;
    let count = |((kind, state), count): ((Kind, IntentState), u32)| v1::IntentCount {
        kind: kind.to_string(),
        state: state.to_string(),
        count,
    };
    let refusals = refusals.into_iter().map(|(reason, count)| v1::RefusalCount { reason: reason.to_string(), count });
    let mut refusals: Vec<_> = refusals.collect();
    refusals.sort_by(|a, b| a.reason.cmp(&b.reason));
    let last = session.as_ref();
    let session = last.filter(|_| open);
    v1::OwnerStatus {
        owner: owner.to_string(),
        registered: open,
        epoch: last.map_or(0, |terms| terms.epoch),
        instance: session.and_then(|terms| terms.instance.as_ref()).map(ToString::to_string).unwrap_or_default(),
        lease_s: session.and_then(|terms| terms.lease).map_or(0, Lease::seconds),
        bound_to_connection: session.is_some_and(|terms| terms.bound),
        lapses_in_ms,
        expires_in_ms,
        intents: counts.into_iter().map(count).collect(),
        refusals,
        pending_change: None,
    }
}
