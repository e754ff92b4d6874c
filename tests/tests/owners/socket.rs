//! Who can open the socket.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use novaroute_e2e::agent::Agent;
use novaroute_e2e::caller::{client_as, open_as, read_as};
use novaroute_e2e::config::LB;
use novaroute_e2e::{on_each_frr, request};
use novaroute_lab::topology::node_and_tor;
use serde_json::json;

const GROUP: u32 = 4_242;
const STRANGER: u32 = 54_321;

/// Looks at the socket as fast as it can, until it is told to stop.
struct Watcher {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<(u32, u32)>>,
}

impl Watcher {
    fn of(socket: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut seen: Vec<(u32, u32)> = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let Ok(found) = fs::symlink_metadata(&socket) else { continue };
                let now = (found.mode() & 0o7777, found.gid());
                if found.file_type().is_socket() && seen.last() != Some(&now) {
                    seen.push(now);
                }
            }
            seen
        });
        Self { stop, thread }
    }

    /// Each mode with its group, in the order in which they were seen.
    fn seen(self) -> Result<Vec<(u32, u32)>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the watcher panicked")
    }
}

on_each_frr! {
    /// From its first moment on the socket is never open to more than it shall be; then exactly those can connect.
    async fn mode_and_group_are_as_configured_and_never_wider(release) {
        let lab = node_and_tor(release).await?;
        let watcher = Watcher::of(lab.node.dir().join("agent/novaroute.sock"));
        let agent = Agent::start(&lab.node, |config| config["socket"] = json!({ "mode": "0620", "group": GROUP })).await?;
        let seen = watcher.seen()?;
        assert_eq!(seen.last(), Some(&(0o620, GROUP)));
        for (mode, gid) in &seen {
            assert_eq!(mode & !0o620, 0, "wider than asked for: {seen:?}");
            assert!(mode & 0o020 == 0 || *gid == GROUP, "open to another group: {seen:?}");
        }

        let socket = agent.socket();
        let refused = open_as(&socket, STRANGER, STRANGER).err().context("a stranger came in")?;
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        client_as(&socket, STRANGER, GROUP).await?.register(request::register(LB)).await?;
        agent.client().await?.register(request::register(LB)).await?;
        Ok(())
    }
}

on_each_frr! {
    /// Without a word in the configuration the socket is for root and its group.
    async fn the_default_is_root_and_its_group(release) {
        let lab = node_and_tor(release).await?;
        let agent = Agent::start(&lab.node, |_| {}).await?;
        let found = fs::metadata(agent.socket())?;
        assert_eq!((found.mode() & 0o7777, found.uid(), found.gid()), (0o660, 0, 0));
        assert!(open_as(&agent.socket(), STRANGER, STRANGER).is_err());
        // Whoever could open a lock could hold it, and so keep the agent from starting.
        for lock in ["novaroute.sock.lock", "state/lock"] {
            let refused = read_as(&agent.dir().join(lock), STRANGER, STRANGER).err().context("a stranger has the lock")?;
            assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        }
        Ok(())
    }
}
