//! What a lab needs of the machine.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail, ensure};

use crate::FrrRelease;
use crate::lab::lab_id;

/// Cheap checks, made for every lab.
pub(crate) fn check_basics() -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "a lab needs root (network namespaces, mounts, users of FRR): run as root or by sudo"
    );
    run("ip", &["-V"], "iproute2").map(drop)
}

/// Checks everything a lab needs, by doing it once: root, network namespaces, veth, the programs
/// that it calls, and FRR of the distribution.
///
/// # Errors
/// Names the first thing that is missing and the way to get it.
pub fn check() -> Result<()> {
    check_basics()?;
    check_namespaces().context(
        "this machine does not let root create network namespaces and veth pairs \
         (in a container: give it CAP_SYS_ADMIN and CAP_NET_ADMIN)",
    )?;
    check_tcpdump()?;
    FrrRelease::Distribution.check()
}

/// # Errors
/// When tcpdump is missing.
pub(crate) fn check_tcpdump() -> Result<()> {
    run("tcpdump", &["--version"], "tcpdump").map(drop)
}

fn check_namespaces() -> Result<()> {
    // Named as a lab's, so that `clean` finds it too.
    let name = format!("{}-check", lab_id(std::process::id(), 0));
    let namespace = Namespace::add(&name)?;
    let veth = ["-n", &name, "link", "add", "name", "a", "type", "veth", "peer", "name", "b"];
    succeed("ip", &veth)?;
    succeed("ip", &["netns", "exec", &name, "true"])?;
    drop(namespace);
    Ok(())
}

/// A namespace that goes when this is dropped.
struct Namespace<'a>(&'a str);

impl<'a> Namespace<'a> {
    fn add(name: &'a str) -> Result<Self> {
        succeed("ip", &["netns", "add", name])?;
        Ok(Self(name))
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        if let Err(error) = succeed("ip", &["netns", "delete", self.0]) {
            eprintln!("novaroute-lab: {error:#}");
        }
    }
}

/// Runs a program that must exist; `package` is what to install when it does not.
fn run(program: &str, args: &[&str], package: &str) -> Result<Output> {
    Command::new(program)
        .args(args)
        .output()
        .with_context(|| format!("cannot run `{program}`; install it: apt-get install {package}"))
}

/// Runs a program that must exit with 0.
pub(crate) fn succeed(program: &str, args: &[&str]) -> Result<()> {
    let output = run(program, args, program)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{program} {}` failed: {}", args.join(" "), said.trim());
    }
    Ok(())
}
