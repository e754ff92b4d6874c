//! Prefixes that bgpd leaves with its peers though it does not have them any more.
//!
//! bgpd collects for a second after a session comes up before it announces (`coalesce-time`), and until FRR 10.3 it passes
//! over withdrawals in that time (`bgpd/bgp_updgrp_adv.c`, `group_announce_route_walkcb`): usually there is nothing to
//! withdraw yet, but a change of a route-map, which takes effect within 5 s, announces everything in between. What is
//! passed over stays with the peer for as long as the session lasts.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::{Family, Prefix};

use crate::config::{Config, Context};
use crate::context::family_word;
use crate::daemon::Daemon;
use crate::names::MAP_IN;
use crate::plan::{Batch, Leaf, Op, Plan};
use crate::rules::{LineKind, Scope};
use crate::show::{ShowError, bgp};

/// What [`advertised_command`] asks, for errors.
const ADVERTISED: &str = "show bgp ipv4|ipv6 unicast neighbors PEER advertised-routes json";

/// Asks bgpd for all prefixes of a family that a peer was sent: some 300 bytes for each.
#[must_use]
pub fn advertised_command(peer: &PeerKey, family: Family) -> String {
    format!("show bgp {} unicast neighbors {peer} advertised-routes json", family_word(family))
}

/// The prefixes in an answer to [`advertised_command`].
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn advertised(text: &str) -> Result<BTreeSet<Prefix>, ShowError> {
    bgp::named_prefixes(ADVERTISED, text, "advertisedRoutes")
}

/// The lines that make bgpd withdraw these prefixes, and those that take the former back once it has: a path that the
/// policy lets out to no peer of ours is withdrawn wherever the prefix was sent before.
#[must_use]
pub fn withdrawal(running: &Config, prefixes: &BTreeSet<Prefix>) -> [Plan; 2] {
    let mut by_family: BTreeMap<Family, Vec<&Prefix>> = BTreeMap::new();
    for prefix in prefixes {
        by_family.entry(prefix.family()).or_default().push(prefix);
    }
    let plan = |line: &dyn Fn(&Prefix) -> Leaf| {
        let batches = by_family.iter().filter_map(|(family, prefixes)| {
            let context = unicast(running, *family)?;
            let leaves = prefixes.iter().map(|prefix| line(prefix)).collect();
            Some(Batch::unasked(Daemon::Bgpd, context, leaves))
        });
        Plan { batches: batches.collect(), ..Plan::default() }
    };
    [
        plan(&|prefix| Leaf::unasked(&format!("network {prefix} route-map {MAP_IN}"), LineKind::Network, Op::Add)),
        plan(&|prefix| Leaf::unasked(&format!("no network {prefix}"), LineKind::Network, Op::Remove)),
    ]
}

/// Where bgpd of the default VRF has the family.
fn unicast(running: &Config, family: Family) -> Option<&Context> {
    let line = format!("address-family {} unicast", family_word(family));
    let mut contexts = running.contexts_of(Daemon::Bgpd, Scope::Unicast).map(|(context, _)| context);
    contexts.find(|context| context.path().last() == Some(&line))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::parse;

    fn prefixes(texts: &[&str]) -> BTreeSet<Prefix> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn bgpd_names_what_a_peer_was_sent() {
        let text = include_str!("show/testdata/8.4/bgp_advertised.json");
        assert_eq!(advertised(text).unwrap(), prefixes(&["10.66.0.3/32", "10.66.0.4/32"]));
        assert_eq!(advertised("{}").unwrap(), BTreeSet::new());
        advertised("% No such neighbor").unwrap_err();
        let peer = "fd00:1::2".parse().unwrap();
        assert_eq!(
            advertised_command(&peer, Family::Ipv6),
            "show bgp ipv6 unicast neighbors fd00:1::2 advertised-routes json"
        );
    }

    #[test]
    fn a_path_that_nobody_is_sent_is_there_for_a_while() {
        let text = "\
router bgp 65001
 address-family ipv4 unicast
  neighbor 10.0.0.2 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.0.0.2 activate
 exit-address-family
exit
";
        let mut running = Config::default();
        parse(Daemon::Bgpd, text, &mut running);
        let [there, gone] = withdrawal(&running, &prefixes(&["10.0.0.1/32", "fd66::1/128"]));
        expect![[r"
            # bgpd
            router bgp 65001
             address-family ipv4 unicast
              network 10.0.0.1/32 route-map NR-IN
            router bgp 65001
             address-family ipv6 unicast
              network fd66::1/128 route-map NR-IN
        "]]
        .assert_eq(&there.to_string());
        expect![[r"
            # bgpd
            router bgp 65001
             address-family ipv4 unicast
              no network 10.0.0.1/32
            router bgp 65001
             address-family ipv6 unicast
              no network fd66::1/128
        "]]
        .assert_eq(&gone.to_string());
        assert!(withdrawal(&Config::default(), &prefixes(&["10.0.0.1/32"])).iter().all(Plan::is_empty));
    }
}
