//! The agent's configuration file, and FRR's list of daemons.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::companion;
use crate::crd::{
    AgentSpec, BgpPeerSpec, BgpSpec, COMPANION_OWNER, Cidr, CompanionSpec, FrrDaemons, NovaRouteClusterSpec,
    OwnerLimits, OwnerSpec, Permission, PrefixType,
};

/// Name of the agent's configuration file.
pub(super) const CONFIG: &str = "config.json";
/// Name of FRR's list of daemons.
pub(super) const DAEMONS: &str = "daemons";
/// Where the agent finds the tokens of its owners, each in a file of the owner's name.
pub(super) const TOKENS: &str = "/etc/novaroute/tokens";
/// Where FRR's sockets are, in both containers.
pub(super) const FRR_SOCKETS: &str = "/run/frr";

/// The folder of the agent's socket, which is the node's: owners in other pods mount it too.
pub(super) fn socket_dir(agent: &AgentSpec) -> &str {
    match agent.socket_path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder,
        _ => "/",
    }
}

/// What the ConfigMap holds.
pub(super) fn data(spec: &NovaRouteClusterSpec, config: &str) -> BTreeMap<String, String> {
    let mut data = BTreeMap::from([(DAEMONS.to_owned(), daemons(spec.frr.daemons))]);
    if !is_confidential(spec) {
        data.insert(CONFIG.to_owned(), config.to_owned());
    }
    data
}

/// Whether the configuration has a password in it.
pub(super) fn is_confidential(spec: &NovaRouteClusterSpec) -> bool {
    spec.agent.bgp.iter().flat_map(|bgp| &bgp.peers).any(|peer| peer.password.is_some())
}

/// The agent's configuration file.
pub(super) fn text(spec: &NovaRouteClusterSpec) -> String {
    let agent = &spec.agent;
    let named = agent.owners.iter().map(|one| (one.name.clone(), owner(one)));
    let companion = CompanionSpec::of(spec).map(|companion| (COMPANION_OWNER.to_owned(), companions(&companion)));
    let owners: Map<String, Value> = named.chain(companion).collect();
    let mut config = json!({
        "listen_socket": agent.socket_path,
        // Beside the socket: the container can write nowhere else that outlives it.
        "state_dir": format!("{}/state", socket_dir(agent).trim_end_matches('/')),
        "log_level": agent.log_level,
        "metrics_address": format!(":{}", agent.metrics_port),
        "frr": {"socket_dir": FRR_SOCKETS},
        "owners": owners,
    });
    if let Some(spec) = &agent.bgp {
        config["bgp"] = bgp(spec);
    }
    if let Some(mode) = agent.shutdown_mode {
        config["shutdown"] = json!({"mode": mode});
    }
    if let Some(served) = agent.status_page {
        config["status_page"] = json!(served);
    }
    format!("{config:#}\n")
}

fn bgp(spec: &BgpSpec) -> Value {
    let mut bgp = Fields::default();
    bgp.set("local_as", spec.local_as);
    bgp.set("as_base", spec.as_base);
    bgp.set("router_id", spec.router_id.as_deref());
    bgp.set("auto_router_id", spec.auto_router_id.then_some(true));
    let peers: Vec<Value> = spec.peers.iter().map(peer).collect();
    bgp.set("peers", (!peers.is_empty()).then_some(peers));
    bgp.into()
}

fn peer(spec: &BgpPeerSpec) -> Value {
    let mut peer = Fields::default();
    peer.set("neighbor_address", Some(spec.address.as_str()));
    peer.set("remote_as", Some(spec.remote_as));
    peer.set("description", spec.description.as_deref());
    peer.set("bfd_enabled", spec.bfd.then_some(true));
    // Without BFD its timers mean nothing, and the earlier operator wrote them all the same.
    let of_bfd = |value: Option<i32>| value.filter(|_| spec.bfd);
    peer.set("bfd_min_rx_ms", of_bfd(spec.bfd_min_rx_ms));
    peer.set("bfd_min_tx_ms", of_bfd(spec.bfd_min_tx_ms));
    peer.set("bfd_detect_multiplier", of_bfd(spec.bfd_detect_multiplier));
    peer.set("keepalive", spec.keepalive);
    peer.set("hold_time", spec.hold_time);
    peer.set("password", spec.password.as_deref());
    peer.set("max_prefix", spec.max_prefixes.filter(|most| *most > 0));
    peer.into()
}

fn owner(spec: &OwnerSpec) -> Value {
    let mut owner = policy(spec.prefix_type, &spec.allowed_cidrs, spec.limits);
    owner.set("token_file", Some(format!("{TOKENS}/{}", spec.name)));
    owner.set("permissions", (!spec.permissions.is_empty()).then(|| json!(spec.permissions)));
    owner.into()
}

/// The owner that the companion is; no other user is taken for it, whatever token it has.
fn companions(spec: &CompanionSpec) -> Value {
    let mut owner = policy(spec.prefix_type, &spec.allowed_cidrs, spec.limits);
    owner.set("token_file", Some(companion::TOKEN));
    owner.set("uids", Some(json!([companion::UID])));
    owner.set("permissions", Some(json!([Permission::Peers, Permission::Prefixes])));
    owner.into()
}

fn policy(prefix_type: PrefixType, allowed_cidrs: &[Cidr], limits: Option<OwnerLimits>) -> Fields {
    let mut prefixes = Fields::default();
    prefixes.set("type", Some(json!(prefix_type)));
    prefixes.set("allowed_cidrs", (!allowed_cidrs.is_empty()).then(|| json!(allowed_cidrs)));
    let limits = limits.unwrap_or_default();
    let mut policy = Fields::default();
    policy.set("allowed_prefixes", Some(Value::from(prefixes)));
    policy.set("max_prefixes", limits.max_prefixes);
    policy.set("max_peers", limits.max_peers);
    policy
}

/// The keys of an object that have a value; the agent takes no `null`.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, key: &str, value: Option<impl Into<Value>>) {
        self.0.extend(value.map(|value| (key.to_owned(), value.into())));
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

/// FRR's list of the daemons that it starts (`/etc/frr/daemons`).
fn daemons(daemons: FrrDaemons) -> String {
    let FrrDaemons { bgpd, ospfd, bfdd, ospf6d } = daemons;
    let yes = |on| if on { "yes" } else { "no" };
    let lines = [("bgpd", bgpd), ("ospfd", ospfd), ("ospf6d", ospf6d), ("bfdd", bfdd)];
    let lines = lines.map(|(daemon, on)| format!("{daemon}={}\n", yes(on)));
    // What others may reach is the agent's socket, not FRR's ports.
    let fixed =
        ["vtysh_enable=yes\n", "zebra_options=\"-A 127.0.0.1 -s 90000000\"\n", "staticd_options=\"-A 127.0.0.1\"\n"];
    // mgmtd is started by itself, and would listen everywhere.
    let options = ["bgpd", "ospfd", "bfdd", "mgmtd"].map(|daemon| format!("{daemon}_options=\"-A 127.0.0.1\"\n"));
    lines.concat() + &fixed.concat() + &options.concat() + "ospf6d_options=\"-A ::1\"\n"
}

/// Stands for everything that a pod reads when it starts: another one replaces the pods.
pub(super) fn checksum(read: [&BTreeMap<String, String>; 2]) -> String {
    let mut hasher = Sha256::new();
    for part in read.into_iter().flatten().flat_map(|(key, value)| [key, value]) {
        // With its length, so that no two lists of parts look alike.
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
