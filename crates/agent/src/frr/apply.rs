//! Sending a plan.
//!
//! The lines that lead to a context go one by one, each after the answer to the one before: a line that is not
//! known where it is sent would be tried in the contexts around it. Lines inside are pipelined where the daemon
//! bears it.

use novaroute_frr::plan::{Batch, Plan};
use novaroute_frr::refusals::Refusal;
use novaroute_frr::vty::{Reply, Verdict};
use novaroute_frr::{Daemon, FrrVersion};
use tracing::{debug, warn};

use super::{Applied, VtyFrr};
use crate::vty::{Vty, VtyError};

/// From wherever the connection stands to the configuration node.
const TO_CONFIGURATION: [&str; 2] = ["end", "configure terminal"];
/// Back to where `show` is.
const TO_ENABLE: &str = "end";

pub(super) async fn apply(frr: &mut VtyFrr, plan: &Plan, version: FrrVersion) -> Applied {
    let mut applied = Applied::default();
    for batch in &plan.batches {
        if applied.lost.contains_key(&batch.daemon) {
            continue;
        }
        let vty = frr.vty(batch.daemon.process(version));
        let pipelined = batch.daemon.takes_pipelined(version);
        match send(vty, batch, pipelined).await {
            Ok(refused) => applied.refused.extend(refused),
            Err(failure) => {
                warn!(daemon = %batch.daemon, %failure, "lost in the middle of a plan");
                applied.lost.insert(batch.daemon, failure.to_string());
            }
        }
    }
    leave(frr, plan, &mut applied, version).await;
    applied
}

/// Leaves the configuration node: what is shown next is asked for outside of it.
async fn leave(frr: &mut VtyFrr, plan: &Plan, applied: &mut Applied, version: FrrVersion) {
    for daemon in plan.daemons() {
        if applied.lost.contains_key(&daemon) {
            continue;
        }
        if let Err(failure) = frr.vty(daemon.process(version)).command(TO_ENABLE).await {
            applied.lost.insert(daemon, failure.to_string());
        }
    }
}

async fn send(vty: &mut Vty, batch: &Batch, pipelined: bool) -> Result<Vec<Refusal>, VtyError> {
    for line in TO_CONFIGURATION {
        vty.command(line).await?;
    }
    for line in batch.context.path() {
        if let Some(reason) = refused(batch.daemon, line, &vty.command(line).await?) {
            return Ok(vec![refused_context(batch, reason)]);
        }
    }
    let lines: Vec<&str> = batch.leaves.iter().map(|leaf| leaf.text.reveal()).collect();
    let replies = if pipelined { vty.pipeline(&lines).await? } else { one_by_one(vty, &lines).await? };
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
    Ok(refusals.collect())
}

async fn one_by_one(vty: &mut Vty, lines: &[&str]) -> Result<Vec<Reply>, VtyError> {
    let mut replies = Vec::with_capacity(lines.len());
    for line in lines {
        replies.push(vty.command(line).await?);
    }
    Ok(replies)
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
        Verdict::Refused(words) => {
            warn!(%daemon, line = shown, words, "refused");
            Some(words)
        }
    }
}

/// A context that cannot be entered: nothing of it is sent, and all who want something in it are told.
fn refused_context(batch: &Batch, reason: String) -> Refusal {
    Refusal { daemon: batch.daemon, context: batch.context.clone(), line: None, reason, sources: batch.intents() }
}
