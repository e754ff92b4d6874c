//! The node: a fake FRR with operators, crashes and bad connections, which watches what the agent does to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use novaroute_agent::frr::{Applied, Frr, Running};
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::Prefix;
use novaroute_frr::fake::FakeFrr;
use novaroute_frr::plan::{Batch, Leaf, Op};
use novaroute_frr::refusals::Refusal;
use novaroute_frr::renewal::{Client, Clients};
use novaroute_frr::rules::LineKind;
use novaroute_frr::{Daemon, Dialect, FrrVersion, Plan, Profile};
use tokio::time::sleep;

use crate::rng::Rng;
use crate::watch::Watch;

/// The FRR that is played.
pub(crate) const DIALECT: Dialect =
    Dialect { version: FrrVersion { major: 10, minor: 3, patch: 0 }, profile: Profile::Traditional, ospf6d: true };

/// FRR's side of the node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) frr: FakeFrr,
    pub(crate) watch: Watch,
    pub(crate) rng: Rng,
    /// Whether connections fail at random.
    pub(crate) trouble: bool,
    /// Daemons that do not answer.
    pub(crate) hung: BTreeSet<Daemon>,
    /// Daemons that the agent has to connect to anew.
    pub(crate) reconnecting: BTreeSet<Daemon>,
    /// Lines that FRR refuses.
    pub(crate) refused: BTreeSet<String>,
    /// Lines that FRR takes without a word and forgets.
    pub(crate) swallowed: BTreeSet<String>,
    /// A line that FRR refuses as long as it runs another one.
    pub(crate) obstructed: Option<[&'static str; 2]>,
    /// Whether FRR takes lines again that it refused or forgot.
    pub(crate) relented: bool,
    /// Plans that were sent.
    pub(crate) plans: usize,
    /// Which of the agent's reads finds bgpd restarted; the first is 1.
    pub(crate) restart_at_read: Option<usize>,
    reads: usize,
}

impl Node {
    /// A node whose daemons run nothing.
    pub(crate) fn new(rng: Rng) -> Self {
        Self {
            frr: FakeFrr::new(),
            watch: Watch::default(),
            rng,
            trouble: true,
            hung: BTreeSet::new(),
            reconnecting: BTreeSet::new(),
            refused: BTreeSet::new(),
            swallowed: BTreeSet::new(),
            obstructed: None,
            relented: false,
            plans: 0,
            restart_at_read: None,
            reads: 0,
        }
    }

    /// What the daemons run that answer, as the agent would read it.
    fn read(&mut self, absent: &BTreeSet<String>) -> Result<Running, String> {
        self.watch.on_read();
        self.reads += 1;
        if self.restart_at_read == Some(self.reads) {
            self.frr.restart(Daemon::Bgpd);
            self.reconnecting.insert(Daemon::Bgpd);
        }
        if self.trouble && self.rng.percent(5) {
            self.watch.on_lost();
            return Err("no daemon answers".to_owned());
        }
        let mut missing = BTreeMap::new();
        for daemon in Daemon::ALL {
            let silent = absent.contains(daemon.process(DIALECT.version)) || self.hung.contains(&daemon);
            if silent || (self.trouble && self.rng.percent(2)) {
                missing.insert(daemon, format!("{daemon} does not answer"));
            }
        }
        let answering = Daemon::ALL.into_iter().filter(|daemon| !missing.contains_key(daemon)).collect();
        let config = self.frr.running().of_daemons(&answering);
        let reconnected: BTreeSet<Daemon> =
            self.reconnecting.iter().filter(|daemon| !missing.contains_key(daemon)).copied().collect();
        self.reconnecting.retain(|daemon| !reconnected.contains(daemon));
        let dialect = Dialect { ospf6d: !missing.contains_key(&Daemon::Ospf6d), ..DIALECT };
        let digests = BTreeMap::new();
        Ok(Running { dialect, config, missing, reconnected, digests })
    }

    /// A plan is going to be sent.
    fn begin(&mut self) {
        self.plans += 1;
        self.watch.on_plan(&self.frr);
    }

    /// Marks the neighbors and sessions that a plan has made, where it has not come that far.
    fn mark(&mut self, plan: &Plan) {
        for batch in plan.batches.iter().filter(|batch| !self.reconnecting.contains(&batch.daemon)) {
            for leaf in batch.leaves.iter().filter(|leaf| MARKS.contains(&leaf.kind) && leaf.op != Op::Remove) {
                if self.made(batch, leaf) {
                    self.frr.type_line(batch.daemon, &batch.context, leaf.text.reveal());
                }
            }
        }
    }

    /// Whether there is what the line marks.
    fn made(&self, batch: &Batch, leaf: &Leaf) -> bool {
        let Some((outer, line)) = batch.context.split_last() else { return false };
        let slots = self.frr.running().slots(batch.daemon, &outer).into_iter().flatten();
        let neighbor = leaf.text.reveal().split(' ').nth(1).unwrap_or_default();
        slots.into_iter().any(|(slot, made)| match slot.kind {
            LineKind::NeighborRemoteAs => slot.id == neighbor,
            LineKind::BfdPeer => made.text.reveal() == line,
            _ => false,
        })
    }

    /// Goes into the context of a batch, which makes it, or executes one of the batch's lines there.
    fn execute(&mut self, batch: &Batch, leaf: Option<&Leaf>) -> Option<Refusal> {
        if self.is_refused(batch) {
            return Some(refused_context(batch));
        }
        if let Some(refusal) = leaf.and_then(|leaf| self.obstruction(batch, leaf)) {
            return Some(refusal);
        }
        if leaf.is_some_and(|leaf| self.swallowed.contains(leaf.text.reveal())) {
            return None;
        }
        let piece = Batch { creates: leaf.is_none(), leaves: leaf.cloned().into_iter().collect(), ..batch.clone() };
        let before = self.watch.before(&self.frr);
        let executed = self.frr.execute(&Plan { batches: vec![piece], ..Plan::default() });
        self.watch.after(before, &self.frr, || leaf.map_or_else(String::new, |leaf| leaf.text.to_string()));
        executed.refused.into_iter().next()
    }

    fn obstruction(&self, batch: &Batch, leaf: &Leaf) -> Option<Refusal> {
        let [_, by] = self.obstructed.filter(|[line, _]| *line == leaf.text.reveal())?;
        let stands = self.frr.print(batch.daemon).lines().any(|line| line.trim() == by);
        let refusal =
            Refusal { line: Some(leaf.text.clone()), sources: leaf.sources.clone(), ..refused_context(batch) };
        stands.then_some(refusal)
    }

    /// bgpd runs one instance, and does not go into one of another AS.
    fn is_refused(&self, batch: &Batch) -> bool {
        let path = batch.context.path();
        let runs = self.frr.running().contexts().flat_map(|(_, _, slots)| slots);
        let mut instance = runs.filter(|(slot, _)| slot.kind == LineKind::RouterBgp);
        let other = instance.next().is_some_and(|(_, line)| {
            path.first().is_some_and(|first| first.starts_with("router bgp ") && first != line.text.reveal())
        });
        other || path.iter().any(|line| self.refused.contains(line))
    }

    /// FRR refuses these lines from now on, and only these.
    pub(crate) fn refuse(&mut self, lines: BTreeSet<String>) {
        self.frr.refuse_nothing();
        lines.iter().for_each(|line| self.frr.refuse(line.clone()));
        self.refused = lines;
    }

    /// What is wrong, for the log.
    pub(crate) fn summary(&self) -> String {
        let Self { frr, hung, reconnecting, refused, swallowed, .. } = self;
        let lines = frr.running().len();
        format!(
            "{lines} lines; {hung:?} hang, {reconnecting:?} restarted; refused {refused:?}, forgotten {swallowed:?}"
        )
    }

    fn pause(&mut self) -> Duration {
        let chance = if self.trouble { 15 } else { 0 };
        Duration::from_millis(if self.rng.percent(chance) { self.rng.pick(&[1, 10, 200, 3000]) } else { 0 })
    }
}

/// Kinds of line by which the agent knows its own neighbors and sessions.
const MARKS: [LineKind; 3] = [LineKind::NeighborRouteMapIn, LineKind::NeighborRouteMapOut, LineKind::BfdPeerProfile];

/// Lets no plan end between the line that makes a neighbor or a session and the one that marks it: what is unmarked and
/// no longer wanted by anyone counts as an operator's.
struct Marking<'a> {
    link: Link,
    plan: &'a Plan,
}

impl Drop for Marking<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.link.node().mark(self.plan);
        }
    }
}

fn refused_context(batch: &Batch) -> Refusal {
    Refusal {
        daemon: batch.daemon,
        context: batch.context.clone(),
        line: None,
        reason: "% refused".to_owned(),
        sources: batch.intents(),
    }
}

/// The agent's way to the node.
#[derive(Debug, Clone)]
pub(crate) struct Link(pub(crate) Arc<Mutex<Node>>);

impl Link {
    pub(crate) fn node(&self) -> MutexGuard<'_, Node> {
        self.0.lock().unwrap()
    }

    async fn pause(&self) {
        let pause = self.node().pause();
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }

    /// One line; `None`: the connection broke, after the line or before it.
    async fn send(&self, batch: &Batch, leaf: Option<&Leaf>) -> Option<Option<Refusal>> {
        self.pause().await;
        let mut node = self.node();
        // A daemon that was restarted knows nothing of the connection.
        if node.reconnecting.contains(&batch.daemon) {
            return None;
        }
        if node.hung.contains(&batch.daemon) || (node.trouble && node.rng.percent(1)) {
            if node.rng.percent(50) {
                node.execute(batch, leaf);
            }
            return None;
        }
        Some(node.execute(batch, leaf))
    }

    async fn send_batch(&self, batch: &Batch, applied: &mut Applied) -> Option<()> {
        if batch.creates
            && let Some(refusal) = self.send(batch, None).await?
        {
            applied.refused.push(refusal);
            return Some(());
        }
        for leaf in &batch.leaves {
            if let Some(refusal) = self.send(batch, Some(leaf)).await? {
                let whole = refusal.line.is_none();
                applied.refused.push(refusal);
                if whole {
                    break;
                }
            }
        }
        Some(())
    }
}

impl Frr for Link {
    async fn running(&mut self, absent: &BTreeSet<String>) -> Result<Running, String> {
        let running = self.node().read(absent);
        self.pause().await;
        running
    }

    async fn zebra_clients(&mut self) -> Clients {
        let client = Client { has_given: true, is_given: true };
        ["bgp", "bfd", "ospf", "ospf6", "static"].map(|name| (name.to_owned(), client)).into()
    }

    /// The FRR that is played is one that loses no withdrawal.
    async fn sent(&mut self, _peers: &[PeerKey]) -> Option<BTreeSet<Prefix>> {
        None
    }

    async fn without_path(&mut self, _of: &BTreeSet<Prefix>) -> Option<BTreeSet<Prefix>> {
        None
    }

    async fn apply(&mut self, plan: &Plan, _version: FrrVersion) -> Applied {
        self.node().begin();
        let _marking = Marking { link: self.clone(), plan };
        let mut applied = Applied::default();
        for batch in &plan.batches {
            if !applied.lost.contains_key(&batch.daemon) && self.send_batch(batch, &mut applied).await.is_none() {
                applied.lost.insert(batch.daemon, "broken off".to_owned());
            }
        }
        if !applied.lost.is_empty() {
            self.node().watch.on_lost();
        }
        applied
    }
}
