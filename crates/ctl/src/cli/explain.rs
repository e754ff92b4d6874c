//! Arguments of `explain`.

use clap::{Args, Subcommand};

use super::values::EnumWord;

/// Arguments of `explain`.
#[derive(Args)]
pub(crate) struct ExplainArgs {
    #[command(subcommand)]
    pub(crate) subject: ExplainSubject,
}

/// What is asked about.
#[derive(Subcommand)]
pub(crate) enum ExplainSubject {
    /// A prefix: whether it is announced, and to whom
    Prefix {
        /// The prefix
        #[arg(value_name = "PREFIX")]
        prefix: String,

        /// The protocol that announces it
        #[arg(long, value_name = "PROTOCOL", default_value = "bgp", value_parser = EnumWord("Protocol"))]
        protocol: i32,
    },
    /// A BGP peer: whether the session is up
    Peer {
        /// The peer's address, or its interface
        #[arg(value_name = "PEER")]
        neighbor: String,
    },
    /// A BFD session: whether it is up
    Bfd {
        /// Address of the other end
        #[arg(value_name = "ADDRESS")]
        peer: String,

        /// Only the session on this interface
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        interface: String,

        /// Only the session of this hop type
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
        multihop: Option<bool>,
    },
    /// An OSPF interface: whether it has neighbors
    Ospf {
        /// The interface
        #[arg(value_name = "NAME")]
        interface: String,
    },
}
