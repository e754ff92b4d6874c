//! Drains as the requests that would ask for them.

use novaroute_core::{
    drain::{DrainDelay, DrainScope, DrainTerms},
    peer::Shutdown,
};

use super::text;
use crate::{journal::DrainDue, v1};

pub(super) fn drain(scope: Option<&DrainScope>, terms: &DrainTerms) -> v1::DrainRequest {
    let DrainTerms { withdraw_after, shut_sessions } = terms;
    let (node, of_owner) = whose(scope);
    v1::DrainRequest {
        node,
        of_owner,
        delay_s: withdraw_after.map(DrainDelay::seconds),
        keep_announced: withdraw_after.is_none(),
        shut_sessions: shut_sessions.is_some(),
        shutdown_message: text(shut_sessions.as_ref().and_then(|Shutdown { message }| message.as_ref())),
        ..Default::default()
    }
}

pub(super) fn drain_due(scope: &DrainScope) -> DrainDue {
    DrainDue { of_owner: whose(Some(scope)).1 }
}

pub(super) fn undrain(scope: Option<&DrainScope>) -> v1::UndrainRequest {
    let (node, of_owner) = whose(scope);
    v1::UndrainRequest { node, of_owner, ..Default::default() }
}

/// The fields `node` and `of_owner`.
fn whose(scope: Option<&DrainScope>) -> (bool, String) {
    match scope {
        None => (false, String::new()),
        Some(DrainScope::Node) => (true, String::new()),
        Some(DrainScope::Owner(owner)) => (false, text(Some(owner))),
    }
}
