//! Words that must not stand in the tree.

use super::finding::Finding;
use super::source::Source;

/// A text that must not occur in files whose name ends with one of `endings` (none given: in no file).
struct Ban {
    needle: &'static str,
    endings: &'static [&'static str],
    why: &'static str,
    fix: &'static str,
}

const RUST: &[&str] = &[".rs"];
const MACHINE: &str = "the tree must mean the same on every machine";
const RELATIVE: &str = "write a path from the root of the repository, or take it from the environment";

const BANS: &[Ban] = &[
    Ban {
        needle: "#[ignore",
        endings: RUST,
        why: "a test that nobody runs proves nothing and rots",
        fix: "mend it or delete it; what the machine lacks is a failure that says so",
    },
    Ban {
        needle: "todo!(",
        endings: RUST,
        why: "what lands is finished",
        fix: "write it, or leave the function out until it is needed",
    },
    Ban {
        needle: "unimplemented!(",
        endings: RUST,
        why: "what lands is finished",
        fix: "write it, or leave the function out until it is needed",
    },
    // Written in two parts, so that a plain search of the tree finds only real offenders.
    Ban { needle: concat!("/wo", "rk/"), endings: &[], why: MACHINE, fix: RELATIVE },
    Ban { needle: concat!("../sha", "red"), endings: &[], why: MACHINE, fix: RELATIVE },
    Ban { needle: concat!("/tmp", "/nr"), endings: &[], why: MACHINE, fix: RELATIVE },
    Ban { needle: concat!("/ho", "me/"), endings: &[], why: MACHINE, fix: RELATIVE },
];

/// Words that promise work; allowed only with a reason in parentheses right behind.
const PROMISES: &[&str] = &["TODO", "FIXME"];
const PROMISE_WHY: &str = "a promise without a reason is forgotten";
const PROMISE_FIX: &str = "do it now, delete it, or say why it waits: TODO(reason)";

/// Banned texts and bare promises, one finding per line and word.
pub(crate) fn check(file: &Source) -> Vec<Finding> {
    if file.is_rule() {
        return Vec::new();
    }
    let bans: Vec<&Ban> = BANS.iter().filter(|ban| applies(ban, &file.path)).collect();
    let mut findings = Vec::new();
    for line in file.lines() {
        let mut push = |what, why, fix| {
            findings.push(Finding { file: file.path.clone(), line: line.number, what, why, fix });
        };
        for ban in bans.iter().filter(|ban| line.text.contains(ban.needle)) {
            push(format!("`{}`", ban.needle), ban.why, ban.fix);
        }
        for word in PROMISES.iter().filter(|word| is_bare(line.text, word)) {
            push(format!("{word} without a reason"), PROMISE_WHY, PROMISE_FIX);
        }
    }
    findings
}

fn applies(ban: &Ban, path: &str) -> bool {
    ban.endings.is_empty() || ban.endings.iter().any(|ending| path.ends_with(ending))
}

/// Whether `word` stands in `line` as a word of its own without `(reason)` behind it.
fn is_bare(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + word.len()..];
        let is_word = !before.is_some_and(char::is_alphanumeric) && !after.starts_with(|c: char| c.is_alphanumeric());
        let reason = after.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        is_word && reason.is_none_or(|(reason, _)| reason.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let findings = check(&Source::new(path, text));
        findings.into_iter().map(|f| (f.line, f.what)).collect()
    }

    #[test]
    fn every_ban_bites() {
        for ban in BANS {
            let text = format!("fine\n  {} x\n", ban.needle);
            assert_eq!(found("src/a.rs", &text), [(2, format!("`{}`", ban.needle))]);
        }
    }

    #[test]
    fn an_ignored_test_with_a_reason_is_still_ignored() {
        assert_eq!(found("src/a.rs", "#[ignore = \"slow\"]").len(), 1);
    }

    #[test]
    fn macros_are_banned_in_rust_only_and_paths_everywhere() {
        assert!(found("README.md", "never `todo!()`").is_empty());
        assert_eq!(found("README.md", concat!("see /wo", "rk/x")).len(), 1);
    }

    #[test]
    fn a_promise_needs_a_reason() {
        assert_eq!(found("a.sh", "# TODO: later").len(), 1);
        assert_eq!(found("a.sh", "# FIXME").len(), 1);
        assert_eq!(found("a.sh", "# TODO( )").len(), 1);
        assert!(found("a.sh", "# TODO(needs FRR 10.4)").is_empty());
        assert!(found("a.sh", "MASTODON TODOS").is_empty());
    }

    #[test]
    fn the_rules_may_spell_their_words() {
        assert!(found("xtask/src/tidy/words.rs", "#[ignore]").is_empty());
    }
}
