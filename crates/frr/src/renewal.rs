//! Having bgpd give zebra its routes again.
//!
//! zebra forgets all routes when it ends. The daemons reconnect to the next one, but bgpd (8.4 and 10.7; FRR issue 22362)
//! does not tell it again what it had told the last one: what was learned from peers stays out of the kernel for ever.
//! Putting a table-map into a family makes bgpd announce the family's whole table to zebra, and touches no session.

use std::collections::BTreeSet;

use crate::config::{Config, Context, LineText, Slot};
use crate::daemon::Daemon;
use crate::own;
use crate::plan::{Batch, Leaf, Op, Plan};
use crate::rules::{Effect, LineKind, Scope};

/// Asks zebra for the daemons that are connected to it.
pub const ZEBRA_CLIENTS: &str = "show zebra client summary";

/// Whether bgpd is connected, from an answer to [`ZEBRA_CLIENTS`] (`zebra/zserv.c`).
#[must_use]
pub fn lists_bgpd(text: &str) -> bool {
    text.lines().any(|line| line.split_whitespace().next() == Some("bgp"))
}

/// The lines that make bgpd give zebra the routes of the own instance again. A table-map that somebody else has set
/// stays: setting it once more does the same.
#[must_use]
pub fn plan(running: &Config) -> Plan {
    let families = running.contexts().filter(|(daemon, context, _)| *daemon == Daemon::Bgpd && is_unicast(context));
    let batches = families.map(|(_, context, slots)| {
        let other = slots.get(&Slot { kind: LineKind::TableMap, id: String::new() });
        let leaves = match other.filter(|line| !line.text.reveal().contains(own::NAME_PREFIX)) {
            Some(line) => vec![leaf(line.text.reveal(), Op::Replace)],
            None => {
                let line = format!("table-map {}", own::MAP_IN);
                vec![leaf(&line, Op::Add), leaf(&format!("no {line}"), Op::Remove)]
            }
        };
        Batch { daemon: Daemon::Bgpd, context: context.clone(), sources: BTreeSet::new(), creates: false, leaves }
    });
    Plan { batches: batches.collect(), ..Plan::default() }
}

/// A family of the default VRF's instance.
fn is_unicast(context: &Context) -> bool {
    Scope::of(context) == Some(Scope::Unicast)
}

fn leaf(text: &str, op: Op) -> Leaf {
    let text = LineText::plain(text);
    Leaf { text, op, kind: LineKind::TableMap, effect: Effect::None, sources: BTreeSet::new() }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::parse;

    fn running(text: &str) -> Config {
        let mut config = Config::default();
        parse(Daemon::Bgpd, text, &mut config);
        config
    }

    #[test]
    fn each_family_is_renewed_and_somebody_elses_table_map_stays() {
        let text = "\
router bgp 65001
 address-family ipv4 unicast
  network 10.0.0.1/32
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.0.0.2 activate
  table-map THEIRS
 exit-address-family
exit
router bgp 65002 vrf red
 address-family ipv4 unicast
  network 10.0.0.2/32
 exit-address-family
exit
";
        expect![[r"
            # bgpd
            router bgp 65001
             address-family ipv4 unicast
              table-map NR-IN
              no table-map NR-IN
            router bgp 65001
             address-family ipv6 unicast
              table-map THEIRS
        "]]
        .assert_eq(&plan(&running(text)).to_string());
        assert!(plan(&running("hostname x\n")).is_empty());
    }

    /// FRR 8.4 and 10.3 print the same columns.
    #[test]
    fn bgpd_is_looked_for_among_the_clients() {
        let with = "Name      Connect Time    Last Read\n-----\nstatic        00:32:19\nbgp           00:32:19\n";
        assert!(lists_bgpd(with));
        assert!(!lists_bgpd("Name\nstatic 00:32:19\nbgp[0:1] 00:32:18\n"));
    }
}
