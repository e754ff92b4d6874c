//! All that is known about each kind of line, as data: where it stands, how it is taken back, whether a new
//! value replaces the old one in place, when in a plan it comes, and what it does to sessions.

mod table;
mod table_doc;

use crate::context::Context;
use crate::daemon::Daemon;

pub use table::RULES;
pub use table_doc::markdown_table;

/// The kinds of line that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each variant is described by its row in `RULES`")]
pub enum LineKind {
    RouteMap,
    MatchTag,
    MatchPrefixList,
    MatchCommunity,
    MatchLargeCommunity,
    SetCommunity,
    SetLargeCommunity,
    SetExtendedCommunity,
    SetAsPathPrepend,
    SetOrigin,
    SetLocalPreference,
    SetMetric,
    SetTag,
    SetNextHop,
    SetNextHopPeer,
    PrefixList,
    CommunityList,
    RouterBgp,
    BgpRouterId,
    BgpLogNeighborChanges,
    BgpNoDefaultIpv4Unicast,
    BgpNoNetworkImportCheck,
    BgpGracefulRestartPreserve,
    Network,
    TableMap,
    NeighborRemoteAs,
    NeighborShutdown,
    NeighborLocalAs,
    NeighborDescription,
    NeighborTimers,
    NeighborTimersConnect,
    NeighborGracefulRestart,
    NeighborAdvertisementInterval,
    NeighborPassive,
    NeighborEbgpMultihop,
    NeighborTtlSecurity,
    NeighborPassword,
    // Before the line that it belongs to: taken back after that one, FRR 8 would bring it back.
    NeighborBfdProfile,
    NeighborBfd,
    // After BFD: FRR 10 asks for a session across routers only when the own address changes, and asks with the address
    // of a link where it was set before.
    NeighborUpdateSource,
    NeighborActivate,
    NeighborRouteMapIn,
    NeighborRouteMapOut,
    NeighborMaximumPrefix,
    NeighborAllowAsIn,
    NeighborNextHopSelf,
    NeighborAttributeUnchanged,
    NeighborNextHopLocal,
    NeighborOther,
    BfdProfile,
    BfdReceiveInterval,
    BfdTransmitInterval,
    BfdDetectMultiplier,
    BfdPeer,
    BfdPeerProfile,
    KeyChain,
    Key,
    KeyString,
    KeyAlgorithm,
    RouterOspf,
    OspfRouterId,
    OspfLogAdjacencyChanges,
    OspfThrottleLsa,
    OspfRedistribute,
    OspfDefaultRoute,
    OspfAreaStub,
    OspfAreaNssa,
    OspfCost,
    OspfHelloInterval,
    OspfDeadInterval,
    OspfPassive,
    OspfNetwork,
    OspfPriority,
    OspfAuthentication,
    OspfAuthenticationTrailer,
    OspfAuthenticationKey,
    OspfMessageDigestKey,
    // Before its profile, without which ospfd refuses that.
    OspfBfd,
    OspfBfdProfile,
    // After the other lines of an interface, so that OSPF begins with the right timers.
    OspfArea,
    StaticRoute,
    Unexpected,
}

impl LineKind {
    /// Whether the last word of such a line is secret.
    #[must_use]
    pub fn ends_in_secret(self) -> bool {
        use LineKind as K;
        matches!(
            self,
            K::NeighborPassword
                | K::KeyString
                | K::OspfAuthenticationKey
                | K::OspfMessageDigestKey
                | K::OspfAuthenticationTrailer
        )
    }

    /// Whether the slot's id begins with a BGP neighbor's address or interface.
    #[must_use]
    pub fn is_of_neighbor(self) -> bool {
        (Self::NeighborRemoteAs..=Self::NeighborOther).contains(&self)
    }
}

/// The part of a configuration in which a kind of line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The configuration node.
    Top,
    /// `route-map NAME permit SEQ`
    RouteMap,
    /// `router bgp AS` of the default VRF.
    RouterBgp,
    /// `address-family ipv4 unicast` or `ipv6 unicast` in it.
    Unicast,
    /// `bfd`
    Bfd,
    /// `profile NAME` in it.
    BfdProfile,
    /// `peer …` in it.
    BfdPeer,
    /// `key chain NAME`
    KeyChain,
    /// `key NUMBER` in it.
    Key,
    /// `router ospf` or `router ospf6` of the default VRF.
    RouterOspf,
    /// `interface NAME`
    Interface,
}

impl Scope {
    /// The scope of a context; `None` where nothing of ours can stand.
    #[must_use]
    pub fn of(context: &Context) -> Option<Self> {
        let [first, inside @ ..] = context.path() else { return Some(Self::Top) };
        let (word, rest) = first.split_once(' ').unwrap_or((first, ""));
        match (word, inside) {
            ("route-map", []) => Some(Self::RouteMap),
            ("interface", []) if !rest.contains(' ') => Some(Self::Interface),
            ("bfd", []) => Some(Self::Bfd),
            ("bfd", [object]) if object.starts_with("profile ") => Some(Self::BfdProfile),
            ("key", []) if rest.starts_with("chain ") => Some(Self::KeyChain),
            ("key", [key]) if key.starts_with("key ") => Some(Self::Key),
            ("bfd", [object]) if object.starts_with("peer ") => Some(Self::BfdPeer),
            ("router", []) if matches!(rest, "ospf" | "ospf6") => Some(Self::RouterOspf),
            ("router", _) => Self::of_bgp(rest.strip_prefix("bgp ")?, inside),
            _ => None,
        }
    }

    /// Inside `router bgp`; one that is followed by more than the AS is of another VRF.
    fn of_bgp(instance: &str, inside: &[String]) -> Option<Self> {
        match inside {
            _ if instance.contains(' ') => None,
            [] => Some(Self::RouterBgp),
            [family] if matches!(family.as_str(), "address-family ipv4 unicast" | "address-family ipv6 unicast") => {
                Some(Self::Unicast)
            }
            _ => None,
        }
    }
}

/// What happens to a line of a kind whose value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The new line takes the place of the old one.
    InPlace,
    /// FRR refuses or ignores the new line while the old one is there.
    DeleteFirst,
}

/// What a line does to sessions with neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing, or only what the line itself announces.
    None,
    /// Routes are evaluated again; the session stays up.
    Soft,
    /// A session that exists is torn down and built up again, or ends.
    Reset,
}

/// When in a plan a line comes. What is used comes before its user; what is taken back goes in reverse.
///
/// On a new BGP instance prefixes come before the first neighbor: otherwise an early End-of-RIB (RFC 4724) would make
/// a peer drop what it kept over a restart. A family is activated after its policies are in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it; the order is the point")]
pub enum Order {
    Profiles,
    // bfdd refuses a session with an interface beside one to the same address without, so the old one goes first.
    RemoveBfdPeers,
    BfdPeers,
    Policies,
    Instances,
    Networks,
    // What somebody typed about a neighbor may stand against what is wanted of it, and may take it along when it goes.
    RemoveOthers,
    Neighbors,
    Deactivations,
    NeighborPolicies,
    NeighborSettings,
    Activations,
    // A new neighbor with several families is shut until here: each activation would end the session that the one before
    // it made possible.
    NeighborStarts,
    Interfaces,
    StaticRoutes,
    WithdrawNetworks,
    WithdrawStaticRoutes,
    WithdrawLists,
    RemoveInterfaces,
    RemoveNeighbors,
    RemoveInstances,
    RemovePolicies,
    RemoveProfiles,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The kind.
    pub kind: LineKind,
    /// The daemons that have such lines.
    pub daemons: &'static [Daemon],
    /// Where it stands.
    pub scope: Scope,
    /// Its words: `{id}` is a word of its identity, `{v}` of its value, `{*}` all that follows.
    pub pattern: &'static str,
    /// The line that takes it back, `{}` being the identity; empty: the line itself with `no` before it.
    pub undo: &'static str,
    /// What to do when the value changes.
    pub change: Change,
    /// When it is added or changed.
    pub add: Order,
    /// When it is taken back.
    pub remove: Order,
    /// What adding or changing it does to sessions that exist.
    pub effect: Effect,
    /// What taking it back does to them.
    pub undo_effect: Effect,
}

impl Rule {
    /// Whether the line opens a context.
    #[must_use]
    pub fn opens(&self) -> bool {
        use LineKind as K;
        matches!(
            self.kind,
            K::RouteMap | K::RouterBgp | K::BfdProfile | K::BfdPeer | K::KeyChain | K::Key | K::RouterOspf
        )
    }

    /// The line that takes back `line`, whose identity is `id`.
    #[must_use]
    pub fn undo(&self, line: &str, id: &str) -> String {
        if !self.undo.is_empty() {
            return self.undo.replace("{}", id);
        }
        line.strip_prefix("no ").map_or_else(|| format!("no {line}"), str::to_owned)
    }

    fn matches(&self, words: &[&str]) -> Option<String> {
        let mut id: Vec<&str> = Vec::new();
        let mut words = words.iter();
        for part in self.pattern.split(' ') {
            match part {
                "{*}" => return Some(id.join(" ")),
                "{id}" => id.push(words.next()?),
                "{v}" => drop(words.next()?),
                literal => {
                    if *words.next()? != literal {
                        return None;
                    }
                }
            }
        }
        words.next().is_none().then(|| id.join(" "))
    }
}

/// A line that a rule knows.
#[derive(Debug, Clone)]
pub struct Matched {
    /// The rule.
    pub rule: &'static Rule,
    /// What tells the line from others of its kind.
    pub id: String,
}

/// The rule for a line in normal form, if there is one.
#[must_use]
pub fn classify(daemon: Daemon, context: &Context, line: &str) -> Option<Matched> {
    let scope = Scope::of(context)?;
    let words: Vec<&str> = line.split(' ').collect();
    let rules = RULES.iter().filter(|rule| rule.scope == scope && rule.daemons.contains(&daemon));
    let mut matches = rules.filter_map(|rule| Some(Matched { rule, id: rule.matches(&words)? }));
    let mut matched = matches.next()?;
    match matched.rule.kind {
        // All of such a line is its identity: several can stand beside each other.
        LineKind::Unexpected | LineKind::PrefixList | LineKind::CommunityList => matched.id = line.to_owned(),
        LineKind::BfdPeer => matched.id = bfd_peer_id(&words),
        LineKind::NeighborOther => matched.id = line.split_once(' ').map_or(line, |(_, rest)| rest).to_owned(),
        _ => {}
    }
    Some(matched)
}

/// FRR tells a session on a link by address and interface only; its own address is an attribute, which stays what it was
/// when the session was made.
fn bfd_peer_id(words: &[&str]) -> String {
    match words.iter().position(|word| *word == "local-address") {
        Some(at) if !words.contains(&"multihop") => {
            let rest = words.iter().enumerate().filter(|(n, _)| *n != at && *n != at + 1);
            rest.map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
        }
        _ => words.join(" "),
    }
}

/// The row of a kind; the first one where a kind has a row per daemon.
#[must_use]
pub fn rule_of(kind: LineKind, daemon: Daemon) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.kind == kind && rule.daemons.contains(&daemon))
}

/// Whether a line says nothing by itself: it opens a context that stays when it is empty, or is a daemon's
/// own business (its name, version and what it logs).
#[must_use]
pub fn only_opens(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    matches!(
        words.as_slice(),
        ["interface", _]
            | ["address-family", ..]
            | ["bfd" | "end"]
            | ["frr" | "hostname" | "domainname" | "log" | "service" | "password" | "enable" | "line" | "debug", ..]
            | ["no", "ipv6", "forwarding"]
            | ["Building" | "Current", ..]
    )
}

#[cfg(test)]
mod tests;
