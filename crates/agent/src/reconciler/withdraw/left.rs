//! What a withdrawal left in FRR, in words.

use std::collections::BTreeMap;
use std::fmt;

use novaroute_frr::{Daemon, Plan};

/// What could not be withdrawn.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// FRR could not be read at all, and why.
    unread: Option<String>,
    /// Daemons that hold something of ours and did not answer, and why.
    unreached: BTreeMap<Daemon, String>,
    /// The lines that would still have to be sent.
    pub(super) plan: Plan,
}

impl Left {
    /// Nothing is known of FRR.
    pub(super) fn all(why: String) -> Self {
        Self { unread: Some(why), ..Self::default() }
    }

    /// These daemons keep what they have.
    pub(super) fn unreached(unreached: BTreeMap<Daemon, String>) -> Self {
        Self { unreached, ..Self::default() }
    }

    /// Whether FRR holds nothing of ours.
    pub(super) fn is_nothing(&self) -> bool {
        self.unread.is_none() && self.unreached.is_empty() && self.plan.is_empty()
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.unread {
            return write!(f, "FRR could not be read ({why})");
        }
        let unreached = self.unreached.iter().map(|(daemon, why)| format!("{daemon} was not reached ({why})"));
        let kept = self.plan.daemons().into_iter().map(|daemon| {
            let batches = self.plan.batches.iter().filter(|batch| batch.daemon == daemon);
            let lines: Vec<_> = batches.flat_map(|batch| &batch.leaves).collect();
            let first = lines.first().map_or_else(String::new, |leaf| format!(", the first '{}'", leaf.text));
            format!("{daemon} did not take {} lines{first}", lines.len())
        });
        f.write_str(&unreached.chain(kept).collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use novaroute_frr::{Daemon, Removals, diff, parse};

    use super::*;

    fn plan() -> Plan {
        let mut running = novaroute_frr::config::Config::default();
        parse(
            Daemon::Ospfd,
            "route-map NR-OSPF permit 10\nexit\nip prefix-list NR-OSPF permit 10.0.0.1/32\n",
            &mut running,
        );
        let mut nothing = novaroute_frr::config::Config::default();
        nothing.add_daemon(Daemon::Ospfd);
        diff(&running, &nothing, Removals::Apply)
    }

    #[test]
    fn only_what_is_nothing_counts_as_everything_withdrawn() {
        assert!(Left::default().is_nothing());
        assert!(!Left::all(String::new()).is_nothing());
        assert!(!Left::unreached(BTreeMap::from([(Daemon::Bgpd, String::new())])).is_nothing());
        assert!(!Left { plan: plan(), ..Left::default() }.is_nothing());
    }

    #[test]
    fn it_is_told_by_name() {
        assert_eq!(Left::all("no daemon answers".to_owned()).to_string(), "FRR could not be read (no daemon answers)");
        let unreached = BTreeMap::from([(Daemon::Bfdd, "no answer within 3 s".to_owned())]);
        let left = Left { plan: plan(), ..Left::unreached(unreached) };
        assert_eq!(
            left.to_string(),
            "bfdd was not reached (no answer within 3 s); \
             ospfd did not take 2 lines, the first 'no ip prefix-list NR-OSPF permit 10.0.0.1/32'"
        );
    }
}
