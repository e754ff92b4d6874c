//! The operator against an API server: a fake one, or with TEST_KUBECONFIG a real cluster, of which nothing is left behind.
//!
//! On a real cluster what a test does to the server itself (faults, the status that the DaemonSet's controller would
//! write) is left out, and everything else is the same.

mod accepted;
mod applied;
mod ended;
mod faults;
mod leaders;
mod operator;
mod refused;
mod rights;
mod stage;
mod status;
