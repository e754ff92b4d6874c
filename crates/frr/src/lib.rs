//! FRR's dialect, both ways.
//!
//! [`render`] turns the desired state into the lines that FRR prints back, [`parse`] reads FRR's running
//! configuration into the same form, [`diff`] compares the two into a [`plan::Plan`]. [`rules`] holds all that is
//! known about each kind of line. [`vty`] is the framing of FRR's VTY sockets, [`show`] reads FRR's live state,
//! [`live_log`] and [`push`] what FRR tells by itself.
//!
//! Everything here is a synchronous function over plain data: this crate never opens a socket and knows no clock.
#![warn(missing_docs)]

pub mod config;
mod context;
pub mod daemon;
pub mod diff;
pub mod explain;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod kept;
pub mod live_log;
mod names;
mod normal;
pub mod own;
pub mod parse;
pub mod plan;
pub mod push;
pub mod refusals;
pub mod render;
pub mod renewal;
mod resets;
pub mod rules;
#[cfg(test)]
mod sample;
pub mod show;
pub mod vty;

pub use daemon::{Daemon, Dialect, FrrVersion, Profile};
pub use diff::{Removals, diff};
pub use parse::parse;
pub use plan::Plan;
pub use render::render;
pub use resets::resets;
