//! `novaroute-operator run`: the log, the API server, and the signals that end it.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use kube::Client;
use novaroute_operator::controller::{Settings, run};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, fmt};

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
    /// From which level on is logged, on standard error.
    #[arg(long, env = "LOG_LEVEL", value_enum, default_value_t = Level::Info)]
    log_level: Level,
    /// How lines of the log look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// What is in the way.
pub(crate) fn serve(arguments: Run) -> Result<(), String> {
    log(arguments.log_level, arguments.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start: {error}"))?.block_on(until_told(arguments))
}

async fn until_told(arguments: Run) -> Result<(), String> {
    let stop = stop().map_err(|error| format!("cannot wait for signals: {error}"))?;
    let client = Client::try_default()
        .await
        .map_err(|error| format!("no API server: {error}; run in a pod with a service account, or set KUBECONFIG"))?;
    let settings = Settings {
        namespace: arguments.namespace,
        lease_namespace: arguments.lease_namespace,
        identity: arguments.identity.unwrap_or_else(host),
        bind: arguments.bind,
    };
    let shutdown = CancellationToken::new();
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            stop.await;
            info!("told to end");
            shutdown.cancel();
        }
    });
    run(client, settings, shutdown).await.map_err(|error| error.to_string())
}

/// Two hosts of one name, or two operators on a host, would take each other for themselves.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{name}-{}", std::process::id())
}

fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The level holds for the operator; the libraries below it speak up only when something is wrong.
fn log(level: Level, format: Format) {
    let level = match level {
        Level::Debug => LevelFilter::DEBUG,
        Level::Info => LevelFilter::INFO,
        Level::Warn => LevelFilter::WARN,
        Level::Error => LevelFilter::ERROR,
    };
    let levels = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("novaroute", level);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    let lines: Box<dyn Layer<_> + Send + Sync> = match format {
        Format::Text => Box::new(lines),
        Format::Json => Box::new(lines.json()),
    };
    tracing_subscriber::registry().with(levels).with(lines).init();
}
