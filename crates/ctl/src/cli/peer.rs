//! What names a peer, and how the session with it comes about and behaves.

use clap::Args;
use novaroute_api::v1;

/// Which peer: one of these.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct PeerKeyArgs {
    /// IPv4 or IPv6 address of the peer
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    neighbor: String,
    /// Interface at whose other end the peer is (unnumbered)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    interface: String,
}

impl PeerKeyArgs {
    /// A peer of which only the key is said.
    pub(crate) fn peer(self) -> v1::BgpPeer {
        v1::BgpPeer { neighbor_address: self.neighbor, interface_name: self.interface, ..Default::default() }
    }

    /// The request that takes the peer back.
    pub(crate) fn remove(self, owner: String, token: String) -> v1::RemovePeerRequest {
        v1::RemovePeerRequest {
            owner,
            token,
            neighbor_address: self.neighbor,
            interface_name: self.interface,
            ..Default::default()
        }
    }
}

/// How the session comes about and behaves.
#[derive(Args)]
pub(crate) struct PeerSettingsArgs {
    /// AS number that the peer sees in place of the node's own
    #[arg(long, value_name = "AS", default_value_t = 0, hide_default_value = true)]
    local_as: u32,
    /// How many hops away the peer may be, its packets starting at the highest
    /// time to live (GTSM, RFC 5082); instead of --ebgp-multihop
    #[arg(long, value_name = "HOPS", default_value_t = 0, hide_default_value = true)]
    ttl_security: u32,
    /// Wait for the peer to connect
    #[arg(long)]
    passive: bool,
    /// Seconds between attempts to connect [default: 1]
    #[arg(long, value_name = "S", default_value_t = 0, hide_default_value = true)]
    connect_retry: u32,
    /// Seconds that news of a prefix waits after earlier news of it [default:
    /// none]
    #[arg(long, value_name = "S", default_value_t = 0, hide_default_value = true)]
    advertisement_interval: u32,
    /// Keep the session down
    #[arg(long)]
    shutdown: bool,
    /// What the peer is told then (RFC 9003)
    #[arg(long, value_name = "TEXT", requires = "shutdown", default_value = "", hide_default_value = true)]
    shutdown_message: String,
}

impl PeerSettingsArgs {
    /// Adds them to a peer.
    pub(crate) fn of(self, peer: v1::BgpPeer) -> v1::BgpPeer {
        v1::BgpPeer {
            local_as: self.local_as,
            ttl_security_hops: self.ttl_security,
            passive: self.passive,
            connect_retry_s: self.connect_retry,
            advertisement_interval_s: self.advertisement_interval,
            shutdown: self.shutdown,
            shutdown_message: self.shutdown_message,
            ..peer
        }
    }
}
