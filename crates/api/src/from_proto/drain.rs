//! Drains.

use novaroute_core::{
    drain::{DrainDelay, DrainScope, DrainTerms},
    intent::Change,
    peer::Shutdown,
};

use super::{Fields, Refused, both, request};
use crate::{journal::DrainDue, v1};

request!(DrainRequest, |fields, message| {
    let scope = scope(fields, message.node, &message.of_owner);
    let terms = terms(fields, message);
    both(scope, terms).map(|(scope, terms)| Change::Drain(scope, terms))
});

request!(UndrainRequest, |fields, message| { scope(fields, message.node, &message.of_owner).map(Change::Undrain) });

/// Whose prefixes are meant; `None`: the caller's own.
fn scope(fields: &mut Fields, node: bool, of_owner: &str) -> Result<Option<DrainScope>, Refused> {
    match (node, of_owner) {
        (true, "") => Ok(Some(DrainScope::Node)),
        (true, _) => Err(fields.refuse("of_owner", "is set together with `node`: a drain is of one owner or of all")),
        (false, "") => Ok(None),
        (false, name) => fields.take("of_owner", name.parse()).map(|owner| Some(DrainScope::Owner(owner))),
    }
}

fn terms(fields: &mut Fields, message: &v1::DrainRequest) -> Result<DrainTerms, Refused> {
    let withdraw_after = withdraw_after(fields, message.delay_s, message.keep_announced);
    let shut_sessions = shut_sessions(fields, message);
    both(withdraw_after, shut_sessions)
        .map(|(withdraw_after, shut_sessions)| DrainTerms { withdraw_after, shut_sessions })
}

fn withdraw_after(
    fields: &mut Fields,
    delay_s: Option<u32>,
    keep_announced: bool,
) -> Result<Option<DrainDelay>, Refused> {
    match (delay_s, keep_announced) {
        (None, true) => Ok(None),
        (Some(_), true) => {
            Err(fields
                .refuse("delay_s", "is set together with `keep_announced`: nothing is withdrawn, so leave it out"))
        }
        (delay_s, false) => {
            let delay = delay_s.map_or(Ok(DrainDelay::default()), DrainDelay::new);
            fields.take("delay_s", delay).map(Some)
        }
    }
}

fn shut_sessions(fields: &mut Fields, message: &v1::DrainRequest) -> Result<Option<Shutdown>, Refused> {
    let text = message.shutdown_message.as_str();
    match (message.shut_sessions, text) {
        (false, "") => Ok(None),
        (false, _) => {
            Err(fields.refuse("shutdown_message", "is set while `shut_sessions` is not: nobody would be told"))
        }
        (true, _) if message.keep_announced => Err(fields.refuse(
            "shut_sessions",
            "is set together with `keep_announced`: without its sessions nothing stays announced",
        )),
        (true, "") => Ok(Some(Shutdown::default())),
        (true, text) => {
            let message = fields.take("shutdown_message", text.parse())?;
            Ok(Some(Shutdown { message: Some(message) }))
        }
    }
}

/// The end of a delay as the journal kept it.
pub(super) fn drain_due(fields: &mut Fields, due: &DrainDue) -> Result<Change, Refused> {
    let scope = scope(fields, due.of_owner.is_empty(), &due.of_owner)?;
    Ok(Change::DrainDue(scope.unwrap_or(DrainScope::Node)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_proto::testing::{fields_at_fault, parsed};

    fn drain(node: bool, of_owner: &str, delay_s: Option<u32>, keep_announced: bool) -> v1::DrainRequest {
        v1::DrainRequest { node, of_owner: of_owner.to_owned(), delay_s, keep_announced, ..Default::default() }
    }

    #[test]
    fn a_drain_is_of_the_caller_of_an_owner_or_of_the_node() {
        let scope = |request: &v1::DrainRequest| match parsed(request) {
            Change::Drain(scope, terms) => {
                assert_eq!(terms.withdraw_after, Some(DrainDelay::default()));
                scope
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(scope(&drain(false, "", None, false)), None);
        assert_eq!(scope(&drain(true, "", None, false)), Some(DrainScope::Node));
        assert_eq!(scope(&drain(false, "lb", None, false)), Some(DrainScope::Owner("lb".parse().unwrap())));
        assert_eq!(fields_at_fault(&drain(true, "lb", None, false)), ["of_owner"]);
        assert_eq!(fields_at_fault(&drain(false, "l b", Some(86_401), false)), ["of_owner", "delay_s"]);
    }

    #[test]
    fn what_stays_announced_has_no_delay() {
        let kept = parsed(&drain(true, "", None, true));
        assert_eq!(
            kept,
            Change::Drain(Some(DrainScope::Node), DrainTerms { withdraw_after: None, shut_sessions: None })
        );
        assert_eq!(fields_at_fault(&drain(true, "", Some(0), true)), ["delay_s"]);
    }

    #[test]
    fn sessions_are_shut_with_a_message_or_without_and_only_after_the_withdrawal() {
        let shut = |shut_sessions, text: &str, keep_announced| v1::DrainRequest {
            shut_sessions,
            shutdown_message: text.to_owned(),
            ..drain(true, "", None, keep_announced)
        };
        let message = |request: &v1::DrainRequest| match parsed(request) {
            Change::Drain(_, terms) => terms.shut_sessions.map(|shut| shut.message.map(|text| text.to_string())),
            other => panic!("{other:?}"),
        };
        assert_eq!(message(&shut(false, "", false)), None);
        assert_eq!(message(&shut(true, "", false)), Some(None));
        assert_eq!(message(&shut(true, "back at 10:00", false)), Some(Some("back at 10:00".to_owned())));
        assert_eq!(fields_at_fault(&shut(false, "soon", false)), ["shutdown_message"]);
        assert_eq!(fields_at_fault(&shut(true, "a|b", false)), ["shutdown_message"]);
        assert_eq!(fields_at_fault(&shut(true, "", true)), ["shut_sessions"]);
    }
}
