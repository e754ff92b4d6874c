//! The log: on standard error, as text or JSON, with a level that a reload can change.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::config::{LogFormat, LogLevel};

/// Changes the level of the running log.
#[derive(Debug, Clone)]
pub struct LevelHandle(reload::Handle<Targets, Registry>);

impl LevelHandle {
    /// Logs from `level` on.
    pub fn set(&self, level: LogLevel) {
        // It fails only when the log itself is gone, and then there is nowhere to say so.
        let _gone = self.0.reload(filter(level));
    }

    /// One that changes nothing.
    #[cfg(test)]
    pub(crate) fn of_no_log() -> Self {
        Self(reload::Layer::new(filter(LogLevel::Info)).1)
    }
}

/// Starts the log of this process.
#[must_use]
pub fn start(level: LogLevel, format: LogFormat) -> LevelHandle {
    let (level, handle) = reload::Layer::new(filter(level));
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    let lines: Box<dyn Layer<_> + Send + Sync> = match format {
        LogFormat::Text => Box::new(lines),
        LogFormat::Json => Box::new(lines.json()),
    };
    tracing_subscriber::registry().with(level).with(lines).init();
    LevelHandle(handle)
}

/// The level holds for the agent; the libraries below it speak up only when something is wrong.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("novaroute", level)
}
