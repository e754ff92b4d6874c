//! What OSPF's daemons said of packets that they did not take: nothing else tells why a neighbor does not come up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use novaroute_core::explain::facts::Said;
use novaroute_core::name::InterfaceName;

/// How long it counts: a few hellos, also of one that is asked for rarely. What has been put right is not said again.
const LASTS: Duration = Duration::from_secs(60);
/// Interfaces that are remembered; beyond, what is said of another one is not.
const INTERFACES_MAX: usize = 1024;

/// The last words about each interface.
#[derive(Debug, Clone, Default)]
pub struct RefusedPackets(Arc<Mutex<BTreeMap<InterfaceName, Heard>>>);

#[derive(Debug)]
struct Heard {
    daemon: &'static str,
    text: String,
    at: Instant,
}

impl RefusedPackets {
    /// Remembers what a daemon has just said.
    pub(super) fn heard(&self, daemon: &'static str, interface: InterfaceName, text: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, heard| heard.at.elapsed() < LASTS);
        if all.len() < INTERFACES_MAX || all.contains_key(&interface) {
            all.insert(interface, Heard { daemon, text: text.to_owned(), at: Instant::now() });
        }
    }

    /// The last words about an interface, if they are not too old.
    pub(crate) fn on(&self, interface: &InterfaceName) -> Option<Said> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = all.get(interface).filter(|heard| heard.at.elapsed() < LASTS)?;
        let Heard { daemon, text, at } = heard;
        Some(Said { daemon: (*daemon).to_owned(), text: text.clone(), ago_s: at.elapsed().as_secs() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_about_an_interface_count() {
        let (packets, interface) = (RefusedPackets::default(), "eth0".parse::<InterfaceName>().unwrap());
        assert_eq!(packets.on(&interface), None);
        packets.heard("ospfd", interface, "another area");
        packets.heard("ospfd", interface, "another hello interval");
        assert_eq!(packets.on(&interface).unwrap().text, "another hello interval");
        assert_eq!(packets.on(&"eth1".parse().unwrap()), None);
    }
}
