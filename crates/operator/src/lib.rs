//! NovaRoute on Kubernetes: the custom resources that people write, the objects that they become, the controller that keeps
//! those, and the companion that speaks to the agent of each node for them.

pub mod check;
mod condition;
pub mod controller;
pub mod crd;
mod heard;
pub mod http;
pub mod manifest;
pub mod node;
