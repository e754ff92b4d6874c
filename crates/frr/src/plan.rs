//! What is to be sent to FRR, in order.

use std::collections::BTreeSet;
use std::fmt;

use novaroute_core::intent::IntentKey;

use crate::config::{Context, ForeignLine, LineText};
use crate::daemon::Daemon;
use crate::rules::{Effect, LineKind};

/// What a line does to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Adds what was not there.
    Add,
    /// Puts a new value in the place of another.
    Replace,
    /// Takes something back.
    Remove,
}

/// A line that can be sent without waiting for the answer to the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The line for FRR's socket.
    pub text: LineText,
    /// What it does to the configuration.
    pub op: Op,
    /// The kind of the line that is added or taken back.
    pub kind: LineKind,
    /// What it does to sessions that exist.
    pub effect: Effect,
    /// The intents that it comes from; empty when nobody wants the line any more.
    pub sources: BTreeSet<IntentKey>,
}

impl Leaf {
    /// A line that no intent has asked for: it makes a daemon do something, and changes nothing for long.
    #[must_use]
    pub fn unasked(text: &str, kind: LineKind, op: Op) -> Self {
        Self { text: LineText::plain(text), op, kind, effect: Effect::None, sources: BTreeSet::new() }
    }
}

/// Lines for one context of one daemon.
///
/// The lines of [`Batch::context`] are sent one by one from `configure terminal`, each after the answer to the one
/// before. When one of them is refused the leaves must not be sent: FRR would try them in the contexts around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// To whom.
    pub daemon: Daemon,
    /// The context; may open an object that does not exist yet.
    pub context: Context,
    /// The intents that want the innermost line of the context; empty for a context that always exists.
    pub sources: BTreeSet<IntentKey>,
    /// Whether going into the context makes an object. Then the batch means something even without leaves.
    pub creates: bool,
    /// The lines, in order.
    pub leaves: Vec<Leaf>,
}

impl Batch {
    /// Lines that no intent has asked for, in a context that is there.
    #[must_use]
    pub fn unasked(daemon: Daemon, context: &Context, leaves: Vec<Leaf>) -> Self {
        Self { daemon, context: context.clone(), sources: BTreeSet::new(), creates: false, leaves }
    }

    /// The intents that want the context or something in it.
    #[must_use]
    pub fn intents(&self) -> BTreeSet<IntentKey> {
        self.sources.iter().chain(self.leaves.iter().flat_map(|leaf| &leaf.sources)).cloned().collect()
    }
}

/// An own line that nobody wants (yet) and that is left in place while the agent does not know all owners' wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The daemon that has it.
    pub daemon: Daemon,
    /// Where.
    pub context: Context,
    /// The line.
    pub text: LineText,
    /// The intent that such a line comes from, where the line says so.
    pub intent: Option<IntentKey>,
}

/// The way from a running configuration to a desired one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What to send, in order, across daemons.
    pub batches: Vec<Batch>,
    /// Own lines that would be taken back, but are held.
    pub held: Vec<Held>,
    /// Lines that are not own and are left alone.
    pub foreign: Vec<ForeignLine>,
}

impl Plan {
    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Number of lines that change something; lines that only lead to a context are not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batches.iter().map(|batch| batch.leaves.len() + usize::from(batch.creates)).sum()
    }

    /// The strongest effect of any line.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.leaves().map(|leaf| leaf.effect).max().unwrap_or(Effect::None)
    }

    /// All leaves, in order.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.batches.iter().flat_map(|batch| &batch.leaves)
    }

    /// The intents that have a line in the plan: until it is sent they are not what FRR runs.
    #[must_use]
    pub fn intents(&self) -> BTreeSet<&IntentKey> {
        let batches = self.batches.iter().filter(|batch| batch.creates).flat_map(|batch| &batch.sources);
        batches.chain(self.leaves().flat_map(|leaf| &leaf.sources)).collect()
    }

    /// What this plan sends and `other` did not.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        let batches = self.batches.iter().filter_map(|batch| {
            let same = |of: &&Batch| of.daemon == batch.daemon && of.context == batch.context;
            let mut others = other.batches.iter().filter(same).peekable();
            let creates = batch.creates && others.peek().is_none_or(|of| !of.creates);
            let sent: BTreeSet<&str> = others.flat_map(|of| &of.leaves).map(|leaf| leaf.text.reveal()).collect();
            let leaves: Vec<_> =
                batch.leaves.iter().filter(|leaf| !sent.contains(leaf.text.reveal())).cloned().collect();
            (creates || !leaves.is_empty()).then(|| Batch { creates, leaves, ..batch.clone() })
        });
        Self { batches: batches.collect(), ..Self::default() }
    }

    /// The daemons that are sent something, in the order of their first batch.
    #[must_use]
    pub fn daemons(&self) -> Vec<Daemon> {
        let mut daemons = Vec::new();
        for batch in &self.batches {
            if !daemons.contains(&batch.daemon) {
                daemons.push(batch.daemon);
            }
        }
        daemons
    }
}

/// What an operator would type, daemon by daemon; passwords are not shown.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut daemon = None;
        for batch in &self.batches {
            if daemon != Some(batch.daemon) {
                writeln!(f, "# {}", batch.daemon)?;
                daemon = Some(batch.daemon);
            }
            for (depth, line) in batch.context.path().iter().enumerate() {
                writeln!(f, "{:depth$}{line}", "")?;
            }
            let depth = batch.context.path().len();
            for leaf in &batch.leaves {
                writeln!(f, "{:depth$}{}", "", leaf.text)?;
            }
        }
        Ok(())
    }
}
