//! From a configuration to a running agent, and to its end. Straight-line wiring.

mod parts;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use tokio::net::TcpListener;
use tracing::error;

use crate::config::watch::Watch;
use crate::config::{Config, MetricsAddress};
use crate::journal::{Journal, Loaded, StateLock};
use crate::socket::{AgentSocket, group_id};
use crate::{http, logging};
use serve::serve;

/// Runs the agent until it is told to end.
#[must_use]
pub fn run(path: PathBuf, config: Config) -> ExitCode {
    let level = logging::start(config.settings.log_level, config.settings.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(failure) => {
            error!(error = %failure, "the agent cannot start");
            return ExitCode::from(2);
        }
    };
    runtime.block_on(async {
        // Everything that can fail at a start comes first: a failed start never withdraws anything.
        let prepared = match Prepared::new(&config).await {
            Ok(prepared) => prepared,
            Err(failure) => {
                error!("the agent cannot start: {failure:#}");
                return ExitCode::from(2);
            }
        };
        match serve(prepared, path, config, level).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                error!("the agent failed: {failure:#}");
                ExitCode::FAILURE
            }
        }
    })
}

/// What a start must get hold of before it may touch FRR.
struct Prepared {
    files: Watch,
    http: Option<TcpListener>,
    lock: StateLock,
    socket: AgentSocket,
    journal: Journal,
    loaded: Loaded,
}

impl Prepared {
    async fn new(config: &Config) -> Result<Self> {
        let settings = &config.settings;
        let files = Watch::new(config.files.clone()).await;
        let http = settings.metrics_address.map(bind_http).transpose()?;
        let lock = StateLock::acquire(&settings.state_dir)?;
        let gid = settings.socket.group.as_ref().map(group_id).transpose()?;
        let socket = AgentSocket::bind(&settings.socket.path, settings.socket.mode, gid)?;
        let (journal, loaded) = Journal::open(&settings.state_dir)?;
        Ok(Self { files, http, lock, socket, journal, loaded })
    }
}

fn bind_http(address: MetricsAddress) -> Result<TcpListener> {
    Ok(http::bind(address)?)
}
