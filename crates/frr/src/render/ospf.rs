//! ospfd and ospf6d, whose lines differ in words only, and the static routes that they redistribute.

mod settings;

use std::net::Ipv4Addr;

use novaroute_core::desired::Desired;
use novaroute_core::intent::{IntentKey, Protocol};
use novaroute_core::ospf::{OspfInterface, OspfTimers};
use novaroute_core::prefix::{Family, Prefix};

use super::{Block, Sources, one};
use crate::config::Config;
use crate::daemon::{Daemon, Dialect};
use crate::own;

/// Milliseconds between two originations of an LSA. FRR's default of 5 s would also hold back each change of what
/// is redistributed; what arrives within 1 s is ignored by neighbours (MinLSArrival, RFC 2328 appendix B) and sent again
/// 5 s later, so there is some room for packets that were on the way for different times.
const LSA_INTERVAL_MS: u16 = 1200;

/// The words of one of the two daemons.
struct Words {
    daemon: Daemon,
    family: Family,
    router: &'static str,
    router_id: &'static str,
    interface: &'static str,
    ip: &'static str,
    /// ospfd prints a dead interval that was set, whatever it is; ospf6d only one that is not the default.
    prints_default_dead_interval: bool,
}

const OSPFD: Words = Words {
    daemon: Daemon::Ospfd,
    family: Family::Ipv4,
    router: "router ospf",
    router_id: "ospf router-id",
    interface: "ip ospf",
    ip: "ip",
    prints_default_dead_interval: true,
};

const OSPF6D: Words = Words {
    daemon: Daemon::Ospf6d,
    family: Family::Ipv6,
    router: "router ospf6",
    router_id: "ospf6 router-id",
    interface: "ipv6 ospf6",
    ip: "ipv6",
    prints_default_dead_interval: false,
};

pub(super) fn render(desired: &Desired, dialect: Dialect, config: &mut Config) {
    process(desired, dialect, &OSPFD, config);
    if dialect.ospf6d {
        process(desired, dialect, &OSPF6D, config);
    }
    if desired.ospf.is_empty() {
        return;
    }
    let mut statics = Block::top(config, Daemon::Staticd);
    let carried = |prefix: &&Prefix| dialect.ospf6d || prefix.family() == Family::Ipv4;
    for prefix in desired.ospf_prefixes.iter().filter(carried).filter(|prefix| !prefix.is_default_route()) {
        statics.line(static_route(prefix), &prefix_sources(prefix));
    }
}

/// A route for OSPF to redistribute where the node has none of its own.
fn static_route(prefix: &Prefix) -> String {
    let ip = if prefix.family() == Family::Ipv4 { OSPFD.ip } else { OSPF6D.ip };
    format!("{ip} route {prefix} blackhole tag {} {}", own::STATIC_TAG, own::STATIC_DISTANCE)
}

/// What makes OSPF announce the default route, which it does not redistribute; the route-map marks the line as own.
fn default_route() -> String {
    format!("default-information originate always route-map {}", own::OSPF)
}

fn prefix_sources(prefix: &Prefix) -> Sources {
    one(IntentKey::Prefix(Protocol::Ospf, *prefix))
}

/// One daemon. Without an interface there is no process and no route; the prefixes then wait in their list.
fn process(desired: &Desired, dialect: Dialect, words: &Words, config: &mut Config) {
    let mut top = Block::top(config, words.daemon);
    for prefix in desired.ospf_prefixes.iter().filter(|prefix| prefix.family() == words.family) {
        let line = format!("{} prefix-list {} permit {prefix}", words.ip, own::OSPF);
        top.line(line, &prefix_sources(prefix));
    }
    let all: Sources = desired.ospf.keys().cloned().map(IntentKey::Ospf).collect();
    if !all.is_empty() {
        let router_id = desired.bgp.as_ref().map(|bgp| bgp.instance.router_id.get());
        let mut router = router(&mut top, words, router_id, &all);
        let of_family = desired.ospf_prefixes.iter().filter(|prefix| prefix.family() == words.family);
        for prefix in of_family.filter(|prefix| prefix.is_default_route()) {
            router.line(default_route(), &prefix_sources(prefix));
        }
        for ospf in desired.ospf.values() {
            if let Some(line) = settings::area_type(ospf) {
                router.line(line, &one(IntentKey::Ospf(ospf.interface)));
            }
        }
    }
    for ospf in desired.ospf.values() {
        if words.daemon == Daemon::Ospfd {
            settings::key_chain(&mut top, ospf);
        }
        // Rather not at all than without the authentication that was asked for; the key chain is refused, and that is told.
        if settings::can_authenticate(words.daemon, dialect, ospf) {
            interface(&mut top, words, ospf);
        }
    }
}

/// The process. Connected, kernel and static routes are redistributed as far as they are in the list: an own
/// prefix may be an address of the node, or have a route already.
///
/// The router id is that of BGP where there is one: left alone, FRR 10 follows the highest loopback address, so that a
/// virtual address on the loopback renames the router and breaks every adjacency.
fn router<'a>(top: &'a mut Block<'_>, words: &Words, router_id: Option<Ipv4Addr>, sources: &Sources) -> Block<'a> {
    let list = format!("match {} address prefix-list {}", words.ip, own::OSPF);
    top.open(format!("route-map {} permit 10", own::OSPF), sources).line(list, sources);
    let mut router = top.open(words.router, sources);
    if let Some(id) = router_id {
        router.line(format!("{} {id}", words.router_id), sources);
    }
    router.line("log-adjacency-changes detail", sources);
    if words.daemon == Daemon::Ospfd {
        router.line(format!("timers throttle lsa all {LSA_INTERVAL_MS}"), sources);
    }
    for kind in ["connected", "kernel", "static"] {
        router.line(format!("redistribute {kind} route-map {}", own::OSPF), sources);
    }
    router
}

/// An interface and the route-map that marks it as own: lines of an interface carry no name.
fn interface(top: &mut Block<'_>, words: &Words, ospf: &OspfInterface) {
    let sources = one(IntentKey::Ospf(ospf.interface));
    let defaults = OspfTimers::default();
    top.open(format!("route-map {}{} permit 10", own::INTERFACE_PREFIX, ospf.interface), &sources);
    let mut block = top.open(format!("interface {}", ospf.interface), &sources);
    let mut line = |text: String| block.line(format!("{} {text}", words.interface), &sources);
    line(format!("area {}", ospf.area));
    line(format!("cost {}", ospf.cost));
    if ospf.timers.hello_s() != defaults.hello_s() {
        line(format!("hello-interval {}", ospf.timers.hello_s()));
    }
    if words.prints_default_dead_interval || ospf.timers.dead_s() != defaults.dead_s() {
        line(format!("dead-interval {}", ospf.timers.dead_s()));
    }
    if ospf.passive {
        line("passive".to_owned());
    }
    settings::lines(words.daemon, ospf).into_iter().for_each(line);
}
