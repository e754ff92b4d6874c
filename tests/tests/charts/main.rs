//! The charts, with Helm 3 and Helm 4: what they become, and what they refuse.

mod deploy;
mod files;
mod golden;
mod parity;
mod refused;
mod replaced;
mod rights;
mod shared;
