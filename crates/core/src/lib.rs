//! The domain of NovaRoute: what an owner may ask for, who may ask for it, and what the node should look like.
//!
//! Everything here is a synchronous function over plain data. There is no clock, no randomness, no socket, no
//! file and no word of FRR's dialect: time comes in as an argument, decisions go out as values.
#![warn(missing_docs)]

pub mod batch;
pub mod bfd;
pub mod bgp;
pub mod community;
pub mod desired;
pub mod drain;
pub mod engine;
pub mod event;
pub mod exchange;
pub mod explain;
pub mod intent;
pub mod invalid;
pub mod live;
pub mod name;
pub mod ospf;
pub mod peer;
pub mod pending;
pub mod picture;
pub mod policy;
pub mod prefix;
pub mod reconcile;
pub mod rejection;
pub mod secret;
pub mod session;
pub mod state;
pub mod store;
pub mod wait;
