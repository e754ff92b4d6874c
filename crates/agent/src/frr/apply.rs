//! Sending a plan.
//!
//! The lines that lead to a context go one by one, each after the answer to the one before: a line that is not
//! known where it is sent would be tried in the contexts around it. Lines inside are pipelined where the daemon
//! bears it.

use std::collections::BTreeSet;

use novaroute_frr::plan::{Batch, Plan};
use novaroute_frr::refusals::Refusal;
use novaroute_frr::vty::{Reply, Verdict};
use novaroute_frr::{Daemon, FrrVersion};
use tracing::{debug, warn};

use super::{Applied, VtyFrr};
use crate::fault::{self, Point};
use crate::vty::{Vty, VtyError};

/// To the configuration node, from the enable node.
const TO_CONFIGURATION: &str = "configure terminal";
/// Back to the enable node, where `show` is.
const TO_ENABLE: &str = "end";

/// How it went to send a batch.
enum Sent {
    /// Every line was answered; these were refused.
    Answered(Vec<Refusal>),
    /// The daemon takes nothing now, in its words.
    Busy(String),
}

pub(super) async fn apply(frr: &mut VtyFrr, plan: &Plan, version: FrrVersion) -> Applied {
    let mut applied = Applied::default();
    // Where no answer came there is no connection that stands anywhere.
    let mut gone = BTreeSet::new();
    for batch in &plan.batches {
        if applied.lost.contains_key(&batch.daemon) {
            continue;
        }
        fault::reach(Point::BatchBefore);
        let vty = frr.vty(batch.daemon.process(version));
        let pipelined = batch.daemon.takes_pipelined(version);
        match send(vty, batch, pipelined).await {
            Ok(Sent::Answered(refused)) => applied.refused.extend(refused),
            Ok(Sent::Busy(words)) => {
                warn!(daemon = %batch.daemon, words, "busy: to be sent again");
                applied.lost.insert(batch.daemon, words);
            }
            Err(failure) => {
                warn!(daemon = %batch.daemon, %failure, "lost in the middle of a plan");
                applied.lost.insert(batch.daemon, failure.to_string());
                gone.insert(batch.daemon);
            }
        }
        fault::reach(Point::BatchAfter);
    }
    fault::reach(Point::LeaveBefore);
    leave(frr, plan, &gone, &mut applied, version).await;
    applied
}

/// Leaves the configuration node: what is shown next is asked for outside of it.
async fn leave(frr: &mut VtyFrr, plan: &Plan, gone: &BTreeSet<Daemon>, applied: &mut Applied, version: FrrVersion) {
    for daemon in plan.daemons().into_iter().filter(|daemon| !gone.contains(daemon)) {
        if let Err(failure) = frr.vty(daemon.process(version)).command(TO_ENABLE).await {
            applied.lost.insert(daemon, failure.to_string());
        }
    }
}

async fn send(vty: &mut Vty, batch: &Batch, pipelined: bool) -> Result<Sent, VtyError> {
    // From wherever the connection stands: what is answered there says nothing.
    vty.command(TO_ENABLE).await?;
    // Refused only while somebody else keeps everybody out.
    if let Verdict::Refused(words) | Verdict::Busy(words) = vty.command(TO_CONFIGURATION).await?.verdict() {
        return Ok(Sent::Busy(words));
    }
    for line in batch.context.path() {
        let reply = vty.command(line).await?;
        if let Some(words) = busy(&reply) {
            return Ok(Sent::Busy(words));
        }
        if let Some(reason) = refused(batch.daemon, line, &reply) {
            return Ok(Sent::Answered(vec![refused_context(batch, reason)]));
        }
    }
    fault::reach(Point::ContextEntered);
    let pipelined = pipelined && !fault::one_by_one();
    let lines: Vec<&str> = batch.leaves.iter().map(|leaf| leaf.text.reveal()).collect();
    let replies = if pipelined { vty.pipeline(&lines).await? } else { one_by_one(vty, &lines).await? };
    if let Some(words) = replies.iter().find_map(busy) {
        return Ok(Sent::Busy(words));
    }
    let answered = batch.leaves.iter().zip(&replies);
    let refusals = answered.filter_map(|(leaf, reply)| {
        let reason = refused(batch.daemon, &leaf.text.to_string(), reply)?;
        Some(Refusal {
            daemon: batch.daemon,
            context: batch.context.clone(),
            line: Some(leaf.text.clone()),
            reason,
            sources: leaf.sources.clone(),
        })
    });
    Ok(Sent::Answered(refusals.collect()))
}

async fn one_by_one(vty: &mut Vty, lines: &[&str]) -> Result<Vec<Reply>, VtyError> {
    let mut replies = Vec::with_capacity(lines.len());
    for line in lines {
        replies.push(vty.command(line).await?);
        fault::reach(Point::LineSent);
    }
    Ok(replies)
}

fn busy(reply: &Reply) -> Option<String> {
    match reply.verdict() {
        Verdict::Busy(words) => Some(words),
        _ => None,
    }
}

/// FRR's words when it refused a line. `shown` is the line without its secret.
fn refused(daemon: Daemon, shown: &str, reply: &Reply) -> Option<String> {
    match reply.verdict() {
        Verdict::Accepted => {
            debug!(%daemon, line = shown, "taken");
            None
        }
        Verdict::AcceptedWith(words) => {
            debug!(%daemon, line = shown, words, "taken, with words");
            None
        }
        Verdict::Refused(words) | Verdict::Busy(words) => {
            warn!(%daemon, line = shown, words, "refused");
            Some(words)
        }
    }
}

/// A context that cannot be entered: nothing of it is sent, and all who want something in it are told.
fn refused_context(batch: &Batch, reason: String) -> Refusal {
    Refusal { daemon: batch.daemon, context: batch.context.clone(), line: None, reason, sources: batch.intents() }
}
