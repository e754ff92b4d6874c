//! Drains.

use novaroute_core::{
    drain::{DrainDelay, DrainScope, DrainTerms},
    intent::Change,
};

use super::{Fields, Refused, both, request};
use crate::journal::DrainDue;

request!(DrainRequest, |fields, message| {
    let scope = scope(fields, message.node, &message.of_owner);
    let terms = terms(fields, message.delay_s, message.keep_announced);
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

fn terms(fields: &mut Fields, delay_s: Option<u32>, keep_announced: bool) -> Result<DrainTerms, Refused> {
    match (delay_s, keep_announced) {
        (None, true) => Ok(DrainTerms { withdraw_after: None }),
        (Some(_), true) => {
            Err(fields
                .refuse("delay_s", "is set together with `keep_announced`: nothing is withdrawn, so leave it out"))
        }
        (delay_s, false) => {
            let delay = delay_s.map_or(Ok(DrainDelay::default()), DrainDelay::new);
            fields.take("delay_s", delay).map(|delay| DrainTerms { withdraw_after: Some(delay) })
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
    use crate::v1;

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
        assert_eq!(kept, Change::Drain(Some(DrainScope::Node), DrainTerms { withdraw_after: None }));
        assert_eq!(fields_at_fault(&drain(true, "", Some(0), true)), ["delay_s"]);
    }
}
