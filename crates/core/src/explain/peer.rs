//! Whether the session with a BGP peer is up, and if not, why.

use super::facts::{Found, Line, Neighbor, Notification, Route};
use super::wanted::line_step;
use super::{Asked, Explanation, Step, StepName, Verdict, why_not};
use crate::intent::{Intent, IntentKey};
use crate::live::{BfdLive, BfdState, SessionState};
use crate::peer::{Peer, PeerKey};

/// What was found of a BGP peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerFacts {
    /// Its lines.
    pub lines: Found<Vec<Line>>,
    /// The session; `None`: bgpd does not have the peer.
    pub neighbor: Found<Option<Neighbor>>,
    /// The route of the node to its address.
    pub route: Found<Option<Route>>,
    /// Whether the own address that was asked for is one of the node.
    pub source_is_local: bool,
    /// The BFD session with it, if bfdd has one.
    pub bfd: Found<Option<BfdLive>>,
    /// Segments that the kernel has dropped for their TCP MD5 signature since it started.
    pub md5_dropped: u64,
}

/// How long what ended the last session explains why there is none now. bgpd tries every second; what stands in the way
/// later is something else.
const RESET_COUNTS_S: u64 = 10;

/// Explains a peer.
#[must_use]
pub fn peer(asked: &Asked<'_>, address: PeerKey, facts: &PeerFacts) -> Explanation {
    let key = IntentKey::Peer(address);
    let entry = asked.entry(&key);
    let flag = if address.address().is_some() { "neighbor" } else { "interface" };
    let command = format!("novaroutectl apply-peer --{flag} {address} --remote-as AS");
    let mut steps: Vec<Step> = asked.first_steps(&key, &command).into();
    steps.extend(asked.drain_step(&key));
    steps.push(asked.instance_step());
    steps.push(line_step(entry, &facts.lines));
    let wanted = entry.and_then(|entry| match &entry.intent {
        Intent::Peer(peer) => Some(peer),
        _ => None,
    });
    if let Some(peer) = wanted {
        let internal = asked.local_as().is_some_and(|local_as| peer.is_internal(local_as));
        steps.extend(Wanted { peer, internal, facts }.steps());
    }
    let up = facts.neighbor.as_ref().ok().and_then(Option::as_ref).filter(|neighbor| is_up(neighbor));
    let answer = match up {
        Some(neighbor) => {
            let families: Vec<String> = neighbor.exchanged.iter().map(ToString::to_string).collect();
            let uptime_s = neighbor.live.uptime_s.unwrap_or_default();
            format!("the session with {address} has been up for {uptime_s} s and exchanges {}", families.join(" and "))
        }
        None => format!("the session with {address} is not up: {}", why_not(&steps)),
    };
    Explanation { in_effect: up.is_some() && entry.is_some(), answer, steps }
}

fn is_up(neighbor: &Neighbor) -> bool {
    neighbor.live.state == SessionState::Established
}

/// A peer that is asked for, and what was found of it.
struct Wanted<'a> {
    peer: &'a Peer,
    internal: bool,
    facts: &'a PeerFacts,
}

impl Wanted<'_> {
    fn steps(&self) -> Vec<Step> {
        let route = self.route();
        let source = self.source_address();
        let blocked = [Some(&route), source.as_ref()].into_iter().flatten().any(|step| step.verdict == Verdict::Failed);
        let mut steps = vec![route];
        steps.extend(source);
        match &self.facts.neighbor {
            Err(why) => steps.push(Step::unknown(StepName::Session, why)),
            Ok(None) => steps.push(Step::new(StepName::Session, Verdict::Waiting, "bgpd does not have the peer yet")),
            Ok(Some(neighbor)) => {
                steps.push(self.connect(neighbor, blocked));
                steps.push(self.session(neighbor));
                steps.extend(is_up(neighbor).then(|| self.families(neighbor)));
            }
        }
        steps.extend(self.bfd());
        if let Ok(Some(neighbor)) = &self.facts.neighbor
            && is_up(neighbor)
        {
            steps.push(self.timers(neighbor));
            steps.push(self.prefixes(neighbor));
        }
        steps
    }

    fn route(&self) -> Step {
        let (name, address) = (StepName::Route, self.peer.key);
        let hops = self.peer.settings.ttl_security.map_or(1, |ttl| ttl.hops());
        let far = self.internal || hops > 1 || self.peer.ebgp_multihop.is_some_and(|hops| hops.get() > 1);
        if let PeerKey::Interface(interface) = address {
            let evidence = format!("the peer is at the other end of {}", interface.get());
            return Step::new(name, Verdict::NotApplicable, evidence);
        }
        match &self.facts.route {
            Err(why) => Step::unknown(name, why),
            Ok(None) => Step::new(name, Verdict::Failed, format!("the node has no route to {address}"))
                .next(format!("look at the interface that should lead there: ip route get {address}")),
            Ok(Some(route)) if far || route.connected => {
                Step::new(name, Verdict::Ok, format!("{} leads there over {}", route.prefix, route.via.join(", ")))
            }
            Ok(Some(route)) => {
                let via = route.via.join(", ");
                let evidence = format!(
                    "{address} is on no link of this node ({} leads there over {via}), as an external peer must be",
                    route.prefix
                );
                Step::new(name, Verdict::Failed, evidence)
                    .next("ask for the peer with --ebgp-multihop, or correct the address")
            }
        }
    }

    fn source_address(&self) -> Option<Step> {
        let address = self.peer.source_address?;
        Some(match self.facts.source_is_local {
            true => Step::new(StepName::SourceAddress, Verdict::Ok, format!("{address} is an address of this node")),
            false => {
                let evidence = format!("{address}, from which the session should come, is no address of this node");
                Step::new(StepName::SourceAddress, Verdict::Failed, evidence)
                    .next("give the node the address, or ask for the peer with another --source-address")
            }
        })
    }

    /// Whether TCP comes about. That a NOTIFICATION ended the session shows that it does.
    fn connect(&self, neighbor: &Neighbor, blocked: bool) -> Step {
        let name = StepName::Connect;
        match neighbor.live.state {
            SessionState::OpenSent | SessionState::OpenConfirm | SessionState::Established => {
                Step::new(name, Verdict::Ok, format!("TCP is connected, from {}", neighbor.local))
            }
            _ if notification(neighbor).is_some() => {
                Step::new(name, Verdict::Ok, "TCP comes about: the session ended by a NOTIFICATION")
            }
            _ if blocked => Step::new(name, Verdict::Waiting, "TCP waits for what stands above"),
            _ if self.peer.settings.shutdown.is_some() => {
                Step::new(name, Verdict::NotApplicable, "this node neither connects nor listens")
            }
            _ => self.no_connection(neighbor),
        }
    }

    fn no_connection(&self, neighbor: &Neighbor) -> Step {
        let (address, dropped, state) = (self.peer.key, self.facts.md5_dropped, neighbor.live.state.as_str());
        let mut evidence = format!("no TCP connection with port 179 of {address} comes about (the session is {state})");
        if dropped > 0 {
            evidence += &format!(
                "; this node has dropped {dropped} segments for a wrong, missing or unexpected TCP MD5 password"
            );
        }
        if self.peer.settings.passive {
            evidence += "; this node only listens, as was asked for";
            return Step::new(StepName::Connect, Verdict::Failed, evidence)
                .next("have the peer connect to this node: it may be passive as well");
        }
        let next = match &self.peer.password {
            Some(_) => {
                "compare the passwords of both sides: what has a wrong one is dropped without an answer; then look whether the peer \
                        is there and knows this node"
            }
            None => "look whether the peer is there, knows this node, and wants a password",
        };
        Step::new(StepName::Connect, Verdict::Failed, evidence).next(next)
    }

    fn session(&self, neighbor: &Neighbor) -> Step {
        let (name, reset) = (StepName::Session, neighbor.live.last_reset.as_str());
        let (state, notification) = (neighbor.live.state, notification(neighbor));
        match (state, notification) {
            _ if self.peer.settings.shutdown.is_some() => {
                Step::new(name, Verdict::Failed, "the session is kept down on purpose, as was asked for")
                    .next("ask for the peer without shutdown")
            }
            (SessionState::Established, _) => Step::new(name, Verdict::Ok, how_long(neighbor)),
            (_, Some(notification)) => Step::new(name, Verdict::Failed, reset).next(self.about(notification)),
            (SessionState::OpenSent | SessionState::OpenConfirm, None) => {
                Step::new(name, Verdict::Waiting, format!("the session is {}", state.as_str()))
            }
            (_, None) => {
                let ago_s = neighbor.reset_ago_s;
                Step::new(name, Verdict::Waiting, format!("the session is {} ({reset}, {ago_s} s ago)", state.as_str()))
            }
        }
    }

    /// What the NOTIFICATION that ended the session asks for.
    fn about(&self, notification: Notification) -> String {
        let remote_as = self.peer.remote_as;
        match (notification.bad_peer_as, notification.by_peer) {
            (true, false) => {
                format!("the peer says another AS than {remote_as}: correct --remote-as, or the AS at the peer")
            }
            (true, true) => "the peer expects another AS of this node: correct it there, or the node's own".to_owned(),
            (false, true) => "the peer has ended the session: look there for the reason".to_owned(),
            (false, false) => "this node has ended the session: look at what the peer sends".to_owned(),
        }
    }

    fn families(&self, neighbor: &Neighbor) -> Step {
        let missing: Vec<String> =
            self.peer.families.difference(&neighbor.exchanged).map(ToString::to_string).collect();
        let name = StepName::Families;
        if missing.is_empty() {
            let all: Vec<String> = neighbor.exchanged.iter().map(ToString::to_string).collect();
            return Step::new(name, Verdict::Ok, format!("both sides exchange {}", all.join(" and ")));
        }
        Step::new(name, Verdict::Failed, format!("the peer does not exchange {}", missing.join(" and ")))
            .next("activate the family for this node at the peer")
    }

    fn bfd(&self) -> Option<Step> {
        self.peer.bfd?;
        let name = StepName::Bfd;
        let step = match &self.facts.bfd {
            Err(why) => Step::unknown(name, why),
            Ok(None) => Step::new(name, Verdict::Waiting, "bfdd has no session with the peer yet"),
            Ok(Some(session)) if session.state == BfdState::Up => Step::new(name, Verdict::Ok, "the BFD session is up"),
            Ok(Some(session)) => Step::new(name, Verdict::Failed, bfd_down(session)),
        };
        let next = format!("novaroutectl explain bfd {}", self.peer.key);
        Some(if step.verdict == Verdict::Ok { step } else { step.next(next) })
    }

    fn timers(&self, neighbor: &Neighbor) -> Step {
        let Neighbor { hold_s, keepalive_s, .. } = neighbor;
        let asked = match self.peer.timers {
            Some(timers) => format!("{} s and {} s were asked for", timers.hold_s(), timers.keepalive_s()),
            None => "none were asked for".to_owned(),
        };
        Step::new(
            StepName::Timers,
            Verdict::Ok,
            format!("hold time {hold_s} s and keepalive {keepalive_s} s run; {asked}"),
        )
    }

    fn prefixes(&self, neighbor: &Neighbor) -> Step {
        let (received, sent, max) =
            (neighbor.live.prefixes_received, neighbor.live.prefixes_sent, self.peer.max_prefix);
        let evidence = format!("{received} received, of at most {max} in each family; {sent} sent");
        Step::new(StepName::Prefixes, Verdict::Ok, evidence)
    }
}

fn how_long(neighbor: &Neighbor) -> String {
    let gone_before = match neighbor.live.last_reset.as_str() {
        "" => String::new(),
        reset => format!(", and went down before {} times, last for: {reset}", neighbor.live.flaps),
    };
    format!("Established for {} s{gone_before}", neighbor.live.uptime_s.unwrap_or_default())
}

/// The NOTIFICATION that has just ended the session, if one has.
fn notification(neighbor: &Neighbor) -> Option<Notification> {
    neighbor.notification.filter(|_| neighbor.reset_ago_s < RESET_COUNTS_S)
}

/// The state of a BFD session that is not up, and why.
pub(super) fn bfd_down(session: &BfdLive) -> String {
    match session.diagnostic.as_str() {
        "" => format!("the BFD session is {}", session.state.as_str()),
        diagnostic => format!("the BFD session is {} ({diagnostic})", session.state.as_str()),
    }
}

#[cfg(test)]
mod tests;
