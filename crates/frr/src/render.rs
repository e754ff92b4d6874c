//! The desired state as the lines that FRR prints back.

mod bfdd;
mod bgpd;
mod class;
mod inbound;
mod ospf;
mod outbound;
mod policy;

use std::collections::BTreeSet;

use novaroute_core::desired::Desired;
use novaroute_core::intent::IntentKey;

use crate::config::{Config, Context};
use crate::daemon::{Daemon, Dialect};

/// The intents behind a line.
type Sources = BTreeSet<IntentKey>;

/// Renders the desired state for the FRR that speaks `dialect`.
///
/// Every daemon of the dialect is part of the result, also when nothing is wanted of it.
#[must_use]
pub fn render(desired: &Desired, dialect: Dialect) -> Config {
    let mut config = Config::default();
    let daemons = Daemon::ALL.into_iter().filter(|daemon| *daemon != Daemon::Ospf6d || dialect.ospf6d);
    daemons.for_each(|daemon| config.add_daemon(daemon));
    if let Some(bgp) = &desired.bgp {
        bgpd::render(bgp, dialect, &mut config);
    }
    bfdd::render(desired, &mut config);
    ospf::render(desired, dialect, &mut config);
    config
}

/// A context under construction.
struct Block<'a> {
    config: &'a mut Config,
    daemon: Daemon,
    context: Context,
}

impl<'a> Block<'a> {
    fn top(config: &'a mut Config, daemon: Daemon) -> Self {
        Self { config, daemon, context: Context::top() }
    }

    fn line(&mut self, text: impl AsRef<str>, sources: &Sources) {
        self.config.insert(self.daemon, &self.context, text.as_ref(), sources);
    }

    /// Writes a line that opens a context, and goes into it.
    fn open(&mut self, text: impl AsRef<str>, sources: &Sources) -> Block<'_> {
        let line = self.config.insert(self.daemon, &self.context, text.as_ref(), sources);
        Block { context: self.context.child(line), config: self.config, daemon: self.daemon }
    }
}

fn one(key: IntentKey) -> Sources {
    BTreeSet::from([key])
}

#[cfg(test)]
mod tests;
