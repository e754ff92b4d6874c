//! Puts a changed configuration in force without touching a session.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use crate::config::watch::Watch;
use crate::config::{Config, ConfigErrors, ProcessEnvironment, restart_needed};
use crate::gate::Gate;
use crate::logging::LevelHandle;
use crate::owner::OwnerHandle;

/// What a reload acts on.
#[derive(Debug)]
pub struct Reloader {
    /// The configuration file.
    pub path: PathBuf,
    /// What is in force.
    pub current: Config,
    /// The accounts.
    pub gate: Gate,
    /// The policies, and the intents of the file.
    pub owner: OwnerHandle,
    /// The level of the log.
    pub level: LevelHandle,
}

impl Reloader {
    /// Reloads on SIGHUP and whenever a file of the configuration changes, for as long as the agent runs.
    ///
    /// # Errors
    /// SIGHUP cannot be received.
    pub async fn run(mut self, mut files: Watch) -> std::io::Result<()> {
        let mut hangup: Signal = signal(SignalKind::hangup())?;
        // The file was read before it was watched: it may be another one by now.
        if self.read().as_ref() != Ok(&self.current) {
            info!("reloading the configuration: a file changed during the start");
            self.reload_until_seen(&mut files).await;
        }
        loop {
            tokio::select! {
                _ = hangup.recv() => info!("reloading the configuration: SIGHUP"),
                () = files.changed() => info!("reloading the configuration: a file changed"),
            }
            self.reload_until_seen(&mut files).await;
        }
    }

    fn read(&self) -> Result<Config, ConfigErrors> {
        Config::load(&self.path, &ProcessEnvironment)
    }

    /// Reloads, and again when a file that was not watched before was changed after it was read.
    async fn reload_until_seen(&mut self, files: &mut Watch) {
        loop {
            let wanted = self.reload().await;
            files.set_files(wanted).await;
            if !self.read().is_ok_and(|read| read != self.current) {
                return;
            }
        }
    }

    /// Reads the file; one that is invalid is reported, and the old one stays in force. Returns the files to watch:
    /// after a failure also those whose change could mend it.
    async fn reload(&mut self) -> BTreeSet<PathBuf> {
        let new = match self.read() {
            Ok(new) => new,
            Err(errors) => {
                for line in errors.to_string().lines() {
                    error!("configuration: {line}");
                }
                error!("the new configuration is invalid: the old one stays in force");
                return self.current.files.union(errors.files()).cloned().collect();
            }
        };
        for warning in &new.warnings {
            warn!("configuration: {warning}");
        }
        for key in restart_needed(&self.current, &new) {
            warn!("configuration: {key} was changed; it takes effect when the agent is started again");
        }
        self.gate.set_accounts(new.accounts());
        self.level.set(new.settings.log_level);
        self.owner.reload(new.policies(), new.config_intents.clone()).await;
        self.current = new;
        info!("the new configuration is in force");
        self.current.files.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::events::EventHub;
    use crate::journal::Journal;
    use crate::metrics::Metrics;
    use crate::owner::owner_task;
    use crate::restore::restore;
    use crate::stopwatch::Stopwatch;

    #[tokio::test]
    async fn what_was_changed_between_the_reading_and_the_watch_takes_effect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let write = |local_as: u32| {
            let text = format!(r#"{{"bgp": {{"local_as": {local_as}, "router_id": "1.1.1.1"}}}}"#);
            fs::write(&path, text).unwrap();
        };
        write(65_001);
        let current = Config::load(&path, &ProcessEnvironment).unwrap();
        write(65_002);

        let files = Watch::new(current.files.clone()).await;
        let (journal, _) = Journal::open(folder.path()).unwrap();
        let metrics = Arc::new(Metrics::new("0", "0"));
        let hub = EventHub::new(1, String::new(), Arc::clone(&metrics));
        let engine = restore(Vec::new(), current.config_intents.clone(), current.policies());
        let stopwatch = Stopwatch::new(Arc::clone(&metrics));
        let (task, owner, mut view) = owner_task(engine, journal, hub, metrics, stopwatch, Duration::ZERO);
        tokio::spawn(task.run());
        let gate = Gate::new(current.accounts());
        tokio::spawn(Reloader { path, current, gate, owner, level: LevelHandle::of_no_log() }.run(files));
        let changed = |view: &crate::owner::View| {
            view.snapshot.live_intents().any(|intent| format!("{intent:?}").contains("65002"))
        };
        tokio::time::timeout(crate::config::watch::INTERVAL, view.wait_for(changed)).await.unwrap().unwrap();
    }
}
