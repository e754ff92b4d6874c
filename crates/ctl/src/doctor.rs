//! The checks of `doctor`: what an agent and its FRR need of a node.

pub(crate) mod agent;
mod kernel;
mod links;
pub(crate) mod node;
mod port;

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    /// As it should be.
    Ok,
    /// It works, and may not when something else goes wrong.
    Warn,
    /// It does not work.
    Fail,
    /// It could not be looked at.
    Unknown,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What it looks at, a stable word.
    pub(crate) name: &'static str,
    pub(crate) health: Health,
    /// What was found.
    pub(crate) found: String,
    /// What to do; empty means nothing.
    pub(crate) next: String,
}

impl Check {
    pub(crate) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), next: String::new() }
    }

    pub(crate) fn warn(name: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { name, health: Health::Warn, found: found.into(), next: next.into() }
    }

    pub(crate) fn fail(name: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { name, health: Health::Fail, found: found.into(), next: next.into() }
    }

    pub(crate) fn unknown(name: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { name, health: Health::Unknown, found: found.into(), next: next.into() }
    }
}

/// All checks.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// No check failed.
    pub(crate) healthy: bool,
    pub(crate) checks: Vec<Check>,
}

impl Report {
    pub(crate) fn new(checks: Vec<Check>) -> Self {
        Self { healthy: checks.iter().all(|check| check.health != Health::Fail), checks }
    }
}
