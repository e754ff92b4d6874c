//! The node agent: the one writer of FRR on a node.
//!
//! Owns the state and the sockets. What is allowed is decided in `novaroute-core`, what FRR's lines look like is
//! known in `novaroute-frr`; neither is known here.

pub mod auth;
pub mod config;
pub mod edits;
pub mod events;
pub mod fault;
pub mod frr;
pub mod gate;
pub mod grpc;
pub mod http;
pub mod journal;
mod kernel;
pub mod logging;
pub mod metrics;
pub mod observer;
pub mod owner;
pub mod page;
pub mod random;
pub mod reconciler;
pub mod reload;
pub mod restore;
pub mod run;
pub mod socket;
pub mod stopwatch;
pub mod vty;
