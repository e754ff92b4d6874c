//! `novaroute-operator run`.

use std::net::SocketAddr;

use clap::Args;
use novaroute_operator::controller::{Settings, run};

use super::{Log, identity};

/// The companions' ClusterRole as `deploy/operator.yaml` has it.
pub(crate) const COMPANION_ROLE: &str = "novaroute-operator-companion";

/// How the operator runs.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Where metrics (/metrics) and health (/healthz, /readyz) are served.
    #[arg(long, env = "BIND", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    bind: SocketAddr,
    /// Act on resources of this namespace only.
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Namespace of the Lease by which one of several operators leads.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE", default_value = "default")]
    lease_namespace: String,
    /// What tells this operator from others in the Lease; the host's name if left out.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    identity: Option<String>,
    /// The ClusterRole that the companion of each node gets.
    #[arg(long, env = "COMPANION_ROLE", value_name = "NAME", default_value = COMPANION_ROLE)]
    companion_role: String,
    #[command(flatten)]
    log: Log,
}

impl Run {
    /// Runs until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// What is in the way.
    pub(crate) fn serve(self) -> Result<(), String> {
        let settings = Settings {
            namespace: self.namespace,
            lease_namespace: self.lease_namespace,
            identity: self.identity.unwrap_or_else(identity),
            bind: self.bind,
            companion_role: self.companion_role,
        };
        super::serve(&self.log, async move |client, shutdown| run(client, settings, shutdown).await)
    }
}
