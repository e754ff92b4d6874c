//! Commands that change something. Ranges and combinations are the agent's
//! business: here a flag only has to be a number, or a known word.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    examples,
    exchange::ExchangeArgs,
    peer::{PeerKeyArgs, PeerSettingsArgs},
    values::EnumWord,
};
use crate::secret::Secret;

/// A command that changes something.
#[derive(Subcommand)]
pub(crate) enum WriteCommand {
    /// Open the owner's session; says what it holds already
    #[command(after_help = examples::REGISTER)]
    Register {
        /// Claim what the owner holds as it is
        #[arg(long)]
        reassert: bool,
        /// Seconds that the session lasts without `renew` [default: for ever]
        #[arg(long, value_name = "S", default_value_t = 0, hide_default_value = true)]
        lease: u32,
        /// Name of the process that the session is for
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        instance: String,
    },
    /// Begin the owner's lease anew
    #[command(after_help = examples::RENEW)]
    Renew {
        /// What `register` answered
        #[arg(long, value_name = "ID")]
        session_id: String,
    },
    /// Withdraw what the owner did not claim since it registered
    #[command(name = "end-of-replay", after_help = examples::END_OF_REPLAY)]
    EndOfReplay {
        /// Only if this session is still the open one
        #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
        session_id: String,
        /// Withdraw also more than half of what the owner holds
        #[arg(long)]
        confirm_removals: bool,
    },
    /// End the owner's session; its intents stay
    #[command(after_help = examples::DEREGISTER)]
    Deregister {
        /// Also withdraw everything that the owner holds
        #[arg(long)]
        withdraw_all: bool,
    },
    /// Let a change count that `apply --confirm-within` made
    #[command(after_help = examples::CONFIRM)]
    Confirm {
        /// What `apply` told; left out: whichever change of the owner waits
        #[arg(value_name = "CHANGE", default_value = "", hide_default_value = true)]
        change: String,
    },
    /// Take back a change that `apply --confirm-within` made
    #[command(after_help = examples::ROLLBACK)]
    Rollback {
        /// What `apply` told; left out: whichever change of the owner waits
        #[arg(value_name = "CHANGE", default_value = "", hide_default_value = true)]
        change: String,
    },
    /// End the agent and leave FRR as it is, for the next one to take over
    #[command(after_help = examples::HANDOFF)]
    Handoff,
    /// Take prefixes out of service as planned: mark them for peers (RFC 8326), then withdraw them
    #[command(after_help = examples::DRAIN)]
    Drain(DrainArgs),
    /// End a drain: prefixes are announced again as they were asked for
    #[command(after_help = examples::UNDRAIN)]
    Undrain(DrainedArgs),
    /// Set the AS and the router identifier of the node
    #[command(name = "configure-bgp", after_help = examples::CONFIGURE_BGP)]
    ConfigureBgp {
        /// AS number of the node
        #[arg(long, value_name = "AS")]
        local_as: u32,
        /// Router identifier, written as an IPv4 address
        #[arg(long, value_name = "ADDRESS")]
        router_id: String,
    },
    /// Create or replace a BGP peer
    ///
    /// Replaces the whole peer: what is left out is cleared.
    #[command(name = "apply-peer", after_help = examples::APPLY_PEER)]
    ApplyPeer(Box<ApplyPeerArgs>),
    /// Remove a BGP peer
    #[command(name = "remove-peer", after_help = examples::REMOVE_PEER)]
    RemovePeer(PeerKeyArgs),
    /// Announce a prefix, or replace its attributes
    #[command(after_help = examples::ADVERTISE)]
    Advertise(AdvertiseArgs),
    /// Withdraw a prefix
    #[command(after_help = examples::WITHDRAW)]
    Withdraw(WithdrawArgs),
    /// Create or replace a BFD session
    #[command(name = "enable-bfd", after_help = examples::ENABLE_BFD)]
    EnableBfd(EnableBfdArgs),
    /// Remove BFD sessions
    #[command(name = "disable-bfd", after_help = examples::DISABLE_BFD)]
    DisableBfd(DisableBfdArgs),
    /// Run OSPF on an interface, or replace how it runs there
    #[command(name = "enable-ospf", after_help = examples::ENABLE_OSPF)]
    EnableOspf(EnableOspfArgs),
    /// Stop OSPF on an interface
    #[command(name = "disable-ospf", after_help = examples::DISABLE_OSPF)]
    DisableOspf {
        /// Name of the interface
        #[arg(long, value_name = "NAME")]
        interface: String,
    },
}

/// Whose prefixes a drain is about; without a flag, those of the caller.
#[derive(Args)]
pub(crate) struct DrainedArgs {
    /// The prefixes of all owners; only for owners with can_override
    #[arg(long, conflicts_with = "of_owner")]
    pub(crate) node: bool,
    /// The prefixes of this owner; of another one only for owners with can_override
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) of_owner: String,
}

/// Arguments of `drain`.
#[derive(Args)]
pub(crate) struct DrainArgs {
    #[command(flatten)]
    pub(crate) drained: DrainedArgs,
    /// Seconds from the mark to the withdrawal; 0 withdraws at once [default: 30]
    #[arg(long, value_name = "S", conflicts_with = "keep_announced")]
    pub(crate) delay_s: Option<u32>,
    /// Mark the prefixes and never withdraw them
    #[arg(long)]
    pub(crate) keep_announced: bool,
    /// End the sessions of the peers after the withdrawal
    #[arg(long, conflicts_with = "keep_announced")]
    pub(crate) shut_sessions: bool,
    /// What those peers are told
    #[arg(long, value_name = "TEXT", requires = "shut_sessions", default_value = "", hide_default_value = true)]
    pub(crate) shutdown_message: String,
}

/// The timers of BFD that something else runs by.
#[derive(Args)]
pub(crate) struct BfdTimerArgs {
    /// Shortest interval at which BFD packets are accepted, in ms [default: 300]
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub(crate) bfd_min_rx: u32,
    /// Shortest interval at which BFD packets are sent, in ms [default: 300]
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub(crate) bfd_min_tx: u32,
    /// How many BFD packets may be lost in a row [default: 3]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) bfd_detect_multiplier: u32,
}

/// Arguments of `apply-peer`.
#[derive(Args)]
pub(crate) struct ApplyPeerArgs {
    #[command(flatten)]
    pub(crate) key: PeerKeyArgs,
    /// AS number of the peer
    #[arg(long, value_name = "AS")]
    pub(crate) remote_as: u32,
    /// Checked against the AS numbers, if given
    #[arg(long, value_name = "TYPE", value_parser = EnumWord("PeerType"))]
    pub(crate) peer_type: Option<i32>,
    /// Keepalive interval in seconds, together with --hold-time
    #[arg(long, value_name = "S", default_value_t = 0, hide_default_value = true)]
    pub(crate) keepalive: u32,
    /// Hold time in seconds: at least 3, and 3 times --keepalive
    #[arg(long, value_name = "S", default_value_t = 0, hide_default_value = true)]
    pub(crate) hold_time: u32,
    /// Run BFD with the peer
    #[arg(long)]
    pub(crate) bfd: bool,
    #[command(flatten)]
    pub(crate) bfd_timers: BfdTimerArgs,
    /// How many hops away an eBGP peer may be [default: directly connected]
    #[arg(long, value_name = "HOPS", default_value_t = 0, hide_default_value = true)]
    pub(crate) ebgp_multihop: u32,
    /// TCP MD5 secret; every user of the machine can see it here, so prefer
    /// --password-file
    #[arg(long, value_name = "SECRET", conflicts_with = "password_file")]
    pub(crate) password: Option<Secret>,
    /// File with the TCP MD5 secret
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Local address of the session
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    pub(crate) source_address: String,
    /// How many prefixes the peer may send before FRR warns [default: 1000]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) max_prefix: u32,
    /// What is kept over a restart (RFC 4724): helper, full or off [default:
    /// helper]
    #[arg(long, value_name = "MODE", value_parser = EnumWord("GracefulRestart"))]
    pub(crate) graceful_restart: Option<i32>,
    #[command(flatten)]
    pub(crate) settings: PeerSettingsArgs,
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,
    /// Families to negotiate, comma separated or given again; ipv4 and ipv6 for
    /// short [default: ipv4-unicast]
    #[arg(long, value_name = "FAMILY", value_delimiter = ',', value_parser = EnumWord("AddressFamily"))]
    pub(crate) address_families: Vec<i32>,
    /// Free text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) description: String,
}

/// Arguments of `advertise`.
#[derive(Args)]
pub(crate) struct AdvertiseArgs {
    /// IPv4 or IPv6 prefix, as in 203.0.113.7/32
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: String,
    /// Protocol that announces it
    #[arg(long, value_name = "PROTOCOL", default_value = "bgp", value_parser = EnumWord("Protocol"))]
    pub(crate) protocol: i32,
    /// LOCAL_PREF, for iBGP peers; 0 is a value
    #[arg(long, value_name = "N")]
    pub(crate) local_pref: Option<u32>,
    /// Standard communities (AS:value, or a well-known name), comma separated or
    /// given again
    #[arg(long, value_name = "COMMUNITY", value_delimiter = ',')]
    pub(crate) communities: Vec<String>,
    /// MULTI_EXIT_DISC; 0 is a value
    #[arg(long, value_name = "N")]
    pub(crate) med: Option<u32>,
    /// Next hop to announce, of the prefix's family
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) next_hop: Option<String>,
    /// Large communities, AS:value:value, comma separated or given again
    #[arg(long, value_name = "COMMUNITY", value_delimiter = ',')]
    pub(crate) large_communities: Vec<String>,
    /// Extended communities, rt:AS:value or soo:AS:value, comma separated or
    /// given again
    #[arg(long, value_name = "COMMUNITY", value_delimiter = ',')]
    pub(crate) extended_communities: Vec<String>,
    /// How many times more than once external peers see the node's AS [default:
    /// 0]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) as_path_prepend: u32,
    /// ORIGIN: igp, egp or incomplete [default: igp]
    #[arg(long, value_name = "ORIGIN", value_parser = EnumWord("Origin"))]
    pub(crate) origin: Option<i32>,
    /// The only peers that are sent it, comma separated or given again [default:
    /// all]
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) peers: Vec<String>,
}

/// Arguments of `withdraw`.
#[derive(Args)]
pub(crate) struct WithdrawArgs {
    /// The prefix, in any spelling
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: String,
    /// Protocol that announces it
    #[arg(long, value_name = "PROTOCOL", default_value = "bgp", value_parser = EnumWord("Protocol"))]
    pub(crate) protocol: i32,
}

/// Arguments of `enable-bfd`.
#[derive(Args)]
pub(crate) struct EnableBfdArgs {
    /// IPv4 or IPv6 address of the other end
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) peer: String,
    /// Shortest interval at which packets are accepted, in ms [default: 300]
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub(crate) min_rx: u32,
    /// Shortest interval at which packets are sent, in ms [default: 300]
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub(crate) min_tx: u32,
    /// How many packets may be lost in a row [default: 3]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) detect_multiplier: u32,
    /// Interface of a single-hop session
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) interface: String,
    /// Multihop session; needs --source-address
    #[arg(long)]
    pub(crate) multihop: bool,
    /// Local address of a multihop session
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    pub(crate) source_address: String,
}

/// Arguments of `disable-bfd`.
#[derive(Args)]
pub(crate) struct DisableBfdArgs {
    /// Address of the other end; alone: every session of the owner to it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) peer: String,
    /// Only the session on this interface
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) interface: String,
    /// Only the multihop session; `--multihop=false`: only the single-hop one
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    pub(crate) multihop: Option<bool>,
}

/// Arguments of `enable-ospf`.
#[derive(Args)]
pub(crate) struct EnableOspfArgs {
    /// Name of the interface
    #[arg(long, value_name = "NAME")]
    pub(crate) interface: String,
    /// Area, dotted or as a number
    #[arg(long, value_name = "AREA")]
    pub(crate) area: String,
    /// Announce the interface's networks without forming adjacencies on it
    #[arg(long)]
    pub(crate) passive: bool,
    /// Cost of the interface [default: 10]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) cost: u32,
    /// Hello interval in seconds [default: 10]
    #[arg(long, value_name = "S", default_value_t = 0, hide_default_value = true)]
    pub(crate) hello_interval: u32,
    /// Dead interval in seconds, not below --hello-interval [default: 40]
    #[arg(long, value_name = "S", default_value_t = 0, hide_default_value = true)]
    pub(crate) dead_interval: u32,
    /// How the routers of the link are connected, if not as its kind of interface says
    #[arg(long, value_name = "TYPE", value_parser = EnumWord("OSPFNetworkType"))]
    pub(crate) network_type: Option<i32>,
    /// Who becomes designated router: the highest; 0 never does [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) priority: Option<u32>,
    /// Type of the area
    #[arg(long, value_name = "TYPE", value_parser = EnumWord("OSPFAreaType"))]
    pub(crate) area_type: Option<i32>,
    /// How packets are authenticated, by --authentication-key-file
    #[arg(long, value_name = "HOW", value_parser = EnumWord("OSPFAuthentication"))]
    pub(crate) authentication: Option<i32>,
    /// Number of the key, 1 to 255 [default: 1]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) authentication_key_id: u32,
    /// The key; others see it in the list of processes, so prefer the file
    #[arg(long, value_name = "SECRET", conflicts_with = "authentication_key_file")]
    pub(crate) authentication_key: Option<Secret>,
    /// File with the key
    #[arg(long, value_name = "FILE")]
    pub(crate) authentication_key_file: Option<PathBuf>,
    /// Run BFD with each neighbor, and drop the adjacency when BFD goes down
    #[arg(long)]
    pub(crate) bfd: bool,
    #[command(flatten)]
    pub(crate) bfd_timers: BfdTimerArgs,
}
