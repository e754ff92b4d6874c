//! Who the owners are, and how their sessions stand.

use std::collections::BTreeSet;

use super::Engine;
use crate::name::OwnerName;
use crate::session::SessionTerms;

/// An owner and its session at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerReport {
    /// Who.
    pub owner: OwnerName,
    /// Its last session; `None`: it never had one.
    pub session: Option<SessionTerms>,
    /// The session is open.
    pub open: bool,
    /// Milliseconds until the session lapses as things are; 0: it has. `None`: no clock runs.
    pub lapses_in_ms: Option<u64>,
    /// Milliseconds until what it holds is withdrawn as things are. `None`: no clock runs.
    pub expires_in_ms: Option<u64>,
}

impl Engine {
    /// All owners that have a policy, hold something or ever had a session, in the order of their names.
    #[must_use]
    pub fn owners(&self, now_ms: u64, grace_ms: u64) -> Vec<OwnerReport> {
        let with_session = self.sessions.terms().map(|(owner, ..)| owner);
        let owners: BTreeSet<_> = self.policies.keys().chain(self.snapshot().holders()).chain(with_session).collect();
        owners.into_iter().map(|owner| self.owner_report(owner, now_ms, grace_ms)).collect()
    }

    fn owner_report(&self, owner: &OwnerName, now_ms: u64, grace_ms: u64) -> OwnerReport {
        let last = self.sessions.last(owner);
        let lapses_at = last.and_then(|(session, _)| session.lapses_at()).map(|(at, _)| at);
        OwnerReport {
            owner: owner.clone(),
            session: last.map(|(session, _)| session.terms().clone()),
            open: last.is_some_and(|(_, open)| open),
            lapses_in_ms: lapses_at.map(|at| at.saturating_sub(now_ms)),
            expires_in_ms: lapses_at.map(|at| at.saturating_add(grace_ms).saturating_sub(now_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::Change;
    use crate::policy::Policy;
    use crate::session::{Lease, Origin, Registration};

    #[test]
    fn an_owner_is_there_before_it_does_anything_and_its_clocks_run_with_its_session() {
        let names = ["a", "b"].map(|name| (name.parse().unwrap(), Policy::default()));
        let mut engine = Engine::new(names.into());
        let registration = Registration { lease: Lease::new(10).unwrap(), ..Registration::default() };
        let origin = Origin { now_ms: 1_000, ..Origin::default() };
        let decision = engine.decide_from(&"b".parse().unwrap(), Change::Register(registration), &origin).unwrap();
        engine.commit(decision);
        let clocks = |now_ms| {
            let owners = engine.owners(now_ms, 5_000);
            owners
                .into_iter()
                .map(|o| (o.owner.to_string(), o.open, o.lapses_in_ms, o.expires_in_ms))
                .collect::<Vec<_>>()
        };
        let idle = ("a".to_owned(), false, None, None);
        assert_eq!(clocks(3_000), [idle.clone(), ("b".to_owned(), true, Some(8_000), Some(13_000))]);
        assert_eq!(clocks(12_000), [idle, ("b".to_owned(), true, Some(0), Some(4_000))]);
    }
}
