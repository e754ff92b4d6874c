//! A look at FRR for one prefix, peer, session or interface: what an explanation stands on.
//!
//! Each daemon is asked by itself and within a limit of its own; what it does not answer is not known, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use novaroute_core::bfd::BfdKey;
use novaroute_core::desired::Desired;
use novaroute_core::explain::facts::{Found, Line, Neighbor, Said};
use novaroute_core::explain::{BfdFacts, OspfFacts, OspfPrefixFacts, PeerFacts, PrefixFacts, key_of_session};
use novaroute_core::intent::{Intent, IntentKey, Protocol};
use novaroute_core::live::{BfdLive, Live, OspfLive};
use novaroute_core::name::InterfaceName;
use novaroute_core::peer::{Peer, PeerKey};
use novaroute_core::prefix::Prefix;
use novaroute_core::store::Snapshot;
use novaroute_frr::config::Config;
use novaroute_frr::daemon::PROCESSES;
use novaroute_frr::explain::{lines, outbound};
use novaroute_frr::show::{ShowError, bfd, bgp, zebra};
use novaroute_frr::{Daemon, render};

use super::{BFDD, BGPD, Frr as _, OspfVersion, Running, VtyFrr, ZEBRA};
use crate::config::Frr as Settings;
use crate::kernel;

/// How long a daemon may take for one answer: somebody waits for the explanation.
const REPLY_LIMIT: Duration = Duration::from_secs(1);

/// Asks FRR on behalf of one call.
pub(crate) struct Look<'a> {
    frr: VtyFrr,
    snapshot: &'a Snapshot,
}

/// What FRR runs, beside what it should run for the subject.
struct Compared {
    running: Running,
    target: Config,
}

impl<'a> Look<'a> {
    /// A look that connects when it asks.
    pub(crate) fn new(settings: &Settings, snapshot: &'a Snapshot) -> Self {
        Self { frr: VtyFrr::with_reply_limit(settings, REPLY_LIMIT), snapshot }
    }

    /// A prefix of BGP.
    pub(crate) async fn at_prefix(mut self, prefix: Prefix) -> PrefixFacts {
        let key = IntentKey::Prefix(Protocol::Bgp, prefix);
        let compared = self.compare(&key, &[BGPD]).await;
        let compared = compared.and_then(|compared| compared.answered(&[Daemon::Bgpd]));
        let lines = compared.as_ref().map(|compared| lines_of(compared, &key));
        let outbound = compared.as_ref().map(|compared| outbound(&compared.target, &compared.running.config));
        let (lines, outbound) = (lines.map_err(Clone::clone), outbound.map_err(Clone::clone));
        if let Err(why) = compared {
            // One that did not answer is not waited for again.
            return PrefixFacts { lines, outbound, table: Err(why.clone()), neighbors: Err(why) };
        }
        let table = self.ask(BGPD, &bgp::prefix_command(&prefix)).await;
        let table = table.and_then(|text| bgp::table_entry(&text).map_err(unreadable));
        PrefixFacts { lines, outbound, table, neighbors: self.neighbors().await }
    }

    /// A prefix of OSPF.
    pub(crate) async fn at_ospf_prefix(mut self, prefix: Prefix) -> OspfPrefixFacts {
        let version = OspfVersion::of(prefix.family());
        let key = IntentKey::Prefix(Protocol::Ospf, prefix);
        let compared = self.compare(&key, &[version.process, "staticd", "mgmtd"]).await;
        let ospf = if version.process == "ospfd" { Daemon::Ospfd } else { Daemon::Ospf6d };
        let compared = compared.and_then(|compared| compared.answered(&[ospf, Daemon::Staticd]));
        let lines = compared.map(|compared| lines_of(&compared, &key));
        let route = self.ask(ZEBRA, &zebra::route_command(&prefix)).await;
        let route = route.and_then(|text| zebra::route(&text).map_err(unreadable));
        let lsas = self.ask(version.process, version.external_lsas).await;
        let lsas = lsas.and_then(|text| (version.read_external_lsas)(&text).map_err(unreadable));
        let interfaces = match &lsas {
            Ok(_) => self.ospf_interfaces(&version).await,
            Err(why) => Err(why.clone()),
        };
        OspfPrefixFacts { lines, route, in_lsdb: lsas.map(|lsas| lsas.contains(&prefix)), interfaces }
    }

    /// A BGP peer.
    pub(crate) async fn at_peer(mut self, address: PeerKey) -> PeerFacts {
        let key = IntentKey::Peer(address);
        let compared = self.compare(&key, &[BGPD, BFDD]).await;
        let of_bgpd = compared.and_then(|compared| compared.answered(&[Daemon::Bgpd]));
        let neighbor = match &of_bgpd {
            Ok(_) => {
                let answer = self.ask(BGPD, &bgp::neighbor_command(address)).await;
                answer.and_then(|text| bgp::neighbors(&text).map_err(unreadable)).map(|mut all| all.remove(&address))
            }
            Err(why) => Err(why.clone()),
        };
        // A peer that is not protected by BFD needs nothing of bfdd.
        let protected = self.peer(&key).is_some_and(|peer| peer.bfd.is_some());
        let needed: &[Daemon] = if protected { &[Daemon::Bfdd] } else { &[] };
        let lines = of_bgpd.and_then(|compared| compared.answered(needed)).map(|compared| lines_of(&compared, &key));
        let route = match address.address() {
            Some(address) => self.ask(ZEBRA, &zebra::route_to_command(address)).await,
            // The other end of an interface needs no route.
            None => Ok(String::new()),
        };
        let route = route.and_then(|text| zebra::route(&text).map_err(unreadable));
        let bfd = match self.bfd_sessions().await {
            Ok(bfd) => Ok(Live { bfd, ..Live::default() }.bfd_to(address).map(|(_, session)| session.clone())),
            Err(why) => Err(why),
        };
        let source_is_local = self.peer(&key).and_then(|peer| peer.source_address).is_none_or(kernel::is_local);
        PeerFacts { lines, neighbor, route, source_is_local, bfd, md5_dropped: kernel::md5_dropped() }
    }

    /// A BFD session.
    pub(crate) async fn at_bfd(mut self, key: &BfdKey) -> BfdFacts {
        let of = key_of_session(self.snapshot, key);
        let compared = self.compare(&of, &[BFDD]).await.and_then(|compared| compared.answered(&[Daemon::Bfdd]));
        let lines = compared.map(|compared| lines_of(&compared, &of));
        let session = match &lines {
            Ok(_) => self.bfd_sessions().await,
            Err(why) => Err(why.clone()),
        };
        let session = session.map(|bfd| {
            let live = Live { bfd, ..Live::default() };
            live.bfd_of(key).next().map(|(_, session)| session.clone())
        });
        let route = self.ask(ZEBRA, &zebra::route_to_command(key.peer)).await;
        BfdFacts { lines, session, route: route.and_then(|text| zebra::route(&text).map_err(unreadable)) }
    }

    /// An OSPF interface, of which a daemon has `said` something.
    pub(crate) async fn at_ospf(mut self, interface: &InterfaceName, said: Option<Said>) -> OspfFacts {
        let key = IntentKey::Ospf(*interface);
        let compared = self.compare(&key, &[OspfVersion::OSPFV2.process, OspfVersion::OSPFV3.process]).await;
        let mut daemons = Vec::new();
        for (version, daemon) in [(OspfVersion::OSPFV2, Daemon::Ospfd), (OspfVersion::OSPFV3, Daemon::Ospf6d)] {
            let why = compared.as_ref().map(|compared| compared.running.missing.get(&daemon).cloned());
            let live = match why {
                // Without ospf6d there is no OSPFv3 on the node.
                Ok(Some(_)) if daemon == Daemon::Ospf6d => continue,
                Ok(Some(why)) => Err(why),
                Ok(None) => self.ospf_interfaces(&version).await.map(|mut all| all.remove(interface)),
                Err(why) => Err(why.clone()),
            };
            daemons.push((version.process.to_owned(), live));
        }
        let lines = compared.and_then(|compared| compared.answered(&[Daemon::Ospfd]));
        let lines = lines.map(|compared| lines_of(&compared, &key));
        let answer = self.ask(ZEBRA, &zebra::interface_command(interface)).await;
        let interface = answer.and_then(|text| zebra::interface(&text).map_err(unreadable));
        OspfFacts { lines, interface, daemons, said }
    }

    fn peer(&self, key: &IntentKey) -> Option<&Peer> {
        match &self.snapshot.live(key)?.intent {
            Intent::Peer(peer) => Some(peer),
            _ => None,
        }
    }

    async fn bfd_sessions(&mut self) -> Found<BTreeMap<BfdKey, BfdLive>> {
        bfd::sessions(&self.ask(BFDD, bfd::PEERS).await?).map_err(unreadable)
    }

    async fn ospf_interfaces(&mut self, version: &OspfVersion) -> Found<BTreeMap<InterfaceName, OspfLive>> {
        let interfaces = self.ask(version.process, version.interfaces).await?;
        let neighbors = self.ask(version.process, version.neighbors).await?;
        (version.read_interfaces)(&interfaces, &neighbors).map_err(unreadable)
    }

    /// The sessions with all peers that are wanted.
    async fn neighbors(&mut self) -> Found<BTreeMap<PeerKey, Neighbor>> {
        let peer = |key: &IntentKey| match key {
            IntentKey::Peer(address) => Some(*address),
            _ => None,
        };
        let commands = self.snapshot.slots().filter_map(|(key, _)| peer(key)).map(bgp::neighbor_command);
        let commands: Vec<String> = commands.collect();
        let replies = self.frr.vty(BGPD).pipeline(&commands).await.map_err(|failure| format!("{BGPD}: {failure}"))?;
        let mut neighbors = BTreeMap::new();
        for reply in replies {
            neighbors.append(&mut bgp::neighbors(&reply.text).map_err(unreadable)?);
        }
        Ok(neighbors)
    }

    /// Reads what some processes run, and renders what they should run for `key`: other prefixes have no part in it.
    async fn compare(&mut self, key: &IntentKey, processes: &[&str]) -> Found<Compared> {
        let absent: BTreeSet<String> =
            PROCESSES.iter().filter(|name| !processes.contains(name)).map(|name| (*name).to_owned()).collect();
        let running = self.frr.running(&absent).await?;
        let target = render(&Desired::around(self.snapshot, key), running.dialect);
        Ok(Compared { running, target })
    }

    async fn ask(&mut self, process: &'static str, command: &str) -> Found<String> {
        self.frr.vty(process).show(command).await.map_err(|failure| format!("{process}: {failure}"))
    }
}

impl Compared {
    /// This, if all of these daemons have answered.
    fn answered(self, daemons: &[Daemon]) -> Found<Self> {
        match daemons.iter().find_map(|daemon| self.running.missing.get(daemon)) {
            Some(why) => Err(why.clone()),
            None => Ok(self),
        }
    }
}

fn lines_of(compared: &Compared, key: &IntentKey) -> Vec<Line> {
    lines(&compared.target, &compared.running.config, key)
}

fn unreadable(failure: ShowError) -> String {
    failure.to_string()
}
