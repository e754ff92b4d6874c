//! Nothing is left when a lab ends, in whatever way.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};
use novaroute_lab::{Daemon, FrrRelease, Lab, Router};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

async fn busy_router(lab: &Lab) -> Result<Router> {
    let router = lab.router("r1", FrrRelease::Distribution).await?;
    router.start(&[Daemon::Zebra, Daemon::Bgpd]).await?;
    Ok(router)
}

/// What must be gone.
struct Traces {
    namespace: PathBuf,
    dir: PathBuf,
    processes: Vec<u32>,
}

impl Traces {
    fn of(lab: &Lab, router: &Router) -> Result<Self> {
        let traces = Self {
            namespace: Path::new("/run/netns").join(router.namespace()),
            dir: lab.dir().to_owned(),
            processes: vec![router.pid(Daemon::Zebra)?, router.pid(Daemon::Bgpd)?],
        };
        assert!(traces.namespace.exists() && traces.dir.exists());
        Ok(traces)
    }

    fn assert_gone(&self) {
        assert!(!self.namespace.exists(), "{} is left", self.namespace.display());
        assert!(!self.dir.exists(), "{} is left", self.dir.display());
        for pid in &self.processes {
            assert!(!runs(*pid), "process {pid} is left");
        }
    }
}

/// Whether a process runs; one that waits to be reaped does not.
fn runs(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| !status.contains("State:\tZ"))
}

#[tokio::test]
async fn a_dropped_lab_leaves_nothing() -> Result<()> {
    let lab = Lab::new("dropped")?;
    let router = busy_router(&lab).await?;
    let mut traces = Traces::of(&lab, &router)?;
    let mut sleeper = router.command("sleep").arg("600").kill_on_drop(false).spawn()?;
    traces.processes.push(sleeper.id().context("sleep ended")?);
    drop(lab);
    traces.assert_gone();
    sleeper.wait().await?;
    let error = router.start(&[Daemon::Zebra]).await.unwrap_err().to_string();
    assert!(error.contains("zebra of r1"), "a router does not outlive its lab: {error}");
    Ok(())
}

#[tokio::test]
async fn a_panic_leaves_nothing() -> Result<()> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let test = tokio::spawn(async move {
        let lab = Lab::new("panics").unwrap();
        let router = busy_router(&lab).await.unwrap();
        assert!(sender.send(Traces::of(&lab, &router).unwrap()).is_ok());
        panic!("as a failed assertion would");
    });
    let traces = receiver.await?;
    assert!(test.await.unwrap_err().is_panic());
    traces.assert_gone();
    Ok(())
}

#[tokio::test]
async fn labs_of_one_process_do_not_meet() -> Result<()> {
    let (one, two) = (Lab::new("same")?, Lab::new("same")?);
    let (a, b) = tokio::try_join!(busy_router(&one), busy_router(&two))?;
    assert_ne!(a.namespace(), b.namespace());
    drop(one);
    assert!(runs(b.pid(Daemon::Bgpd)?), "the other lab runs on");
    Ok(())
}

#[tokio::test]
async fn clean_removes_the_labs_of_dead_processes_only() -> Result<()> {
    let own = Lab::new("living")?;
    let own_router = busy_router(&own).await?;
    let dead = lab_of_a_killed_process().await?;
    assert!(dead.namespace.exists() && dead.dir.exists(), "nothing could clean up");
    let output = program().arg("clean").output().await?;
    assert!(output.status.success(), "{output:?}");
    dead.assert_gone();
    own_router.vty(Daemon::Bgpd, "show version").await?;
    Ok(())
}

#[tokio::test]
async fn up_ends_its_lab_on_ctrl_c() -> Result<()> {
    let (mut child, traces) = up().await?;
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    kill_process(pid.context("up has ended")?, Signal::INT)?;
    assert!(child.wait().await?.success());
    traces.assert_gone();
    Ok(())
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_novaroute-lab"));
    command.kill_on_drop(true);
    command
}

/// Runs `novaroute-lab up` until its lab is there.
async fn up() -> Result<(Child, Traces)> {
    let mut child = program().args(["up", "distribution"]).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let mut read = async |key: &str| -> Result<String> {
        let line = lines.next_line().await?.context("up has ended")?;
        let (found, value) = line.split_once(": ").context("no 'key: value'")?;
        assert_eq!(found, key);
        Ok(value.to_owned())
    };
    let dir = PathBuf::from(read("folder").await?);
    let namespace = Path::new("/run/netns").join(read("node").await?);
    read("tor1").await?;
    let pid = tokio::fs::read_to_string(dir.join("node/run/bgpd.pid")).await?.trim().parse()?;
    Ok((child, Traces { namespace, dir, processes: vec![pid] }))
}

async fn lab_of_a_killed_process() -> Result<Traces> {
    let (mut child, traces) = up().await?;
    child.kill().await?;
    Ok(traces)
}
