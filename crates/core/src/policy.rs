//! What an owner may ask for. Everything here is a function of the policy and one intent; who holds what
//! already is the engine's business.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::bgp::{Asn, PrefixAttributes};
use crate::community::AnyCommunity;
use crate::drain::DrainScope;
use crate::exchange::{Exchange, ExportPolicy};
use crate::intent::{Intent, IntentKey, Kind};
use crate::name::{InterfaceName, OwnerName};
use crate::peer::{Peer, PeerKey};
use crate::prefix::{Family, Prefix};
use crate::rejection::{Rejection, RejectionClass};
use crate::state::Reason;

/// Which prefixes an owner may advertise, by their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PrefixType {
    /// `/32` and `/128`.
    HostOnly,
    /// `/1`–`/31` and `/1`–`/127`.
    Subnet,
    /// All but the default route.
    #[default]
    Any,
}

impl PrefixType {
    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HostOnly => "host_only",
            Self::Subnet => "subnet",
            Self::Any => "any",
        }
    }
}

/// The rights and limits of one owner. Empty lists and `None` mean: no restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Kinds of intent that the owner may use.
    pub permissions: BTreeSet<Kind>,
    /// May take over keys that another owner holds.
    pub can_override: bool,
    /// Which prefixes, by length.
    pub prefix_type: PrefixType,
    /// With [`PrefixType::Any`]: the default route too.
    pub allow_default_route: bool,
    /// May have a peer be sent what other peers have announced.
    pub allow_transit: bool,
    /// A prefix must lie inside one of these.
    pub allowed_cidrs: Vec<Prefix>,
    /// Shortest and longest prefix per family, in bits.
    pub lengths: BTreeMap<Family, RangeInclusive<u8>>,
    /// Most prefixes held at once.
    pub max_prefixes: Option<u32>,
    /// Most peers held at once.
    pub max_peers: Option<u32>,
    /// Communities of any kind that may be attached.
    pub allowed_communities: Option<BTreeSet<AnyCommunity>>,
    /// Interfaces that may be named, by peers, OSPF and BFD.
    pub allowed_interfaces: Option<BTreeSet<InterfaceName>>,
    /// Where peers, of BGP and BFD, may be.
    pub allowed_peers: Vec<Prefix>,
    /// AS numbers that peers may have.
    pub allowed_remote_as: Option<BTreeSet<Asn>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            permissions: Kind::ALL.into(),
            can_override: false,
            prefix_type: PrefixType::Any,
            allow_default_route: false,
            allow_transit: false,
            allowed_cidrs: Vec::new(),
            lengths: BTreeMap::new(),
            max_prefixes: None,
            max_peers: None,
            allowed_communities: None,
            allowed_interfaces: None,
            allowed_peers: Vec::new(),
            allowed_remote_as: None,
        }
    }
}

impl Policy {
    /// The policy of what the configuration file declares: everything.
    #[must_use]
    pub fn of_config() -> Self {
        Self { allow_default_route: true, allow_transit: true, ..Self::default() }
    }

    /// That of an owner: the file's own for what the file declares, and for an owner without one what is allowed to
    /// everybody.
    #[must_use]
    pub fn of(owner: &OwnerName, policies: &BTreeMap<OwnerName, Self>) -> Self {
        if owner.is_config() {
            return Self::of_config();
        }
        policies.get(owner).cloned().unwrap_or_default()
    }

    /// What was accepted once is not judged again; only who may override whom still decides.
    #[must_use]
    pub fn permissive(&self) -> Self {
        Self { can_override: self.can_override, ..Self::of_config() }
    }

    /// Most intents of `kind` that the owner may hold at once.
    #[must_use]
    pub fn limit(&self, kind: Kind) -> Option<u32> {
        match kind {
            Kind::Prefixes => self.max_prefixes,
            Kind::Peers => self.max_peers,
            Kind::BgpGlobal | Kind::Bfd | Kind::Ospf => None,
        }
    }
}

/// Whether the owner may use this kind of intent at all.
///
/// # Errors
/// PERMISSION_DENIED naming the kind and the permitted ones.
pub fn check_permission(policy: &Policy, kind: Kind) -> Result<(), Rejection> {
    if policy.permissions.contains(&kind) {
        return Ok(());
    }
    let allowed = joined(&policy.permissions);
    Err(denied(Reason::KindNotPermitted, "permissions", format!("no permission for {kind}"), &allowed))
}

/// Whether the owner may end the agent and leave FRR to the next one.
///
/// # Errors
/// PERMISSION_DENIED naming the rule.
pub fn check_handoff(policy: &Policy, owner: &OwnerName) -> Result<(), Rejection> {
    if policy.can_override {
        return Ok(());
    }
    let what = format!("owner {owner} may not end the agent: it may not override others");
    Err(denied(Reason::HandoffNotPermitted, "can_override", what, "owners with can_override"))
}

/// Whether an owner may drain this, or end its drain.
///
/// # Errors
/// PERMISSION_DENIED naming the rule.
pub fn check_drain(policy: &Policy, owner: &OwnerName, scope: &DrainScope) -> Result<(), Rejection> {
    if policy.can_override || *scope == DrainScope::Owner(owner.clone()) {
        return Ok(());
    }
    let what = format!("owner {owner} may not drain {scope}: it may not override others");
    Err(denied(Reason::DrainNotPermitted, "can_override", what, "what the owner holds itself"))
}

/// Whether the policy allows this intent.
///
/// # Errors
/// PERMISSION_DENIED naming the rule and the allowed values.
pub fn evaluate(policy: &Policy, intent: &Intent) -> Result<(), Rejection> {
    evaluate_key(policy, &intent.key())?;
    match intent {
        Intent::Peer(peer) => {
            check_exchange(policy, &peer.exchange)?;
            check_remote_as(policy, peer)
        }
        Intent::Prefix(advertisement) => check_communities(policy, &advertisement.attributes),
        Intent::Bgp(_) | Intent::Bfd(_) | Intent::Ospf(_) => Ok(()),
    }
}

/// Whether the policy allows an intent with this key, whatever else the intent says.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_key(policy: &Policy, key: &IntentKey) -> Result<(), Rejection> {
    match key {
        IntentKey::Bgp => Ok(()),
        IntentKey::Peer(PeerKey::Address(address)) => check_peer_address(policy, address.get()),
        IntentKey::Peer(PeerKey::Interface(interface)) => check_peer_interface(policy, interface.get()),
        IntentKey::Prefix(_, prefix) => {
            check_prefix_type(policy, prefix)?;
            check_length(policy, prefix)?;
            check_cidrs(policy, prefix)
        }
        IntentKey::Bfd(session) => {
            check_peer_address(policy, session.peer)?;
            session.interface.as_ref().map_or(Ok(()), |interface| check_interface(policy, interface))
        }
        IntentKey::Ospf(interface) => check_interface(policy, interface),
    }
}

fn check_remote_as(policy: &Policy, peer: &Peer) -> Result<(), Rejection> {
    match &policy.allowed_remote_as {
        Some(allowed) if !allowed.contains(&peer.remote_as) => Err(denied(
            Reason::RemoteAsNotAllowed,
            "allowed_remote_as",
            format!("remote AS {} is not allowed", peer.remote_as),
            &joined(allowed),
        )),
        _ => Ok(()),
    }
}

/// What a peer is sent beside the prefixes of owners.
fn check_exchange(policy: &Policy, exchange: &Exchange) -> Result<(), Rejection> {
    if exchange.export == ExportPolicy::Transit && !policy.allow_transit {
        let what = "a transit peer is not allowed: it is sent what other peers have announced".to_owned();
        return Err(denied(Reason::TransitNotAllowed, "allow_transit", what, "owners with allow_transit"));
    }
    Ok(())
}

fn check_peer_address(policy: &Policy, address: IpAddr) -> Result<(), Rejection> {
    if policy.allowed_peers.is_empty() || policy.allowed_peers.iter().any(|cidr| cidr.contains_address(address)) {
        return Ok(());
    }
    let allowed = joined(&policy.allowed_peers);
    Err(denied(Reason::PeerNotAllowed, "allowed_peers", format!("peer {address} is not allowed"), &allowed))
}

/// Nobody knows what address a peer on an interface has: an owner that is held to addresses may have one only where the
/// interface is named.
fn check_peer_interface(policy: &Policy, interface: InterfaceName) -> Result<(), Rejection> {
    if policy.allowed_interfaces.is_some() || policy.allowed_peers.is_empty() {
        return check_interface(policy, &interface);
    }
    let what = format!("peer {interface} has no address that could be looked at: it takes allowed_interfaces");
    Err(denied(Reason::PeerNotAllowed, "allowed_peers", what, &joined(&policy.allowed_peers)))
}

fn check_interface(policy: &Policy, interface: &InterfaceName) -> Result<(), Rejection> {
    match &policy.allowed_interfaces {
        Some(allowed) if !allowed.contains(interface) => Err(denied(
            Reason::InterfaceNotAllowed,
            "allowed_interfaces",
            format!("interface {interface} is not allowed"),
            &joined(allowed),
        )),
        _ => Ok(()),
    }
}

/// An owner that is held to some communities cannot say the same by one of another kind.
fn check_communities(policy: &Policy, attributes: &PrefixAttributes) -> Result<(), Rejection> {
    let Some(allowed) = &policy.allowed_communities else { return Ok(()) };
    let standard = attributes.communities.iter().copied().map(AnyCommunity::Standard);
    let large = attributes.large_communities.iter().copied().map(AnyCommunity::Large);
    let extended = attributes.extended_communities.iter().copied().map(AnyCommunity::Extended);
    match standard.chain(large).chain(extended).find(|community| !allowed.contains(community)) {
        None => Ok(()),
        Some(community) => Err(denied(
            Reason::CommunityNotAllowed,
            "allowed_communities",
            format!("community {community} is not allowed"),
            &joined(allowed),
        )),
    }
}

fn check_prefix_type(policy: &Policy, prefix: &Prefix) -> Result<(), Rejection> {
    let (fits, allowed) = match policy.prefix_type {
        PrefixType::HostOnly => (prefix.is_host(), "/32 and /128"),
        PrefixType::Subnet => (!prefix.is_host() && !prefix.is_default_route(), "/1 to /31 and /1 to /127"),
        PrefixType::Any => {
            (!prefix.is_default_route() || policy.allow_default_route, "any length but the default route")
        }
    };
    if fits {
        return Ok(());
    }
    let kind = policy.prefix_type.as_str();
    let what = format!("prefix {prefix} is not allowed by prefix type {kind}");
    Err(denied(Reason::PrefixTypeNotAllowed, "allowed_prefixes.type", what, allowed))
}

fn check_length(policy: &Policy, prefix: &Prefix) -> Result<(), Rejection> {
    match policy.lengths.get(&prefix.family()) {
        Some(range) if !range.contains(&prefix.length()) => Err(denied(
            Reason::PrefixLengthNotAllowed,
            "allowed_prefixes.min_length/max_length",
            format!("prefix {prefix} has a length that is not allowed"),
            &format!("/{} to /{} for {}", range.start(), range.end(), prefix.family()),
        )),
        _ => Ok(()),
    }
}

fn check_cidrs(policy: &Policy, prefix: &Prefix) -> Result<(), Rejection> {
    if policy.allowed_cidrs.is_empty() || policy.allowed_cidrs.iter().any(|cidr| cidr.contains(prefix)) {
        return Ok(());
    }
    let allowed = joined(&policy.allowed_cidrs);
    let what = format!("prefix {prefix} lies in none of the allowed CIDRs");
    Err(denied(Reason::PrefixNotInAllowedCidrs, "allowed_prefixes.allowed_cidrs", what, &allowed))
}

fn denied(reason: Reason, rule: &'static str, what: String, allowed: &str) -> Rejection {
    let allowed = if allowed.is_empty() { "none" } else { allowed };
    Rejection::new(RejectionClass::PermissionDenied, reason, format!("{what} (rule {rule}; allowed: {allowed})"))
        .with("rule", rule)
        .with("allowed", allowed)
}

/// Allowed values as an error shows them, cut where a list would swamp the message.
fn joined<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    const SHOWN_MAX: usize = 16;
    let mut words: Vec<String> = values.into_iter().take(SHOWN_MAX + 1).map(|value| value.to_string()).collect();
    if words.len() > SHOWN_MAX {
        words[SHOWN_MAX] = "…".to_owned();
    }
    words.join(", ")
}

#[cfg(test)]
mod tests;
