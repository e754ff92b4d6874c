//! The agent's configuration: one file, JSON or YAML, and a few variables of the environment.
//!
//! The file becomes typed values here or is refused as a whole, with everything that is wrong with it told at once.
//! A configuration that was loaded needs no further checks. It holds no token, only digests of them.

mod bgp;
mod cursor;
mod duration;
mod environment;
mod error;
mod owners;
mod peer;
mod policy;
mod reload;
mod settings;
mod tree;
pub mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use novaroute_core::intent::Intent;
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;

use crate::auth::Account;
use cursor::Cursor;
pub use environment::{Environment, NotText, ProcessEnvironment};
use error::Report;
pub use error::{ConfigError, ConfigErrors, Place, Position};
pub use owners::OwnerConfig;
pub use reload::restart_needed;
pub use settings::{Frr, Group, LogFormat, LogLevel, MetricsAddress, Settings, Shutdown, ShutdownMode, Socket};

/// Where the file is unless the command line says otherwise.
pub const DEFAULT_PATH: &str = "/etc/novaroute/config.json";

/// Longest file in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;

const KEYS: &[&str] = &[
    "listen_socket",
    "log_level",
    "log_format",
    "metrics_address",
    "status_page",
    "disconnect_grace_period",
    "adoption_grace",
    "frr",
    "bgp",
    "owners",
    "socket",
    "state_dir",
    "shutdown",
    "events",
];

/// A configuration without faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The settings of the agent itself.
    pub settings: Settings,
    /// The clients that may connect.
    pub owners: BTreeMap<OwnerName, OwnerConfig>,
    /// What the file itself wants of the node, as intents of the built-in owner: the BGP instance, then peers.
    pub config_intents: Vec<Intent>,
    /// The files that it was read from: the file itself and those of tokens.
    pub files: BTreeSet<PathBuf>,
    /// What is allowed and still worth a look, one line each.
    pub warnings: Vec<String>,
}

impl Config {
    /// Loads the file at `path`.
    ///
    /// # Errors
    /// [`ConfigErrors`] with everything that is wrong with the file and the variables that it needs.
    pub fn load(path: &Path, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        match read_file(path) {
            Ok(text) => Self::parse(path, &text, environment),
            Err(message) => Err(fault(path, Place::File, &message)),
        }
    }

    /// Reads a configuration out of `text`; errors name `path`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(path: &Path, text: &str, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        let root = tree::parse(text).map_err(|error| fault(path, Place::At(error.at), &error.message))?;
        let report = Report::new(path);
        let root = Cursor::root(&root, &report).table(KEYS);
        let get = |key| root.as_ref().and_then(|table| table.get(key));
        let settings = root.as_ref().map(settings::read).unwrap_or_default();
        let config_intents = bgp::read(get("bgp").as_ref(), environment, &report);
        let owners = owners::read(get("owners").as_ref(), environment);
        let (warnings, files) = report.finish(path)?;
        Ok(Self { settings, owners, config_intents, files, warnings })
    }

    /// How each owner proves who it is.
    #[must_use]
    pub fn accounts(&self) -> BTreeMap<OwnerName, Account> {
        self.owners.iter().map(|(name, owner)| (name.clone(), owner.account.clone())).collect()
    }

    /// What each owner may ask for.
    #[must_use]
    pub fn policies(&self) -> BTreeMap<OwnerName, Policy> {
        self.owners.iter().map(|(name, owner)| (name.clone(), owner.policy.clone())).collect()
    }
}

fn fault(path: &Path, place: Place, message: &str) -> ConfigErrors {
    let report = Report::new(path);
    report.error(place, "", message);
    ConfigErrors::of(path, report)
}

fn read_file(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let bytes_max = u64::try_from(FILE_BYTES_MAX + 1).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(bytes_max).read_to_end(&mut bytes));
    read.map_err(|error| format!("cannot be read: {error}; name another file with --config"))?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!("is longer than {FILE_BYTES_MAX} bytes; no configuration is"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text; save it as UTF-8".to_owned())
}

#[cfg(test)]
mod tests;
