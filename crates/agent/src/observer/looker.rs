//! One task for each daemon that asks it how things are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::intent::{IntentKey, Protocol};
use novaroute_core::live::{DaemonLive, Look, SessionState, Window};
use novaroute_core::prefix::{Family, Prefix};
use novaroute_core::store::Snapshot;
use novaroute_frr::{push, show};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::advertised::{Advertised, is_held_back};
use super::look_error::LookError;
use super::pace::Pace;
use super::report::{Looked, Report};
use crate::config::Frr;
use crate::events::now_ns;
use crate::frr::OspfVersion;
use crate::metrics::Metrics;
use crate::owner::View;
use crate::vty::{Limits, Vty, VtyError};

/// How long a daemon may take to answer a look; one that takes longer counts as not there.
const REPLY_LIMIT: Duration = Duration::from_secs(1);

/// Reasons to look before it is time.
#[derive(Debug, Default)]
pub(super) struct Poke {
    /// Something happened.
    pub(super) doubt: Notify,
    /// FRR was given something.
    pub(super) applied: Notify,
}

/// Asks one daemon.
pub(super) struct Looker {
    name: &'static str,
    vty: Vty,
    version: String,
    ever: bool,
    advertised: Advertised,
    /// Own prefixes were seen in the LSDB.
    in_lsdb: bool,
    view: watch::Receiver<View>,
    metrics: Arc<Metrics>,
    reports: mpsc::Sender<Report>,
    poke: Arc<Poke>,
}

/// What the daemon answered, and whether something else is awaited from it soon.
struct Answer {
    look: Look,
    awaited: bool,
}

impl Looker {
    pub(super) fn new(
        name: &'static str,
        frr: &Frr,
        view: watch::Receiver<View>,
        metrics: Arc<Metrics>,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        let vty = Vty::new(frr.socket_dir.join(format!("{name}.vty")), limits(frr));
        let (version, advertised, poke) = (String::new(), Advertised::default(), Arc::default());
        Self { name, vty, version, ever: false, advertised, in_lsdb: false, view, metrics, reports, poke }
    }

    /// The way to have it look before it is time.
    pub(super) fn poke(&self) -> Arc<Poke> {
        Arc::clone(&self.poke)
    }

    /// Looks until nobody takes the reports any more.
    pub(super) async fn run(mut self) {
        let mut pace = Pace::new(Instant::now());
        let poke = self.poke();
        loop {
            tokio::select! {
                biased;
                () = poke.doubt.notified() => pace.on_doubt(Instant::now()),
                () = poke.applied.notified() => pace.on_applied(Instant::now()),
                () = sleep_until(pace.next()) => {
                    let (looked, awaited) = self.look().await;
                    pace.on_looked(Instant::now(), awaited);
                    if self.reports.send(Report::Looked(looked)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn look(&mut self) -> (Looked, bool) {
        // The clock that FRR's log has too; never negative.
        let asked = now_ns().unsigned_abs();
        let answer = self.ask().await;
        let when = Window { asked, answered: now_ns().unsigned_abs() };
        let connected = answer.is_ok();
        self.ever |= connected;
        let (look, awaited) = match answer {
            Ok(answer) => (Some(answer.look), answer.awaited),
            Err(failure) => (self.failed(&failure), false),
        };
        let daemon = self.ever.then(|| DaemonLive {
            connected,
            version: self.version.clone(),
            connections: self.vty.connections(),
        });
        (Looked { name: self.name, when, daemon, look }, awaited)
    }

    /// What is known of a daemon that could not be looked at: one that hangs goes on as far as anyone knows, one that
    /// is not there does nothing.
    fn failed(&mut self, failure: &LookError) -> Option<Look> {
        debug!(daemon = self.name, %failure, "not seen");
        if self.ever {
            self.metrics.monitoring_error(self.name.strip_suffix('d').unwrap_or(self.name));
        }
        if self.ever && matches!(failure, LookError::Vty(VtyError::TimedOut(_)) | LookError::Show(_)) {
            return None;
        }
        self.advertised = Advertised::default();
        Some(nothing(self.name))
    }

    async fn ask(&mut self) -> Result<Answer, LookError> {
        let snapshot = self.view.borrow().snapshot.clone();
        let connections = self.vty.connections();
        let answer = match self.name {
            "bgpd" => self.ask_bgpd(&snapshot).await?,
            "bfdd" => self.ask_bfdd().await?,
            "ospfd" => self.ask_ospf(&snapshot, &OspfVersion::OSPFV2).await?,
            "ospf6d" => self.ask_ospf(&snapshot, &OspfVersion::OSPFV3).await?,
            _ => {
                self.version.clear();
                Answer::of(Look::Presence)
            }
        };
        if self.version.is_empty() || self.vty.connections() != connections {
            let text = self.vty.show(show::version::COMMAND).await?;
            show::version::version(&text).unwrap_or_default().clone_into(&mut self.version);
        }
        Ok(answer)
    }

    async fn ask_bgpd(&mut self, snapshot: &Snapshot) -> Result<Answer, LookError> {
        let peers = show::bgp::peers(&self.vty.show(show::bgp::NEIGHBORS).await?)?;
        self.advertised.look(&mut self.vty, snapshot, &peers).await?;
        let any_up = peers.values().any(|peer| peer.state == SessionState::Established);
        let awaited = any_up && self.advertised.is_in_doubt();
        Ok(Answer { look: Look::Bgp { peers, sent: self.advertised.sent() }, awaited })
    }

    async fn ask_bfdd(&mut self) -> Result<Answer, LookError> {
        let sessions = show::bfd::sessions(&self.vty.show(show::bfd::PEERS).await?)?;
        // Somebody may turn it off, so it is asked for each time.
        if !sessions.is_empty() && !push::bfdd_logs_sessions(&self.vty.show(push::BFD_DEBUGGING).await?) {
            self.vty.command(push::BFD_DEBUG).await?;
        }
        Ok(Answer::of(Look::Bfd(sessions)))
    }

    async fn ask_ospf(&mut self, snapshot: &Snapshot, version: &OspfVersion) -> Result<Answer, LookError> {
        let interfaces = self.vty.show(version.interfaces).await?;
        let neighbors = self.vty.show(version.neighbors).await?;
        let interfaces = (version.read_interfaces)(&interfaces, &neighbors)?;
        let wanted = ospf_prefixes(snapshot, version.family);
        let lsdb = match self.in_lsdb || !wanted.is_empty() {
            true => (version.read_external_lsas)(&self.vty.show(version.external_lsas).await?)?,
            // The database is asked for only while a prefix is wanted in it or was seen there.
            false => BTreeSet::new(),
        };
        self.in_lsdb = !lsdb.is_empty();
        let awaited = lsdb != wanted;
        Ok(Answer { look: Look::Ospf { interfaces, lsdb }, awaited })
    }
}

impl Answer {
    fn of(look: Look) -> Self {
        Self { look, awaited: false }
    }
}

/// How long a daemon may take while it is looked at.
pub(super) fn limits(frr: &Frr) -> Limits {
    Limits { connect: frr.connect_timeout.min(REPLY_LIMIT), reply: REPLY_LIMIT }
}

/// What a daemon does that is not there.
fn nothing(name: &str) -> Look {
    match name {
        "bgpd" => Look::Bgp { peers: BTreeMap::new(), sent: Arc::default() },
        "bfdd" => Look::Bfd(BTreeMap::new()),
        "ospfd" | "ospf6d" => Look::Ospf { interfaces: BTreeMap::new(), lsdb: BTreeSet::new() },
        _ => Look::Presence,
    }
}

/// The prefixes of OSPF that are wanted, of one family.
fn ospf_prefixes(snapshot: &Snapshot, family: Family) -> BTreeSet<Prefix> {
    let prefix = |key: &IntentKey| match key {
        IntentKey::Prefix(Protocol::Ospf, prefix) if prefix.family() == family => Some(*prefix),
        _ => None,
    };
    snapshot.slots().filter(|(_, slot)| !is_held_back(snapshot, slot)).filter_map(|(key, _)| prefix(key)).collect()
}
