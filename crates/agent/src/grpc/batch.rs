//! Calls with many changes: who asks is known before an item is read, and how many items wait in the agent is bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use novaroute_api::error::{refused_items, to_status};
use novaroute_api::from_proto::{self, BadFields, BatchHead, Call, ITEMS_MAX, STREAM_ITEMS_MAX};
use novaroute_api::v1;
use novaroute_core::batch::{Batch, Item, ItemOutcome, Outcome};
use novaroute_core::intent::{Change, IntentKey};
use novaroute_core::name::{ChangeId, OwnerName};
use novaroute_core::pending::ConfirmWithin;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::session::Origin;
use novaroute_core::state::Reason;
use novaroute_core::wait::Wait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tonic::{Request, Status, Streaming};

use super::Service;
use super::mutate::Done;
use super::wait::{Asked, Patience};
use crate::owner::{Demand, shutting_down};
use crate::random::random_id;

/// Items of calls that are not answered yet, all callers together.
const ITEMS_IN_WORK_MAX: usize = 4 * STREAM_ITEMS_MAX;

/// Room for the items of calls that are not answered yet.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ITEMS_IN_WORK_MAX)))
    }
}

impl Room {
    /// Takes room for so many items until the permit is dropped.
    fn take(&self, items: usize) -> Result<OwnedSemaphorePermit, Rejection> {
        let permits = u32::try_from(items).map_err(|_| no_room())?;
        Arc::clone(&self.0).try_acquire_many_owned(permits).map_err(|_| no_room())
    }
}

fn no_room() -> Rejection {
    let text =
        format!("calls with more than {ITEMS_IN_WORK_MAX} items together are not answered yet: try again shortly");
    Rejection::new(RejectionClass::ResourceExhausted, Reason::QueueFull, text)
}

/// A call of an owner whose items are not read yet.
struct BatchCall {
    owner: OwnerName,
    origin: Origin,
    head: BatchHead,
    wait: Wait,
    dry_run: bool,
    patience: Patience,
}

impl Service {
    pub(super) async fn apply_batch(
        &self,
        mut request: Request<v1::ApplyIntentsRequest>,
    ) -> Result<v1::ApplyIntentsResponse, Status> {
        let call = self.open_batch(&request, request.get_ref())?;
        let items = std::mem::take(&mut request.get_mut().items);
        if items.len() > ITEMS_MAX {
            return Err(from_proto::too_many_items(ITEMS_MAX).into());
        }
        let _room = self.room.take(items.len()).map_err(|full| to_status(&full))?;
        self.apply_items(call, items).await
    }

    pub(super) async fn apply_stream(
        &self,
        mut request: Request<Streaming<v1::ApplyIntentsRequest>>,
    ) -> Result<v1::ApplyIntentsResponse, Status> {
        let first = request.get_mut().message().await?.unwrap_or_default();
        let call = self.open_batch(&request, &first)?;
        let mut room = Vec::new();
        let mut items = Vec::new();
        let mut message = Some(first);
        while let Some(v1::ApplyIntentsRequest { items: more, .. }) = message {
            if items.len() + more.len() > STREAM_ITEMS_MAX {
                return Err(from_proto::too_many_items(STREAM_ITEMS_MAX).into());
            }
            room.push(self.room.take(more.len()).map_err(|full| to_status(&full))?);
            items.extend(more);
            message = self.next_items(&mut request, call.patience.deadline()).await?;
        }
        self.apply_items(call, items).await
    }

    /// The next message of a stream. A caller that sends none holds up neither the end of the agent nor, for longer than
    /// its call may take, the room of others.
    async fn next_items(
        &self,
        request: &mut Request<Streaming<v1::ApplyIntentsRequest>>,
        deadline: Instant,
    ) -> Result<Option<v1::ApplyIntentsRequest>, Status> {
        let next = tokio::select! {
            next = request.get_mut().message() => next?,
            () = self.shutdown.cancelled() => return Err(to_status(&shutting_down())),
            () = sleep_until(deadline) => {
                return Err(Status::deadline_exceeded("the stream of items has not ended in time; nothing was changed"));
            }
        };
        next.as_ref().map_or(Ok(()), from_proto::only_items)?;
        Ok(next)
    }

    /// Parses all but the items, and lets nobody in who is not the owner: items are read for owners only.
    fn open_batch<R>(&self, request: &Request<R>, head: &v1::ApplyIntentsRequest) -> Result<BatchCall, Status> {
        if self.shutdown.is_cancelled() {
            return Err(to_status(&shutting_down()));
        }
        let patience = Patience::of(request.metadata());
        let Call { credentials, change: head, wait, dry_run } = from_proto::batch_head(head)?;
        let (owner, origin) = self.admit(request, &credentials)?;
        Ok(BatchCall { owner, origin, head, wait, dry_run, patience })
    }

    async fn apply_items(
        &self,
        call: BatchCall,
        items: Vec<v1::IntentItem>,
    ) -> Result<v1::ApplyIntentsResponse, Status> {
        let BatchCall { owner, origin, head: BatchHead { batch, confirm_within }, wait, dry_run, patience } = call;
        let confirm = confirm_within.map(new_change).transpose()?;
        let (parsed, unreadable) = from_proto::batch_items(&items);
        let keys: Vec<_> = parsed.iter().map(key).collect();
        let waited_for = waited_for(wait, &parsed);
        let live = self.live.borrow().clone();
        let demand = Demand::Batch(Batch { items: parsed, confirm, ..batch });
        let done = if dry_run {
            self.rehearse(owner, demand, origin).await
        } else {
            let accepted = self.owner.submit_from(owner.clone(), demand, origin).await;
            accepted.map(|accepted| Done { owner, accepted, plan: None })
        };
        let Done { owner, accepted, plan } = done.map_err(|refused| to_status(&refused))?;
        let outcome = accepted.batch.clone().unwrap_or_default();
        let results = results(keys, &outcome, &unreadable);
        if !outcome.done {
            return Err(nothing_done(&items, &results));
        }
        if !dry_run {
            let is_accepted = |at: usize| outcome.items.get(at).is_some_and(is_accepted);
            let changes = waited_for.iter().filter(|(at, _)| is_accepted(*at)).map(|(_, change)| change);
            let goals = Asked::new(wait, changes, &live).goals(&owner, &accepted);
            self.wait(goals, patience).await.map_err(|refused| to_status(&refused))?;
        }
        Ok(v1::ApplyIntentsResponse {
            results,
            removed: outcome.removed.iter().map(IntentKey::to_string).collect(),
            kept: u32::try_from(outcome.kept).unwrap_or(u32::MAX),
            change_id: outcome.pending.filter(|_| !dry_run).map(|id| id.to_string()).unwrap_or_default(),
            plan,
        })
    }
}

/// A name for a change that waits to be confirmed.
fn new_change(within: ConfirmWithin) -> Result<(ChangeId, ConfirmWithin), Status> {
    let id = random_id().parse().map_err(|_| Status::internal("no name for the change"))?;
    Ok((id, within))
}

fn key(item: &Item) -> String {
    item.target.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// The changes that may have to be waited for, with their places.
fn waited_for(wait: Wait, items: &[Item]) -> Vec<(usize, Change)> {
    if wait == Wait::None {
        return Vec::new();
    }
    items.iter().enumerate().filter_map(|(at, item)| Some((at, item.change.clone()?))).collect()
}

fn is_accepted(outcome: &ItemOutcome) -> bool {
    matches!(outcome, ItemOutcome::Changed | ItemOutcome::Unchanged)
}

fn results(keys: Vec<String>, outcome: &Outcome, unreadable: &BTreeMap<usize, BadFields>) -> Vec<v1::ItemResult> {
    let result = |((at, key), decided): ((usize, String), &ItemOutcome)| {
        let (outcome, error) = match decided {
            ItemOutcome::Changed => (v1::ItemOutcome::Changed, None),
            ItemOutcome::Unchanged => (v1::ItemOutcome::Unchanged, None),
            ItemOutcome::Refused(rejection) => (v1::ItemOutcome::Refused, Some(rejection.into())),
            ItemOutcome::Unreadable => (v1::ItemOutcome::Refused, unreadable.get(&at).map(Into::into)),
        };
        v1::ItemResult { index: u32::try_from(at).unwrap_or(u32::MAX), key, outcome: outcome.into(), error }
    };
    keys.into_iter().enumerate().zip(&outcome.items).map(result).collect()
}

/// The error of a call that is all or nothing.
fn nothing_done(items: &[v1::IntentItem], results: &[v1::ItemResult]) -> Status {
    let refused = items.iter().zip(results).enumerate();
    refused_items(
        refused.filter_map(|(at, (item, result))| Some((at, from_proto::item_word(item), result.error.as_ref()?))),
    )
}
