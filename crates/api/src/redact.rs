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
    ($($message:ident { secret $($secret:ident)+, $($field:ident),* })*) => {$(
        impl fmt::Debug for v1::$message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self { $($secret,)+ $($field),* } = self;
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($field), $field))*
                    $(.field(stringify!($secret), &Secret($secret)))+
                    .finish()
            }
        }
    )*};
}

debug_without_secrets! {
    BgpPeer {
        secret password, neighbor_address, remote_as, peer_type, keepalive, hold_time,
        bfd_enabled, description, address_families, source_address, ebgp_multihop,
        max_prefix, bfd_min_rx_ms, bfd_min_tx_ms, bfd_detect_multiplier, interface_name,
        local_as, ttl_security_hops, passive, connect_retry_s, advertisement_interval_s, graceful_restart,
        shutdown, shutdown_message, max_prefix_action, max_prefix_restart_min, import_policy, export_policy,
        next_hop_self, allowas_in
    }
    RegisterRequest {
        secret token, owner, reassert_intents, lease_s, instance, bind_to_connection, wait, dry_run
    }
    EndOfReplayRequest { secret token, owner, session_id, confirm_removals, wait, dry_run }
    RenewRequest { secret token, owner, session_id, wait, dry_run }
    DeregisterRequest { secret token, owner, withdraw_all, wait, dry_run }
    ConfigureBgpRequest { secret token, owner, local_as, router_id, wait, dry_run }
    ApplyPeerRequest { secret token, owner, peer, wait, dry_run }
    RemovePeerRequest { secret token, owner, neighbor_address, interface_name, wait, dry_run }
    AdvertisePrefixRequest { secret token, owner, prefix, protocol, attributes, wait, dry_run }
    WithdrawPrefixRequest { secret token, owner, prefix, protocol, wait, dry_run }
    HandoffRequest { secret token, owner, wait, dry_run }
    DrainRequest { secret token, owner, node, of_owner, delay_s, keep_announced, shut_sessions,
        shutdown_message, wait, dry_run }
    UndrainRequest { secret token, owner, node, of_owner, wait, dry_run }
    EnableBfdRequest {
        secret token, owner, peer_address, min_rx_ms, min_tx_ms, detect_multiplier,
        interface_name, multihop, source_address, wait, dry_run
    }
    DisableBfdRequest { secret token, owner, peer_address, interface_name, multihop, wait, dry_run }
    EnableOspfRequest {
        secret token authentication_key, owner, interface_name, area_id, passive, cost, hello_interval,
        dead_interval, wait, dry_run, network_type, priority, authentication, authentication_key_id, area_type,
        bfd_enabled, bfd_min_rx_ms, bfd_min_tx_ms, bfd_detect_multiplier
    }
    DisableOspfRequest { secret token, owner, interface_name, wait, dry_run }
    ApplyIntentsRequest {
        secret token, owner, mode, atomic, confirm_removals, items, confirm_within_s, wait, dry_run
    }
    ConfirmRequest { secret token, owner, change_id, rollback, wait, dry_run }
}

#[cfg(test)]
mod tests {
    use crate::v1::{ApplyPeerRequest, BgpPeer, EnableOspfRequest};

    #[test]
    fn neither_token_nor_password_is_printed() {
        let request = ApplyPeerRequest {
            owner: "edge".into(),
            token: "t0psecret".into(),
            peer: Some(BgpPeer { password: "md5secret".into(), ..BgpPeer::default() }),
            ..ApplyPeerRequest::default()
        };
        let text = format!("{request:?}");
        assert!(text.contains("\"edge\""), "{text}");
        assert!(!text.contains("t0psecret"), "{text}");
        assert!(!text.contains("md5secret"), "{text}");
        let request = EnableOspfRequest { authentication_key: "k3y".into(), ..EnableOspfRequest::default() };
        assert!(!format!("{request:?}").contains("k3y"), "{request:?}");
    }
}
