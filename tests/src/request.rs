//! Requests as an owner of the base configuration sends them.

use novaroute_api::v1;

use crate::config::token;

/// Sets owner and token of a request.
macro_rules! signed {
    ($owner:expr, $message:ident { $($field:ident: $value:expr),* $(,)? }) => {
        v1::$message { owner: $owner.to_owned(), token: token($owner), $($field: $value,)* ..Default::default() }
    };
}

/// ConfigureBGP.
#[must_use]
pub fn configure_bgp(owner: &str, local_as: u32, router_id: &str) -> v1::ConfigureBgpRequest {
    signed!(owner, ConfigureBgpRequest { local_as: local_as, router_id: router_id.to_owned() })
}

/// ApplyPeer.
#[must_use]
pub fn apply_peer(owner: &str, peer: v1::BgpPeer) -> v1::ApplyPeerRequest {
    signed!(owner, ApplyPeerRequest { peer: Some(peer) })
}

/// RemovePeer.
#[must_use]
pub fn remove_peer(owner: &str, neighbor: impl ToString) -> v1::RemovePeerRequest {
    signed!(owner, RemovePeerRequest { neighbor_address: neighbor.to_string() })
}

/// AdvertisePrefix by BGP without attributes.
#[must_use]
pub fn advertise(owner: &str, prefix: &str) -> v1::AdvertisePrefixRequest {
    advertise_with(owner, prefix, v1::PrefixAttributes::default())
}

/// AdvertisePrefix by BGP.
#[must_use]
pub fn advertise_with(owner: &str, prefix: &str, attributes: v1::PrefixAttributes) -> v1::AdvertisePrefixRequest {
    signed!(
        owner,
        AdvertisePrefixRequest {
            prefix: prefix.to_owned(),
            protocol: v1::Protocol::Bgp.into(),
            attributes: Some(attributes),
        }
    )
}

/// AdvertisePrefix by OSPF.
#[must_use]
pub fn advertise_ospf(owner: &str, prefix: &str) -> v1::AdvertisePrefixRequest {
    signed!(
        owner,
        AdvertisePrefixRequest { prefix: prefix.to_owned(), protocol: v1::Protocol::Ospf.into(), attributes: None }
    )
}

/// WithdrawPrefix.
#[must_use]
pub fn withdraw(owner: &str, prefix: &str, protocol: v1::Protocol) -> v1::WithdrawPrefixRequest {
    signed!(owner, WithdrawPrefixRequest { prefix: prefix.to_owned(), protocol: protocol.into() })
}

/// Deregister.
#[must_use]
pub fn deregister(owner: &str, withdraw_all: bool) -> v1::DeregisterRequest {
    signed!(owner, DeregisterRequest { withdraw_all: withdraw_all })
}

/// Handoff.
#[must_use]
pub fn handoff(owner: &str) -> v1::HandoffRequest {
    signed!(owner, HandoffRequest {})
}

/// Drain of what the owner holds.
#[must_use]
pub fn drain(owner: &str) -> v1::DrainRequest {
    signed!(owner, DrainRequest {})
}

/// Undrain of what the owner holds.
#[must_use]
pub fn undrain(owner: &str) -> v1::UndrainRequest {
    signed!(owner, UndrainRequest {})
}

/// Register.
#[must_use]
pub fn register(owner: &str) -> v1::RegisterRequest {
    v1::RegisterRequest { owner: owner.to_owned(), token: token(owner), ..Default::default() }
}

/// EnableBFD with timers in ms; the rest as `session` says.
#[must_use]
pub fn enable_bfd(owner: &str, session: v1::EnableBfdRequest) -> v1::EnableBfdRequest {
    v1::EnableBfdRequest { owner: owner.to_owned(), token: token(owner), ..session }
}

/// DisableBFD of every session to an address.
#[must_use]
pub fn disable_bfd(owner: &str, peer: impl ToString) -> v1::DisableBfdRequest {
    signed!(owner, DisableBfdRequest { peer_address: peer.to_string(), interface_name: String::new(), multihop: None })
}

/// EnableOSPF; the rest as `interface` says.
#[must_use]
pub fn enable_ospf(owner: &str, interface: v1::EnableOspfRequest) -> v1::EnableOspfRequest {
    v1::EnableOspfRequest { owner: owner.to_owned(), token: token(owner), ..interface }
}

/// DisableOSPF.
#[must_use]
pub fn disable_ospf(owner: &str, interface: &str) -> v1::DisableOspfRequest {
    signed!(owner, DisableOspfRequest { interface_name: interface.to_owned() })
}
