//! How OSPF runs on an interface, beyond area, cost and timers.

use std::num::NonZeroU8;

use novaroute_core::{
    invalid::Invalid,
    ospf::{AreaId, AreaType, OspfAuthentication, OspfDigest, OspfNetwork, OspfSettings},
};

use crate::{
    from_proto::{Fields, Refused, bfd},
    v1,
};

/// The area that all others are connected by (RFC 2328 §3.1).
const BACKBONE: u32 = 0;
const BFD_FIELDS: [&str; 3] = ["bfd_min_rx_ms", "bfd_min_tx_ms", "bfd_detect_multiplier"];

/// Parses them; `area` is the interface's, if that could be read.
pub(super) fn parse(
    fields: &mut Fields,
    message: &v1::EnableOspfRequest,
    area: Option<AreaId>,
) -> Result<OspfSettings, Refused> {
    let network = fields.take("network_type", network(message.network_type));
    let priority = fields.take("priority", priority(message.priority));
    let authentication = authentication(fields, message);
    let area_type = fields.take("area_type", area_type(message.area_type, area));
    let timers = [message.bfd_min_rx_ms, message.bfd_min_tx_ms, message.bfd_detect_multiplier];
    let bfd = bfd::timers(fields, BFD_FIELDS, timers);
    Ok(OspfSettings {
        network: network?,
        priority: priority?,
        authentication: authentication?,
        area_type: area_type?,
        bfd: Some(bfd?).filter(|_| message.bfd_enabled),
    })
}

fn network(number: i32) -> Result<Option<OspfNetwork>, Invalid> {
    match v1::OspfNetworkType::try_from(number) {
        Ok(v1::OspfNetworkType::Unspecified) => Ok(None),
        Ok(v1::OspfNetworkType::PointToPoint) => Ok(Some(OspfNetwork::PointToPoint)),
        Ok(v1::OspfNetworkType::PointToMultipoint) => Ok(Some(OspfNetwork::PointToMultipoint)),
        Err(_) => Err(Invalid::new(
            &number.to_string(),
            "OSPF_NETWORK_TYPE_POINT_TO_POINT (1), OSPF_NETWORK_TYPE_POINT_TO_MULTIPOINT (2), or 0",
        )),
    }
}

fn priority(value: Option<u32>) -> Result<u8, Invalid> {
    let Some(value) = value else { return Ok(OspfSettings::default().priority) };
    u8::try_from(value).map_err(|_| Invalid::number(value, "a priority from 0 to 255"))
}

fn area_type(number: i32, area: Option<AreaId>) -> Result<AreaType, Invalid> {
    let area_type = match v1::OspfAreaType::try_from(number) {
        Ok(v1::OspfAreaType::Unspecified) => return Ok(AreaType::Normal),
        Ok(v1::OspfAreaType::Stub) => AreaType::Stub,
        Ok(v1::OspfAreaType::TotallyStub) => AreaType::TotallyStub,
        Ok(v1::OspfAreaType::Nssa) => AreaType::Nssa,
        Ok(v1::OspfAreaType::TotallyNssa) => AreaType::TotallyNssa,
        Err(_) => {
            return Err(Invalid::new(
                &number.to_string(),
                "OSPF_AREA_TYPE_STUB (1), _TOTALLY_STUB (2), _NSSA (3), _TOTALLY_NSSA (4), or 0",
            ));
        }
    };
    if area.is_some_and(|area| area.bits() == BACKBONE) {
        return Err(Invalid::new(area_type.as_str(), "a type that the backbone can have: it is always normal"));
    }
    Ok(area_type)
}

fn authentication(fields: &mut Fields, message: &v1::EnableOspfRequest) -> Result<Option<OspfAuthentication>, Refused> {
    let digest = match v1::OspfAuthentication::try_from(message.authentication) {
        Ok(v1::OspfAuthentication::Unspecified) => return without(fields, message),
        Ok(v1::OspfAuthentication::Simple) => OspfDigest::Simple,
        Ok(v1::OspfAuthentication::Md5) => OspfDigest::Md5,
        Ok(v1::OspfAuthentication::HmacSha256) => OspfDigest::HmacSha256,
        Err(_) => {
            let expected = "OSPF_AUTHENTICATION_SIMPLE (1), _MD5 (2), _HMAC_SHA_256 (3), or 0";
            let invalid = Invalid::new(&message.authentication.to_string(), expected);
            return fields.take("authentication", Err(invalid));
        }
    };
    let key_id = key_id(fields, message.authentication_key_id, digest)?;
    let key = OspfAuthentication::new(digest, key_id, &message.authentication_key);
    fields.take("authentication_key", key).map(Some)
}

/// A key that is used for nothing is a mistake.
fn without(fields: &mut Fields, message: &v1::EnableOspfRequest) -> Result<Option<OspfAuthentication>, Refused> {
    for (field, given) in [
        ("authentication_key_id", message.authentication_key_id != 0),
        ("authentication_key", !message.authentication_key.is_empty()),
    ] {
        if given {
            return Err(fields.refuse(field, "is set without `authentication`: set that too, or leave it out"));
        }
    }
    Ok(None)
}

fn key_id(fields: &mut Fields, id: u32, digest: OspfDigest) -> Result<NonZeroU8, Refused> {
    if digest == OspfDigest::Simple && id != 0 {
        return Err(
            fields.refuse("authentication_key_id", "is set, and OSPF_AUTHENTICATION_SIMPLE has none: leave it out")
        );
    }
    let fits = u8::try_from(id).map(|id| NonZeroU8::new(id).unwrap_or(NonZeroU8::MIN));
    fields.take("authentication_key_id", fits.map_err(|_| Invalid::number(id, "a key number from 1 to 255")))
}
