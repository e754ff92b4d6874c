//! The edge to FRR: what its daemons run, and sending them a plan.

mod apply;
mod explain;
mod ospf_version;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::time::Duration;

use futures::future::join_all;
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::{Family, Prefix};
use novaroute_frr::config::Config;
use novaroute_frr::refusals::Refusal;
use novaroute_frr::renewal::Clients;
use novaroute_frr::show::bgp;
use novaroute_frr::vty::Reply;
use novaroute_frr::{Daemon, Dialect, FrrVersion, Plan, Profile, kept, parse, renewal, show};
use tracing::debug;

use crate::config::Frr as Settings;
use crate::vty::{Limits, Vty, VtyError};

pub(crate) use explain::Look;
pub(crate) use ospf_version::OspfVersion;

/// How long a daemon may take to answer one line, or to print its configuration.
const REPLY_LIMIT: Duration = Duration::from_secs(3);
/// Prints what a daemon runs.
const RUNNING_CONFIG: &str = "show running-config";
/// The daemons that tell the version before it is known which process takes static routes.
const CORE: [(Daemon, &str); 4] =
    [(Daemon::Bgpd, BGPD), (Daemon::Bfdd, BFDD), (Daemon::Ospfd, "ospfd"), (Daemon::Ospf6d, "ospf6d")];
/// The process that announces.
const BGPD: &str = "bgpd";
/// The process of BFD.
const BFDD: &str = "bfdd";
/// A daemon that always runs where any FRR does.
const ZEBRA: &str = "zebra";

/// What FRR runs.
#[derive(Debug, Clone)]
pub struct Running {
    /// How this FRR speaks.
    pub dialect: Dialect,
    /// The configuration of the daemons that answered.
    pub config: Config,
    /// The daemons that did not, and why.
    pub missing: BTreeMap<Daemon, String>,
    /// The daemons that were connected to anew since the last time: they may have been restarted.
    pub reconnected: BTreeSet<Daemon>,
    /// What each process printed, in short.
    pub digests: Digests,
}

/// Stands for the configuration that a process printed: two that differ have different ones.
pub type Digests = BTreeMap<&'static str, u64>;

/// How it went to send a plan.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// What FRR refused.
    pub refused: Vec<Refusal>,
    /// The daemons that broke off, and why. Their lines may or may not have been executed.
    pub lost: BTreeMap<Daemon, String>,
}

/// FRR as the reconciler needs it; the fake FRR of `novaroute-frr` is another one.
pub trait Frr: Send {
    /// Reads what all daemons run, but for the processes in `absent`, which are known not to answer.
    ///
    /// # Errors
    /// No daemon answers at all; the text says why.
    fn running(&mut self, absent: &BTreeSet<String>) -> impl Future<Output = Result<Running, String>> + Send;

    /// The daemons that zebra serves; none: it does not answer.
    fn zebra_clients(&mut self) -> impl Future<Output = Clients> + Send;

    /// The prefixes that bgpd has sent to any of these peers and not withdrawn; `None`: it does not answer.
    fn sent(&mut self, peers: &[PeerKey]) -> impl Future<Output = Option<BTreeSet<Prefix>>> + Send;

    /// Those of these prefixes to which bgpd has no path; `None`: it does not answer.
    fn without_path(&mut self, of: &BTreeSet<Prefix>) -> impl Future<Output = Option<BTreeSet<Prefix>>> + Send;

    /// Sends a plan, in order.
    fn apply(&mut self, plan: &Plan, version: FrrVersion) -> impl Future<Output = Applied> + Send;

    /// Closes all connections: one that was left in the middle of something stands anywhere.
    fn hang_up(&mut self) {}
}

/// FRR behind the VTY sockets of its daemons.
#[derive(Debug)]
pub struct VtyFrr {
    socket_dir: PathBuf,
    limits: Limits,
    vtys: BTreeMap<&'static str, Vty>,
    connections: BTreeMap<&'static str, u64>,
}

impl VtyFrr {
    /// FRR whose sockets lie in the configured folder.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self::with_reply_limit(settings, REPLY_LIMIT)
    }

    /// As [`VtyFrr::new`], where a daemon may take so long to answer.
    #[must_use]
    pub fn with_reply_limit(settings: &Settings, reply: Duration) -> Self {
        let limits = Limits { connect: settings.connect_timeout.min(reply), reply };
        Self { socket_dir: settings.socket_dir.clone(), limits, vtys: BTreeMap::new(), connections: BTreeMap::new() }
    }

    fn vty(&mut self, process: &'static str) -> &mut Vty {
        let path = self.socket_dir.join(format!("{process}.vty"));
        let limits = self.limits;
        self.vtys.entry(process).or_insert_with(|| Vty::new(path, limits))
    }

    /// Asks several processes at once: one that hangs costs its own time limit once.
    async fn ask_all(&mut self, processes: &[&'static str], command: &str) -> Vec<Result<String, VtyError>> {
        for process in processes {
            self.vty(process);
        }
        let mut asked: Vec<(&'static str, &mut Vty)> =
            self.vtys.iter_mut().filter(|(name, _)| processes.contains(name)).map(|(name, vty)| (*name, vty)).collect();
        asked.sort_by_key(|(name, _)| processes.iter().position(|process| process == name));
        join_all(asked.into_iter().map(|(_, vty)| vty.show(command))).await
    }

    /// The version, from a daemon's configuration or, where none of those runs, from zebra.
    async fn version(&mut self, texts: &BTreeMap<Daemon, String>) -> Option<FrrVersion> {
        let told = texts.values().find_map(|text| Dialect::from_running(text, false)).map(|dialect| dialect.version);
        match told {
            Some(version) => Some(version),
            None => FrrVersion::from_show_version(&self.vty(ZEBRA).show(show::version::COMMAND).await.ok()?),
        }
    }

    /// What the processes print now; those that do not answer are left out.
    pub async fn digests(&mut self, processes: &[&'static str]) -> Digests {
        let answers = self.ask_all(processes, RUNNING_CONFIG).await;
        processes.iter().zip(answers).filter_map(|(process, answer)| Some((*process, digest(&answer.ok()?)))).collect()
    }

    fn reconnected(&mut self, version: FrrVersion) -> BTreeSet<Daemon> {
        let mut reconnected = BTreeSet::new();
        for daemon in Daemon::ALL {
            let process = daemon.process(version);
            let now = self.vty(process).connections();
            let before = self.connections.insert(process, now);
            if before.is_some_and(|before| before > 0 && now > before) {
                reconnected.insert(daemon);
            }
        }
        reconnected
    }
}

impl Frr for VtyFrr {
    async fn running(&mut self, absent: &BTreeSet<String>) -> Result<Running, String> {
        let mut read = Reading::default();
        read.take(self, &CORE, absent).await;
        let version = self.version(&read.texts).await.ok_or_else(|| read.reasons())?;
        let routes = [(Daemon::Staticd, Daemon::Staticd.process(version))];
        read.take(self, &routes, absent).await;

        let profile = read.texts.values().find_map(|text| Dialect::from_running(text, false)).map(|d| d.profile);
        let dialect = Dialect {
            version,
            profile: profile.unwrap_or(Profile::Traditional),
            ospf6d: read.texts.contains_key(&Daemon::Ospf6d),
        };
        let mut config = Config::default();
        for (daemon, text) in &read.texts {
            parse(*daemon, text, &mut config);
        }
        let digests = read.texts.iter().map(|(daemon, text)| (daemon.process(version), digest(text))).collect();
        Ok(Running { dialect, config, missing: read.missing, reconnected: self.reconnected(version), digests })
    }

    async fn zebra_clients(&mut self) -> Clients {
        let answer = self.vty(ZEBRA).show(renewal::ZEBRA_CLIENTS).await;
        answer.map(|text| renewal::clients(&text)).unwrap_or_default()
    }

    async fn sent(&mut self, peers: &[PeerKey]) -> Option<BTreeSet<Prefix>> {
        let of_peer = |peer: &PeerKey| Family::ALL.map(|family| kept::advertised_command(peer, family));
        let commands: Vec<String> = peers.iter().flat_map(of_peer).collect();
        let replies = self.vty(BGPD).pipeline(&commands).await.ok()?;
        // A family that is not exchanged with the peer has no answer.
        Some(replies.iter().flat_map(|reply| kept::advertised(&reply.text).unwrap_or_default()).collect())
    }

    async fn without_path(&mut self, of: &BTreeSet<Prefix>) -> Option<BTreeSet<Prefix>> {
        let commands: Vec<String> = of.iter().map(bgp::prefix_command).collect();
        let replies = self.vty(BGPD).pipeline(&commands).await.ok()?;
        let none = |(prefix, reply): (&Prefix, Reply)| bgp::has_no_path(&reply.text).ok()?.then_some(*prefix);
        Some(of.iter().zip(replies).filter_map(none).collect())
    }

    async fn apply(&mut self, plan: &Plan, version: FrrVersion) -> Applied {
        apply::apply(self, plan, version).await
    }

    fn hang_up(&mut self) {
        self.vtys.clear();
        self.connections.clear();
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Running configurations as they come in.
#[derive(Default)]
struct Reading {
    texts: BTreeMap<Daemon, String>,
    missing: BTreeMap<Daemon, String>,
}

impl Reading {
    async fn take(&mut self, frr: &mut VtyFrr, asked: &[(Daemon, &'static str)], absent: &BTreeSet<String>) {
        let (skipped, asked): (Vec<_>, Vec<_>) = asked.iter().partition(|(_, process)| absent.contains(*process));
        let skipped = skipped.into_iter().map(|(daemon, process)| (daemon, format!("{process} does not answer")));
        self.missing.extend(skipped);
        let processes: Vec<&'static str> = asked.iter().map(|(_, process)| *process).collect();
        let answers = frr.ask_all(&processes, RUNNING_CONFIG).await;
        for ((daemon, process), answer) in asked.into_iter().zip(answers) {
            match answer {
                Ok(text) => drop(self.texts.insert(daemon, text)),
                Err(failure) => {
                    debug!(daemon = process, %failure, "no running configuration");
                    self.missing.insert(daemon, format!("{process}: {failure}"));
                }
            }
        }
    }

    fn reasons(&self) -> String {
        let reasons: Vec<&str> = self.missing.values().map(String::as_str).collect();
        format!("no daemon of FRR answers ({})", reasons.join("; "))
    }
}
