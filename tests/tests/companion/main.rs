//! The companion of a node: resources in the API server, an agent with real FRR, and a router of the rack whose table counts.
//!
//! The API server is a fake one, or with TEST_KUBECONFIG a real one. The Node is made by the test; what the test does to the
//! server itself is left out on a real one.

mod away;
mod drain;
mod problems;
mod quick_start;
mod services;
mod stage;
mod story;
