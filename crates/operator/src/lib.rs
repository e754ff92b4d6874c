//! NovaRoute on Kubernetes: the custom resources that people write, the objects that they become, and the controller that
//! keeps those.

pub mod check;
pub mod controller;
pub mod crd;
pub mod manifest;
