//! What the agent may not do at any moment: take back a line that runs, is wanted and stays wanted.

use std::collections::BTreeSet;
use std::sync::Arc;

use novaroute_core::desired::compose;
use novaroute_core::intent::{Change, Intent, IntentKey, Protocol};
use novaroute_core::name::OwnerName;
use novaroute_frr::config::{Config, Context, Slot};
use novaroute_frr::fake::FakeFrr;
use novaroute_frr::rules::LineKind;
use novaroute_frr::{Daemon, render};
use tokio::time::Instant;

use crate::clients;
use crate::model::Model;
use crate::node::DIALECT;

/// Kinds of line whose loss ends something that a neighbour sees.
const CARRYING: [LineKind; 12] = [
    LineKind::RouterBgp,
    LineKind::Network,
    LineKind::NeighborRemoteAs,
    LineKind::NeighborActivate,
    LineKind::NeighborRouteMapIn,
    LineKind::NeighborRouteMapOut,
    LineKind::BfdPeer,
    LineKind::RouterOspf,
    LineKind::OspfRedistribute,
    LineKind::OspfArea,
    LineKind::PrefixList,
    LineKind::StaticRoute,
];

/// A line that runs.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    daemon: Daemon,
    context: Context,
    slot: Slot,
    text: String,
}

impl Place {
    /// Whether it is there, with whatever value: only what another value cannot take the place of has to be the same.
    fn is_in(&self, config: &Config) -> bool {
        let replaced_whole = matches!(self.slot.kind, LineKind::RouterBgp | LineKind::OspfArea);
        let line = config.get(self.daemon, &self.context, &self.slot);
        line.is_some_and(|line| !replaced_whole || line.text.reveal() == self.text)
    }

    /// The intent that such a line comes from, where the line says so.
    fn intent(&self) -> Option<IntentKey> {
        match self.slot.kind {
            LineKind::RouterBgp => Some(IntentKey::Bgp),
            LineKind::Network => Some(IntentKey::Prefix(Protocol::Bgp, self.slot.id.parse().ok()?)),
            LineKind::NeighborRemoteAs => Some(IntentKey::Peer(self.slot.id.parse().ok()?)),
            LineKind::StaticRoute => {
                Some(IntentKey::Prefix(Protocol::Ospf, self.text.split(' ').nth(2)?.parse().ok()?))
            }
            LineKind::OspfArea => {
                let interface = self.context.path().first()?.strip_prefix("interface ")?;
                Some(IntentKey::Ospf(interface.parse().ok()?))
            }
            _ => None,
        }
    }

    /// Whether `target` asks for something that cannot stand beside this.
    fn is_replaced_in(&self, target: &Config) -> bool {
        let replaced = |context: &Context, slot: &Slot, text: &str| {
            target.get(self.daemon, context, slot).is_some_and(|line| line.text.reveal() != text)
        };
        let instance = Slot { kind: LineKind::RouterBgp, id: String::new() };
        let of_instance = self.context.path().first().filter(|line| line.starts_with("router bgp "));
        replaced(&self.context, &self.slot, &self.text)
            || of_instance.is_some_and(|line| replaced(&Context::top(), &instance, line))
    }
}

/// Follows the agent's rounds.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// What owners were promised.
    pub(crate) model: Model,
    /// Until then the agent does not know all that owners want.
    adopting_until: Option<Instant>,
    /// What the agent did and may not.
    pub(crate) violations: Vec<String>,
    /// What was asked for since the agent's start.
    claimed: BTreeSet<IntentKey>,
    /// What is being asked for.
    asked: BTreeSet<IntentKey>,
    /// What is wanted may have changed since the round began.
    touched: BTreeSet<IntentKey>,
    /// What was wanted when the round began.
    wanted: Vec<Intent>,
    in_round: bool,
    kept: Vec<Place>,
    adopted: Vec<Place>,
    targets: Vec<Arc<Config>>,
    rendered: Option<(Vec<Intent>, Arc<Config>)>,
}

impl Watch {
    /// An owner asks for a change.
    pub(crate) fn on_request(&mut self, owner: &OwnerName, change: &Change) {
        let keys = clients::keys_of(change, self.model.held_by(owner));
        if matches!(change, Change::Put(_)) {
            self.claimed.extend(keys.iter().cloned());
        }
        self.touched.extend(keys.iter().cloned());
        self.asked.extend(keys);
    }

    /// Every request is answered.
    pub(crate) fn on_answers(&mut self) {
        self.asked.clear();
    }

    /// The agent is gone, and nothing of what it was about to do is done.
    pub(crate) fn on_crash(&mut self) {
        self.in_round = false;
        self.asked.clear();
    }

    /// An agent starts with what is in the model; until the end of the grace, if there is one, it must leave alone what
    /// nobody claims and the journal knows nothing of.
    pub(crate) fn on_start(&mut self, adopting_until: Option<Instant>, declared: &BTreeSet<IntentKey>) {
        self.adopting_until = adopting_until;
        self.claimed = self.model.live().map(Intent::key).chain(declared.iter().cloned()).collect();
    }

    /// The agent says what it holds.
    pub(crate) fn on_held(&mut self, model: Model) {
        self.claimed.extend(model.live().map(Intent::key));
        self.model = model;
    }

    /// The agent reads: the first time, and again after each plan that was sent to its end.
    pub(crate) fn on_read(&mut self) {
        if !self.in_round {
            self.touched = self.asked.clone();
            self.wanted = self.model.live().cloned().collect();
        }
        self.in_round = false;
    }

    /// The round is over before its end.
    pub(crate) fn on_lost(&mut self) {
        self.in_round = false;
    }

    /// The agent sends.
    pub(crate) fn on_plan(&mut self, frr: &FakeFrr) {
        self.in_round = true;
        let before = self.target_of(self.wanted.clone());
        let now = self.target_of(self.model.live().cloned().collect());
        self.kept = self.kept(frr.running(), &before, &now);
        let adopting = self.adopting_until.is_some_and(|until| Instant::now() < until);
        self.adopted = if adopting { self.unclaimed(frr.running()) } else { Vec::new() };
        self.targets = vec![before, now];
    }

    /// What FRR should run for these intents. Mostly they are the same as the last time.
    fn target_of(&mut self, intents: Vec<Intent>) -> Arc<Config> {
        match &self.rendered {
            Some((of, target)) if *of == intents => Arc::clone(target),
            _ => {
                let target = Arc::new(render(&compose(&intents), DIALECT));
                self.rendered = Some((intents, Arc::clone(&target)));
                target
            }
        }
    }

    fn kept(&self, running: &Config, before: &Config, now: &Config) -> Vec<Place> {
        let mut kept = Vec::new();
        for (daemon, context, slots) in now.contexts().filter(|(daemon, ..)| !self.is_unsettled(*daemon)) {
            for (slot, line) in slots.iter().filter(|(slot, _)| CARRYING.contains(&slot.kind)) {
                let text = line.text.reveal().to_owned();
                let place = Place { daemon, context: context.clone(), slot: slot.clone(), text };
                let wanted = line.sources.iter().any(|key| !self.touched.contains(key));
                if wanted && place.is_in(before) && place.is_in(running) {
                    kept.push(place);
                }
            }
        }
        kept
    }

    /// Objects that nobody has claimed. Those of operators are no exception: the agent takes none of them.
    fn unclaimed(&self, running: &Config) -> Vec<Place> {
        let lines = running.contexts().flat_map(|(daemon, context, slots)| {
            slots.iter().map(move |(slot, line)| Place {
                daemon,
                context: context.clone(),
                slot: slot.clone(),
                text: line.text.reveal().to_owned(),
            })
        });
        let settled = lines.filter(|place| !self.is_unsettled(place.daemon));
        let waiting = self.waiting();
        let free = |key: &IntentKey| self.claimed.contains(key) && !waiting.contains(key);
        settled.filter(|place| place.intent().is_some_and(|key| !free(&key))).collect()
    }

    /// What was claimed and waits for another intent all the time: what runs for it has to stay too.
    fn waiting(&self) -> BTreeSet<IntentKey> {
        let before = compose(&self.wanted).waiting();
        let now = compose(self.model.live()).waiting();
        before.intersection(&now).filter(|key| !self.touched.contains(*key)).cloned().collect()
    }

    /// Whether something changed on which all lines of the daemon depend.
    fn is_unsettled(&self, daemon: Daemon) -> bool {
        self.touched.iter().any(|key| match key {
            IntentKey::Bgp => daemon != Daemon::Bfdd,
            IntentKey::Ospf(_) => !matches!(daemon, Daemon::Bfdd | Daemon::Bgpd),
            IntentKey::Peer(_) | IntentKey::Prefix(..) | IntentKey::Bfd(_) => false,
        })
    }

    /// What runs of all that must go on running.
    pub(crate) fn before(&self, frr: &FakeFrr) -> (Vec<Place>, Vec<Place>) {
        let running = |places: &[Place]| places.iter().filter(|place| place.is_in(frr.running())).cloned().collect();
        (running(&self.kept), running(&self.adopted))
    }

    /// A line of a plan was executed.
    pub(crate) fn after(
        &mut self,
        (kept, adopted): (Vec<Place>, Vec<Place>),
        frr: &FakeFrr,
        line: impl Fn() -> String,
    ) {
        for place in kept.iter().filter(|place| !place.is_in(frr.running())) {
            let Place { daemon, text, .. } = place;
            self.violations.push(format!("'{}' took '{text}' from {daemon}, which is wanted", line()));
        }
        let unclaimed = |place: &&Place| !self.targets.iter().any(|target| place.is_replaced_in(target));
        for place in adopted.iter().filter(|place| !place.is_in(frr.running())).filter(unclaimed) {
            let Place { daemon, text, .. } = place;
            self.violations.push(format!("'{}' took '{text}' from {daemon} before the grace ended", line()));
        }
    }
}
