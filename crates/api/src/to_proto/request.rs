//! Changes as the requests that would ask for them, with `owner` and `token` left empty.

use std::{collections::BTreeSet, net::IpAddr};

use novaroute_core::{
    bfd::{BfdKey, BfdSession, BfdTimers, Hop},
    bgp::{Asn, BgpInstance, Origin, PrefixAttributes},
    intent::{Advertisement, Change, Intent, IntentKey, Target},
    ospf::{AreaType, OspfDigest, OspfInterface, OspfNetwork, OspfSettings},
    peer::{GracefulRestart, Peer, PeerKey, PeerSettings, PeerType},
    pending::{PendingStep, PendingTerms},
    prefix::Family,
    session::{Lease, Registration, SessionTerms},
};

use super::{drain, protocol, recorded, text};
use crate::{
    journal::{PendingOpened, PendingSettled, RemoveBgp, SessionOpened, journal_record::Change as Recorded},
    v1::{self, intent_item::Change as Asked},
};

pub(crate) fn change(change: &Change) -> Recorded {
    match change {
        Change::Register(registration) => Recorded::Register(register(registration)),
        Change::Reopen(terms) => Recorded::SessionOpened(session_opened(terms)),
        Change::Deregister { withdraw_all } => {
            let withdraw_all = *withdraw_all;
            Recorded::Deregister(v1::DeregisterRequest { withdraw_all, ..Default::default() })
        }
        Change::Put(intent) => put(intent),
        Change::Remove(Target::BfdSessionsTo(peer)) => Recorded::DisableBfd(disable_bfd(*peer)),
        Change::Remove(Target::Key(key)) => remove(key),
        Change::Drain(scope, terms) => Recorded::Drain(drain::drain(scope.as_ref(), terms)),
        Change::DrainDue(scope) => Recorded::DrainDue(drain::drain_due(scope)),
        Change::Undrain(scope) => Recorded::Undrain(drain::undrain(scope.as_ref())),
        Change::Pending(PendingStep::Opened(terms)) => Recorded::PendingOpened(pending_opened(terms)),
        Change::Pending(PendingStep::Settled(id)) => {
            Recorded::PendingSettled(PendingSettled { change_id: id.to_string() })
        }
    }
}

fn pending_opened(terms: &PendingTerms) -> PendingOpened {
    let PendingTerms { id, within, undo } = terms;
    PendingOpened {
        change_id: id.to_string(),
        confirm_within_s: within.seconds(),
        undo: undo.iter().map(|undone| recorded(change(undone))).collect(),
    }
}

fn register(registration: &Registration) -> v1::RegisterRequest {
    let Registration { reassert_intents, lease, instance, bind_to_connection } = registration;
    v1::RegisterRequest {
        reassert_intents: *reassert_intents,
        lease_s: lease.map_or(0, Lease::seconds),
        instance: text(instance.as_ref()),
        bind_to_connection: *bind_to_connection,
        ..Default::default()
    }
}

fn session_opened(terms: &SessionTerms) -> SessionOpened {
    let SessionTerms { id, epoch, lease, instance, bound } = terms;
    SessionOpened {
        session_id: id.to_string(),
        epoch: *epoch,
        lease_s: lease.map_or(0, Lease::seconds),
        instance: text(instance.as_ref()),
        bound: *bound,
    }
}

/// The item that would ask for an intent. It carries the password in the clear.
#[must_use]
pub fn intent_item(intent: &Intent) -> v1::IntentItem {
    let change = match intent {
        Intent::Bgp(instance) => Asked::ConfigureBgp(configure_bgp(instance)),
        Intent::Peer(peer) => Asked::ApplyPeer(apply_peer(peer)),
        Intent::Prefix(advertisement) => Asked::AdvertisePrefix(advertise_prefix(advertisement)),
        Intent::Bfd(session) => Asked::EnableBfd(enable_bfd(session)),
        Intent::Ospf(interface) => Asked::EnableOspf(enable_ospf(interface)),
    };
    v1::IntentItem { change: Some(change) }
}

fn put(intent: &Intent) -> Recorded {
    match intent {
        Intent::Bgp(instance) => Recorded::ConfigureBgp(configure_bgp(instance)),
        Intent::Peer(peer) => Recorded::ApplyPeer(apply_peer(peer)),
        Intent::Prefix(advertisement) => Recorded::AdvertisePrefix(advertise_prefix(advertisement)),
        Intent::Bfd(session) => Recorded::EnableBfd(enable_bfd(session)),
        Intent::Ospf(interface) => Recorded::EnableOspf(enable_ospf(interface)),
    }
}

/// The request for a BGP instance.
#[must_use]
pub fn configure_bgp(instance: &BgpInstance) -> v1::ConfigureBgpRequest {
    let BgpInstance { local_as, router_id } = instance;
    v1::ConfigureBgpRequest { local_as: local_as.get(), router_id: router_id.to_string(), ..Default::default() }
}

/// The request for a peer. It carries the password in the clear.
#[must_use]
pub fn apply_peer(peer: &Peer) -> v1::ApplyPeerRequest {
    v1::ApplyPeerRequest { peer: Some(bgp_peer(peer)), ..Default::default() }
}

fn bgp_peer(peer: &Peer) -> v1::BgpPeer {
    let Peer {
        key,
        remote_as,
        peer_type,
        timers,
        bfd,
        description,
        families,
        source_address,
        ebgp_multihop,
        password,
        max_prefix,
        graceful_restart,
        settings,
        exchange,
    } = peer;
    v1::BgpPeer {
        neighbor_address: text(key.address().as_ref()),
        interface_name: interface_of(*key),
        remote_as: remote_as.get(),
        peer_type: self::peer_type(*peer_type).into(),
        keepalive: timers.map_or(0, |timers| timers.keepalive_s().into()),
        hold_time: timers.map_or(0, |timers| timers.hold_s().into()),
        bfd_enabled: bfd.is_some(),
        description: text(description.as_ref()),
        address_families: families.iter().map(|family| address_family(*family).into()).collect(),
        source_address: text(source_address.as_ref()),
        ebgp_multihop: ebgp_multihop.map_or(0, |hops| hops.get().into()),
        password: password.as_ref().map(|password| password.reveal().to_owned()).unwrap_or_default(),
        max_prefix: max_prefix.get(),
        bfd_min_rx_ms: bfd.map_or(0, BfdTimers::min_rx_ms),
        bfd_min_tx_ms: bfd.map_or(0, BfdTimers::min_tx_ms),
        bfd_detect_multiplier: bfd.map_or(0, |timers| timers.detect_multiplier().into()),
        graceful_restart: self::graceful_restart(*graceful_restart).into(),
        ..self::settings(settings, super::exchange::exchange(exchange))
    }
}

/// `peer` with these settings too.
fn settings(settings: &PeerSettings, peer: v1::BgpPeer) -> v1::BgpPeer {
    let PeerSettings { local_as, ttl_security, passive, connect_retry_s, advertisement_interval, shutdown } = settings;
    v1::BgpPeer {
        local_as: local_as.map_or(0, Asn::get),
        ttl_security_hops: ttl_security.map_or(0, |ttl| ttl.hops().into()),
        passive: *passive,
        connect_retry_s: connect_retry_s.map_or(0, |seconds| seconds.get().into()),
        advertisement_interval_s: advertisement_interval.map_or(0, |interval| interval.seconds().into()),
        shutdown: shutdown.is_some(),
        shutdown_message: text(shutdown.as_ref().and_then(|shutdown| shutdown.message.as_ref())),
        ..peer
    }
}

fn interface_of(key: PeerKey) -> String {
    match key {
        PeerKey::Address(_) => String::new(),
        PeerKey::Interface(interface) => interface.get().to_string(),
    }
}

/// The request that takes a peer back.
#[must_use]
pub fn remove_peer(key: PeerKey) -> v1::RemovePeerRequest {
    v1::RemovePeerRequest {
        neighbor_address: text(key.address().as_ref()),
        interface_name: interface_of(key),
        ..Default::default()
    }
}

/// The request for a prefix.
#[must_use]
pub fn advertise_prefix(advertisement: &Advertisement) -> v1::AdvertisePrefixRequest {
    let Advertisement { protocol, prefix, attributes } = advertisement;
    v1::AdvertisePrefixRequest {
        prefix: prefix.to_string(),
        protocol: self::protocol(*protocol).into(),
        attributes: Some(self::attributes(attributes)).filter(|given| *given != v1::PrefixAttributes::default()),
        ..Default::default()
    }
}

/// Local preference and MED go to the fields that can say 0.
fn attributes(attributes: &PrefixAttributes) -> v1::PrefixAttributes {
    let PrefixAttributes {
        local_preference,
        med,
        communities,
        next_hop,
        large_communities,
        extended_communities,
        as_path_prepend,
        origin,
        peers,
    } = attributes;
    v1::PrefixAttributes {
        local_pref: *local_preference,
        multi_exit_disc: *med,
        communities: texts(communities),
        next_hop: text(next_hop.as_ref()),
        large_communities: texts(large_communities),
        extended_communities: texts(extended_communities),
        as_path_prepend: as_path_prepend.times().into(),
        origin: self::origin(*origin).into(),
        peers: texts(peers),
        ..Default::default()
    }
}

fn texts<T: ToString>(values: &BTreeSet<T>) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn origin(origin: Origin) -> v1::Origin {
    match origin {
        Origin::Igp => v1::Origin::Unspecified,
        Origin::Egp => v1::Origin::Egp,
        Origin::Incomplete => v1::Origin::Incomplete,
    }
}

/// The request for a BFD session.
#[must_use]
pub fn enable_bfd(session: &BfdSession) -> v1::EnableBfdRequest {
    let BfdSession { key: BfdKey { peer, interface, hop }, local_address, timers } = session;
    v1::EnableBfdRequest {
        peer_address: peer.to_string(),
        min_rx_ms: timers.min_rx_ms(),
        min_tx_ms: timers.min_tx_ms(),
        detect_multiplier: timers.detect_multiplier().into(),
        interface_name: text(interface.as_ref()),
        multihop: *hop == Hop::Multi,
        source_address: text(local_address.as_ref()),
        ..Default::default()
    }
}

/// The request for an OSPF interface.
#[must_use]
pub fn enable_ospf(ospf: &OspfInterface) -> v1::EnableOspfRequest {
    let OspfInterface { interface, area, passive, cost, timers, settings } = ospf;
    v1::EnableOspfRequest {
        interface_name: interface.to_string(),
        area_id: area.to_string(),
        passive: *passive,
        cost: cost.get().into(),
        hello_interval: timers.hello_s().into(),
        dead_interval: timers.dead_s().into(),
        ..ospf_settings(settings)
    }
}

fn ospf_settings(settings: &OspfSettings) -> v1::EnableOspfRequest {
    let OspfSettings { network, priority, authentication, area_type, bfd } = settings;
    let network_type = match network {
        None => v1::OspfNetworkType::Unspecified,
        Some(OspfNetwork::PointToPoint) => v1::OspfNetworkType::PointToPoint,
        Some(OspfNetwork::PointToMultipoint) => v1::OspfNetworkType::PointToMultipoint,
    };
    let digest = authentication.as_ref().map(|authentication| match authentication.digest() {
        OspfDigest::Simple => v1::OspfAuthentication::Simple,
        OspfDigest::Md5 => v1::OspfAuthentication::Md5,
        OspfDigest::HmacSha256 => v1::OspfAuthentication::HmacSha256,
    });
    let area_type = match area_type {
        AreaType::Normal => v1::OspfAreaType::Unspecified,
        AreaType::Stub => v1::OspfAreaType::Stub,
        AreaType::TotallyStub => v1::OspfAreaType::TotallyStub,
        AreaType::Nssa => v1::OspfAreaType::Nssa,
        AreaType::TotallyNssa => v1::OspfAreaType::TotallyNssa,
    };
    let numbered = authentication.as_ref().filter(|authentication| authentication.digest() != OspfDigest::Simple);
    let key = authentication.as_ref().map(|authentication| authentication.key().reveal().to_owned());
    v1::EnableOspfRequest {
        network_type: network_type.into(),
        priority: Some((*priority).into()),
        authentication: digest.unwrap_or_default().into(),
        authentication_key_id: numbered.map_or(0, |authentication| authentication.key_id().get().into()),
        authentication_key: key.unwrap_or_default(),
        area_type: area_type.into(),
        bfd_enabled: bfd.is_some(),
        bfd_min_rx_ms: bfd.map_or(0, BfdTimers::min_rx_ms),
        bfd_min_tx_ms: bfd.map_or(0, BfdTimers::min_tx_ms),
        bfd_detect_multiplier: bfd.map_or(0, |timers| timers.detect_multiplier().into()),
        ..Default::default()
    }
}

fn remove(key: &IntentKey) -> Recorded {
    match key {
        IntentKey::Bgp => Recorded::RemoveBgp(RemoveBgp {}),
        IntentKey::Peer(key) => Recorded::RemovePeer(remove_peer(*key)),
        IntentKey::Prefix(protocol, prefix) => Recorded::WithdrawPrefix(v1::WithdrawPrefixRequest {
            prefix: prefix.to_string(),
            protocol: self::protocol(*protocol).into(),
            ..Default::default()
        }),
        IntentKey::Bfd(BfdKey { peer, interface, hop }) => Recorded::DisableBfd(v1::DisableBfdRequest {
            interface_name: text(interface.as_ref()),
            multihop: Some(*hop == Hop::Multi),
            ..disable_bfd(*peer)
        }),
        IntentKey::Ospf(interface) => Recorded::DisableOspf(v1::DisableOspfRequest {
            interface_name: interface.to_string(),
            ..Default::default()
        }),
    }
}

fn disable_bfd(peer: IpAddr) -> v1::DisableBfdRequest {
    v1::DisableBfdRequest { peer_address: peer.to_string(), ..Default::default() }
}

fn graceful_restart(mode: GracefulRestart) -> v1::GracefulRestart {
    match mode {
        GracefulRestart::Helper => v1::GracefulRestart::Unspecified,
        GracefulRestart::Full => v1::GracefulRestart::Full,
        GracefulRestart::Off => v1::GracefulRestart::Off,
    }
}

fn peer_type(peer_type: Option<PeerType>) -> v1::PeerType {
    match peer_type {
        None => v1::PeerType::Unspecified,
        Some(PeerType::External) => v1::PeerType::External,
        Some(PeerType::Internal) => v1::PeerType::Internal,
    }
}

fn address_family(family: Family) -> v1::AddressFamily {
    match family {
        Family::Ipv4 => v1::AddressFamily::Ipv4Unicast,
        Family::Ipv6 => v1::AddressFamily::Ipv6Unicast,
    }
}
