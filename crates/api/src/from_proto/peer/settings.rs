//! How the session with a peer comes about and behaves.

use std::num::NonZeroU16;

use novaroute_core::{
    bgp::Asn,
    invalid::Invalid,
    peer::{AdvertisementInterval, PeerSettings, Shutdown, TtlSecurity},
};

use super::{Fields, Refused, seconds, set};
use crate::v1;

pub(super) fn settings(fields: &mut Fields, message: &v1::BgpPeer) -> Result<PeerSettings, Refused> {
    let local_as = fields.take("peer.local_as", local_as(message));
    let ttl_security = ttl_security(fields, message);
    let retry = seconds(message.connect_retry_s, "a time from 1 to 65535 s, or 0 for the agent's own");
    let retry = fields.take("peer.connect_retry_s", retry);
    let interval = AdvertisementInterval::from_number(message.advertisement_interval_s);
    let interval = fields.take("peer.advertisement_interval_s", interval);
    let shutdown = shutdown(fields, message);
    Ok(PeerSettings {
        local_as: local_as?,
        ttl_security: ttl_security?,
        passive: message.passive,
        connect_retry_s: NonZeroU16::new(retry?),
        advertisement_interval: interval?,
        shutdown: shutdown?,
    })
}

fn local_as(message: &v1::BgpPeer) -> Result<Option<Asn>, Invalid> {
    if message.local_as != 0 && message.local_as == message.remote_as {
        return Err(Invalid::number(message.local_as, "another AS than the peer's, which FRR asks for"));
    }
    Ok(Asn::new(message.local_as).ok())
}

/// FRR knows one of the two: how many hops a packet may take at most, or how many it may have taken.
fn ttl_security(fields: &mut Fields, message: &v1::BgpPeer) -> Result<Option<TtlSecurity>, Refused> {
    const FIELD: &str = "peer.ttl_security_hops";
    let hops = fields.take(FIELD, TtlSecurity::from_number(message.ttl_security_hops))?;
    if hops.is_some() && message.ebgp_multihop > 0 {
        let text = format!(
            "{} is set beside peer.ebgp_multihop {}: leave one out; this one says as well how far away the peer may be",
            message.ttl_security_hops, message.ebgp_multihop
        );
        return Err(fields.refuse(FIELD, text));
    }
    Ok(hops)
}

fn shutdown(fields: &mut Fields, message: &v1::BgpPeer) -> Result<Option<Shutdown>, Refused> {
    const FIELD: &str = "peer.shutdown_message";
    let text = fields.take(FIELD, set(&message.shutdown_message).map(str::parse).transpose())?;
    if text.is_some() && !message.shutdown {
        return Err(fields.refuse(FIELD, "is set while peer.shutdown is not: nobody would be told"));
    }
    Ok(message.shutdown.then_some(Shutdown { message: text }))
}
