//! `Debug` of the messages that carry a token or a password: the secret shows
//! as `***`, or as empty where there is none.

use std::fmt;

use crate::v1;

struct Secret<'a>(&'a str);

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "***" })
    }
}

/// Names every field, so that a field that is added to the proto does not
/// compile before somebody has said here whether it is a secret.
macro_rules! debug_without_secrets {
    ($($message:ident { secret $secret:ident, $($field:ident),* })*) => {$(
        impl fmt::Debug for v1::$message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self { $secret, $($field),* } = self;
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($field), $field))*
                    .field(stringify!($secret), &Secret($secret))
                    .finish()
            }
        }
    )*};
}

debug_without_secrets! {
    BgpPeer {
        secret password, neighbor_address, remote_as, peer_type, keepalive, hold_time,
        bfd_enabled, description, address_families, source_address, ebgp_multihop,
        max_prefix, bfd_min_rx_ms, bfd_min_tx_ms, bfd_detect_multiplier
    }
    RegisterRequest { secret token, owner, reassert_intents, lease_s, instance, bind_to_connection }
    DeregisterRequest { secret token, owner, withdraw_all }
    EndOfReplayRequest { secret token, owner, session_id, confirm_removals }
    RenewRequest { secret token, owner, session_id }
    ConfigureBgpRequest { secret token, owner, local_as, router_id }
    ApplyPeerRequest { secret token, owner, peer }
    RemovePeerRequest { secret token, owner, neighbor_address }
    AdvertisePrefixRequest { secret token, owner, prefix, protocol, attributes }
    WithdrawPrefixRequest { secret token, owner, prefix, protocol }
    EnableBfdRequest {
        secret token, owner, peer_address, min_rx_ms, min_tx_ms, detect_multiplier,
        interface_name, multihop, source_address
    }
    DisableBfdRequest { secret token, owner, peer_address, interface_name, multihop }
    EnableOspfRequest {
        secret token, owner, interface_name, area_id, passive, cost, hello_interval,
        dead_interval
    }
    DisableOspfRequest { secret token, owner, interface_name }
}

#[cfg(test)]
mod tests {
    use crate::v1::{ApplyPeerRequest, BgpPeer};

    #[test]
    fn neither_token_nor_password_is_printed() {
        let request = ApplyPeerRequest {
            owner: "edge".into(),
            token: "t0psecret".into(),
            peer: Some(BgpPeer { password: "md5secret".into(), ..BgpPeer::default() }),
        };
        let text = format!("{request:?}");
        assert!(text.contains("\"edge\""), "{text}");
        assert!(!text.contains("t0psecret"), "{text}");
        assert!(!text.contains("md5secret"), "{text}");
    }
}
