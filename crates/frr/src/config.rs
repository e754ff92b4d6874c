//! A configuration as slots: what may be there once, and the line that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use novaroute_core::intent::IntentKey;

pub use crate::context::Context;
use crate::daemon::Daemon;
use crate::normal;
use crate::rules::{self, LineKind, Rule, Scope};

/// A line as it is sent, which hides its secret when it is printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineText {
    text: String,
    shown_bytes: usize,
}

impl LineText {
    /// A line without a secret.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { shown_bytes: text.len(), text }
    }

    /// A line whose last word is secret.
    #[must_use]
    pub fn ending_in_secret(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { shown_bytes: text.rfind(' ').map_or(0, |space| space + 1), text }
    }

    /// The text for FRR's socket, secret included.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for LineText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, hidden) = self.text.split_at(self.shown_bytes);
        f.write_str(shown)?;
        if hidden.is_empty() { Ok(()) } else { f.write_str("********") }
    }
}

impl fmt::Debug for LineText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// What can be there at most once in a context: a kind of line and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The kind.
    pub kind: LineKind,
    /// What tells it from others of its kind, such as the neighbor's address; empty where there is only one.
    pub id: String,
}

/// The line in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line in normal form.
    pub text: LineText,
    /// What is known about its kind.
    pub rule: &'static Rule,
    /// The intents that it comes from; empty for a line read from FRR.
    pub sources: BTreeSet<IntentKey>,
}

/// The slots of one context.
pub type Slots = BTreeMap<Slot, Line>;

/// A line that is not own, in normal form and without the keys that it may hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignLine {
    /// The daemon that has it.
    pub daemon: Daemon,
    /// Where.
    pub context: Context,
    /// The line.
    pub text: String,
}

/// The configuration of one or more daemons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    contexts: BTreeMap<Daemon, BTreeMap<Context, Slots>>,
    unknown: BTreeSet<ForeignLine>,
    daemons: BTreeSet<Daemon>,
}

impl Config {
    /// Says that `daemon`'s configuration is part of this one, even when it is empty.
    pub fn add_daemon(&mut self, daemon: Daemon) {
        self.daemons.insert(daemon);
    }

    /// The daemons whose configuration this is.
    #[must_use]
    pub fn daemons(&self) -> &BTreeSet<Daemon> {
        &self.daemons
    }

    /// Puts a line into its slot, in normal form; intents add up when several ask for one line.
    ///
    /// A line that no rule knows is kept apart. Returns the line in normal form.
    pub fn insert(&mut self, daemon: Daemon, context: &Context, text: &str, sources: &BTreeSet<IntentKey>) -> String {
        self.daemons.insert(daemon);
        let normal = normal::line(daemon, context, text);
        if let Some(matched) = rules::classify(daemon, context, &normal) {
            let text = match matched.rule.kind {
                kind if kind.ends_in_secret() => LineText::ending_in_secret(&normal),
                _ => LineText::plain(&normal),
            };
            let slot = Slot { kind: matched.rule.kind, id: matched.id };
            let line = self.slots_mut(daemon, context).entry(slot).or_insert_with(|| Line {
                text: text.clone(),
                rule: matched.rule,
                sources: BTreeSet::new(),
            });
            // One kind may have a row for each of its words.
            (line.text, line.rule) = (text, matched.rule);
            line.sources.extend(sources.iter().cloned());
        } else if !rules::only_opens(&normal) {
            let text = normal::without_secret(&normal);
            self.unknown.insert(ForeignLine { daemon, context: context.clone(), text });
        }
        normal
    }

    /// The slots of a context, which is made when it is not there.
    fn slots_mut(&mut self, daemon: Daemon, context: &Context) -> &mut Slots {
        self.contexts.entry(daemon).or_default().entry(context.clone()).or_default()
    }

    /// All contexts that hold lines.
    pub fn contexts(&self) -> impl Iterator<Item = (Daemon, &Context, &Slots)> {
        self.contexts
            .iter()
            .flat_map(|(daemon, contexts)| contexts.iter().map(|(context, slots)| (*daemon, context, slots)))
    }

    /// A daemon's contexts of one scope, in the default VRF.
    pub fn contexts_of(&self, daemon: Daemon, scope: Scope) -> impl Iterator<Item = (&Context, &Slots)> {
        let of_scope =
            move |(of, context, _): &(Daemon, &Context, _)| *of == daemon && Scope::of(context) == Some(scope);
        self.contexts().filter(of_scope).map(|(_, context, slots)| (context, slots))
    }

    /// The slots of a context.
    #[must_use]
    pub fn slots(&self, daemon: Daemon, context: &Context) -> Option<&Slots> {
        self.contexts.get(&daemon)?.get(context)
    }

    /// The line in a slot.
    #[must_use]
    pub fn get(&self, daemon: Daemon, context: &Context, slot: &Slot) -> Option<&Line> {
        self.slots(daemon, context)?.get(slot)
    }

    /// The lines that no rule knows.
    #[must_use]
    pub fn unknown(&self) -> &BTreeSet<ForeignLine> {
        &self.unknown
    }

    /// The intents behind a line.
    #[must_use]
    pub fn sources(&self, daemon: Daemon, context: &Context, slot: &Slot) -> BTreeSet<IntentKey> {
        self.get(daemon, context, slot).map(|line| line.sources.clone()).unwrap_or_default()
    }

    /// The intents that have a line. One that has none cannot be carried by this FRR.
    #[must_use]
    pub fn intents(&self) -> BTreeSet<&IntentKey> {
        self.contexts().flat_map(|(_, _, slots)| slots.values()).flat_map(|line| &line.sources).collect()
    }

    /// The same lines without the intents that they come from: what FRR can say about itself.
    #[must_use]
    pub fn without_sources(mut self) -> Self {
        let slots = self.contexts.values_mut().flat_map(BTreeMap::values_mut);
        slots.flat_map(BTreeMap::values_mut).for_each(|line| line.sources.clear());
        self
    }

    /// Number of lines in slots.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contexts().map(|(_, _, slots)| slots.len()).sum()
    }

    /// Whether no slot is filled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The part that some daemons have.
    #[cfg(any(test, feature = "fake"))]
    #[must_use]
    pub fn of_daemons(&self, daemons: &BTreeSet<Daemon>) -> Self {
        let mut part = self.clone();
        part.contexts.retain(|daemon, _| daemons.contains(daemon));
        part.unknown.retain(|line| daemons.contains(&line.daemon));
        part.daemons.retain(|daemon| daemons.contains(daemon));
        part
    }

    /// Empties a slot.
    #[cfg(any(test, feature = "fake"))]
    pub(crate) fn remove(&mut self, daemon: Daemon, context: &Context, slot: &Slot) {
        self.slots_mut(daemon, context).remove(slot);
        self.drop_empty();
    }

    /// Forgets a line that no rule knows.
    #[cfg(any(test, feature = "fake"))]
    pub(crate) fn forget(&mut self, daemon: Daemon, context: &Context, text: &str) {
        self.unknown.retain(|line| line.daemon != daemon || line.context != *context || line.text != text);
    }

    /// Removes all that stands in a context and inside it.
    #[cfg(any(test, feature = "fake"))]
    pub(crate) fn remove_inside(&mut self, daemon: Daemon, outer: &Context) {
        self.contexts.entry(daemon).or_default().retain(|context, _| !context.is_inside(outer));
        self.unknown.retain(|line| line.daemon != daemon || !line.context.is_inside(outer));
        self.drop_empty();
    }

    #[cfg(any(test, feature = "fake"))]
    fn drop_empty(&mut self) {
        self.contexts.values_mut().for_each(|contexts| contexts.retain(|_, slots| !slots.is_empty()));
        self.contexts.retain(|_, contexts| !contexts.is_empty());
    }
}
