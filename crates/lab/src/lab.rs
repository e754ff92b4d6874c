//! A lab: its routers, its links, its end.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, ensure};

use crate::ip::ip;
use crate::link::{Link, LinkEnd};
use crate::router::Router;
use crate::{FrrRelease, cleanup, procfs, requirements};

/// Labs live here and not under `$TMPDIR`: a VTY socket's path has at most 107 bytes.
pub(crate) const PARENT_DIR: &str = "/tmp";

/// Start of every lab's folder name; the lab's process id and a number follow.
pub(crate) const DIR_PREFIX: &str = "novaroute-lab-";

/// File in a lab's folder that says whose it is: process id, its start time, the lab's name.
pub(crate) const OWNER_FILE: &str = "owner";

/// A router's name names its peers' interfaces: 15 bytes, less the suffix of further links.
const ROUTER_NAME_BYTES_MAX: usize = 12;

/// Interface indices of links start here, above those that Linux gives by itself.
const FIRST_INDEX: usize = 100;

/// Routers in network namespaces. Dropping it ends and removes everything in it.
#[derive(Debug)]
pub struct Lab {
    name: String,
    id: String,
    dir: PathBuf,
    routers: Mutex<Vec<Router>>,
    /// Number of links by the names of both routers.
    links: Mutex<BTreeMap<(String, String), usize>>,
}

impl Lab {
    /// An empty lab. `name` is for people (errors, `novaroute-lab clean`); what the lab makes on the
    /// machine has names of its own, so labs of many tests and processes run side by side.
    ///
    /// # Errors
    /// Without root, iproute2 or a writable `/tmp`.
    pub fn new(name: &str) -> Result<Self> {
        requirements::check_basics()?;
        let (number, dir) = create_dir().context("cannot create the lab's folder")?;
        let pid = std::process::id();
        let lab = Self {
            name: name.to_owned(),
            id: lab_id(pid, number),
            dir,
            routers: Mutex::default(),
            links: Mutex::default(),
        };
        let started = procfs::start_time(pid).context("cannot read /proc/self/stat")?;
        fs::write(lab.dir.join(OWNER_FILE), format!("{pid} {started} {name}\n"))
            .context("cannot write the lab's owner file")?;
        Ok(lab)
    }

    /// The name given by the caller.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lab's folder, for files that shall go with it. Others may read it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Adds a router: a namespace with forwarding on, `lo` up, and no daemon yet.
    ///
    /// `name`: 1 to 12 of `a-z`, `0-9`, `-`, starting with a letter; not `lo`.
    ///
    /// # Errors
    /// A bad or used name, a release that is not there, a namespace that cannot be made.
    pub async fn router(&self, name: &str, release: FrrRelease) -> Result<Router> {
        check_router_name(name)?;
        ensure!(
            !lock(&self.routers).iter().any(|router| router.name() == name),
            "lab '{}' has a router '{name}' already",
            self.name
        );
        let router = Router::create(&self.id, &self.dir, name, release);
        // Known before it is set up, so that a half-made router is removed too.
        lock(&self.routers).push(router.clone());
        router.set_up().await.with_context(|| format!("lab '{}': cannot make router '{name}'", self.name))?;
        Ok(router)
    }

    /// Joins two routers by a veth pair, both ends up, with the addresses (`10.0.1.1/24`,
    /// `fd00:1::1/64`) that each end shall have.
    ///
    /// The interface in `a` is called as `b` is, and the other way round; further links between the
    /// same two get `.2`, `.3` and so on.
    ///
    /// # Errors
    /// When `ip` refuses the link or an address.
    pub async fn link(&self, a: &Router, b: &Router, addresses_a: &[&str], addresses_b: &[&str]) -> Result<Link> {
        let (suffix, index) = self.next_link(a, b);
        let name_a = format!("{}{suffix}", b.name());
        let name_b = format!("{}{suffix}", a.name());
        let (index_a, index_b) = (index.to_string(), (index + 1).to_string());
        #[rustfmt::skip]
        ip(&["link", "add", "name", &name_a, "index", &index_a, "netns", a.namespace(), "type", "veth",
             "peer", "name", &name_b, "index", &index_b, "netns", b.namespace()]).await?;
        for address in addresses_a {
            a.add_address(&name_a, address).await?;
        }
        for address in addresses_b {
            b.add_address(&name_b, address).await?;
        }
        let link = Link::new(LinkEnd::new(a, name_a), LinkEnd::new(b, name_b));
        link.set_up().await?;
        Ok(link)
    }

    /// Suffix of a new link's interface names, and the first of its two interface indices.
    ///
    /// The two always differ: Linux (`net/core/link_watch.c`) takes an interface whose peer has the
    /// same index for one without a peer, and then reports its carrier only once a second.
    fn next_link(&self, a: &Router, b: &Router) -> (String, usize) {
        let mut pair = [a.name().to_owned(), b.name().to_owned()];
        pair.sort();
        let mut links = lock(&self.links);
        let index = FIRST_INDEX + 2 * links.values().sum::<usize>();
        let count = links.entry(pair.into()).or_default();
        *count += 1;
        let suffix = if *count == 1 { String::new() } else { format!(".{count}") };
        (suffix, index)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for router in lock(&self.routers).iter() {
            router.end();
        }
        if let Err(error) = cleanup::remove_dir(&self.dir) {
            eprintln!("novaroute-lab: lab '{}': {error:#}", self.name);
        }
    }
}

/// Start of the names of a lab's namespaces.
pub(crate) fn lab_id(pid: u32, number: u32) -> String {
    format!("nr{pid}-{number}")
}

/// Takes the next free number of this process. Creating the folder is what reserves the lab's id,
/// so that one left by a dead process with the same id is not used again.
fn create_dir() -> Result<(u32, PathBuf)> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = Path::new(PARENT_DIR).join(format!("{DIR_PREFIX}{}-{number}", std::process::id()));
        match fs::create_dir(&dir) {
            Ok(()) => return Ok((number, dir)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| dir.display().to_string()),
        }
    }
}

fn check_router_name(name: &str) -> Result<()> {
    let fits = (1..=ROUTER_NAME_BYTES_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    ensure!(
        fits && name != "lo",
        "router name '{name}': use 1 to {ROUTER_NAME_BYTES_MAX} of a-z, 0-9 and '-', \
         starting with a letter, and not 'lo'"
    );
    Ok(())
}

/// A panic while a lock is held must not keep the clean-up from running.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn router_names_fit_interface_names() {
        for good in ["a", "tor1", "leaf-switch1"] {
            check_router_name(good).unwrap();
        }
        for bad in ["", "lo", "1tor", "Tor", "tor.1", "tor/1", "thirteen-long"] {
            assert!(check_router_name(bad).is_err(), "{bad:?}");
        }
    }
}
