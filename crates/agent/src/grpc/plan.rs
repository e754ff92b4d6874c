//! Dry runs: what a call would have FRR told.

use novaroute_api::v1;
use novaroute_core::intent::IntentKey;
use novaroute_core::live::{Live, SessionState};
use novaroute_core::name::OwnerName;
use novaroute_core::rejection::Rejection;
use novaroute_core::session::Origin;
use novaroute_core::store::Snapshot;
use novaroute_frr::Plan;
use novaroute_frr::plan::{Batch, Leaf, Op};
use novaroute_frr::rules::Effect;

use super::Service;
use super::mutate::Done;
use crate::owner::{Demand, Rehearsal, shutting_down};
use crate::reconciler::Forecast;

impl Service {
    /// Decides what was asked for as if it counted, and finds out what FRR would be sent.
    ///
    /// # Errors
    /// Whatever would refuse the real call; UNAVAILABLE when no daemon of FRR answers: a plan that is empty for want of
    /// an answer would be taken for one that has nothing to do.
    pub(super) async fn rehearse(&self, owner: OwnerName, demand: Demand, origin: Origin) -> Result<Done, Rejection> {
        let mut rehearsal = self.owner.rehearse(&owner, demand.clone(), origin.clone()).await?;
        let mut plan = v1::Plan::default();
        if rehearsal.asks_of_frr() {
            let ground = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Err(shutting_down()),
                ground = self.looks.look() => ground?,
            };
            // Decided anew, on what is wanted now: what others have asked for since would else be undone in the plan.
            rehearsal = self.owner.rehearse(&owner, demand, origin).await?;
            let Rehearsal { before, accepted } = &rehearsal;
            let forecast = ground.forecast(before, &accepted.snapshot);
            plan = message(&forecast, before, &accepted.snapshot, &self.live.borrow());
        }
        let accepted = rehearsal.accepted;
        plan.removed = accepted.removed.iter().map(IntentKey::to_string).collect();
        plan.removed.sort();
        Ok(Done { owner, accepted, plan: Some(plan) })
    }
}

fn message(forecast: &Forecast, before: &Snapshot, after: &Snapshot, live: &Live) -> v1::Plan {
    let Forecast { plan, caused, resets, waiting, silent } = forecast;
    let resets = resets.iter().map(|key| v1::SessionReset {
        intent: key.to_string(),
        owner: holder(key, &[before, after]),
        up: is_up(key, live),
    });
    let waiting = waiting.iter().map(|(key, status)| v1::PlannedIntent {
        intent: key.to_string(),
        owner: holder(key, &[after]),
        state: status.state.as_str().to_owned(),
        reason: status.cause.as_ref().map(ToString::to_string).unwrap_or_default(),
    });
    let silent =
        silent.iter().map(|(daemon, cause)| v1::SilentDaemon { daemon: daemon.to_string(), cause: cause.clone() });
    v1::Plan {
        lines: lines(plan, caused),
        effect: effect(caused.effect()).into(),
        resets: resets.collect(),
        waiting: waiting.collect(),
        silent: silent.collect(),
        removed: Vec::new(),
    }
}

/// The lines of a plan; what is not `caused` by the call would be sent anyway.
fn lines(plan: &Plan, caused: &Plan) -> Vec<v1::PlannedLine> {
    let mut caused = steps(caused).peekable();
    let planned = steps(plan).filter_map(|(batch, leaf)| {
        let same = |(of, also): &(&Batch, Option<&Leaf>)| {
            of.daemon == batch.daemon && of.context == batch.context && *also == leaf
        };
        let anyway = caused.next_if(same).is_none();
        let line = leaf.map_or_else(|| opening(batch), |leaf| Some(inside(batch, leaf)))?;
        Some(v1::PlannedLine { anyway, ..line })
    });
    planned.collect()
}

/// The lines of a plan with their batches, in order; without a leaf: the one that makes the batch's context.
fn steps(plan: &Plan) -> impl Iterator<Item = (&Batch, Option<&Leaf>)> {
    plan.batches.iter().flat_map(|batch| {
        let opening = batch.creates.then_some((batch, None));
        opening.into_iter().chain(batch.leaves.iter().map(move |leaf| (batch, Some(leaf))))
    })
}

/// The line that makes the object which the lines of a batch are about.
fn opening(batch: &Batch) -> Option<v1::PlannedLine> {
    let (outer, line) = batch.context.split_last()?;
    Some(v1::PlannedLine {
        context: outer.path().to_vec(),
        line: line.to_owned(),
        operation: v1::LineOperation::Add.into(),
        intents: batch.sources.iter().map(IntentKey::to_string).collect(),
        ..of(batch)
    })
}

fn inside(batch: &Batch, leaf: &Leaf) -> v1::PlannedLine {
    v1::PlannedLine {
        context: batch.context.path().to_vec(),
        line: leaf.text.to_string(),
        operation: operation(leaf.op).into(),
        effect: effect(leaf.effect).into(),
        intents: leaf.sources.iter().map(IntentKey::to_string).collect(),
        ..of(batch)
    }
}

fn of(batch: &Batch) -> v1::PlannedLine {
    v1::PlannedLine { daemon: batch.daemon.to_string(), ..Default::default() }
}

fn operation(op: Op) -> v1::LineOperation {
    match op {
        Op::Add => v1::LineOperation::Add,
        Op::Replace => v1::LineOperation::Replace,
        Op::Remove => v1::LineOperation::Remove,
    }
}

fn effect(effect: Effect) -> v1::Effect {
    match effect {
        Effect::None => v1::Effect::None,
        Effect::Soft => v1::Effect::Soft,
        Effect::Reset => v1::Effect::ResetsSession,
    }
}

/// Who holds an intent, by the first of these that has it.
fn holder(key: &IntentKey, snapshots: &[&Snapshot]) -> String {
    let live = snapshots.iter().find_map(|snapshot| snapshot.live(key));
    live.map(|entry| entry.owner.to_string()).unwrap_or_default()
}

fn is_up(key: &IntentKey, live: &Live) -> bool {
    match key {
        IntentKey::Peer(address) => live.peers.get(address).is_some_and(|peer| peer.state == SessionState::Established),
        IntentKey::Ospf(interface) => live.ospf.get(interface).is_some_and(|ospf| ospf.neighbors_up().next().is_some()),
        IntentKey::Bgp | IntentKey::Prefix(..) | IntentKey::Bfd(_) => false,
    }
}
