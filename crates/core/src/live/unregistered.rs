//! Which daemons zebra no longer tells of routes and sessions.

use std::collections::BTreeMap;

use super::DaemonLive;

/// The daemon to which the others register.
const ZEBRA: &str = "zebra";

/// Daemons that were registered at a zebra that was restarted, and that were not restarted themselves since.
///
/// A new zebra knows nobody. The daemons connect to it, but do not all repeat what they had asked the last one for
/// (`lib/zclient.c`, `zclient_stop`).
#[derive(Debug, Clone, Default)]
pub struct Unregistered {
    /// The number of connections to zebra that were seen last.
    zebra: Option<u64>,
    /// Each daemon with the number of connections to it by then.
    daemons: BTreeMap<&'static str, u64>,
}

impl Unregistered {
    /// Takes in which daemons answer. Another zebra than before concerns those of `clients` that are there; the first one is
    /// the zebra that was there when the agent came.
    pub fn observe(&mut self, daemons: &BTreeMap<String, DaemonLive>, clients: &[&'static str]) {
        let connections = |name: &str| daemons.get(name).filter(|d| d.connected).map(|d| d.connections);
        self.daemons.retain(|name, before| connections(name).is_none_or(|now| now == *before));
        let Some(now) = connections(ZEBRA) else { return };
        if self.zebra.replace(now).is_some_and(|before| before != now) {
            let there = clients.iter().filter_map(|name| Some((*name, connections(name)?)));
            self.daemons.extend(there);
        }
    }

    /// Whether a daemon is one of them.
    #[must_use]
    pub fn contains(&self, daemon: &str) -> bool {
        self.daemons.contains_key(daemon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daemons(connections: &[(&str, u64)]) -> BTreeMap<String, DaemonLive> {
        let daemon = |connections| DaemonLive { connected: connections > 0, connections, ..DaemonLive::default() };
        connections.iter().map(|(name, number)| ((*name).to_owned(), daemon(*number))).collect()
    }

    #[test]
    fn only_another_zebra_than_before_matters() {
        let mut unregistered = Unregistered::default();
        for zebra in [0, 1, 1, 0, 2, 2] {
            unregistered.observe(&daemons(&[("zebra", zebra), ("ospfd", 1)]), &["ospfd"]);
            assert_eq!(unregistered.contains("ospfd"), zebra == 2);
        }
    }

    #[test]
    fn a_daemon_that_is_restarted_too_registers_by_itself() {
        let mut unregistered = Unregistered::default();
        let clients = ["ospfd", "bgpd"];
        unregistered.observe(&daemons(&[("zebra", 1), ("ospfd", 1), ("bgpd", 1)]), &clients);
        unregistered.observe(&daemons(&[("zebra", 2), ("ospfd", 1), ("bgpd", 0)]), &clients);
        assert!(unregistered.contains("ospfd") && !unregistered.contains("bgpd"), "{unregistered:?}");
        unregistered.observe(&daemons(&[("zebra", 2), ("ospfd", 0), ("bgpd", 2)]), &clients);
        assert!(unregistered.contains("ospfd"), "it may only be slow to answer");
        unregistered.observe(&daemons(&[("zebra", 2), ("ospfd", 2), ("bgpd", 2)]), &clients);
        assert!(!unregistered.contains("ospfd") && !unregistered.contains("bgpd"));
    }
}
