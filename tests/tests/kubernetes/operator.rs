//! The operator as a process.

use std::ops::{Deref, DerefMut};
use std::path::Path;

use anyhow::{Result, ensure};
use novaroute_e2e::program::Program;
use novaroute_e2e::wait_for;

use crate::stage::TIMEOUT;

/// A running operator; it is killed when it is dropped.
pub(crate) struct Operator(Program);

impl Operator {
    pub(crate) fn start(kubeconfig: &Path, namespace: &str, identity: &str) -> Result<Self> {
        let arguments = ["run", "--namespace", namespace, "--lease-namespace", namespace, "--identity", identity];
        Ok(Self(Program::start(kubeconfig, &arguments)?))
    }

    /// Waits until it acts, or until it does not.
    pub(crate) async fn wait_leading(&self, leads: bool) -> Result<()> {
        let wanted = f64::from(u8::from(leads));
        let described = format!("an operator {}", if leads { "to lead" } else { "not to lead" });
        wait_for(&described, TIMEOUT * 2, async || {
            let value = self.metric("novaroute_operator_leading").await?;
            ensure!((value - wanted).abs() < f64::EPSILON, "{value}\n{}", self.log());
            Ok(Some(()))
        })
        .await
    }
}

impl Deref for Operator {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl DerefMut for Operator {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.0
    }
}
