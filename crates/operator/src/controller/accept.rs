//! The condition Accepted of peers and advertisements: whether one can be used, before any node tries.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, Resource as _, ResourceExt as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::apply::MANAGER;
use super::event::Teller;
use super::looks;
use crate::check::{Checked, Fault, read_object, told};
use crate::condition::dated;
use crate::crd::AcceptedStatus;

/// Type of the condition.
const ACCEPTED: &str = "Accepted";
/// Reason of a resource that can be used.
const VALID: &str = "Valid";
/// Reason of one that cannot.
const INVALID: &str = "Invalid";

/// What every look needs.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) teller: Teller,
}

/// Keeps the conditions of all resources of a kind.
pub(super) async fn keep<R: Checked>(context: Context, leading: CancellationToken) {
    let kind = ApiResource::erase::<R>(&());
    let all = Api::<DynamicObject>::all_with(context.client.clone(), &kind);
    let controller = Controller::new_with(all, watcher::Config::default(), kind);
    looks::keep(controller, context, leading, look::<R>).await;
}

/// Says of one resource whether it can be used.
async fn look<R: Checked>(resource: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let before = resource.data.get("status").cloned().unwrap_or(Value::Null);
    let before: AcceptedStatus = serde_json::from_value(before).unwrap_or_default();
    let faults = read_object::<R>(&resource).err().unwrap_or_default();
    let after = accepted(&before, &faults, resource.metadata.generation, &Time(Timestamp::now()));
    if after != before && resource.metadata.deletion_timestamp.is_none() {
        write::<R>(&resource, &context, &after).await?;
        if let Some(message) = refusal(&before, &after) {
            let of = resource.object_ref(&ApiResource::erase::<R>(&()));
            context.teller.warn(&of, INVALID, message).await;
        }
    }
    Ok(Action::await_change())
}

async fn write<R: Checked>(
    resource: &DynamicObject,
    context: &Context,
    status: &AcceptedStatus,
) -> Result<(), kube::Error> {
    let (kind, name) = (ApiResource::erase::<R>(&()), resource.name_any());
    let patch = json!({
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        // Another one of this name is not meant.
        "metadata": {"name": name, "uid": resource.uid()},
        "status": status,
    });
    let api = Api::<DynamicObject>::all_with(context.client.clone(), &kind);
    match api.patch_status(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(patch)).await {
        // It has gone in the meantime.
        Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(()),
        patched => patched.map(drop),
    }
}

/// The status that follows `before`. Its time is kept while the resource can be used, or cannot.
fn accepted(before: &AcceptedStatus, faults: &[Fault], generation: Option<i64>, now: &Time) -> AcceptedStatus {
    let said = match faults {
        [] => (ACCEPTED, true, VALID, "it can be used".to_owned()),
        faults => (ACCEPTED, false, INVALID, told(faults)),
    };
    let condition = dated(said, &before.conditions, generation, now);
    AcceptedStatus { observed_generation: generation, conditions: vec![condition] }
}

fn condition(status: &AcceptedStatus) -> Option<&Condition> {
    status.conditions.iter().find(|condition| condition.type_ == ACCEPTED)
}

/// What is to be told of a resource that cannot be used since now.
fn refusal<'a>(before: &AcceptedStatus, after: &'a AcceptedStatus) -> Option<&'a str> {
    let refused = |status: &AcceptedStatus| condition(status).is_some_and(|known| known.reason == INVALID);
    let after_condition = condition(after).filter(|_| refused(after) && !refused(before));
    after_condition.map(|condition| condition.message.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    fn faults(fields: &[&str]) -> Vec<Fault> {
        fields.iter().map(|field| Fault { field: (*field).to_owned(), reason: "no".to_owned() }).collect()
    }

    fn said(status: &AcceptedStatus) -> (&str, &str, &str, Option<i64>, &Time) {
        let one = condition(status).unwrap();
        (&one.status, &one.reason, &one.message, one.observed_generation, &one.last_transition_time)
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let status = accepted(&AcceptedStatus::default(), &faults(&["spec.a", "spec.b"]), Some(3), &at(1));
        assert_eq!(said(&status), ("False", "Invalid", "spec.a: no; spec.b: no", Some(3), &at(1)));
        assert_eq!(status.observed_generation, Some(3));
    }

    #[test]
    fn a_status_changes_only_with_the_resource() {
        let first = accepted(&AcceptedStatus::default(), &[], Some(1), &at(1));
        assert_eq!(said(&first), ("True", "Valid", "it can be used", Some(1), &at(1)));
        assert_eq!(accepted(&first, &[], Some(1), &at(2)), first);
        let newer = accepted(&first, &[], Some(2), &at(2));
        assert_eq!(said(&newer), ("True", "Valid", "it can be used", Some(2), &at(1)));
        let wrong = accepted(&newer, &faults(&["spec.a"]), Some(3), &at(3));
        assert_eq!(said(&wrong).4, &at(3));
    }

    #[test]
    fn only_what_cannot_be_used_since_now_is_told() {
        let [none, good] = [AcceptedStatus::default(), accepted(&AcceptedStatus::default(), &[], Some(1), &at(1))];
        let bad = accepted(&good, &faults(&["spec.a"]), Some(2), &at(2));
        let worse = accepted(&bad, &faults(&["spec.a", "spec.b"]), Some(3), &at(3));
        for (before, after, news) in [
            (&none, &good, None),
            (&good, &bad, Some("spec.a: no")),
            (&none, &bad, Some("spec.a: no")),
            (&bad, &worse, None),
            (&worse, &good, None),
        ] {
            assert_eq!(refusal(before, after), news, "{before:?} {after:?}");
        }
    }
}
