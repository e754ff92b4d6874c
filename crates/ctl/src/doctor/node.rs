//! What can be seen on the node without the agent.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::Path};

use novaroute_api::v1;

use super::{Check, kernel, links, port};

/// Others may write: any user of the machine may speak to the agent, and needs only a token.
const OTHERS_WRITE: u32 = 0o002;
/// Where systemd-timesyncd leaves a file once the clock was set.
const SYNCHRONIZED: &str = "run/systemd/timesync/synchronized";

/// The checks that need nobody.
pub(crate) fn checks(root: &Path) -> Vec<Check> {
    vec![port::check(root), clock(root)]
}

/// The checks of what is used, by what the agent tells of it.
pub(crate) fn checks_of_use(root: &Path, status: &v1::GetStatusResponse) -> Vec<Check> {
    let addresses = status.peers.iter().filter_map(|peer| peer.neighbor_address.parse().ok());
    let links: BTreeSet<String> = addresses.filter_map(|address| links::towards(root, address)).collect();
    let announces = |ipv6: bool| status.prefixes.iter().any(|prefix| prefix.prefix.contains(':') == ipv6);
    let forwarding = [false, true].into_iter().filter(|ipv6| announces(*ipv6));
    let mut checks: Vec<Check> = forwarding.map(|ipv6| kernel::forwarding(root, ipv6)).collect();
    checks.extend(kernel::rp_filter(root, &links));
    checks.extend(kernel::mtu(root, &links));
    checks
}

/// The load of the last minute for each CPU.
pub(crate) fn load_per_cpu(root: &Path) -> Option<f64> {
    kernel::load_per_cpu(root)
}

/// The rights of the agent's socket.
pub(crate) fn socket(path: &Path) -> Check {
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) => {
            Check::fail("socket", format!("{shown}: {error}"), "start the agent, or give its socket: --socket PATH")
        }
        Ok(found) if found.permissions().mode() & OTHERS_WRITE != 0 => Check::warn(
            "socket",
            format!("every user of the machine may connect to {shown}"),
            "set socket.mode and socket.group in the agent's configuration",
        ),
        Ok(found) => Check::ok("socket", format!("{shown} has mode {:o}", found.permissions().mode() & 0o777)),
    }
}

/// Times in logs and events of several nodes can only be compared where their clocks agree.
fn clock(root: &Path) -> Check {
    if root.join(SYNCHRONIZED).exists() {
        return Check::ok("clock", "it was set by the network");
    }
    Check::unknown("clock", "nothing here tells whether it is set by the network", "timedatectl, or chronyc tracking")
}
