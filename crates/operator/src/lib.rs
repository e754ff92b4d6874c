//! NovaRoute on Kubernetes: the custom resources that people write, and the objects that they become.

pub mod check;
pub mod crd;
pub mod manifest;
