//! podman on a node of the lab.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use novaroute_lab::Router;
use rustix::process::{Resource, getrlimit};

use crate::images::Images;

/// A container that is done before the others start stays. podman would remove it, at times before it has seen it end.
const INIT: (&str, &str) = ("io.podman.annotations.init.container.type", "always");
/// What unshare ends with where it does not find the program.
const NOT_FOUND: i32 = 127;

/// Where podman and buildah keep things: in a folder, and not where those of the machine do.
#[derive(Debug)]
pub(crate) struct Settings {
    folder: PathBuf,
    /// Images, and the files of containers.
    pub(crate) store: PathBuf,
}

impl Settings {
    /// Makes the folder and writes the files with the settings; `images` is a store whose images are there too.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) fn write(folder: &Path, images: Option<&Path>) -> Result<Self> {
        let settings = Self { folder: folder.to_owned(), store: folder.join("store") };
        fs::create_dir_all(folder.join("tmp"))?;
        // No driver but vfs works everywhere, also where root's own files are a layer of a container.
        let mut storage = format!("[storage]\ndriver = \"vfs\"\ngraphroot = {:?}\n", settings.store);
        storage += &format!("runroot = {:?}\n", folder.join("run"));
        if let Some(images) = images {
            storage += &format!("[storage.options]\nadditionalimagestores = [{images:?}]\n");
        }
        fs::write(settings.storage(), storage)?;
        // runc, and no systemd: this works with cgroups of both versions, in containers too. Locks are files because the
        // default is one piece of memory for all of the machine.
        let engine = format!(
            "[containers]\ndefault_ulimits = {:?}\n[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\n\
             events_logger = \"none\"\nlock_type = \"file\"\ntmp_dir = {:?}\n[network]\nnetwork_config_dir = {:?}\n",
            limits()?,
            folder.join("libpod"),
            folder.join("networks"),
        );
        fs::write(settings.engine(), engine)?;
        Ok(settings)
    }

    /// The variables by which the programs find the settings.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("CONTAINERS_STORAGE_CONF", self.storage()), ("CONTAINERS_CONF", self.engine())]
    }

    fn storage(&self) -> PathBuf {
        self.folder.join("storage.conf")
    }

    fn engine(&self) -> PathBuf {
        self.folder.join("containers.conf")
    }
}

/// A container's limits: what this process may have, and no more processes than podman leaves itself. By itself podman asks
/// for more, which takes CAP_SYS_RESOURCE.
fn limits() -> Result<[String; 2]> {
    let most = |resource| getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let processes: u64 = fs::read_to_string("/proc/sys/kernel/pid_max")?.trim().parse()?;
    let limits = [("nofile", most(Resource::Nofile)), ("nproc", most(Resource::Nproc).min(processes))];
    Ok(limits.map(|(name, most)| format!("{name}={most}:{most}")))
}

/// A podman whose containers are in the network of a node.
#[derive(Debug)]
pub(crate) struct Podman {
    router: Router,
    settings: Settings,
}

impl Podman {
    /// Makes its folder in that of the router.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn on(router: &Router, images: &Images) -> Result<Self> {
        let settings = Settings::write(&router.dir().join("containers"), Some(&images.store))?;
        Ok(Self { router: router.clone(), settings })
    }

    /// Starts a pod.
    ///
    /// # Errors
    /// What podman says.
    pub(crate) async fn play(&self, mut pod: Pod) -> Result<()> {
        pod.metadata.annotations.get_or_insert_default().insert(INIT.0.to_owned(), INIT.1.to_owned());
        let file = self.settings.folder.join("pod.json");
        fs::write(&file, serde_json::to_string_pretty(&pod)?)?;
        self.run(&["kube", "play", &file.to_string_lossy()]).await.map(drop)
    }

    /// Ends a pod as the kubelet does, and removes it: its processes have as long as the pod says. (`podman kube down` of
    /// podman 4.3 kills them at once.)
    ///
    /// # Errors
    /// What podman says.
    pub(crate) async fn end(&self, pod: &str, grace_s: i64) -> Result<()> {
        self.run(&["pod", "stop", "--time", &grace_s.to_string(), pod]).await?;
        self.run(&["pod", "rm", pod]).await.map(drop)
    }

    /// Runs podman with these arguments; what it printed.
    ///
    /// # Errors
    /// It is not installed, or it ended with another code than 0: with what it said.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<String> {
        let Output { status, stdout, stderr } = self.output(arguments).await?;
        let (printed, said) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        ensure!(status.success(), "podman {} ended with {status}:\n{printed}{said}", arguments.join(" "));
        Ok(printed.into_owned())
    }

    async fn output(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.command(arguments);
        // Not by `ip netns exec`, which hides the cgroups.
        let output = self.router.in_namespace(move || command.output()).await?.context("cannot run unshare")?;
        ensure!(output.status.code() != Some(NOT_FOUND), "podman is not installed: run `make setup`");
        Ok(output)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // What it mounts is not seen from elsewhere, and goes with the processes that it starts: nothing stands in the way
        // of removing the folder.
        let mut command = Command::new("unshare");
        command.args(["--mount", "podman"]).args(arguments).envs(self.settings.environment());
        // An image whose name is a folder's here would be built from that.
        command.current_dir(&self.settings.folder).env("TMPDIR", self.settings.folder.join("tmp"));
        command
    }

    /// The process id of a container's first process.
    ///
    /// # Errors
    /// It does not run.
    pub(crate) async fn pid(&self, container: &str) -> Result<u32> {
        let pid = self.run(&["container", "inspect", "--format", "{{.State.Pid}}", container]).await?;
        let pid = pid.trim().parse()?;
        ensure!(pid != 0, "{container} does not run:\n{}", self.log(container).await);
        Ok(pid)
    }

    /// What a container has printed.
    pub(crate) async fn log(&self, container: &str) -> String {
        match self.output(&["logs", container]).await {
            Ok(Output { stdout, stderr, .. }) => String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned(),
            Err(error) => format!("(no log: {error:#})"),
        }
    }
}

impl Drop for Podman {
    /// What is left of containers outside the folder, such as their cgroups, is podman's to remove. The rest goes with the lab.
    fn drop(&mut self) {
        match self.command(&["pod", "rm", "--all", "--force", "--time", "0"]).output() {
            Ok(output) if output.status.success() => {}
            other => eprintln!("pods are left on {}: {other:?}", self.router.name()),
        }
    }
}
