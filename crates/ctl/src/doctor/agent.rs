//! What the agent tells: FRR's daemons, peers, BFD.

use std::collections::BTreeSet;

use novaroute_api::v1;

use super::Check;

/// A session that is declared down as fast as this, or faster, suffers first where the node has no time for bfdd.
const FAST_DETECTION_MS: u32 = 500;

/// The checks that stand on the status.
pub(crate) fn checks(status: &v1::GetStatusResponse, load_per_cpu: Option<f64>) -> Vec<Check> {
    let frr = status.frr_status.clone().unwrap_or_default();
    let mut checks = vec![Check::ok("agent", format!("version {} answers", status.agent_version))];
    checks.extend(daemons(&frr, &needed(status)));
    checks.push(versions(&frr));
    checks.push(foreign_lines(&frr));
    checks.extend(refused(status));
    checks.extend(graceful_restart(&status.peers));
    checks.extend(bfd(&status.bfd_sessions, load_per_cpu));
    checks
}

/// Without zebra there is nothing in the kernel, and where BGP is asked for, nothing without bgpd.
fn needed(status: &v1::GetStatusResponse) -> Vec<&'static str> {
    let by_bgp = status.prefixes.iter().any(|prefix| prefix.protocol() == v1::Protocol::Bgp);
    if by_bgp || !status.peers.is_empty() { vec!["bgpd", "zebra"] } else { vec!["zebra"] }
}

fn daemons(frr: &v1::FrrStatus, needed: &[&str]) -> Vec<Check> {
    let missing = frr.daemons.iter().filter(|daemon| !daemon.connected).map(|daemon| daemon.name.as_str());
    let unseen = needed.iter().copied().filter(|name| frr.daemons.iter().all(|daemon| daemon.name != *name));
    let missing: BTreeSet<&str> = missing.chain(unseen).collect();
    if missing.is_empty() {
        let names: Vec<&str> = frr.daemons.iter().map(|daemon| daemon.name.as_str()).collect();
        return vec![Check::ok("daemons", format!("{} answer", names.join(", ")))];
    }
    let check = |name: &str| {
        let next = format!(
            "start it, with {name}=yes in /etc/frr/daemons where FRR comes from a package: systemctl restart frr"
        );
        Check::fail("daemons", format!("{name} does not answer the agent"), next)
    };
    missing.into_iter().map(check).collect()
}

fn versions(frr: &v1::FrrStatus) -> Check {
    let versions: BTreeSet<&str> =
        frr.daemons.iter().map(|daemon| daemon.version.as_str()).filter(|version| !version.is_empty()).collect();
    let listed = versions.iter().copied().collect::<Vec<_>>().join(", ");
    let oldest = versions.iter().filter_map(|version| release(version)).min();
    match (versions.len(), oldest) {
        (0, _) => Check::unknown("frr_version", "no daemon has told its version", "start FRR"),
        (1, Some(oldest)) if oldest >= (8, 4) => Check::ok("frr_version", format!("FRR {listed}")),
        (1, _) => Check::warn(
            "frr_version",
            format!("FRR {listed} is older than 8.4, the oldest that is tested"),
            "upgrade FRR",
        ),
        _ => Check::fail(
            "frr_version",
            format!("the daemons are of different versions: {listed}"),
            "restart FRR as a whole",
        ),
    }
}

/// The first two numbers of a version.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn foreign_lines(frr: &v1::FrrStatus) -> Check {
    match frr.foreign_lines.as_slice() {
        [] => Check::ok("foreign_lines", "FRR's configuration has no line that is not the agent's"),
        lines => {
            let found =
                format!("{} lines of FRR's configuration are not the agent's, such as '{}'", lines.len(), lines[0]);
            Check::warn("foreign_lines", found, "look whether they are meant: novaroutectl status -o wide")
        }
    }
}

/// What FRR would not take: the reason is with the intent.
fn refused(status: &v1::GetStatusResponse) -> Vec<Check> {
    let peers = status.peers.iter().map(|row| (&row.intent_state, format!("peer {}", row.neighbor_address)));
    let prefixes = status.prefixes.iter().map(|row| {
        let ospf = if row.protocol() == v1::Protocol::Ospf { " --protocol ospf" } else { "" };
        (&row.state, format!("prefix {}{ospf}", row.prefix))
    });
    let bfd = status.bfd_sessions.iter().map(|row| (&row.intent_state, format!("bfd {}", row.peer_address)));
    let ospf = status.ospf_interfaces.iter().map(|row| (&row.intent_state, format!("ospf {}", row.interface_name)));
    let all = peers.chain(prefixes).chain(bfd).chain(ospf);
    let refused = all.filter(|(state, _)| state.as_str() == "refused");
    refused
        .map(|(_, what)| Check::fail("refused", format!("{what} was refused"), format!("novaroutectl explain {what}")))
        .collect()
}

/// Peers that drop the routes of this node while its bgpd restarts.
fn graceful_restart(peers: &[v1::PeerStatus]) -> Vec<Check> {
    let up: Vec<&v1::PeerStatus> =
        peers.iter().filter(|peer| peer.peer_state() == v1::PeerState::Established).collect();
    let without: Vec<&str> =
        up.iter().filter(|peer| !peer.gr_negotiated).map(|peer| peer.neighbor_address.as_str()).collect();
    match (up.len(), without.len()) {
        (0, _) => Vec::new(),
        (_, 0) => vec![Check::ok("graceful_restart", "every peer keeps the routes of this node while bgpd restarts")],
        _ => {
            let found = format!("traffic is lost while bgpd restarts: not negotiated with {}", without.join(", "));
            let next = "novaroutectl apply-peer with --graceful-restart full, and graceful restart (or its helper) at the peer";
            vec![Check::warn("graceful_restart", found, next)]
        }
    }
}

/// Sessions that end when bfdd does not get to run for a moment.
fn bfd(sessions: &[v1::BfdSessionStatus], load_per_cpu: Option<f64>) -> Vec<Check> {
    if sessions.is_empty() {
        return Vec::new();
    }
    let detection = |session: &v1::BfdSessionStatus| session.min_rx_ms.saturating_mul(session.detect_multiplier);
    let fast: Vec<String> = sessions
        .iter()
        .filter(|session| detection(session) <= FAST_DETECTION_MS)
        .map(|session| format!("{} ({} ms)", session.peer_address, detection(session)))
        .collect();
    let packets: f64 = sessions.iter().map(|session| 1000.0 / f64::from(session.min_tx_ms.max(1))).sum();
    let found = format!("sessions: {}, packets that they send a second: {packets:.0}", sessions.len());
    vec![match load_per_cpu {
        Some(load) if load > 1.0 && !fast.is_empty() => Check::warn(
            "bfd",
            format!(
                "{found}, the load is {load:.1} for each CPU, and silence ends a session soon: {}",
                fast.join(", ")
            ),
            "ask for longer intervals or a higher multiplier, or give bfdd time (nice, a CPU of its own)",
        ),
        _ => Check::ok("bfd", found),
    }]
}

#[cfg(test)]
mod tests;
