//! Taking a node out of service before it goes: RFC 8326, on cordon or a taint, where that was asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use novaroute_api::client::Intent;
use novaroute_api::v1;
use novaroute_core::intent::IntentKey;
use tokio::time::Instant;

use super::intent::Desired;
use super::view::NodeFacts;

/// GRACEFUL_SHUTDOWN, 65535:0: peers look for another way before this one goes (RFC 8326 section 4).
const GRACEFUL_SHUTDOWN: &str = "graceful-shutdown";

/// When a node is drained.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrainSettings {
    /// When it is cordoned.
    pub on_cordon: bool,
    /// When it has a taint with one of these keys.
    pub taints: BTreeSet<String>,
    /// How long prefixes are announced as going before they are withdrawn.
    pub wait: Duration,
}

/// How far the draining of this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is in service.
    Serving,
    /// Its prefixes are announced as going, until then.
    Leaving(Instant),
    /// It announces nothing.
    Drained,
}

/// Follows whether the node is to be drained.
#[derive(Debug)]
pub(super) struct Drain {
    settings: DrainSettings,
    /// Since when, and `None` for one that was to be drained when it was first looked at: its prefixes may have gone
    /// already, and must not come back for a moment.
    draining: Option<Option<Instant>>,
    looked: bool,
}

impl Drain {
    pub(super) fn new(settings: DrainSettings) -> Self {
        Self { settings, draining: None, looked: false }
    }

    /// Why a node is to be drained; `None`: it is not.
    pub(super) fn reason(&self, node: &NodeFacts) -> Option<String> {
        let taint = || node.taints.intersection(&self.settings.taints).next();
        if self.settings.on_cordon && node.unschedulable {
            return Some("the node is cordoned".to_owned());
        }
        taint().map(|key| format!("the node has the taint {key}"))
    }

    /// How far it is.
    pub(super) fn phase(&mut self, node: &NodeFacts, now: Instant) -> Phase {
        if self.reason(node).is_none() {
            self.draining = None;
        } else if self.draining.is_none() {
            self.draining = Some(self.looked.then_some(now));
        }
        self.looked = true;
        match self.draining {
            None => Phase::Serving,
            Some(Some(since)) if now < since + self.settings.wait => Phase::Leaving(since + self.settings.wait),
            Some(_) => Phase::Drained,
        }
    }
}

/// What is asked for in a phase. Sessions stay, so that peers hear of it.
pub(super) fn drain(desired: &mut Desired, phase: Phase) {
    match phase {
        Phase::Serving => {}
        Phase::Leaving(_) => desired.intents.values_mut().for_each(|asked| leave(&mut asked.intent)),
        Phase::Drained => {
            let is_prefix = |key: &IntentKey| matches!(key, IntentKey::Prefix(..));
            desired.withheld = desired.intents.keys().filter(|key| is_prefix(key)).cloned().collect();
            desired.intents.retain(|key, _| !is_prefix(key));
        }
    }
}

/// OSPF has no word for it: such a prefix stays as it is until it is withdrawn.
fn leave(intent: &mut Intent) {
    if let Intent::Prefix(request) = intent
        && request.protocol() == v1::Protocol::Bgp
    {
        let attributes = request.attributes.get_or_insert_default();
        attributes.communities.push(GRACEFUL_SHUTDOWN.to_owned());
        // The least, for internal peers (RFC 8326 section 4.1).
        attributes.local_pref = Some(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::intent::Asked;

    const WAIT: Duration = Duration::from_secs(30);

    fn drain_on_cordon() -> Drain {
        Drain::new(DrainSettings { on_cordon: true, taints: ["going".to_owned()].into(), wait: WAIT })
    }

    fn node(unschedulable: bool) -> NodeFacts {
        NodeFacts { unschedulable, ..NodeFacts::default() }
    }

    #[test]
    fn a_node_leaves_before_it_is_drained() {
        let (mut drain, start) = (drain_on_cordon(), Instant::now());
        assert_eq!(drain.phase(&node(false), start), Phase::Serving);
        assert_eq!(drain.phase(&node(true), start), Phase::Leaving(start + WAIT));
        assert_eq!(drain.phase(&node(true), start + WAIT / 2), Phase::Leaving(start + WAIT));
        assert_eq!(drain.phase(&node(true), start + WAIT), Phase::Drained);
        assert_eq!(drain.phase(&node(false), start + WAIT), Phase::Serving);
    }

    #[test]
    fn what_was_drained_before_does_not_come_back() {
        assert_eq!(drain_on_cordon().phase(&node(true), Instant::now()), Phase::Drained);
    }

    #[test]
    fn a_taint_drains_by_its_key() {
        let mut tainted = node(false);
        tainted.taints = ["going".to_owned(), "other".to_owned()].into();
        assert_eq!(drain_on_cordon().reason(&tainted).unwrap(), "the node has the taint going");
        assert_eq!(Drain::new(DrainSettings::default()).reason(&tainted), None);
        assert_eq!(Drain::new(DrainSettings::default()).reason(&node(true)), None);
    }

    #[test]
    fn prefixes_of_bgp_are_announced_as_going() {
        let asked = |protocol| {
            let intent = Intent::prefix("10.0.0.1/32", protocol, None);
            let key = intent.key().unwrap();
            (key, Asked { intent, resource: "a".to_owned() })
        };
        let intents = [asked(v1::Protocol::Bgp), asked(v1::Protocol::Ospf)].into();
        let all = Desired { intents, ..Desired::default() };
        let mut leaving = all.clone();
        drain(&mut leaving, Phase::Leaving(Instant::now()));
        let attributes = leaving.intents.values().map(|asked| match &asked.intent {
            Intent::Prefix(request) => request.attributes.clone(),
            _ => None,
        });
        let going = v1::PrefixAttributes {
            communities: vec![GRACEFUL_SHUTDOWN.to_owned()],
            local_pref: Some(0),
            ..Default::default()
        };
        assert_eq!(attributes.collect::<Vec<_>>(), [Some(going), None]);
        let mut drained = all.clone();
        drain(&mut drained, Phase::Drained);
        assert!(drained.intents.is_empty());
        assert_eq!(drained.withheld, all.intents.keys().cloned().collect());
    }
}
