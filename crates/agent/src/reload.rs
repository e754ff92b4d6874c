//! Puts a changed configuration in force without touching a session.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use crate::config::watch::Watch;
use crate::config::{Config, ProcessEnvironment, restart_needed};
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
        loop {
            tokio::select! {
                _ = hangup.recv() => info!("reloading the configuration: SIGHUP"),
                () = files.changed() => info!("reloading the configuration: a file changed"),
            }
            let wanted = self.reload().await;
            files.set_files(wanted).await;
        }
    }

    /// Reads the file; one that is invalid is reported, and the old one stays in force. Returns the files to watch:
    /// after a failure also those whose change could mend it.
    async fn reload(&mut self) -> BTreeSet<PathBuf> {
        let new = match Config::load(&self.path, &ProcessEnvironment) {
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
