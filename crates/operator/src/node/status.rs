//! What a NovaRouteNode says of its node: a function of the agent's status and of how it stands with the resources.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use novaroute_api::v1;

use super::session::Report;
use crate::condition::{Said, dated};
use crate::crd::{Cidr, NovaRouteNodeStatus, PrefixEntry, Prefixes, Problem, SessionEntry};

/// Most sessions, prefixes that are not announced, and problems that are listed: the object stays small.
const SESSIONS_MAX: usize = 256;
const NOT_ADVERTISED_MAX: usize = 64;
const PROBLEMS_MAX: usize = 64;
/// By how much the begin of a session may seem to move: the agent tells for how many seconds, or minutes, it has been up.
const SINCE_WITHIN: SignedDuration = SignedDuration::from_secs(90);

/// What is known of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    /// What the agent says; the reason, if it says nothing.
    pub(super) agent: Result<&'a v1::GetStatusResponse, &'a str>,
    pub(super) report: &'a Report,
    /// What of the resources cannot be done, before the agent was asked; `None`: they are not known yet.
    pub(super) problems: Option<&'a [Problem]>,
    /// Why the node is drained; `None`: it is not.
    pub(super) drained: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// The status. Times of `before` stay where nothing has changed.
pub(super) fn status(found: &Found<'_>, before: &NovaRouteNodeStatus) -> NovaRouteNodeStatus {
    let mut problems: Vec<Problem> = found.problems.unwrap_or_default().to_vec();
    problems.extend(found.report.refused.iter().cloned());
    let conditions = conditions(found, &problems, before);
    problems.truncate(PROBLEMS_MAX);
    let Ok(agent) = found.agent else {
        return NovaRouteNodeStatus { problems, conditions, ..NovaRouteNodeStatus::default() };
    };
    let frr = agent.frr_status.as_ref();
    let is_up = |peer: &&v1::PeerStatus| peer.peer_state() == v1::PeerState::Established;
    NovaRouteNodeStatus {
        agent_version: some(&agent.agent_version),
        frr_version: frr.and_then(|frr| some(&frr.version)),
        sessions_established: count(agent.peers.iter().filter(is_up).count()),
        sessions: agent.peers.iter().take(SESSIONS_MAX).map(|peer| session(peer, before, found.now)).collect(),
        prefixes: prefixes(&agent.prefixes),
        problems,
        conditions,
    }
}

fn session(peer: &v1::PeerStatus, before: &NovaRouteNodeStatus, now: Timestamp) -> SessionEntry {
    let is_up = peer.peer_state() == v1::PeerState::Established;
    let reason =
        if is_up { &peer.reason } else { [&peer.reason, &peer.last_reset_reason][usize::from(peer.reason.is_empty())] };
    let known = before.sessions.iter().find(|entry| entry.address == peer.neighbor_address);
    SessionEntry {
        address: peer.neighbor_address.clone(),
        remote_as: peer.remote_as.into(),
        state: peer.state.clone(),
        since: is_up.then(|| since(&peer.uptime, known, now)).flatten(),
        reason: some(reason),
    }
}

/// Since when a session is up. What is known of it holds as long as it may be the same session.
fn since(uptime: &str, known: Option<&SessionEntry>, now: Timestamp) -> Option<Time> {
    let begun = now.checked_sub(seconds(uptime)?).ok()?;
    let known = known.and_then(|entry| entry.since.clone());
    let is_same = |known: &Time| known.0.duration_since(begun).abs() < SINCE_WITHIN && known.0 <= begun + SINCE_WITHIN;
    known.filter(is_same).or(Some(Time(begun)))
}

/// `01:02:03`, `1d02h03m`.
fn seconds(uptime: &str) -> Option<SignedDuration> {
    let parts: Vec<i64> = uptime.split([':', 'd', 'h', 'm']).filter_map(|part| part.parse().ok()).collect();
    let [first, second, third] = parts[..] else { return None };
    let seconds = if uptime.contains('d') {
        (first * 24 + second) * 3_600 + third * 60
    } else {
        first * 3_600 + second * 60 + third
    };
    Some(SignedDuration::from_secs(seconds))
}

fn prefixes(all: &[v1::PrefixStatus]) -> Prefixes {
    let number = |state: &str| count(all.iter().filter(|one| state_of(one) == state).count());
    let missing = all.iter().filter(|one| state_of(one) != "advertised");
    let entry = |one: &v1::PrefixStatus| PrefixEntry {
        prefix: Cidr(one.prefix.clone()),
        protocol: one.protocol().as_str_name().trim_start_matches("PROTOCOL_").to_lowercase(),
        state: one.state.clone(),
        reason: some(&one.reason),
    };
    Prefixes {
        advertised: number("advertised"),
        programmed: number("programmed"),
        pending: number("pending"),
        refused: number("refused"),
        not_advertised: missing.take(NOT_ADVERTISED_MAX).map(entry).collect(),
    }
}

/// The state of a prefix among the four that are counted.
fn state_of(prefix: &v1::PrefixStatus) -> &str {
    match prefix.state.as_str() {
        // Kept from before, and announced as before.
        "stale" if prefix.sent_to.is_empty() => "programmed",
        "stale" => "advertised",
        "overridden" => "refused",
        state => state,
    }
}

fn conditions(found: &Found<'_>, problems: &[Problem], before: &NovaRouteNodeStatus) -> Vec<Condition> {
    let drained = found.drained.map(|reason| ("Drained", true, "AsAskedFor", reason.to_owned()));
    let said = [ready(found, problems), frr_connected(found)].into_iter().chain(drained);
    said.map(|said| dated(said, &before.conditions, None, &Time(found.now))).collect()
}

/// Whether the node does what the resources say.
fn ready(found: &Found<'_>, problems: &[Problem]) -> Said {
    let not = |reason, message: &str| ("Ready", false, reason, message.to_owned());
    if let Err(reason) = found.agent {
        return not("AgentUnreachable", reason);
    }
    // There is no session before this is known.
    if found.problems.is_none() {
        return not("ResourcesUnknown", "the API server has not told of all resources yet");
    }
    match (&found.report.broken, problems, &found.report.held_back) {
        (Some(reason), ..) => not("NoSession", reason),
        (None, [first, rest @ ..], _) => {
            let field = first.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
            let more = if rest.is_empty() { String::new() } else { format!("; and {} more", rest.len()) };
            not("Problems", &format!("{}{field}: {}{more}", first.resource, first.reason))
        }
        (None, [], Some(reason)) => not("ReplayHeldBack", reason),
        (None, [], None) => ("Ready", true, "AsAskedFor", "the agent has what the resources ask for".to_owned()),
    }
}

fn frr_connected(found: &Found<'_>) -> Said {
    let Some(frr) = found.agent.ok().and_then(|agent| agent.frr_status.as_ref()) else {
        return ("FRRConnected", false, "AgentUnreachable", "the agent says nothing of it".to_owned());
    };
    let away = frr.daemons.iter().filter(|daemon| !daemon.connected).map(|daemon| daemon.name.as_str());
    let away: Vec<&str> = away.collect();
    match frr.connected {
        true => ("FRRConnected", true, "DaemonsAnswer", String::new()),
        false => ("FRRConnected", false, "DaemonsAway", format!("no answer from {}", away.join(", "))),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn count(number: usize) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn peer(state: v1::PeerState, uptime: &str) -> v1::PeerStatus {
        v1::PeerStatus {
            neighbor_address: "10.0.0.1".to_owned(),
            remote_as: 65_100,
            state: format!("{state:?}"),
            peer_state: state.into(),
            uptime: uptime.to_owned(),
            last_reset_reason: "Hold Timer Expired".to_owned(),
            ..Default::default()
        }
    }

    fn prefix(state: &str, sent_to: &[&str]) -> v1::PrefixStatus {
        v1::PrefixStatus {
            prefix: "203.0.113.7/32".to_owned(),
            protocol: v1::Protocol::Bgp.into(),
            state: state.to_owned(),
            sent_to: sent_to.iter().map(|peer| (*peer).to_owned()).collect(),
            ..Default::default()
        }
    }

    fn agent(peers: Vec<v1::PeerStatus>, prefixes: Vec<v1::PrefixStatus>) -> v1::GetStatusResponse {
        let frr_status = Some(v1::FrrStatus { connected: true, ..Default::default() });
        v1::GetStatusResponse { peers, prefixes, frr_status, ..Default::default() }
    }

    fn told(agent: &v1::GetStatusResponse, at: i64, before: &NovaRouteNodeStatus) -> NovaRouteNodeStatus {
        let (report, problems) = (Report::default(), Some([].as_slice()));
        status(&Found { agent: Ok(agent), report: &report, problems, drained: None, now: now(at) }, before)
    }

    #[test]
    fn uptimes_are_read() {
        let read = |text| seconds(text).map(|seconds| seconds.as_secs());
        assert_eq!((read("01:02:03"), read("1d02h03m")), (Some(3_723), Some(93_780)));
        assert_eq!((read(""), read("never")), (None, None));
    }

    #[test]
    fn the_begin_of_a_session_stays_where_it_is() {
        let begun = |status: &NovaRouteNodeStatus| status.sessions[0].since.clone().unwrap().0;
        let first = told(&agent(vec![peer(v1::PeerState::Established, "00:00:10")], vec![]), 100, &Default::default());
        assert_eq!(begun(&first), now(90));
        // A day later the agent tells minutes.
        let later = told(&agent(vec![peer(v1::PeerState::Established, "1d00h00m")], vec![]), 86_535, &first);
        assert_eq!(begun(&later), now(90));
        let another = told(&agent(vec![peer(v1::PeerState::Established, "00:00:05")], vec![]), 86_600, &later);
        assert_eq!(begun(&another), now(86_595));
    }

    #[test]
    fn a_session_that_is_not_up_says_why() {
        let told = told(&agent(vec![peer(v1::PeerState::Active, "")], vec![]), 0, &Default::default());
        let session = &told.sessions[0];
        assert_eq!((told.sessions_established, session.since.clone()), (0, None));
        assert_eq!(session.reason.as_deref(), Some("Hold Timer Expired"));
    }

    #[test]
    fn prefixes_are_counted_by_what_becomes_of_them() {
        let all = vec![
            prefix("advertised", &["10.0.0.1"]),
            prefix("stale", &["10.0.0.1"]),
            prefix("stale", &[]),
            prefix("programmed", &[]),
            prefix("pending", &[]),
            prefix("refused", &[]),
            prefix("overridden", &[]),
        ];
        let told = told(&agent(vec![], all), 0, &Default::default()).prefixes;
        assert_eq!((told.advertised, told.programmed, told.pending, told.refused), (2, 2, 1, 2));
        let missing: Vec<_> = told.not_advertised.iter().map(|entry| entry.state.as_str()).collect();
        assert_eq!(missing, ["stale", "programmed", "pending", "refused", "overridden"]);
        assert!(told.not_advertised.iter().all(|entry| entry.protocol == "bgp"));
    }

    #[test]
    fn conditions_begin_when_they_change() {
        let since = |status: &NovaRouteNodeStatus| status.conditions[0].last_transition_time.0;
        let first = told(&agent(vec![], vec![]), 0, &Default::default());
        let second = told(&agent(vec![], vec![]), 10, &first);
        assert_eq!((since(&first), since(&second)), (now(0), now(0)));
        let report = Report { broken: Some("gone".to_owned()), ..Report::default() };
        let found = Found { agent: Err("away"), report: &report, problems: None, drained: None, now: now(20) };
        let third = status(&found, &second);
        assert_eq!((since(&third), third.conditions[0].reason.as_str()), (now(20), "AgentUnreachable"));
    }

    #[test]
    fn a_node_is_ready_when_nothing_is_in_the_way() {
        let agent = agent(vec![], vec![]);
        let problem = Problem { resource: "NovaRoutePeer/rack".to_owned(), field: None, reason: "no".to_owned() };
        let of = |report: Report, problems: Option<&[Problem]>| {
            let found = Found { agent: Ok(&agent), report: &report, problems, drained: None, now: now(0) };
            let ready = status(&found, &NovaRouteNodeStatus::default()).conditions.remove(0);
            (ready.reason, ready.message)
        };
        let held = |held_back: Option<&str>| Report { held_back: held_back.map(str::to_owned), ..Report::default() };
        assert_eq!(of(held(None), Some(&[])).0, "AsAskedFor");
        assert_eq!(of(held(None), None).0, "ResourcesUnknown");
        assert_eq!(of(held(Some("too much")), Some(&[])), ("ReplayHeldBack".to_owned(), "too much".to_owned()));
        let refused = Report { refused: vec![problem.clone()], ..Report::default() };
        let (reason, message) = of(refused, Some(&[problem]));
        assert_eq!((reason.as_str(), message.as_str()), ("Problems", "NovaRoutePeer/rack: no; and 1 more"));
        assert_eq!(of(Report { broken: Some("gone".to_owned()), ..Report::default() }, Some(&[])).0, "NoSession");
    }
}
