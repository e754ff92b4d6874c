//! What `novaroute-operator run` and `novaroute-operator node` have in common: the log, the API server, and the signals that
//! end them.

pub(crate) mod companion;
pub(crate) mod operator;

use std::time::Duration;

use clap::{Args, ValueEnum};
use kube::{Client, Config};
use novaroute_operator::http::BindError;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, fmt};

/// Longest time without a byte from the API server. A watch is begun anew after 290 s.
const READ_TIMEOUT: Duration = Duration::from_secs(300);

/// What is logged.
#[derive(Debug, Args)]
pub(crate) struct Log {
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
fn serve(log: &Log, run: impl AsyncFnOnce(Client, CancellationToken) -> Result<(), BindError>) -> Result<(), String> {
    write_log(log.log_level, log.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start: {error}"))?.block_on(until_told(run))
}

async fn until_told(run: impl AsyncFnOnce(Client, CancellationToken) -> Result<(), BindError>) -> Result<(), String> {
    let stop = stop().map_err(|error| format!("cannot wait for signals: {error}"))?;
    let none = |error: &dyn std::fmt::Display| {
        format!("no API server: {error}; run in a pod with a service account, or set KUBECONFIG")
    };
    let mut config = Config::infer().await.map_err(|error| none(&error))?;
    // Whoever asks knows better when to ask again: kube would take minutes.
    config.default_retry = false;
    config.read_timeout = Some(READ_TIMEOUT);
    let client = Client::try_from(config).map_err(|error| none(&error))?;
    let shutdown = CancellationToken::new();
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            stop.await;
            info!("told to end");
            shutdown.cancel();
        }
    });
    run(client, shutdown).await.map_err(|error| error.to_string())
}

/// The host's name with the process: two hosts of one name, or two processes on a host, would be taken for one.
fn identity() -> String {
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

/// The level holds for this program; the libraries below it speak up only when something is wrong.
fn write_log(level: Level, format: Format) {
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
