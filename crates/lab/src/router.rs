//! A router: a network namespace and the folders of its FRR.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::process::Command;

use crate::ip::{NAMESPACE_DIR, ip};
use crate::lab::lock;
use crate::{Daemon, FrrRelease, cleanup, procfs};

/// Kernel settings of a router, under `/proc/sys/net`.
const SYSCTLS: [(&str, &str); 8] = [
    ("ipv4/ip_forward", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    // Duplicate address detection would keep addresses unusable for a second or two.
    ("ipv6/conf/all/accept_dad", "0"),
    ("ipv6/conf/default/accept_dad", "0"),
    // IPv6 addresses survive a link that goes down and up, as IPv4 ones do.
    ("ipv6/conf/all/keep_addr_on_down", "1"),
    ("ipv6/conf/default/keep_addr_on_down", "1"),
    // ECMP by ports too, so that few flows spread.
    ("ipv4/fib_multipath_hash_policy", "1"),
    // Before Linux 6.3 a namespace holds 4096 IPv6 routes by default.
    ("ipv6/route/max_size", "2147483647"),
];

/// Longest wait for killed processes of a router to end.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// A router of a [`crate::Lab`]. Clones are the same router. It ends with its lab.
#[derive(Clone, Debug)]
pub struct Router(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    name: String,
    namespace: String,
    release: FrrRelease,
    dir: PathBuf,
    /// Daemons that were started and not stopped; one may have ended by itself.
    pub(crate) daemons: Mutex<BTreeMap<Daemon, Child>>,
    pub(crate) args: Mutex<BTreeMap<Daemon, Vec<String>>>,
}

impl Router {
    pub(crate) fn create(lab_id: &str, lab_dir: &Path, name: &str, release: FrrRelease) -> Self {
        Self(Arc::new(Inner {
            name: name.to_owned(),
            namespace: format!("{lab_id}-{name}"),
            release,
            dir: lab_dir.join(name),
            daemons: Mutex::default(),
            args: Mutex::default(),
        }))
    }

    pub(crate) async fn set_up(&self) -> Result<()> {
        self.0.release.check()?;
        self.create_folders()?;
        ip(&["netns", "add", self.namespace()]).await?;
        self.in_namespace(|| -> Result<()> {
            for (name, value) in SYSCTLS {
                let path = Path::new("/proc/sys/net").join(name);
                fs::write(&path, value).with_context(|| format!("cannot set {} to {value}", path.display()))?;
            }
            Ok(())
        })
        .await??;
        ip(&["-n", self.namespace(), "link", "set", "lo", "up"]).await
    }

    fn create_folders(&self) -> Result<()> {
        let (uid, gid) = self.0.release.ids()?;
        for (dir, _) in self.folders() {
            fs::create_dir_all(&dir)
                .and_then(|()| chown(&dir, Some(uid), Some(gid)))
                .with_context(|| format!("cannot create {}", dir.display()))?;
        }
        let root = self.0.release.root();
        for (_, place) in self.folders() {
            let place = root.join(place);
            fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
        }
        Ok(())
    }

    /// This router's folders and what they stand for in the root of its release.
    fn folders(&self) -> [(PathBuf, &'static str); 3] {
        [(self.socket_dir(), "run/frr"), (self.config_dir(), "etc/frr"), (self.0.dir.join("lib"), "var/lib/frr")]
    }

    /// The name in the lab, such as `tor1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The FRR release that the router runs.
    #[must_use]
    pub fn release(&self) -> FrrRelease {
        self.0.release
    }

    /// The network namespace's name, as `ip netns` shows it.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The router's folder in the lab's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// The folder of the daemons' VTY sockets, pid files and logs (their `/var/run/frr`), as seen
    /// from everywhere: `bgpd.vty`, `bgpd.pid`, `bgpd.log`.
    #[must_use]
    pub fn socket_dir(&self) -> PathBuf {
        self.0.dir.join("run")
    }

    /// The folder of the daemons' configuration files (their `/etc/frr`): a `bgpd.conf` written here
    /// is read when bgpd starts.
    #[must_use]
    pub fn config_dir(&self) -> PathBuf {
        self.0.dir.join("etc")
    }

    /// Adds an address with its length, such as `10.66.0.1/32` on `lo`.
    ///
    /// # Errors
    /// When `ip` refuses it.
    pub async fn add_address(&self, interface: &str, address: &str) -> Result<()> {
        ip(&["-n", self.namespace(), "address", "add", address, "dev", interface]).await
    }

    /// Removes an address.
    ///
    /// # Errors
    /// When `ip` refuses it.
    pub async fn remove_address(&self, interface: &str, address: &str) -> Result<()> {
        ip(&["-n", self.namespace(), "address", "delete", address, "dev", interface]).await
    }

    /// Adds a route of the kernel's own, such as `10.9.0.0/24` or `default`, through a neighbour.
    ///
    /// # Errors
    /// When `ip` refuses it.
    pub async fn add_route(&self, prefix: &str, via: IpAddr) -> Result<()> {
        ip(&["-n", self.namespace(), "route", "add", prefix, "via", &via.to_string()]).await
    }

    /// A command that runs `program` in the router's network namespace, with this machine's own
    /// files; it is killed when its `Child` is dropped, and in any case with the lab.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.namespace()]).arg(program).kill_on_drop(true);
        command
    }

    /// Runs `program` in the router's network namespace to its end and returns what it printed.
    ///
    /// # Errors
    /// When it cannot run or fails; with what it printed as errors.
    pub async fn run(&self, program: &str, args: &[&str]) -> Result<String> {
        let command = || format!("`{program} {}` in router {}", args.join(" "), self.name());
        let output = self.command(program).args(args).output().await.with_context(command)?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed ({}): {}{}", command(), output.status, said.trim(), printed.trim());
        }
        Ok(printed)
    }

    /// Runs `work` on a thread of its own inside the router's network namespace. Sockets made there
    /// stay in it, so a test can listen, connect or speak BGP as this router.
    ///
    /// # Errors
    /// When the namespace cannot be entered or `work` panics.
    pub async fn in_namespace<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let path = self.namespace_path();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Not a thread of a pool: it could not go back to where it came from.
        std::thread::Builder::new()
            .name(self.namespace().to_owned())
            .spawn(move || {
                let entered = enter_namespace(&path);
                // A receiver that is gone was cancelled: nobody wants the result.
                drop(sender.send(entered.map(|()| work())));
            })
            .context("cannot start a thread")?;
        receiver.await.map_err(|_| anyhow!("work in namespace {} panicked", self.namespace()))?
    }

    fn namespace_path(&self) -> PathBuf {
        Path::new(NAMESPACE_DIR).join(self.namespace())
    }

    /// Kills everything in the router and removes its namespace. Blocks, for it runs in a drop.
    pub(crate) fn end(&self) {
        let mut daemons = std::mem::take(&mut *lock(&self.0.daemons));
        procfs::kill_all_in(&self.namespace_path(), KILL_TIMEOUT);
        for child in daemons.values_mut() {
            // Already dead; waiting only lets the kernel forget it.
            drop(child.kill().and_then(|()| child.wait()));
        }
        if let Err(error) = cleanup::remove_namespace(self.namespace()) {
            eprintln!("novaroute-lab: router '{}': {error:#}", self.name());
        }
    }
}

/// Moves the calling thread.
fn enter_namespace(path: &Path) -> Result<()> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
        .with_context(|| format!("cannot enter the namespace {}", path.display()))
}
