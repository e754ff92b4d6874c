//! What in FRR's configuration is the agent's own, and the names by which it is known.
//!
//! FRR's lines carry no owner, so ownership is in names: everything that has a name begins with `NR-`, and what has
//! none refers to something that has, or is marked by an object in the same daemon that does nothing else.

use std::collections::BTreeSet;

use crate::config::{Config, Context, Line, Slot};
use crate::daemon::Daemon;
pub use crate::names::*;
use crate::rules::{LineKind, Scope};

/// What is own in a running configuration, given what is desired: an object that an owner wants is made own.
#[derive(Debug)]
pub struct Own<'a> {
    running: &'a Config,
    desired: &'a Config,
    neighbors: BTreeSet<&'a str>,
}

impl<'a> Own<'a> {
    /// Looks for the marks.
    #[must_use]
    pub fn new(running: &'a Config, desired: &'a Config) -> Self {
        let marked = running.contexts().flat_map(|(_, _, slots)| slots).filter_map(|(slot, line)| {
            let by = matches!(slot.kind, LineKind::NeighborRouteMapIn | LineKind::NeighborRouteMapOut);
            (by && line.text.reveal().contains(" route-map NR-")).then_some(slot.id.as_str())
        });
        let wanted = desired.contexts().flat_map(|(_, _, slots)| slots.keys());
        let wanted = wanted.filter(|slot| slot.kind == LineKind::NeighborRemoteAs).map(|slot| slot.id.as_str());
        Self { running, desired, neighbors: marked.chain(wanted).collect() }
    }

    /// Whether the running line in this slot is own.
    #[must_use]
    pub fn has(&self, daemon: Daemon, context: &Context, slot: &Slot, line: &Line) -> bool {
        let text = line.text.reveal();
        let wanted = self.desired.get(daemon, context, slot).is_some();
        match slot.kind {
            LineKind::RouteMap => slot.id.starts_with(NAME_PREFIX),
            LineKind::KeyChain => slot.id.starts_with(NAME_PREFIX),
            LineKind::BfdProfile => slot.id.starts_with(NAME_PREFIX),
            LineKind::PrefixList => text.split(' ').nth(2).is_some_and(|name| name.starts_with(NAME_PREFIX)),
            LineKind::CommunityList => text.split(' ').nth(3).is_some_and(|name| name.starts_with(NAME_PREFIX)),
            LineKind::Network => wanted || text.contains(" route-map NR-"),
            LineKind::TableMap => text.contains(NAME_PREFIX),
            LineKind::BfdPeer => wanted || self.has_own_profile(context, text),
            LineKind::StaticRoute => is_own_route(text),
            LineKind::RouterBgp => wanted || self.has_map(daemon, MAP_OUT),
            LineKind::RouterOspf => wanted || self.has_map(daemon, OSPF),
            LineKind::OspfRedistribute | LineKind::OspfDefaultRoute => wanted || text.ends_with(" route-map NR-OSPF"),
            kind if kind.is_of_neighbor() => self.neighbors.contains(neighbor_of(slot)),
            _ => self.has_context(daemon, context),
        }
    }

    /// Whether what stands in this context is own because the context is.
    fn has_context(&self, daemon: Daemon, context: &Context) -> bool {
        let Some((outer, line)) = context.split_last() else { return false };
        match Scope::of(context) {
            Some(Scope::RouteMap | Scope::BfdProfile) => {
                line.split(' ').nth(1).is_some_and(|name| name.starts_with(NAME_PREFIX))
            }
            Some(Scope::KeyChain | Scope::Key) => {
                let chain = context.path().first().and_then(|chain| chain.strip_prefix("key chain "));
                chain.is_some_and(|name| name.starts_with(NAME_PREFIX))
            }
            Some(Scope::BfdPeer) => self.is_wanted(daemon, context) || self.has_own_profile(&outer, line),
            Some(Scope::RouterBgp) => self.is_wanted(daemon, context) || self.has_map(daemon, MAP_OUT),
            Some(Scope::RouterOspf) => self.is_wanted(daemon, context) || self.has_map(daemon, OSPF),
            Some(Scope::Interface) => {
                let mark = format!("{INTERFACE_PREFIX}{}", line.trim_start_matches("interface "));
                self.is_wanted(daemon, context) || self.has_map(daemon, &mark)
            }
            _ => false,
        }
    }

    fn is_wanted(&self, daemon: Daemon, context: &Context) -> bool {
        self.desired.slots(daemon, context).is_some()
    }

    fn has_own_profile(&self, bfd: &Context, peer: &str) -> bool {
        let profile = Slot { kind: LineKind::BfdPeerProfile, id: String::new() };
        let line = self.running.get(Daemon::Bfdd, &bfd.child(peer), &profile);
        line.is_some_and(|line| line.text.reveal().starts_with("profile NR-"))
    }

    fn has_map(&self, daemon: Daemon, name: &str) -> bool {
        let slot = Slot { kind: LineKind::RouteMap, id: format!("{name} permit 10") };
        self.running.get(daemon, &Context::top(), &slot).is_some()
    }
}

/// Whether a line gives a peer a policy that is not that of all peers.
pub(crate) fn is_policy_of_few(line: &Line) -> bool {
    let text = line.text.reveal();
    [MAP_IN_PREFIX, MAP_OUT_PREFIX].iter().any(|prefix| text.contains(&format!(" route-map {prefix}")))
}

/// Whether own routes run that nobody but ospf6d redistributes: it was there when they were made.
#[must_use]
pub fn has_routes_of_ospf6d(running: &Config) -> bool {
    let lines = running.slots(Daemon::Staticd, &Context::top()).into_iter().flat_map(|slots| slots.values());
    lines.map(|line| line.text.reveal()).any(|text| text.starts_with("ipv6 route ") && is_own_route(text))
}

/// Whether a static route is marked as own, by this release or an earlier one.
fn is_own_route(line: &str) -> bool {
    let marks = [(STATIC_TAG, STATIC_DISTANCE), OLD_STATIC];
    let marks = marks.map(|(tag, distance)| format!(" blackhole tag {tag} {distance}"));
    marks.iter().any(|mark| line.ends_with(mark))
}

/// The neighbor that a line is about, also one that takes something back.
#[must_use]
pub fn neighbor_in(line: &str) -> Option<&str> {
    line.strip_prefix("no ").unwrap_or(line).strip_prefix("neighbor ")?.split(' ').next()
}

/// Where the line stands that makes a neighbor, seen from any context of its instance.
pub(crate) fn founding(context: &Context, neighbor: &str) -> (Context, Slot) {
    let router = context.path().first().map(|router| Context::top().child(router.as_str())).unwrap_or_default();
    (router, Slot { kind: LineKind::NeighborRemoteAs, id: neighbor.to_owned() })
}

/// The address or interface of the neighbor that a slot is about.
#[must_use]
pub fn neighbor_of(slot: &Slot) -> &str {
    slot.id.split(' ').next().unwrap_or_default()
}
