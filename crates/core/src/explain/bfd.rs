//! Whether a BFD session is up, and if not, why.

use std::net::IpAddr;

use super::facts::{Found, Line, Route};
use super::peer::bfd_down;
use super::wanted::line_step;
use super::{Asked, Explanation, Step, StepName, Verdict, why_not};
use crate::bfd::{BfdKey, BfdTimers, Hop};
use crate::intent::{Intent, IntentKey};
use crate::live::{BfdLive, BfdState};
use crate::name::InterfaceName;
use crate::peer::PeerKey;
use crate::store::Snapshot;

/// Which BFD session; what is left open is that of a session to the address that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfdSubject {
    /// The other side's address.
    pub peer: IpAddr,
    /// The interface that the session is tied to.
    pub interface: Option<InterfaceName>,
    /// Single-hop or multihop.
    pub hop: Option<Hop>,
}

impl BfdSubject {
    /// The key of the session that is meant: the first that is wanted and fits, else one on a link.
    #[must_use]
    pub fn key(&self, snapshot: &Snapshot) -> BfdKey {
        let fits = |key: &BfdKey| {
            self.interface.as_ref().is_none_or(|interface| key.interface.as_ref() == Some(interface))
                && self.hop.is_none_or(|hop| key.hop == hop)
        };
        let wanted = snapshot.bfd_sessions_to(self.peer).map(|(key, _)| key).find(|key| fits(key));
        wanted.cloned().unwrap_or_else(|| BfdKey {
            peer: self.peer,
            interface: self.interface,
            hop: self.hop.unwrap_or(Hop::Single),
        })
    }
}

/// What was found of a BFD session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfdFacts {
    /// Its lines.
    pub lines: Found<Vec<Line>>,
    /// The session, if bfdd has it.
    pub session: Found<Option<BfdLive>>,
    /// The route of the node to the other side.
    pub route: Found<Option<Route>>,
}

/// The intent whose session it is: its own, or that of the BGP peer that it protects.
#[must_use]
pub fn key_of_session(snapshot: &Snapshot, key: &BfdKey) -> IntentKey {
    let explicit = IntentKey::Bfd(key.clone());
    let protects = |entry: &Intent| matches!(entry, Intent::Peer(peer) if peer.bfd.is_some());
    let of_peer = PeerKey::of_session(key).map(IntentKey::Peer);
    let of_peer = of_peer.into_iter().find(|key| snapshot.live(key).is_some_and(|entry| protects(&entry.intent)));
    match (snapshot.live(&explicit), of_peer) {
        (None, Some(of_peer)) => of_peer,
        _ => explicit,
    }
}

/// Explains a BFD session.
#[must_use]
pub fn bfd(asked: &Asked<'_>, key: &BfdKey, facts: &BfdFacts) -> Explanation {
    let of = key_of_session(asked.snapshot, key);
    let entry = asked.entry(&of);
    let mut steps: Vec<Step> = asked.first_steps(&of, &format!("novaroutectl enable-bfd --peer {}", key.peer)).into();
    if let IntentKey::Peer(address) = of {
        steps[1].evidence += &format!(", as part of the BGP peer {address}");
    }
    steps.push(line_step(entry, &facts.lines));
    let timers = entry.and_then(|entry| match &entry.intent {
        Intent::Bfd(session) => Some(session.timers),
        Intent::Peer(peer) => peer.bfd,
        _ => None,
    });
    if let Some(timers) = timers {
        steps.push(route_step(key, &facts.route));
        steps.push(session_step(key, &facts.session));
        if let Ok(Some(session)) = &facts.session {
            steps.push(timers_step(timers, session));
        }
    }
    let up = facts.session.as_ref().ok().and_then(Option::as_ref).filter(|session| session.state == BfdState::Up);
    let answer = match up {
        Some(session) => {
            format!("the BFD session with {} has been up for {} s", key.peer, session.uptime_s.unwrap_or_default())
        }
        None => format!("the BFD session with {} is not up: {}", key.peer, why_not(&steps)),
    };
    Explanation { in_effect: up.is_some() && timers.is_some(), answer, steps }
}

fn route_step(key: &BfdKey, route: &Found<Option<Route>>) -> Step {
    let (name, peer) = (StepName::Route, key.peer);
    if key.interface.is_some() {
        return Step::new(name, Verdict::NotApplicable, "the session is tied to an interface and needs no route");
    }
    match route {
        Err(why) => Step::unknown(name, why),
        Ok(None) => Step::new(name, Verdict::Failed, format!("the node has no route to {peer}"))
            .next(format!("look at the interface that should lead there: ip route get {peer}")),
        Ok(Some(route)) if key.hop == Hop::Multi || route.connected => {
            Step::new(name, Verdict::Ok, format!("{} leads there over {}", route.prefix, route.via.join(", ")))
        }
        Ok(Some(route)) => {
            let evidence = format!(
                "{peer} is on no link of this node ({} leads there), as a single-hop session needs",
                route.prefix
            );
            Step::new(name, Verdict::Failed, evidence).next("ask for the session with --multihop and --source-address")
        }
    }
}

fn session_step(key: &BfdKey, session: &Found<Option<BfdLive>>) -> Step {
    let name = StepName::Session;
    let session = match session {
        Err(why) => return Step::unknown(name, why),
        Ok(None) => return Step::new(name, Verdict::Waiting, "bfdd does not have the session yet"),
        Ok(Some(session)) => session,
    };
    let port = if key.hop == Hop::Multi { 4784 } else { 3784 };
    match session.state {
        BfdState::Up => Step::new(name, Verdict::Ok, format!("up for {} s", session.uptime_s.unwrap_or_default())),
        BfdState::Init => Step::new(name, Verdict::Waiting, "the other side is heard, and does not hear this node yet")
            .next(format!("look whether UDP port {port} reaches {}", key.peer)),
        BfdState::AdminDown => Step::new(name, Verdict::Failed, bfd_down(session))
            .next("look for a line in bfdd's configuration that is not the agent's: novaroutectl status -o wide"),
        BfdState::Down => Step::new(name, Verdict::Failed, bfd_down(session)).next(format!(
            "look whether {} runs BFD with this node, and whether UDP port {port} passes both ways",
            key.peer
        )),
    }
}

fn timers_step(asked: BfdTimers, runs: &BfdLive) -> Step {
    let words = |rx, tx, multiplier| format!("{rx} ms to receive, {tx} ms to send, multiplier {multiplier}");
    let wanted = (asked.min_rx_ms(), asked.min_tx_ms(), u32::from(asked.detect_multiplier()));
    let running = (runs.min_rx_ms, runs.min_tx_ms, runs.detect_multiplier);
    let run = words(running.0, running.1, running.2);
    if wanted == running {
        return Step::new(StepName::Timers, Verdict::Ok, format!("{run}, as was asked for"));
    }
    let evidence = format!("{run} run; {} were asked for", words(wanted.0, wanted.1, wanted.2));
    Step::new(StepName::Timers, Verdict::Failed, evidence)
        .next("look for another session with the same address, whose timers these are: novaroutectl bfd")
}

#[cfg(test)]
mod tests;
