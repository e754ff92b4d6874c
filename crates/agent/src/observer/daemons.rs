//! One look at each daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use novaroute_core::bfd::BfdKey;
use novaroute_core::intent::Protocol;
use novaroute_core::live::{BfdLive, DaemonLive, Live, OspfLive, PeerLive};
use novaroute_core::name::InterfaceName;
use novaroute_core::peer::PeerAddress;
use novaroute_core::prefix::Prefix;
use novaroute_core::store::Snapshot;
use novaroute_frr::show;
use tracing::debug;

use super::advertised::Advertised;
use super::is_prefix_of;
use super::look_error::LookError;
use crate::config::Frr;
use crate::metrics::Metrics;
use crate::vty::{Limits, Vty, VtyError};

/// How long a daemon may take to answer a look; one that takes longer counts as not there.
const REPLY_LIMIT: Duration = Duration::from_secs(1);

/// What a daemon told last, and the way to ask it again.
#[derive(Debug)]
struct Watched<T> {
    name: &'static str,
    vty: Vty,
    version: String,
    ever: bool,
    connected: bool,
    told: T,
}

type Ospf = (BTreeMap<InterfaceName, OspfLive>, BTreeSet<Prefix>);

/// All daemons that are looked at.
#[derive(Debug)]
pub(super) struct Daemons {
    zebra: Watched<()>,
    bgpd: Watched<(BTreeMap<PeerAddress, PeerLive>, Advertised)>,
    bfdd: Watched<BTreeMap<BfdKey, BfdLive>>,
    ospfd: Watched<Ospf>,
    ospf6d: Watched<Ospf>,
    staticd: Watched<()>,
    mgmtd: Watched<()>,
}

impl<T: Default> Watched<T> {
    fn new(frr: &Frr, name: &'static str) -> Self {
        let limits = Limits { connect: frr.connect_timeout.min(REPLY_LIMIT), reply: REPLY_LIMIT };
        let vty = Vty::new(frr.socket_dir.join(format!("{name}.vty")), limits);
        Self { name, vty, version: String::new(), ever: false, connected: false, told: T::default() }
    }

    /// Asks for the version where it is not known, which is also how a daemon without more to tell is looked at.
    async fn greet(&mut self, connections: u64) -> Result<(), LookError> {
        if self.version.is_empty() || self.vty.connections() != connections {
            let text = self.vty.show(show::version::COMMAND).await?;
            show::version::version(&text).unwrap_or_default().clone_into(&mut self.version);
        }
        Ok(())
    }

    /// What the daemon is called after.
    fn protocol(&self) -> &'static str {
        self.name.strip_suffix('d').unwrap_or(self.name)
    }

    /// Takes in how a look went.
    fn settle(&mut self, looked: Result<(), LookError>, metrics: &Metrics) {
        self.connected = looked.is_ok();
        self.ever |= self.connected;
        match looked {
            Ok(()) => {}
            // It hangs: what it did last is what it does as far as anyone knows.
            Err(LookError::Vty(VtyError::TimedOut(_)) | LookError::Show(_)) if self.ever => {
                metrics.monitoring_error(self.protocol());
            }
            Err(failure) => {
                debug!(daemon = self.name, %failure, "not seen");
                if self.ever {
                    metrics.monitoring_error(self.protocol());
                }
                self.told = T::default();
            }
        }
    }

    fn report(&self, live: &mut Live) {
        if self.ever {
            let daemon = DaemonLive {
                connected: self.connected,
                version: self.version.clone(),
                connections: self.vty.connections(),
            };
            live.daemons.insert(self.name.to_owned(), daemon);
        }
    }
}

impl Daemons {
    pub(super) fn new(frr: &Frr) -> Self {
        Self {
            zebra: Watched::new(frr, "zebra"),
            bgpd: Watched::new(frr, "bgpd"),
            bfdd: Watched::new(frr, "bfdd"),
            ospfd: Watched::new(frr, "ospfd"),
            ospf6d: Watched::new(frr, "ospf6d"),
            staticd: Watched::new(frr, "staticd"),
            mgmtd: Watched::new(frr, "mgmtd"),
        }
    }

    /// Looks at all daemons at once: one that hangs does not keep the others from being seen.
    pub(super) async fn look(&mut self, snapshot: &Snapshot, metrics: &Metrics) -> Live {
        let Self { zebra, bgpd, bfdd, ospfd, ospf6d, staticd, mgmtd } = self;
        let looked = tokio::join!(
            look_for(zebra),
            look_at_bgpd(bgpd, snapshot),
            look_at_bfdd(bfdd),
            look_at_ospfd(ospfd, snapshot),
            look_at_ospf6d(ospf6d, snapshot),
            look_for(staticd),
            look_for(mgmtd),
        );
        zebra.settle(looked.0, metrics);
        bgpd.settle(looked.1, metrics);
        bfdd.settle(looked.2, metrics);
        ospfd.settle(looked.3, metrics);
        ospf6d.settle(looked.4, metrics);
        staticd.settle(looked.5, metrics);
        mgmtd.settle(looked.6, metrics);
        self.live()
    }

    fn live(&self) -> Live {
        let mut live = Live::default();
        self.zebra.report(&mut live);
        self.bgpd.report(&mut live);
        self.bfdd.report(&mut live);
        self.ospfd.report(&mut live);
        self.ospf6d.report(&mut live);
        self.staticd.report(&mut live);
        self.mgmtd.report(&mut live);
        live.peers.clone_from(&self.bgpd.told.0);
        live.bfd.clone_from(&self.bfdd.told);
        live.ospf = show::ospf::merge(self.ospfd.told.0.clone(), self.ospf6d.told.0.clone());
        let sent = self.bgpd.told.1.sent().map(|(prefix, peers)| ((Protocol::Bgp, *prefix), peers.clone()));
        let in_lsdb = self.ospfd.told.1.iter().chain(&self.ospf6d.told.1);
        let in_lsdb = in_lsdb.map(|prefix| ((Protocol::Ospf, *prefix), BTreeSet::new()));
        live.advertised = sent.chain(in_lsdb).collect();
        live
    }
}

/// Nothing is read from the daemon but that it is there.
async fn look_for(daemon: &mut Watched<()>) -> Result<(), LookError> {
    daemon.version.clear();
    daemon.greet(0).await
}

async fn look_at_bgpd(
    bgpd: &mut Watched<(BTreeMap<PeerAddress, PeerLive>, Advertised)>,
    snapshot: &Snapshot,
) -> Result<(), LookError> {
    let connections = bgpd.vty.connections();
    let peers = show::bgp::peers(&bgpd.vty.show(show::bgp::NEIGHBORS).await?)?;
    bgpd.greet(connections).await?;
    bgpd.told.1.look(&mut bgpd.vty, snapshot, &peers).await?;
    bgpd.told.0 = peers;
    Ok(())
}

async fn look_at_bfdd(bfdd: &mut Watched<BTreeMap<BfdKey, BfdLive>>) -> Result<(), LookError> {
    let connections = bfdd.vty.connections();
    bfdd.told = show::bfd::sessions(&bfdd.vty.show(show::bfd::PEERS).await?)?;
    bfdd.greet(connections).await
}

async fn look_at_ospfd(ospfd: &mut Watched<Ospf>, snapshot: &Snapshot) -> Result<(), LookError> {
    let connections = ospfd.vty.connections();
    let interfaces = ospfd.vty.show(show::ospf::INTERFACES).await?;
    let neighbors = ospfd.vty.show(show::ospf::NEIGHBORS).await?;
    ospfd.told.0 = show::ospf::interfaces(&interfaces, &neighbors)?;
    if carries_prefixes(snapshot, &ospfd.told) {
        ospfd.told.1 = show::ospf::external_lsas(&ospfd.vty.show(show::ospf::EXTERNAL_LSAS).await?)?;
    }
    ospfd.greet(connections).await
}

async fn look_at_ospf6d(ospf6d: &mut Watched<Ospf>, snapshot: &Snapshot) -> Result<(), LookError> {
    let connections = ospf6d.vty.connections();
    let interfaces = ospf6d.vty.show(show::ospf6::INTERFACES).await?;
    let neighbors = ospf6d.vty.show(show::ospf6::NEIGHBORS).await?;
    ospf6d.told.0 = show::ospf6::interfaces(&interfaces, &neighbors)?;
    if carries_prefixes(snapshot, &ospf6d.told) {
        ospf6d.told.1 = show::ospf6::external_lsas(&ospf6d.vty.show(show::ospf6::EXTERNAL_LSAS).await?)?;
    }
    ospf6d.greet(connections).await
}

/// The database is asked for only while a prefix is wanted in it or was seen there.
fn carries_prefixes(snapshot: &Snapshot, told: &Ospf) -> bool {
    !told.1.is_empty() || snapshot.slots().any(|(key, _)| is_prefix_of(key, Protocol::Ospf))
}
