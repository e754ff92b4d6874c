//! What the daemons have to be told again after a restart of zebra.
//!
//! zebra forgets everything when it ends. The daemons connect to the next one, but do not repeat all that they had told
//! the last one and asked it for.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::peer::PeerKey;

use crate::config::{Config, Context, Line, Slot, Slots};
use crate::daemon::Daemon;
use crate::own;
use crate::plan::{Batch, Leaf, Op, Plan};
use crate::rules::{LineKind, Rule, Scope};

/// Asks zebra for the daemons that are connected to it, and for what it has told them and they it.
pub const ZEBRA_CLIENTS: &str = "show zebra client";

/// zebra's clients, by its names for them: `bgp`, `ospf` …
pub type Clients = BTreeMap<String, Client>;

/// What zebra and a client have told each other since they were connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Client {
    /// The client has given it routes.
    pub has_given: bool,
    /// It has given the client routes that it redistributes, IPv4 or IPv6.
    pub is_given: bool,
}

/// The clients in an answer to [`ZEBRA_CLIENTS`] (`zebra/zserv.c`, `zebra_show_client_detail`).
#[must_use]
pub fn clients(text: &str) -> Clients {
    let mut clients = Clients::new();
    let mut last = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("Client: ") {
            last = Some(name.trim().to_owned());
        }
        let mut words = line.split_whitespace();
        let Some(name) = &last else { continue };
        let client = clients.entry(name.clone()).or_default();
        let (row, some) = (words.next().unwrap_or_default(), words.next().is_some_and(|number| number != "0"));
        match row {
            "IPv4" | "IPv6" => client.has_given |= some,
            "Redist:v4" | "Redist:v6" => client.is_given |= some,
            _ => {}
        }
    }
    clients
}

/// The lines that make bgpd give zebra the routes of the own instance again: it does not do so by itself (8.4 and 10.7;
/// FRR issue 22362), and what was learned from peers stays out of the kernel for ever.
///
/// Putting a table-map into a family makes bgpd announce the family's whole table to zebra, and touches no session. A
/// table-map that somebody else has set stays: setting it once more does the same.
#[must_use]
pub fn routes(running: &Config) -> Plan {
    let families = running.contexts_of(Daemon::Bgpd, Scope::Unicast);
    let batches = families.map(|(context, slots)| {
        let other = slots.get(&Slot { kind: LineKind::TableMap, id: String::new() });
        let leaves = match other.filter(|line| !line.text.reveal().contains(own::NAME_PREFIX)) {
            Some(line) => vec![Leaf::unasked(line.text.reveal(), LineKind::TableMap, Op::Replace)],
            None => {
                let line = format!("table-map {}", own::MAP_IN);
                let undo = format!("no {line}");
                vec![
                    Leaf::unasked(&line, LineKind::TableMap, Op::Add),
                    Leaf::unasked(&undo, LineKind::TableMap, Op::Remove),
                ]
            }
        };
        Batch::unasked(Daemon::Bgpd, context, leaves)
    });
    Plan { batches: batches.collect(), ..Plan::default() }
}

/// The lines that make bgpd ask bfdd for these peers' sessions again, through zebra: they may be lost for good. A line
/// that is set a second time disturbs no session.
#[must_use]
pub fn bfd_sessions(running: &Config, peers: &BTreeSet<PeerKey>) -> Plan {
    let batches = running.contexts_of(Daemon::Bgpd, Scope::RouterBgp).map(|(context, slots)| {
        let of_peer = |slot: &Slot| slot.id.parse().is_ok_and(|peer| peers.contains(&peer));
        let lines = slots.iter().filter(|(slot, _)| slot.kind == LineKind::NeighborBfd && of_peer(slot));
        let leaves = lines.map(|(slot, line)| Leaf::unasked(line.text.reveal(), slot.kind, Op::Replace));
        Batch::unasked(Daemon::Bgpd, context, leaves.collect())
    });
    Plan { batches: batches.filter(|batch| !batch.leaves.is_empty()).collect(), ..Plan::default() }
}

/// The lines that make ospf6d ask zebra again, some seconds later, for the routes that it redistributes: it does so after
/// each change of the route-map (`ospf6d/ospf6_asbr.c`, `ospf6_asbr_routemap_event`). What denies at the end of the map
/// changes nothing.
#[must_use]
pub fn change_of_ospf6d_map(running: &Config) -> Plan {
    let map = Slot { kind: LineKind::RouteMap, id: format!("{} permit 10", own::OSPF) };
    if running.get(Daemon::Ospf6d, &Context::top(), &map).is_none() {
        return Plan::default();
    }
    let entry = format!("route-map {} deny 65535", own::OSPF);
    let open =
        Batch { creates: true, ..Batch::unasked(Daemon::Ospf6d, &Context::top().child(entry.as_str()), Vec::new()) };
    let undo = Leaf::unasked(&format!("no {entry}"), LineKind::RouteMap, Op::Remove);
    Plan { batches: vec![open, Batch::unasked(Daemon::Ospf6d, &Context::top(), vec![undo])], ..Plan::default() }
}

/// The lines that make ospfd or ospf6d ask zebra at once for the routes again that they redistribute: those to be sent
/// first, and those to be sent some time after them. Everything is withdrawn when redistribution ends
/// (`ospfd/ospf_zebra.c`, `ospf_redistribute_unset`).
#[must_use]
pub fn redistribution(running: &Config, of: Daemon) -> [Plan; 2] {
    let plan = |lines: &dyn Fn(&Rule, &Slot, &str) -> Leaf| {
        let batches = running.contexts_of(of, Scope::RouterOspf).map(|(context, slots)| {
            let own = redistributions(slots).filter(|(_, line)| is_own_redistribution(line));
            Batch::unasked(of, context, own.map(|(slot, line)| lines(line.rule, slot, line.text.reveal())).collect())
        });
        Plan { batches: batches.filter(|batch| !batch.leaves.is_empty()).collect(), ..Plan::default() }
    };
    [
        plan(&|rule, slot, text| Leaf::unasked(&rule.undo(text, &slot.id), slot.kind, Op::Remove)),
        plan(&|_, slot, text| Leaf::unasked(text, slot.kind, Op::Add)),
    ]
}

/// Whether all that ospfd or ospf6d redistributes is redistributed for the agent.
#[must_use]
pub fn redistributes_own_only(running: &Config, of: Daemon) -> bool {
    let mut slots = running.contexts_of(of, Scope::RouterOspf).map(|(_, slots)| slots);
    slots.all(|slots| redistributions(slots).all(|(_, line)| is_own_redistribution(line)))
}

fn redistributions(slots: &Slots) -> impl Iterator<Item = (&Slot, &Line)> {
    slots.iter().filter(|(slot, _)| slot.kind == LineKind::OspfRedistribute)
}

fn is_own_redistribution(line: &Line) -> bool {
    line.text.reveal().ends_with(&format!(" route-map {}", own::OSPF))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::parse;

    fn running(daemon: Daemon, text: &str) -> Config {
        let mut config = Config::default();
        parse(daemon, text, &mut config);
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
        .assert_eq(&routes(&running(Daemon::Bgpd, text)).to_string());
        assert!(routes(&running(Daemon::Bgpd, "hostname x\n")).is_empty());
    }

    #[test]
    fn a_lost_session_is_asked_for_and_no_other() {
        let text = "\
router bgp 65001
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.2 bfd
 neighbor 10.0.0.2 bfd profile NR-B-300-300-3
 neighbor 10.0.0.3 remote-as 65003
 neighbor 10.0.0.3 bfd
exit
";
        let config = running(Daemon::Bgpd, text);
        expect![[r"
            # bgpd
            router bgp 65001
             neighbor 10.0.0.2 bfd
        "]]
        .assert_eq(&bfd_sessions(&config, &["10.0.0.2".parse().unwrap()].into()).to_string());
        assert!(bfd_sessions(&config, &["10.0.0.9".parse().unwrap()].into()).is_empty());
    }

    #[test]
    fn own_redistribution_ends_and_begins_again() {
        let text = "\
router ospf
 redistribute connected
 redistribute kernel route-map NR-OSPF
 redistribute static route-map NR-OSPF
 redistribute table 7 route-map THEIRS
exit
router ospf vrf red
 redistribute static route-map NR-OSPF
exit
";
        let config = running(Daemon::Ospfd, text);
        assert!(!redistributes_own_only(&config, Daemon::Ospfd) && redistributes_own_only(&config, Daemon::Ospf6d));
        let [end, begin] = redistribution(&config, Daemon::Ospfd);
        expect![[r"
            # ospfd
            router ospf
             no redistribute kernel
             no redistribute static
        "]]
        .assert_eq(&end.to_string());
        expect![[r"
            # ospfd
            router ospf
             redistribute kernel route-map NR-OSPF
             redistribute static route-map NR-OSPF
        "]]
        .assert_eq(&begin.to_string());
    }

    #[test]
    fn the_map_of_ospf6d_changes_where_there_is_one() {
        let map = "route-map NR-OSPF permit 10\n match ipv6 address prefix-list NR-OSPF\nexit\n";
        expect![[r"
            # ospf6d
            route-map NR-OSPF deny 65535
            no route-map NR-OSPF deny 65535
        "]]
        .assert_eq(&change_of_ospf6d_map(&running(Daemon::Ospf6d, map)).to_string());
        assert!(change_of_ospf6d_map(&running(Daemon::Ospf6d, "router ospf6\nexit\n")).is_empty());
    }

    /// FRR 8.4 and 10.3 print the same lines here.
    #[test]
    fn clients_are_told_with_what_was_told() {
        let text = "\
Client: ospf
------------------------
FD: 46
Connect Time: 00:00:16
Last Sent Cmd: ZEBRA_REDISTRIBUTE_ROUTE_ADD

Type        Add         Update      Del
==================================================
IPv4        0           3           0
IPv6        0           0           0
Redist:v4   2           0           0
Redist:v6   0           0           0
BFD peer    7           0           0
Errors: 0
Client: bgp
IPv4        0           0           0
IPv6        12          0           0
Redist:v4   0           0           0
";
        let expected = [("bgp", [true, false]), ("ospf", [false, true])];
        let client = |[has_given, is_given]: [bool; 2]| Client { has_given, is_given };
        assert_eq!(clients(text), expected.map(|(name, told)| (name.to_owned(), client(told))).into());
        assert!(clients("% no").is_empty());
    }
}
