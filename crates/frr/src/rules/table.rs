//! The table. The end-to-end suite `config_lines` holds each row against FRR 8.4 and 10.3, with a BGP session and
//! adjacencies up; a row that several daemons share is held against those to which such lines are written.

use super::{Change, Effect, LineKind, Order, Rule, Scope};
use crate::daemon::Daemon;

const BFDD: &[Daemon] = &[Daemon::Bfdd];
const BGPD: &[Daemon] = &[Daemon::Bgpd];
const OSPFD: &[Daemon] = &[Daemon::Ospfd];
const OSPF6D: &[Daemon] = &[Daemon::Ospf6d];
const OSPF: &[Daemon] = &[Daemon::Ospfd, Daemon::Ospf6d];
const MAPS: &[Daemon] = &[Daemon::Bgpd, Daemon::Ospfd, Daemon::Ospf6d];
const STATICD: &[Daemon] = &[Daemon::Staticd];

/// A rule that is replaced in place and does nothing to sessions; the builders below change what differs.
const fn rule(
    kind: LineKind,
    daemons: &'static [Daemon],
    scope: Scope,
    pattern: &'static str,
    add: Order,
    remove: Order,
) -> Rule {
    let (change, effect, undo_effect) = (Change::InPlace, Effect::None, Effect::None);
    Rule { kind, daemons, scope, pattern, undo: "", change, add, remove, effect, undo_effect }
}

impl Rule {
    const fn undone_by(mut self, undo: &'static str) -> Self {
        self.undo = undo;
        self
    }

    const fn soft(mut self) -> Self {
        (self.effect, self.undo_effect) = (Effect::Soft, Effect::Soft);
        self
    }

    const fn resets(mut self) -> Self {
        (self.effect, self.undo_effect) = (Effect::Reset, Effect::Reset);
        self
    }

    const fn resets_when_set(mut self) -> Self {
        self.effect = Effect::Reset;
        self
    }

    /// The peer's bfdd sees the session end and tells its BGP that the path is down.
    const fn resets_when_taken_back(mut self) -> Self {
        self.undo_effect = Effect::Reset;
        self
    }

    /// Another line may not stand beside it.
    const fn removed_first(mut self) -> Self {
        self.remove = Order::RemoveOthers;
        self
    }

    const fn delete_first(mut self) -> Self {
        self.change = Change::DeleteFirst;
        self
    }
}

const fn policy(kind: LineKind, pattern: &'static str) -> Rule {
    rule(kind, MAPS, Scope::RouteMap, pattern, Order::Policies, Order::Policies).soft()
}

const fn session(kind: LineKind, pattern: &'static str, undo: &'static str) -> Rule {
    let (add, remove) = (Order::NeighborSettings, Order::NeighborSettings);
    rule(kind, BGPD, Scope::RouterBgp, pattern, add, remove).undone_by(undo)
}

const fn shutdown(pattern: &'static str) -> Rule {
    rule(LineKind::NeighborShutdown, BGPD, Scope::RouterBgp, pattern, Order::Neighbors, Order::NeighborStarts)
        .undone_by("no neighbor {} shutdown")
        .resets_when_set()
}

const fn family(kind: LineKind, pattern: &'static str, undo: &'static str) -> Rule {
    let (add, remove) = (Order::NeighborPolicies, Order::NeighborPolicies);
    rule(kind, BGPD, Scope::Unicast, pattern, add, remove).undone_by(undo)
}

/// What others may have typed about a neighbor.
const fn others(scope: Scope) -> Rule {
    rule(LineKind::NeighborOther, BGPD, scope, "neighbor {id} {*}", Order::RemoveOthers, Order::RemoveOthers)
}

const fn instance(kind: LineKind, daemons: &'static [Daemon], scope: Scope, pattern: &'static str) -> Rule {
    rule(kind, daemons, scope, pattern, Order::Instances, Order::Instances)
}

const fn interface(kind: LineKind, daemons: &'static [Daemon], pattern: &'static str, undo: &'static str) -> Rule {
    rule(kind, daemons, Scope::Interface, pattern, Order::Interfaces, Order::RemoveInterfaces).undone_by(undo)
}

const fn bfd(kind: LineKind, scope: Scope, pattern: &'static str, undo: &'static str) -> Rule {
    let order = if matches!(scope, Scope::BfdPeer) { Order::BfdPeers } else { Order::Profiles };
    rule(kind, BFDD, scope, pattern, order, order).undone_by(undo)
}

/// Every kind of line, the more specific pattern first.
pub const RULES: &[Rule] = &[
    // Policies
    rule(LineKind::RouteMap, MAPS, Scope::Top, "route-map {id} {id} {id}", Order::Policies, Order::RemovePolicies)
        .soft(),
    policy(LineKind::MatchTag, "match tag {v}").undone_by("no match tag"),
    policy(LineKind::MatchPrefixList, "match {id} address prefix-list {v}")
        .undone_by("no match {} address prefix-list"),
    policy(LineKind::MatchCommunity, "match community {v}").undone_by("no match community"),
    policy(LineKind::MatchLargeCommunity, "match large-community {v}").undone_by("no match large-community"),
    policy(LineKind::SetCommunity, "set community {*}").undone_by("no set community"),
    policy(LineKind::SetLargeCommunity, "set large-community {*}").undone_by("no set large-community"),
    policy(LineKind::SetExtendedCommunity, "set extcommunity {id} {*}").undone_by("no set extcommunity {}"),
    policy(LineKind::SetAsPathPrepend, "set as-path prepend {*}").undone_by("no set as-path prepend"),
    policy(LineKind::SetOrigin, "set origin {v}").undone_by("no set origin"),
    policy(LineKind::SetLocalPreference, "set local-preference {v}").undone_by("no set local-preference"),
    policy(LineKind::SetMetric, "set metric {v}").undone_by("no set metric"),
    policy(LineKind::SetTag, "set tag {v}").undone_by("no set tag"),
    policy(LineKind::SetNextHopPeer, "set {id} next-hop peer-address").undone_by("no set {} next-hop peer-address"),
    policy(LineKind::SetNextHop, "set ip next-hop {v}").undone_by("no set ip next-hop"),
    policy(LineKind::SetNextHop, "set ipv6 next-hop global {v}"),
    policy(LineKind::Unexpected, "{*}"),
    rule(
        LineKind::CommunityList,
        BGPD,
        Scope::Top,
        "bgp {id} standard {id} {*}",
        Order::Policies,
        Order::RemovePolicies,
    ),
    // A list of OSPF's says what is announced; those of BGP go after the maps that look into them.
    rule(LineKind::PrefixList, OSPF, Scope::Top, "{id} prefix-list {id} {*}", Order::Policies, Order::WithdrawLists),
    rule(LineKind::PrefixList, BGPD, Scope::Top, "{id} prefix-list {id} {*}", Order::Policies, Order::RemovePolicies),
    // BGP: the instance
    rule(LineKind::RouterBgp, BGPD, Scope::Top, "router bgp {v}", Order::Instances, Order::RemoveInstances)
        .delete_first()
        .resets(),
    instance(LineKind::BgpRouterId, BGPD, Scope::RouterBgp, "bgp router-id {v}").undone_by("no bgp router-id").resets(),
    instance(LineKind::BgpLogNeighborChanges, BGPD, Scope::RouterBgp, "bgp log-neighbor-changes"),
    instance(LineKind::BgpNoDefaultIpv4Unicast, BGPD, Scope::RouterBgp, "no bgp default ipv4-unicast"),
    instance(LineKind::BgpNoNetworkImportCheck, BGPD, Scope::RouterBgp, "no bgp network import-check"),
    instance(LineKind::BgpGracefulRestartPreserve, BGPD, Scope::RouterBgp, "bgp graceful-restart preserve-fw-state"),
    // BGP: prefixes
    rule(LineKind::Network, BGPD, Scope::Unicast, "network {id} {*}", Order::Networks, Order::WithdrawNetworks)
        .undone_by("no network {}"),
    // Set and taken back at once, to have bgpd give zebra its routes again; never wanted for long.
    rule(LineKind::TableMap, BGPD, Scope::Unicast, "table-map {v}", Order::Networks, Order::WithdrawNetworks).soft(),
    // BGP: neighbors
    rule(
        LineKind::NeighborRemoteAs,
        BGPD,
        Scope::RouterBgp,
        "neighbor {id} remote-as {v}",
        Order::Neighbors,
        Order::RemoveNeighbors,
    )
    .undone_by("no neighbor {}")
    .resets(),
    // An unnumbered one, known by its interface.
    rule(
        LineKind::NeighborRemoteAs,
        BGPD,
        Scope::RouterBgp,
        "neighbor {id} interface remote-as {v}",
        Order::Neighbors,
        Order::RemoveNeighbors,
    )
    .undone_by("no neighbor {}")
    .resets(),
    // Set on a new neighbor until it is complete, too. FRR keeps the message of a line that has none.
    shutdown("neighbor {id} shutdown").delete_first(),
    shutdown("neighbor {id} shutdown message {*}"),
    session(LineKind::NeighborLocalAs, "neighbor {id} local-as {*}", "no neighbor {} local-as").resets(),
    session(LineKind::NeighborDescription, "neighbor {id} description {*}", "no neighbor {} description"),
    session(LineKind::NeighborTimersConnect, "neighbor {id} timers connect {v}", "no neighbor {} timers connect"),
    // FRR 10 resets the session, FRR 8 waits for the next one. Each mode is taken back by its own word only.
    session(LineKind::NeighborGracefulRestart, "neighbor {id} graceful-restart", "no neighbor {} graceful-restart")
        .resets(),
    session(
        LineKind::NeighborGracefulRestart,
        "neighbor {id} graceful-restart-disable",
        "no neighbor {} graceful-restart-disable",
    )
    .resets(),
    session(
        LineKind::NeighborGracefulRestart,
        "neighbor {id} graceful-restart-helper",
        "no neighbor {} graceful-restart-helper",
    ),
    session(LineKind::NeighborTimers, "neighbor {id} timers {v} {v}", "no neighbor {} timers"),
    session(LineKind::NeighborUpdateSource, "neighbor {id} update-source {v}", "no neighbor {} update-source").resets(),
    session(
        LineKind::NeighborAdvertisementInterval,
        "neighbor {id} advertisement-interval {v}",
        "no neighbor {} advertisement-interval",
    ),
    session(LineKind::NeighborPassive, "neighbor {id} passive", "").resets(),
    // FRR takes one of the two only.
    session(LineKind::NeighborEbgpMultihop, "neighbor {id} ebgp-multihop {v}", "no neighbor {} ebgp-multihop")
        .resets()
        .removed_first(),
    session(LineKind::NeighborTtlSecurity, "neighbor {id} ttl-security hops {v}", "").resets().removed_first(),
    session(LineKind::NeighborPassword, "neighbor {id} password {*}", "no neighbor {} password").resets(),
    session(LineKind::NeighborBfdProfile, "neighbor {id} bfd profile {v}", "no neighbor {} bfd profile"),
    session(LineKind::NeighborBfd, "neighbor {id} bfd", "no neighbor {} bfd").resets_when_taken_back(),
    others(Scope::RouterBgp),
    rule(
        LineKind::NeighborActivate,
        BGPD,
        Scope::Unicast,
        "neighbor {id} activate",
        Order::Activations,
        Order::Deactivations,
    )
    .resets(),
    family(LineKind::NeighborRouteMapIn, "neighbor {id} route-map {v} in", "").soft(),
    family(LineKind::NeighborRouteMapOut, "neighbor {id} route-map {v} out", "").soft(),
    family(LineKind::NeighborMaximumPrefix, "neighbor {id} maximum-prefix {*}", "no neighbor {} maximum-prefix"),
    family(LineKind::NeighborAllowAsIn, "neighbor {id} allowas-in {*}", "no neighbor {} allowas-in").soft(),
    family(LineKind::NeighborNextHopSelf, "neighbor {id} next-hop-self", "").soft(),
    family(
        LineKind::NeighborAttributeUnchanged,
        "neighbor {id} attribute-unchanged {*}",
        "no neighbor {} attribute-unchanged",
    )
    .soft(),
    family(LineKind::NeighborNextHopLocal, "neighbor {id} nexthop-local unchanged", "").soft(),
    others(Scope::Unicast),
    // BFD
    rule(LineKind::BfdProfile, BFDD, Scope::Bfd, "profile {id}", Order::Profiles, Order::RemoveProfiles),
    // FRR 8 has no `no` for these: the default, which is not printed, takes them back.
    bfd(LineKind::BfdReceiveInterval, Scope::BfdProfile, "receive-interval {v}", "receive-interval 300"),
    bfd(LineKind::BfdTransmitInterval, Scope::BfdProfile, "transmit-interval {v}", "transmit-interval 300"),
    bfd(LineKind::BfdDetectMultiplier, Scope::BfdProfile, "detect-multiplier {v}", "detect-multiplier 3"),
    bfd(LineKind::Unexpected, Scope::BfdProfile, "echo transmit-interval {v}", "echo transmit-interval 50"),
    bfd(LineKind::Unexpected, Scope::BfdProfile, "echo receive-interval {v}", "echo receive-interval 50"),
    bfd(LineKind::Unexpected, Scope::BfdProfile, "{*}", ""),
    rule(LineKind::BfdPeer, BFDD, Scope::Bfd, "peer {id} {*}", Order::BfdPeers, Order::RemoveBfdPeers).delete_first(),
    bfd(LineKind::BfdPeerProfile, Scope::BfdPeer, "profile {v}", ""),
    // Own sessions have their timers in a profile, which applies where a session has the default.
    bfd(LineKind::Unexpected, Scope::BfdPeer, "receive-interval {v}", "receive-interval 300"),
    bfd(LineKind::Unexpected, Scope::BfdPeer, "transmit-interval {v}", "transmit-interval 300"),
    bfd(LineKind::Unexpected, Scope::BfdPeer, "detect-multiplier {v}", "detect-multiplier 3"),
    bfd(LineKind::Unexpected, Scope::BfdPeer, "echo transmit-interval {v}", "echo transmit-interval 50"),
    bfd(LineKind::Unexpected, Scope::BfdPeer, "echo receive-interval {v}", "echo receive-interval 50"),
    bfd(LineKind::Unexpected, Scope::BfdPeer, "{*}", ""),
    // Keys of OSPF, in FRR 10
    rule(LineKind::KeyChain, OSPFD, Scope::Top, "key chain {id}", Order::Policies, Order::RemovePolicies),
    rule(LineKind::Key, OSPFD, Scope::KeyChain, "key {id}", Order::Policies, Order::RemovePolicies),
    rule(LineKind::KeyString, OSPFD, Scope::Key, "key-string {v}", Order::Policies, Order::RemovePolicies)
        .undone_by("no key-string")
        .resets(),
    rule(
        LineKind::KeyAlgorithm,
        OSPFD,
        Scope::Key,
        "cryptographic-algorithm {v}",
        Order::Policies,
        Order::RemovePolicies,
    )
    .undone_by("no cryptographic-algorithm")
    .resets(),
    // OSPF and OSPFv3
    rule(LineKind::RouterOspf, OSPFD, Scope::Top, "router ospf", Order::Instances, Order::RemoveInstances).resets(),
    rule(LineKind::RouterOspf, OSPF6D, Scope::Top, "router ospf6", Order::Instances, Order::RemoveInstances).resets(),
    instance(LineKind::OspfRouterId, OSPFD, Scope::RouterOspf, "ospf router-id {v}").undone_by("no ospf router-id"),
    // ospf6d begins anew when a line leaves it with the id that it had, and otherwise waits for an operator.
    instance(LineKind::OspfRouterId, OSPF6D, Scope::RouterOspf, "ospf6 router-id {v}")
        .undone_by("no ospf6 router-id")
        .resets(),
    instance(LineKind::OspfLogAdjacencyChanges, OSPF, Scope::RouterOspf, "log-adjacency-changes {*}")
        .undone_by("no log-adjacency-changes"),
    instance(LineKind::OspfThrottleLsa, OSPFD, Scope::RouterOspf, "timers throttle lsa all {v}")
        .undone_by("no timers throttle lsa all"),
    instance(LineKind::OspfRedistribute, OSPF, Scope::RouterOspf, "redistribute {id} {*}")
        .undone_by("no redistribute {}"),
    rule(
        LineKind::OspfDefaultRoute,
        OSPF,
        Scope::RouterOspf,
        "default-information originate {*}",
        Order::StaticRoutes,
        Order::WithdrawStaticRoutes,
    )
    .undone_by("no default-information originate"),
    instance(LineKind::OspfAreaStub, OSPF, Scope::RouterOspf, "area {id} stub {*}")
        .undone_by("no area {} stub")
        .resets(),
    // ospfd of FRR 8 stays with `no-summary` when it is left out.
    instance(LineKind::OspfAreaNssa, OSPFD, Scope::RouterOspf, "area {id} nssa {*}")
        .undone_by("no area {} nssa")
        .delete_first()
        .resets(),
    instance(LineKind::OspfAreaNssa, OSPF6D, Scope::RouterOspf, "area {id} nssa {*}")
        .undone_by("no area {} nssa")
        .resets(),
    interface(LineKind::OspfHelloInterval, OSPFD, "ip ospf hello-interval {v}", "no ip ospf hello-interval").resets(),
    interface(LineKind::OspfHelloInterval, OSPF6D, "ipv6 ospf6 hello-interval {v}", "no ipv6 ospf6 hello-interval")
        .resets(),
    interface(LineKind::OspfDeadInterval, OSPFD, "ip ospf dead-interval {v}", "no ip ospf dead-interval").resets(),
    interface(LineKind::OspfDeadInterval, OSPF6D, "ipv6 ospf6 dead-interval {v}", "no ipv6 ospf6 dead-interval")
        .resets(),
    interface(LineKind::OspfCost, OSPFD, "ip ospf cost {v}", "no ip ospf cost").soft(),
    interface(LineKind::OspfCost, OSPF6D, "ipv6 ospf6 cost {v}", "no ipv6 ospf6 cost").soft(),
    interface(LineKind::OspfPassive, OSPFD, "ip ospf passive", "").resets(),
    interface(LineKind::OspfPassive, OSPF6D, "ipv6 ospf6 passive", "").resets(),
    interface(LineKind::OspfArea, OSPFD, "ip ospf area {v}", "no ip ospf area").delete_first().resets(),
    interface(LineKind::OspfArea, OSPF6D, "ipv6 ospf6 area {v}", "no ipv6 ospf6 area").delete_first().resets(),
    interface(LineKind::OspfNetwork, OSPFD, "ip ospf network {v}", "no ip ospf network").resets(),
    interface(LineKind::OspfNetwork, OSPF6D, "ipv6 ospf6 network {v}", "no ipv6 ospf6 network").resets(),
    interface(LineKind::OspfPriority, OSPFD, "ip ospf priority {v}", "no ip ospf priority"),
    interface(LineKind::OspfPriority, OSPF6D, "ipv6 ospf6 priority {v}", "no ipv6 ospf6 priority"),
    interface(LineKind::OspfAuthentication, OSPFD, "ip ospf authentication {*}", "no ip ospf authentication").resets(),
    // Taken back by any key, so that the one in use need not be said.
    interface(
        LineKind::OspfAuthenticationTrailer,
        OSPF6D,
        "ipv6 ospf6 authentication {*}",
        "no ipv6 ospf6 authentication key-id 1 hash-algo md5 key none",
    )
    .resets(),
    interface(
        LineKind::OspfAuthenticationKey,
        OSPFD,
        "ip ospf authentication-key {v}",
        "no ip ospf authentication-key",
    )
    .resets(),
    interface(
        LineKind::OspfMessageDigestKey,
        OSPFD,
        "ip ospf message-digest-key {id} md5 {v}",
        "no ip ospf message-digest-key {}",
    )
    .resets(),
    interface(LineKind::OspfBfd, OSPFD, "ip ospf bfd", ""),
    interface(LineKind::OspfBfd, OSPF6D, "ipv6 ospf6 bfd", ""),
    interface(LineKind::OspfBfdProfile, OSPFD, "ip ospf bfd profile {v}", "no ip ospf bfd profile"),
    interface(LineKind::OspfBfdProfile, OSPF6D, "ipv6 ospf6 bfd profile {v}", "no ipv6 ospf6 bfd profile"),
    // Static routes. FRR keeps one to a prefix with the same next hop: a new distance takes the place of the old one.
    rule(
        LineKind::StaticRoute,
        STATICD,
        Scope::Top,
        "{id} route {id} blackhole tag {v} {v}",
        Order::StaticRoutes,
        Order::WithdrawStaticRoutes,
    ),
];
