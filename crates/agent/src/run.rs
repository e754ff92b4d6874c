//! From a configuration to a running agent, and to its end. Straight-line wiring.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use novaroute_core::reconcile::Timing;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::watch::Watch;
use crate::config::{Config, MetricsAddress, ShutdownMode};
use crate::events::EventHub;
use crate::frr::VtyFrr;
use crate::gate::Gate;
use crate::http::{self, Readiness};
use crate::journal::{Journal, StateLock};
use crate::metrics::{Metrics, Scrape};
use crate::observer::{Observer, observe};
use crate::owner::owner_task;
use crate::reconciler::{Reconciler, Seen};
use crate::reload::Reloader;
use crate::restore::restore;
use crate::socket::{AgentSocket, group_id};
use crate::stopwatch::Stopwatch;
use crate::{grpc, logging, random};

/// The revision that the binary was built from, when the build told.
const REVISION: &str = match option_env!("NOVAROUTE_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

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
        match prepared.serve(path, config, level).await {
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
    http: Option<tokio::net::TcpListener>,
    lock: StateLock,
    socket: AgentSocket,
    journal: Journal,
    loaded: crate::journal::Loaded,
}

impl Prepared {
    async fn new(config: &Config) -> Result<Self> {
        let settings = &config.settings;
        let files = Watch::new(config.files.clone()).await;
        let http = settings.metrics_address.map(bind_http).transpose()?;
        let lock = StateLock::acquire(&settings.state_dir).context("state_dir")?;
        let gid = settings.socket.group.as_ref().map(group_id).transpose()?;
        let socket = AgentSocket::bind(&settings.socket.path, settings.socket.mode, gid)?;
        let (journal, loaded) = Journal::open(&settings.state_dir).context("state_dir")?;
        Ok(Self { files, http, lock, socket, journal, loaded })
    }

    async fn serve(self, path: PathBuf, config: Config, level: logging::LevelHandle) -> Result<()> {
        let Self { files, http, lock, mut socket, journal, loaded } = self;
        let settings = config.settings.clone();
        for problem in &loaded.problems {
            warn!("journal: {problem}");
        }
        info!(intents = loaded.records.len(), complete = loaded.complete, "journal read");

        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"), REVISION));
        let hub = EventHub::new(settings.events_ring, random::random_id(), Arc::clone(&metrics));
        let stopwatch = Stopwatch::new(Arc::clone(&metrics));
        let engine = restore(loaded.records, config.config_intents.clone(), config.policies());
        let (task, owner, view) = owner_task(engine, journal, hub.clone(), Arc::clone(&metrics), stopwatch.clone());

        let shutdown = CancellationToken::new();
        let (live_tx, live) = watch::channel(Arc::default());
        let (seen_tx, seen) = watch::channel(Arc::new(Seen::default()));
        let (ready_tx, readiness) = watch::channel(Readiness::Starting);
        let gate = Gate::new(config.accounts());
        let timing = Timing {
            retry_ms: millis(settings.frr.retry_interval),
            retry_max_ms: millis(settings.frr.retry_interval).max(Timing::default().retry_max_ms),
            adoption_grace_ms: millis(settings.adoption_grace),
            ..Timing::default()
        };
        let reconciler = Reconciler {
            frr: VtyFrr::new(&settings.frr),
            owner: owner.clone(),
            view: view.clone(),
            live: live.clone(),
            seen: seen_tx,
            hub: hub.clone(),
            metrics: Arc::clone(&metrics),
        };
        let observer = Observer {
            frr: settings.frr.clone(),
            view: view.clone(),
            seen: seen.clone(),
            live: live_tx,
            readiness: ready_tx,
            hub: hub.clone(),
            metrics: Arc::clone(&metrics),
            stopwatch,
        };
        let service = grpc::Service {
            gate: gate.clone(),
            owner: owner.clone(),
            view: view.clone(),
            live: live.clone(),
            seen: seen.clone(),
            hub: hub.clone(),
            metrics: Arc::clone(&metrics),
            shutdown: shutdown.clone(),
        };
        let reloader = Reloader { path, current: config, gate, owner: owner.clone(), level };
        let scrape = move || {
            let view = view.borrow().clone();
            let live = live.borrow().clone();
            let frr_connected = live.frr_connected();
            metrics.encode(&Scrape { snapshot: view.snapshot, live, sessions: view.sessions, frr_connected })
        };

        let mut tasks = JoinSet::new();
        tasks.spawn(async {
            task.run().await;
            Ok(())
        });
        tasks.spawn(observe(observer));
        tasks.spawn(async { Ok(reloader.run(files).await?) });
        let listener = socket.take_listener()?;
        let grpc = tokio::spawn(grpc::serve(service, listener));
        let http = http.map(|listener| tokio::spawn(http::serve(listener, scrape, readiness, shutdown.clone())));
        let mut reconciling = tokio::spawn(reconciler.run(timing, loaded.complete, shutdown.clone()));
        info!(socket = %settings.socket.path.display(), "serving");

        let ended = tokio::select! {
            ended = until_told_to_end() => ended,
            failed = tasks.join_next() => Err(died(failed)),
            failed = &mut reconciling => Err(died(Some(failed.map(|_| Ok(()))))),
        };
        // A part that died ends the process at once: the next start finds everything as it is.
        ended?;
        shutdown.cancel();
        hub.close();
        let reconciler = reconciling.await?;
        if settings.shutdown.mode == ShutdownMode::Withdraw {
            reconciler.withdraw_all(settings.shutdown.timeout).await;
        }
        grpc.await??;
        if let Some(http) = http {
            http.await??;
        }
        drop((socket, lock));
        info!("ended");
        Ok(())
    }
}

fn bind_http(address: MetricsAddress) -> Result<tokio::net::TcpListener> {
    Ok(http::bind(address)?)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

async fn until_told_to_end() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => info!("ending: SIGTERM"),
        _ = interrupt.recv() => info!("ending: SIGINT"),
    }
    Ok(())
}

fn died(ended: Option<Result<Result<()>, tokio::task::JoinError>>) -> anyhow::Error {
    match ended {
        Some(Ok(Err(failure))) => failure,
        Some(Err(panicked)) => anyhow::Error::new(panicked).context("a part of the agent panicked"),
        Some(Ok(Ok(()))) | None => anyhow::anyhow!("a part of the agent ended by itself"),
    }
}
