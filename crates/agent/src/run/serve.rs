//! Running the parts, until the agent is told to end or one of them dies.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tracing::info;

use super::Prepared;
use super::parts::{Parts, timing};
use crate::config::{Config, ShutdownMode};
use crate::logging::LevelHandle;
use crate::observer::observe;
use crate::page::Picture;
use crate::{grpc, http};

/// The share of `shutdown.timeout` that ends the work; the rest is for the process to end in.
const WORKING_SHARE: f64 = 0.95;

/// The share that a round under way may take of it.
const ROUND_SHARE: f64 = 0.2;

/// Serves until SIGTERM or SIGINT, then withdraws what the configuration says; or until it is asked to hand off, which
/// withdraws nothing.
///
/// # Errors
/// A part failed or panicked. Nothing is withdrawn then: the next start finds everything as it is.
pub(super) async fn serve(prepared: Prepared, path: PathBuf, config: Config, level: LevelHandle) -> Result<()> {
    let Prepared { files, http, lock, mut socket, journal, loaded } = prepared;
    let settings = config.settings.clone();
    let (timing, complete) = (timing(&config), loaded.complete);
    let parts = Parts::new(path, config, journal, loaded, level);
    let Parts { shared, task, reconciler, observer, edits, service, reloader, readiness } = parts;
    let listener = socket.take_listener()?;

    let mut workers: JoinSet<Result<()>> = JoinSet::new();
    workers.spawn(async {
        task.run().await;
        Ok(())
    });
    workers.spawn(observe(observer));
    workers.spawn(async {
        edits.watch().await;
        Ok(())
    });
    workers.spawn(async { Ok(reloader.run(files).await?) });
    let mut servers: JoinSet<Result<()>> = JoinSet::new();
    let page = settings.status_page.then(|| page(service.clone()));
    servers.spawn(grpc::serve(service, listener));
    if let Some(listener) = http {
        let exposition = {
            let shared = shared.clone();
            move || shared.exposition()
        };
        let shutdown = shared.shutdown.clone();
        servers.spawn(async { Ok(http::serve(listener, exposition, readiness, page, shutdown).await?) });
    }
    let last_round = settings.shutdown.timeout.mul_f64(ROUND_SHARE);
    let mut reconciling = tokio::spawn(reconciler.run(timing, complete, shared.shutdown.clone(), last_round));
    info!(socket = %settings.socket.path.display(), "serving");

    tokio::select! {
        told = until_told_to_end() => told?,
        () = shared.handoff.cancelled() => info!("ending: FRR is left to the next agent"),
        ended = workers.join_next() => return Err(died(ended)),
        ended = servers.join_next() => return Err(died(ended)),
        ended = &mut reconciling => return Err(died(Some(ended.map(|_| Ok(()))))),
    }
    let deadline = Instant::now() + settings.shutdown.timeout.mul_f64(WORKING_SHARE);
    shared.shutdown.cancel();
    shared.hub.close();
    let reconciler = reconciling.await?;
    if settings.shutdown.mode == ShutdownMode::Withdraw && !shared.handoff.is_cancelled() {
        reconciler.withdraw_all(deadline).await;
    }
    // A call that does not end does not hold the exit.
    while let Ok(Some(ended)) = timeout_at(deadline, servers.join_next()).await {
        ended??;
    }
    drop((socket, lock));
    info!("ended");
    Ok(())
}

/// What makes the page for people.
fn page(service: grpc::Service) -> http::page::Source {
    let node = http::page::node_name();
    Arc::new(move |asked| {
        let picture = Picture::take(&service, &node).map_err(|refused| refused.message().to_owned())?;
        Ok(picture.html(asked))
    })
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

fn died(ended: Option<Result<Result<()>, JoinError>>) -> anyhow::Error {
    match ended {
        Some(Ok(Err(failure))) => failure,
        Some(Err(panicked)) => anyhow::Error::new(panicked).context("a part of the agent panicked"),
        Some(Ok(Ok(()))) | None => anyhow!("a part of the agent ended by itself"),
    }
}
