//! What `/proc` says about processes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How often the end of killed processes is looked for.
const POLL: Duration = Duration::from_millis(5);

/// State letter and start time (clock ticks since boot) of a process, if it exists.
fn stat(pid: u32) -> Option<(char, u64)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// See proc(5): the command name, in parentheses, may hold anything, so fields count from its end.
fn parse_stat(text: &str) -> Option<(char, u64)> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// Whether the process runs. One that has ended but is not yet reaped counts as dead: init may take
/// seconds to reap an orphan.
pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

/// Start time of a living process: with the id it names a process for good, as ids are used again.
pub(crate) fn start_time(pid: u32) -> Option<u64> {
    stat(pid).filter(|(state, _)| !matches!(state, 'Z' | 'X')).map(|(_, started)| started)
}

/// Living processes whose network namespace is the one pinned at `namespace`; never this process.
pub(crate) fn processes_in(namespace: &Path) -> Vec<u32> {
    let Ok(wanted) = fs::metadata(namespace) else { return Vec::new() };
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != std::process::id())
        .filter(|pid| {
            fs::metadata(format!("/proc/{pid}/ns/net"))
                .is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()))
        })
        .filter(|pid| is_alive(*pid))
        .collect()
}

/// Sends a signal; a process that is gone is not an error.
pub(crate) fn signal(pid: u32, signal: Signal) -> std::io::Result<()> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Kills every process in the namespace and waits until they are dead, at most `timeout`.
/// Returns how many were killed.
pub(crate) fn kill_all_in(namespace: &Path, timeout: Duration) -> usize {
    let deadline = Instant::now() + timeout;
    let mut killed = std::collections::BTreeSet::new();
    loop {
        let running = processes_in(namespace);
        if running.is_empty() || Instant::now() > deadline {
            return killed.len();
        }
        for pid in running {
            if signal(pid, Signal::KILL).is_ok() {
                killed.insert(pid);
            }
        }
        sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_state_and_start_time_behind_a_hostile_name() {
        let text = "42 (a) b) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 100 200";
        assert_eq!(parse_stat(text), Some(('S', 987_654)));
        assert_eq!(parse_stat("42 (x"), None);
    }

    #[test]
    fn a_zombie_counts_as_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        while is_alive(child.id()) {
            assert!(Instant::now() < deadline, "`true` did not end");
            std::thread::yield_now();
        }
        assert!(stat(child.id()).is_some(), "not reaped yet, so still listed");
        assert_eq!(start_time(child.id()), None);
        child.wait().unwrap();
    }

    #[test]
    fn this_process_is_alive() {
        assert!(is_alive(std::process::id()));
        assert!(start_time(std::process::id()).is_some());
    }
}
