//! The server as an unmodified `kube::Client` sees it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what went wrong")]

mod apply;
mod definitions;
mod deletion;
mod faults;
mod objects;
mod support;
mod watches;
