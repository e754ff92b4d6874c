//! NovaRoute on Kubernetes: the custom resources that people write.

pub mod crd;
