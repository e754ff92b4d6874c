//! The agent's configuration as the suites use it.

use std::path::Path;

use serde_json::{Value, json};

/// Owner of the load balancer: everything is allowed.
pub const LB: &str = "novaedge";
/// Owner of the CNI: everything is allowed.
pub const CNI: &str = "novanet";
/// Owner with the right to override.
pub const ADMIN: &str = "admin";

/// The token of an owner in [`base`].
#[must_use]
pub fn token(owner: &str) -> String {
    format!("token-of-{owner}")
}

/// A configuration whose paths lie under `dir` and whose FRR sockets are in `frr`.
#[must_use]
pub fn base(dir: &Path, frr: &Path) -> Value {
    let owner = |name: &str| json!({ "token": token(name), "allowed_prefixes": { "type": "any" } });
    json!({
        "listen_socket": dir.join("novaroute.sock"),
        "state_dir": dir.join("state"),
        "metrics_address": "127.0.0.1:9102",
        "log_level": "debug",
        "frr": { "socket_dir": frr },
        "owners": { LB: owner(LB), CNI: owner(CNI), ADMIN: owner(ADMIN) },
    })
}
