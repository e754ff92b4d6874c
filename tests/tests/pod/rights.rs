//! What the processes of the pod may do is what the chart says.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::{Container, SecurityContext};
use novaroute_e2e::FrrRelease;
use rustix::thread::CapabilitySet;

use crate::cluster::Cluster;
use crate::node::{NAME, Node};

/// The user frr of the image.
const FRR: &str = "92";

/// A line of `/proc/PID/status`.
fn status(pid: u32, key: &str) -> Result<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    Ok(line.with_context(|| format!("no {key} of {pid}"))?.trim().to_owned())
}

/// The capabilities that a container is to have, as `/proc` writes them.
fn capabilities(context: &SecurityContext) -> Result<String> {
    let capabilities = context.capabilities.as_ref().context("no capabilities")?;
    ensure!(capabilities.drop.as_deref() == Some(&["ALL".to_owned()]), "some are kept: {capabilities:?}");
    let mut set = CapabilitySet::empty();
    for name in capabilities.add.iter().flatten() {
        set |= CapabilitySet::from_name(name).with_context(|| format!("no capability {name}"))?;
    }
    Ok(format!("{:016x}", set.bits()))
}

/// Whether a process cannot write to its root.
fn has_read_only_root(pid: u32) -> Result<bool> {
    let mounts = fs::read_to_string(format!("/proc/{pid}/mounts"))?;
    let root =
        mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|fields| fields.get(1) == Some(&"/"));
    let options = root.and_then(|fields| fields.get(3).copied()).context("no root")?;
    Ok(options.split(',').any(|option| option == "ro"))
}

async fn check(node: &Node, container: &Container) -> Result<()> {
    let context = container.security_context.as_ref().context("no security context")?;
    let pid = node.podman.pid(&node.container(&container.name)).await?;
    for set in ["CapEff", "CapPrm", "CapBnd"] {
        ensure!(status(pid, set)? == capabilities(context)?, "{set} is {}", status(pid, set)?);
    }
    let user = context.run_as_user.context("no user")?.to_string();
    ensure!(status(pid, "Uid")?.split('\t').all(|uid| uid == user), "the user is {}", status(pid, "Uid")?);
    ensure!(context.read_only_root_filesystem == Some(true) && has_read_only_root(pid)?, "the root can be written to");
    ensure!(context.allow_privilege_escalation == Some(false) && status(pid, "NoNewPrivs")? == "1", "rights can grow");
    ensure!(status(pid, "Seccomp")? == "2", "no system call is refused");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn containers_have_the_rights_of_the_chart_and_no_others() -> Result<()> {
    let cluster = Cluster::start(NAME).await?;
    let node = Node::start_in(&cluster, FrrRelease::Distribution).await?;
    for container in &node.chart.containers {
        check(&node, container).await.with_context(|| format!("container {}", container.name))?;
    }
    for daemon in ["zebra", "mgmtd", "staticd", "bgpd", "ospfd", "ospf6d", "bfdd"] {
        let pids = node.processes(daemon).await?;
        ensure!(!pids.is_empty(), "{daemon} does not run");
        for pid in pids {
            ensure!(status(pid, "Uid")?.split('\t').all(|uid| uid == FRR), "{daemon} runs as {}", status(pid, "Uid")?);
        }
    }
    Ok(())
}
