//! Who listens on the port of BGP.

use std::{fs, path::Path};

use super::Check;

/// TCP port of BGP (RFC 4271 section 8.2.1).
const BGP_PORT: u16 = 179;
/// `TCP_LISTEN` of the kernel, as `/proc/net/tcp` prints it.
const LISTEN: &str = "0A";

/// Whether peers can connect to bgpd of this node.
pub(super) fn check(root: &Path) -> Check {
    let name = "port_179";
    let tables: Vec<String> =
        ["proc/net/tcp", "proc/net/tcp6"].iter().filter_map(|path| fs::read_to_string(root.join(path)).ok()).collect();
    if tables.is_empty() {
        return Check::unknown(name, "/proc/net/tcp cannot be read", "run it on the node itself, or give --root");
    }
    let sockets: Vec<String> = tables.iter().flat_map(|table| listeners(table)).collect();
    if sockets.is_empty() {
        let next = "look whether bgpd runs, and without -p 0 and -l in bgpd_options of /etc/frr/daemons";
        return Check::warn(name, "nothing listens on it: peers cannot connect, only this node can", next);
    }
    match sockets.iter().find_map(|inode| holder(root, inode)) {
        Some(program) if program == "bgpd" => Check::ok(name, "bgpd listens on it"),
        Some(program) => Check::fail(
            name,
            format!("{program} listens on it, not bgpd"),
            format!("stop {program}, or have it use another port"),
        ),
        None => Check::ok(name, "something listens on it; whether it is bgpd can only root tell"),
    }
}

/// The inodes of the sockets that listen on the port.
fn listeners(table: &str) -> Vec<String> {
    let port = format!(":{BGP_PORT:04X}");
    let inode = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listens = words.get(1)?.ends_with(&port) && *words.get(3)? == LISTEN;
        listens.then(|| words.get(9).map(|inode| (*inode).to_owned())).flatten()
    };
    table.lines().filter_map(inode).collect()
}

/// The program that has the socket open, as far as this user may see.
fn holder(root: &Path, inode: &str) -> Option<String> {
    let link = format!("socket:[{inode}]");
    let processes = fs::read_dir(root.join("proc")).ok()?.flatten().map(|entry| entry.path());
    let holds = |process: &Path| {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        files.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy() == link))
    };
    let process = processes.into_iter().find(|process| holds(process))?;
    fs::read_to_string(process.join("comm")).ok().map(|name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
        0: 00000000:00B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000   100        0 4711 1 0 100 0 0 10 0\n   \
        1: 0101000A:00B3 0201000A:94E6 01 00000000:00000000 00:00000000 00000000   100        0 4712 1 0 20 0 0 10 -1\n";

    fn node(program: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let process = root.path().join("proc/42");
        fs::create_dir_all(process.join("fd")).unwrap();
        fs::create_dir_all(root.path().join("proc/net")).unwrap();
        fs::write(root.path().join("proc/net/tcp"), TABLE).unwrap();
        fs::write(process.join("comm"), format!("{program}\n")).unwrap();
        std::os::unix::fs::symlink("socket:[4711]", process.join("fd/7")).unwrap();
        root
    }

    #[test]
    fn the_listener_is_named() {
        assert_eq!(check(node("bgpd").path()), Check::ok("port_179", "bgpd listens on it"));
        let other = check(node("bird").path());
        assert_eq!((other.health, other.found.as_str()), (super::super::Health::Fail, "bird listens on it, not bgpd"));
    }

    #[test]
    fn no_listener_and_no_table() {
        let root = node("bgpd");
        fs::write(root.path().join("proc/net/tcp"), "").unwrap();
        assert_eq!(check(root.path()).health, super::super::Health::Warn);
        assert_eq!(check(Path::new("/nonexistent")).health, super::super::Health::Unknown);
    }
}
