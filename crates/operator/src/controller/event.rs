//! Kubernetes Events: what `kubectl describe` shows below a resource.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tracing::warn;

use super::apply::MANAGER;
use super::status::{DEGRADED, PROGRESSING, READY};
use crate::crd::NovaRouteClusterStatus;

/// Characters of a note that the API server takes (1 kB).
const NOTE_MAX: usize = 1000;

/// Tells of conditions that changed.
#[derive(Clone)]
pub(super) struct Teller {
    recorder: Recorder,
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teller").finish_non_exhaustive()
    }
}

impl Teller {
    pub(super) fn new(client: Client, identity: String) -> Self {
        let reporter = Reporter { controller: MANAGER.to_owned(), instance: Some(identity) };
        Self { recorder: Recorder::new(client, reporter) }
    }

    /// Tells of the conditions of a cluster that hold since now.
    pub(super) async fn tell(
        &self,
        of: &ObjectReference,
        before: &NovaRouteClusterStatus,
        after: &NovaRouteClusterStatus,
    ) {
        for condition in after.conditions.iter().filter(|condition| is_news(condition, before)) {
            let kind = if condition.type_ == DEGRADED { EventType::Warning } else { EventType::Normal };
            self.publish(of, kind, &condition.reason, &condition.message).await;
        }
    }

    /// Tells what is wrong with a resource.
    pub(super) async fn warn(&self, of: &ObjectReference, reason: &str, message: &str) {
        self.publish(of, EventType::Warning, reason, message).await;
    }

    /// An event that cannot be written is a pity and nothing more: the condition says the same.
    async fn publish(&self, of: &ObjectReference, kind: EventType, reason: &str, message: &str) {
        let event = Event {
            type_: kind,
            reason: reason.to_owned(),
            note: Some(message.chars().take(NOTE_MAX).collect()),
            action: "Reconcile".to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, of).await {
            warn!(%error, reason, "an event could not be written");
        }
    }
}

/// Whether a condition holds since now, or for another reason than before.
fn is_news(condition: &Condition, before: &NovaRouteClusterStatus) -> bool {
    let known = before.conditions.iter().find(|known| known.type_ == condition.type_);
    let told = [READY, PROGRESSING, DEGRADED].contains(&condition.type_.as_str()) && condition.status == "True";
    told && known.is_none_or(|known| known.status != condition.status || known.reason != condition.reason)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn condition(kind: &str, status: &str, reason: &str) -> Condition {
        Condition {
            type_: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: String::new(),
            observed_generation: None,
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
        }
    }

    #[test]
    fn only_what_holds_since_now_is_news() {
        let before = NovaRouteClusterStatus {
            conditions: vec![condition(DEGRADED, "True", "SecretMissing"), condition(READY, "False", "NodesNotReady")],
            ..NovaRouteClusterStatus::default()
        };
        for (kind, status, reason, news) in [
            (DEGRADED, "True", "SecretMissing", false),
            (DEGRADED, "True", "InvalidResource", true),
            (DEGRADED, "False", "AsExpected", false),
            (READY, "True", "AllNodesReady", true),
            (PROGRESSING, "True", "RollingOut", true),
        ] {
            assert_eq!(is_news(&condition(kind, status, reason), &before), news, "{kind} {status} {reason}");
        }
    }
}
