//! Removing what labs leave on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::ip::NAMESPACE_DIR;
use crate::lab::{DIR_PREFIX, OWNER_FILE, PARENT_DIR, lab_id};
use crate::procfs;
use crate::requirements::{check_basics, succeed};

/// Longest wait for killed processes of one namespace to end.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// What [`clean`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Folders of labs.
    pub labs: usize,
    /// Network namespaces.
    pub namespaces: usize,
    /// Processes that ran in them.
    pub processes: usize,
}

/// Removes the labs of processes that are dead: their processes, namespaces and folders. Labs of
/// living processes stay as they are.
///
/// # Errors
/// Without root, or when something cannot be removed.
pub fn clean() -> Result<Leftovers> {
    check_basics()?;
    let mut removed = Leftovers::default();
    for namespace in namespaces()? {
        let Some((pid, number)) = parse_namespace(&namespace) else { continue };
        if owner_is_alive(&lab_dir(pid, number), pid) {
            continue;
        }
        removed.processes += procfs::kill_all_in(&Path::new(NAMESPACE_DIR).join(&namespace), KILL_TIMEOUT);
        remove_namespace(&namespace)?;
        removed.namespaces += 1;
    }
    // The folder goes last: it is what keeps the lab's id from being used again.
    for (dir, pid) in lab_dirs()? {
        if !owner_is_alive(&dir, pid) {
            remove_dir(&dir)?;
            removed.labs += 1;
        }
    }
    Ok(removed)
}

/// Removes a namespace; one that is not there is fine.
pub(crate) fn remove_namespace(name: &str) -> Result<()> {
    let path = Path::new(NAMESPACE_DIR).join(name);
    if !path.exists() {
        return Ok(());
    }
    // Another clean-up may have been quicker.
    succeed("ip", &["netns", "delete", name]).or_else(|error| if path.exists() { Err(error) } else { Ok(()) })
}

/// Removes a lab's folder; one that is not there is fine.
pub(crate) fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

fn lab_dir(pid: u32, number: u32) -> PathBuf {
    Path::new(PARENT_DIR).join(format!("{DIR_PREFIX}{pid}-{number}"))
}

/// Whether the process that made the lab still runs. The folder holds that process's start time; a
/// lab that is just being made has no such file yet, so then a living process with that id counts.
fn owner_is_alive(dir: &Path, pid: u32) -> bool {
    let Some(running) = procfs::start_time(pid) else { return false };
    let recorded = fs::read_to_string(dir.join(OWNER_FILE))
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    recorded.is_none_or(|recorded| recorded == running)
}

fn namespaces() -> Result<Vec<String>> {
    names_in(Path::new(NAMESPACE_DIR))
}

fn lab_dirs() -> Result<Vec<(PathBuf, u32)>> {
    Ok(names_in(Path::new(PARENT_DIR))?
        .iter()
        .filter_map(|name| {
            let (pid, number) = parse_numbers(name.strip_prefix(DIR_PREFIX)?)?;
            Some((lab_dir(pid, number), pid))
        })
        .collect())
}

fn names_in(dir: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", dir.display()))?,
    };
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
}

/// Process id and lab number in a namespace's name, such as `nr1234-1-tor1`.
fn parse_namespace(name: &str) -> Option<(u32, u32)> {
    let mut parts = name.strip_prefix("nr")?.splitn(3, '-');
    let (pid, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let router = parts.next()?;
    (format!("{}-{router}", lab_id(pid, number)) == name).then_some((pid, number))
}

/// Process id and lab number in `1234-1`.
fn parse_numbers(text: &str) -> Option<(u32, u32)> {
    let (pid, number) = text.split_once('-')?;
    Some((pid.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_only_its_own_names() {
        assert_eq!(parse_namespace("nr1234-1-tor1"), Some((1234, 1)));
        assert_eq!(parse_namespace("nr1234-12-leaf-1"), Some((1234, 12)));
        for other in ["nr-tor1", "nr12-tor1", "nrx-1-tor1", "lab-r1", "nr1-1", "nr01-1-a", "nr+1-1-a"] {
            assert_eq!(parse_namespace(other), None, "{other}");
        }
        assert_eq!(parse_numbers("1234-1"), Some((1234, 1)));
        assert_eq!(parse_numbers("1234"), None);
    }

    #[test]
    fn a_reused_process_id_does_not_keep_a_lab_alive() {
        let dir = tempfile::tempdir().unwrap();
        let pid = std::process::id();
        assert!(owner_is_alive(dir.path(), pid), "no owner file yet");
        let started = procfs::start_time(pid).unwrap();
        fs::write(dir.path().join(OWNER_FILE), format!("{pid} {started} x\n")).unwrap();
        assert!(owner_is_alive(dir.path(), pid));
        fs::write(dir.path().join(OWNER_FILE), format!("{pid} {} x\n", started + 1)).unwrap();
        assert!(!owner_is_alive(dir.path(), pid));
    }
}
