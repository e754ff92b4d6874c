#![doc = include_str!("../README.md")]
//! ## The wire contract
//!
//! [`v1`] is generated from the proto file. [`from_proto`] and [`to_proto`] are the one translation between messages and
//! domain types, which the agent has as well. Nothing is decided there: a message is either well formed, and then becomes a
//! value of `novaroute-core` that cannot be wrong, or it is refused with every field at fault named.
#![warn(missing_docs)]

pub mod client;
pub mod codec;
pub mod error;
pub mod from_proto;
mod redact;
pub mod to_proto;

/// Code generated from the files under `proto/`.
pub mod proto {
    /// Package `novaroute.v1`: messages, client and server of `RouteControl`.
    #[allow(clippy::all, missing_docs, missing_debug_implementations)]
    pub mod v1 {
        tonic::include_proto!("novaroute.v1");
    }
    /// Packages of the agent's journal. Not served.
    pub mod journal {
        /// Package `novaroute.journal.v1`.
        #[allow(clippy::all, missing_docs)]
        pub mod v1 {
            tonic::include_proto!("novaroute.journal.v1");
        }
    }
}

pub use proto::journal::v1 as journal;
pub use proto::v1;

/// The encoded `FileDescriptorSet` of `novaroute.v1`, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/novaroute.v1.bin"));
