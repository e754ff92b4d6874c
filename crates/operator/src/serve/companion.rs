//! `novaroute-operator node`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use novaroute_operator::node::{DrainSettings, Settings, run};

use super::{Log, identity};

/// How the companion runs.
#[derive(Debug, Args)]
pub(crate) struct Node {
    /// Name of this node.
    #[arg(long, env = "NODE_NAME", value_name = "NAME")]
    node: String,
    /// Namespace of the Secrets that resources name.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
    /// What tells this process from others in the agent's log; the host's name if left out.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    instance: Option<String>,
    /// The agent's socket.
    #[arg(long, env = "NOVAROUTE_SOCKET", value_name = "PATH", default_value = "/run/novaroute/novaroute.sock")]
    socket: PathBuf,
    /// File with the token of the owner `kubernetes`.
    #[arg(long, value_name = "PATH", default_value = "/run/companion/token")]
    token_file: PathBuf,
    /// Take the node out of service when it is cordoned: prefixes are announced with GRACEFUL_SHUTDOWN (RFC 8326), and later
    /// withdrawn.
    #[arg(long)]
    drain_on_cordon: bool,
    /// The same when it has a taint with this key; may be given several times.
    #[arg(long, value_name = "KEY")]
    drain_taint: Vec<String>,
    /// How long prefixes are announced with GRACEFUL_SHUTDOWN before they are withdrawn.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=3600))]
    drain_wait: u64,
    /// Where metrics (/metrics) and health (/healthz, /readyz) are served.
    #[arg(long, env = "BIND", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:9103")]
    bind: SocketAddr,
    #[command(flatten)]
    log: Log,
}

impl Node {
    /// Runs until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// What is in the way.
    pub(crate) fn serve(self) -> Result<(), String> {
        let settings = Settings {
            node: self.node,
            namespace: self.namespace,
            instance: self.instance.unwrap_or_else(identity),
            socket: self.socket,
            token_file: self.token_file,
            drain: DrainSettings {
                on_cordon: self.drain_on_cordon,
                taints: self.drain_taint.into_iter().collect(),
                wait: Duration::from_secs(self.drain_wait),
            },
            bind: self.bind,
        };
        super::serve(&self.log, async move |client, shutdown| run(client, settings, shutdown).await)
    }
}
