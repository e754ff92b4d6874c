//! Tests wait for a condition with a deadline; they do not sleep and hope.

use super::finding::Finding;
use super::source::Source;

const WHY: &str =
    "a sleep is either too short on a busy machine or too long on every other; only a condition is right on both";
const FIX: &str = "poll for the condition with the lab's helper, or pause tokio's clock and advance it";
const STALE: &str = "an allow-list that names what is not there hides the next sleep";
const REMOVE: &str = "remove the entry from xtask/src/tidy/sleeps.rs";

/// Files of test support that may sleep, each with the reason.
const ALLOWED: &[(&str, &str)] = &[
    ("crates/lab/src/wait.rs", "the polling helper itself: the pause between two looks"),
    ("crates/lab/src/process.rs", "polls until a daemon answers or has ended, with a deadline"),
    (
        "crates/lab/src/traffic.rs",
        "the clock of a packet each millisecond: pausing until the next one is due is its work",
    ),
    ("crates/lab/src/procfs.rs", "polls until killed processes are gone, also while a lab is dropped"),
    ("crates/agent/src/owner/tests.rs", "the clock is paused: a sleep is how time passes"),
    ("crates/agent/tests/simulation/adoption.rs", "the clock is paused: a sleep is how simulated time passes"),
    ("crates/agent/tests/simulation/giving_up.rs", "the clock is paused: a sleep is how simulated time passes"),
    ("crates/agent/tests/simulation/node.rs", "the clock is paused: a sleep is how simulated time passes"),
    ("crates/agent/tests/simulation/obstructed.rs", "the clock is paused: a sleep is how simulated time passes"),
    ("crates/agent/tests/simulation/run.rs", "the clock is paused: a sleep is how simulated time passes"),
    ("crates/agent/tests/simulation/settled.rs", "the clock is paused: a sleep is how simulated time passes"),
    (
        "tests/benches/announce.rs",
        "polls the peer each millisecond, with a deadline: the lab's helper is too coarse to time with",
    ),
];

/// Folders whose code is test support throughout.
const TEST_SUPPORT: &[&str] = &["crates/lab/", "tests/"];

/// Sleeps in test code, comments aside.
pub(crate) fn check(file: &Source) -> Vec<Finding> {
    if file.is_rule() || is_allowed(&file.path) {
        return Vec::new();
    }
    let support = TEST_SUPPORT.iter().any(|folder| file.path.starts_with(folder));
    file.lines()
        .filter(|line| (line.test || support) && sleeps(line.text))
        .map(|line| Finding {
            file: file.path.clone(),
            line: line.number,
            what: "a test sleeps".into(),
            why: WHY,
            fix: FIX,
        })
        .collect()
}

/// Entries of the allow-list whose file is gone or no longer sleeps.
pub(crate) fn check_allow_list(files: &[Source]) -> Vec<Finding> {
    stale(ALLOWED, files)
}

fn stale(allowed: &[(&str, &str)], files: &[Source]) -> Vec<Finding> {
    let still_sleeps = |path: &str| {
        let mut found = files.iter().filter(|file| file.path == path);
        found.any(|file| file.text.lines().any(sleeps))
    };
    allowed
        .iter()
        .filter(|(path, _)| !still_sleeps(path))
        .map(|(path, _)| Finding {
            file: (*path).to_owned(),
            line: 1,
            what: "allowed to sleep, but does not".into(),
            why: STALE,
            fix: REMOVE,
        })
        .collect()
}

fn is_allowed(path: &str) -> bool {
    ALLOWED.iter().any(|(allowed, _)| *allowed == path)
}

/// A call of `sleep` or `sleep_until`, whatever path it is written with.
fn sleeps(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or(line);
    ["sleep(", "sleep_until("].iter().any(|call| {
        code.match_indices(call).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_in_a_test_is_found_by_line() {
        let file = Source::new("tests/tests/a.rs", "fn t() {\n    std::thread::sleep(D);\n}\n");
        assert_eq!(check(&file)[0].line, 2);
        let imported = Source::new("crates/agent/src/a/tests.rs", "    sleep(D).await;\n");
        assert_eq!(check(&imported).len(), 1);
        let lab = Source::new("crates/lab/src/daemon.rs", "tokio::time::sleep_until(t).await;\n");
        assert_eq!(check(&lab).len(), 1);
    }

    #[test]
    fn what_is_shipped_may_sleep() {
        let file = Source::new("crates/agent/src/a.rs", "tokio::time::sleep(backoff).await;\n");
        assert!(check(&file).is_empty());
    }

    #[test]
    fn comments_and_other_words_are_no_sleeps() {
        for line in ["// never sleep(1)", "fn does_not_sleep() {", "let x = oversleep(1);"] {
            assert!(!sleeps(line), "{line}");
        }
    }

    #[test]
    fn a_stale_entry_of_the_allow_list_is_found() {
        let files = [Source::new("a.rs", "sleep(D)"), Source::new("b.rs", "")];
        let allowed = [("a.rs", "r"), ("b.rs", "r"), ("gone.rs", "r")];
        let found: Vec<String> = stale(&allowed, &files).into_iter().map(|f| f.file).collect();
        assert_eq!(found, ["b.rs", "gone.rs"]);
    }
}
