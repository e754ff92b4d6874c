//! The steps that need no look at FRR: the policy, the holder, the BGP instance; and the lines.

use std::collections::BTreeMap;

use super::facts::{Found, Line, Running};
use super::{Step, StepName, Verdict};
use crate::bgp::Asn;
use crate::drain::{Drain, DrainPhase, DrainScope, phase_of};
use crate::intent::{Intent, IntentKey, Kind};
use crate::name::OwnerName;
use crate::policy::{Policy, check_permission, evaluate, evaluate_key};
use crate::rejection::Rejection;
use crate::state::{IntentState, Reason};
use crate::store::{Entry, Snapshot};

/// Most owners that one sentence names.
const OWNERS_SHOWN_MAX: usize = 8;

/// What is asked, and what is wanted on the node.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is wanted.
    pub snapshot: &'a Snapshot,
    /// What each owner may ask for.
    pub policies: &'a BTreeMap<OwnerName, Policy>,
    /// Whose rights count for what nobody holds; `None`: everybody's.
    pub owner: Option<&'a OwnerName>,
}

impl<'a> Asked<'a> {
    /// The intent that counts.
    pub(super) fn entry(&self, key: &IntentKey) -> Option<&'a Entry> {
        self.snapshot.live(key).map(AsRef::as_ref)
    }

    /// The AS of the node, where it has one.
    pub(super) fn local_as(&self) -> Option<Asn> {
        match self.entry(&IntentKey::Bgp)?.intent {
            Intent::Bgp(instance) => Some(instance.local_as),
            _ => None,
        }
    }

    fn policy(&self, owner: &OwnerName) -> Policy {
        Policy::of(owner, self.policies)
    }

    /// The policy and the holder: `command` asks for it.
    pub(super) fn first_steps(&self, key: &IntentKey, command: &str) -> [Step; 2] {
        match self.entry(key) {
            Some(entry) => [self.policy_of_holder(entry), self.holder(key, entry)],
            None => self.nobody(key, command),
        }
    }

    /// What is held stays when a policy is changed, so this can only be a note.
    fn policy_of_holder(&self, entry: &Entry) -> Step {
        let policy = self.policy(&entry.owner);
        let allowed =
            check_permission(&policy, entry.intent.key().kind()).and_then(|()| evaluate(&policy, &entry.intent));
        let evidence = match allowed {
            Ok(()) => format!("the policy of owner {} allows it", entry.owner),
            Err(rejection) => format!(
                "it was accepted before the policy of owner {} was changed, and stays; asked for again it would be refused: \
                 {rejection}",
                entry.owner
            ),
        };
        Step::new(StepName::Policy, Verdict::Ok, evidence)
    }

    fn holder(&self, key: &IntentKey, entry: &Entry) -> Step {
        let mut evidence = format!("owner {} asks for it", entry.owner);
        if let Some(below) = self.snapshot.slot(key).and_then(|slot| slot.overridden()) {
            evidence += &format!(", and overrides owner {}", below.owner);
        }
        if entry.stale {
            evidence += "; kept from before the agent's restart, its owner has not claimed it again";
            let next = format!("let owner {} ask for it again, or it goes with the owner's session", entry.owner);
            return Step::new(StepName::Holder, Verdict::Ok, evidence).next(next);
        }
        match self.owner {
            Some(asker) if *asker != entry.owner => {
                let evidence = format!("{evidence}; owner {asker} does not");
                Step::new(StepName::Holder, Verdict::Ok, evidence)
            }
            _ => Step::new(StepName::Holder, Verdict::Ok, evidence),
        }
    }

    fn nobody(&self, key: &IntentKey, command: &str) -> [Step; 2] {
        let judged: Vec<(&OwnerName, Result<(), Rejection>)> = match self.owner {
            Some(owner) => vec![(owner, self.judge(owner, key))],
            None => self.policies.keys().map(|owner| (owner, self.judge(owner, key))).collect(),
        };
        let may: Vec<&OwnerName> =
            judged.iter().filter(|(_, judged)| judged.is_ok()).map(|(owner, _)| *owner).collect();
        let refusals = judged.iter().filter_map(|(owner, judged)| Some((owner, judged.as_ref().err()?)));
        let refusals: Vec<String> = refusals.map(|(owner, rejection)| format!("owner {owner}: {rejection}")).collect();
        let mut evidence = match may.as_slice() {
            [] if judged.is_empty() => "no owner is configured".to_owned(),
            [] => "no owner may ask for it".to_owned(),
            some => format!("who may ask for it: {}", listed(some)),
        };
        if !refusals.is_empty() {
            evidence += &format!("; who may not: {}", listed(&refusals));
        }
        let (verdict, next) = match may.first() {
            Some(owner) => (Verdict::Ok, format!("{command} --owner {owner}")),
            None => (Verdict::Failed, "change a policy in the agent's configuration and send SIGHUP".to_owned()),
        };
        let policy = Step::new(StepName::Policy, verdict, evidence);
        let holder = Step::new(StepName::Holder, Verdict::Failed, "nobody asks for it");
        match verdict {
            Verdict::Ok => [policy, holder.next(next)],
            _ => [policy.next(next), holder],
        }
    }

    fn judge(&self, owner: &OwnerName, key: &IntentKey) -> Result<(), Rejection> {
        let policy = self.policy(owner);
        check_permission(&policy, key.kind()).and_then(|()| evaluate_key(&policy, key))
    }

    /// The drain that a prefix or a peer is in, if it is in one that does something to it.
    pub(super) fn drain_step(&self, key: &IntentKey) -> Option<Step> {
        let owner = &self.entry(key)?.owner;
        let concerned = |phase: &DrainPhase| key.kind() == Kind::Prefixes || *phase == DrainPhase::Shut;
        let phase = phase_of(self.snapshot.drains(), owner).filter(concerned)?;
        let furthest = |(scope, drain): &(&DrainScope, &Drain)| scope.covers(owner) && drain.phase == phase;
        let (scope, drain) = self.snapshot.drains().iter().find(furthest)?;
        let whose = match scope {
            DrainScope::Node => " --node".to_owned(),
            DrainScope::Owner(of) if *of != drain.by => format!(" --of-owner {of}"),
            DrainScope::Owner(_) => String::new(),
        };
        let next = format!("novaroutectl undrain{whose} --owner {}", drain.by);
        let step = match phase {
            DrainPhase::Marked => {
                let evidence =
                    format!("owner {} drains {scope}: announced, marked for peers to look for another way", drain.by);
                Step::new(StepName::Drain, Verdict::Ok, evidence)
            }
            DrainPhase::Withdrawn => {
                Step::new(StepName::Drain, Verdict::Failed, format!("owner {} drains {scope}: withdrawn", drain.by))
            }
            DrainPhase::Shut => {
                let evidence = format!("owner {} drains {scope}: withdrawn, and the sessions are shut", drain.by);
                Step::new(StepName::Drain, Verdict::Failed, evidence)
            }
        };
        Some(step.next(next))
    }

    /// The BGP instance, without which peers and prefixes wait.
    pub(super) fn instance_step(&self) -> Step {
        let entry = self.entry(&IntentKey::Bgp);
        let Some((entry, Intent::Bgp(instance))) = entry.map(|entry| (entry, &entry.intent)) else {
            return Step::new(StepName::Instance, Verdict::Failed, "no BGP instance is configured on this node")
                .next("novaroutectl configure-bgp --local-as AS --router-id ADDRESS, or set bgp.local_as");
        };
        let evidence =
            format!("AS {}, router id {}, of owner {}", instance.local_as, instance.router_id.get(), entry.owner);
        match (&entry.status.state, &entry.status.cause) {
            (IntentState::Refused, Some(cause)) => {
                Step::new(StepName::Instance, Verdict::Failed, format!("{evidence}; FRR refused it: {}", cause.detail))
                    .next("novaroutectl status -o wide, for lines of FRR's configuration that are not the agent's")
            }
            (IntentState::Pending, Some(cause)) => {
                Step::new(StepName::Instance, Verdict::Waiting, format!("{evidence}; it waits: {}", cause.detail))
            }
            (IntentState::Pending, None) => {
                Step::new(StepName::Instance, Verdict::Waiting, format!("{evidence}; on its way"))
            }
            _ => Step::new(StepName::Instance, Verdict::Ok, evidence),
        }
    }
}

/// The lines of an intent in FRR's running configuration. What was refused, or waits for its daemon, is said by the
/// intent's status.
pub(super) fn line_step(entry: Option<&Entry>, lines: &Found<Vec<Line>>) -> Step {
    let Some(entry) = entry else {
        return Step::new(StepName::Line, Verdict::NotApplicable, "nobody asks for a line");
    };
    if let (IntentState::Refused, Some(cause)) = (entry.status.state, &entry.status.cause) {
        let next = match cause.reason {
            Reason::PeerTypeMismatch => "ask for it with another peer_type or remote_as",
            _ => "take away what stands against it, and ask for it again",
        };
        return Step::new(StepName::Line, Verdict::Failed, format!("refused: {}", cause.detail)).next(next);
    }
    let lines = match lines {
        Ok(lines) => lines,
        Err(why) => return Step::unknown(StepName::Line, why).next("novaroutectl doctor"),
    };
    // The look is newer than the status: what is there is there.
    let missing = missing_line(lines);
    match (&entry.status.state, &entry.status.cause, missing, lines.first()) {
        (_, _, None, Some(first)) => {
            let evidence = format!("{} has '{}'{}", first.daemon, first.wanted, more(lines.len() - 1));
            Step::new(StepName::Line, Verdict::Ok, evidence)
        }
        (IntentState::Pending, Some(cause), ..) => {
            Step::new(StepName::Line, Verdict::Waiting, format!("it waits: {}", cause.detail))
        }
        (IntentState::Pending, None, Some(missing), _) => {
            Step::new(StepName::Line, Verdict::Waiting, format!("on its way: {}", missing.evidence))
        }
        (_, _, Some(missing), _) => missing,
        (_, _, None, None) => Step::new(StepName::Line, Verdict::Ok, "it needs no line of its own"),
    }
}

/// The first line that is not there.
fn missing_line(lines: &[Line]) -> Option<Step> {
    let missing: Vec<&Line> = lines.iter().filter(|line| line.running != Running::Same).collect();
    let first = missing.first()?;
    let instead = match &first.running {
        Running::Other(other) => format!(", there is '{other}'"),
        Running::Same | Running::Missing => String::new(),
    };
    let evidence =
        format!("{} does not have '{}'{instead}{}", first.daemon, first.wanted, more(missing.len().saturating_sub(1)));
    let next = "wait: the agent puts it in place; novaroutectl events --types drift-repaired tells who else edits FRR";
    Some(Step::new(StepName::Line, Verdict::Failed, evidence).next(next))
}

fn more(number: usize) -> String {
    if number == 0 { String::new() } else { format!(", and {number} more") }
}

fn listed<T: ToString>(words: &[T]) -> String {
    let shown: Vec<String> = words.iter().take(OWNERS_SHOWN_MAX).map(ToString::to_string).collect();
    shown.join(", ") + &more(words.len().saturating_sub(OWNERS_SHOWN_MAX))
}
