//! What every crate's manifest, every pure crate's root and every clippy.toml must say.

use super::finding::Finding;
use super::source::Source;

/// Crates without input or output: everything in them is a function over plain data.
const PURE: &[&str] = &["crates/core", "crates/frr"];

/// Checks the manifests and the pure crates.
pub(crate) fn check(files: &[Source]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = files.iter().filter_map(inherits_lints).collect();
    for folder in PURE {
        findings.extend(documents_everything(folder, files));
        findings.extend(repeats_clippy_settings(folder, files));
    }
    findings
}

/// A crate's manifest takes the workspace's lints.
fn inherits_lints(manifest: &Source) -> Option<Finding> {
    let is_crate = manifest.name() == "Cargo.toml" && manifest.text.contains("[package]");
    let mut section = "";
    let mut inherits = false;
    for line in manifest.text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        inherits |= section == "[lints]" && line.replace(' ', "") == "workspace=true";
    }
    (is_crate && !inherits).then(|| Finding {
        file: manifest.path.clone(),
        line: 1,
        what: "the crate does not take the workspace's lints".into(),
        why: "without them unsafe code and unwrap are allowed again",
        fix: "add a section [lints] with `workspace = true`",
    })
}

/// A pure crate warns about undocumented public items.
fn documents_everything(folder: &str, files: &[Source]) -> Option<Finding> {
    let path = format!("{folder}/src/lib.rs");
    let warns = find(files, &path).is_some_and(|lib| {
        let mut lines = lib.text.lines().map(str::trim);
        lines.any(|line| matches!(line, "#![warn(missing_docs)]" | "#![deny(missing_docs)]"))
    });
    (!warns).then_some(Finding {
        file: path,
        line: 1,
        what: "missing_docs is not switched on".into(),
        why: "the pure crates are what the rest is read against",
        fix: "add #![warn(missing_docs)] below the crate's documentation",
    })
}

/// Clippy reads the nearest clippy.toml only, so a crate's own must repeat the root's lines.
fn repeats_clippy_settings(folder: &str, files: &[Source]) -> Vec<Finding> {
    let path = format!("{folder}/clippy.toml");
    let own = find(files, &path).map_or("", |file| file.text.as_str());
    let root = find(files, "clippy.toml").map_or("", |file| file.text.as_str());
    let is_setting = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let wanted = root.lines().filter(is_setting).chain(["disallowed-types = [", "disallowed-methods = ["]);
    wanted
        .filter(|setting| !own.lines().any(|line| line == *setting))
        .map(|setting| Finding {
            file: path.clone(),
            line: 1,
            what: format!("`{setting}` is missing"),
            why: "clippy reads the nearest clippy.toml only: the root's settings do not reach this crate, and its bans stand here alone",
            fix: "write the line in the crate's clippy.toml",
        })
        .collect()
}

fn find<'a>(files: &'a [Source], path: &str) -> Option<&'a Source> {
    files.iter().find(|file| file.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_without_the_lints_is_found() {
        let lints = |text| inherits_lints(&Source::new("crates/a/Cargo.toml", text)).is_some();
        assert!(lints("[package]\nname = \"a\"\n"));
        assert!(lints("[package]\n[lints]\n[dependencies]\nworkspace = true\n"));
        assert!(lints("[package]\n[lints]\nworkspace = false\n"));
        assert!(!lints("[package]\n\n[lints]\nworkspace = true\n"));
        assert!(!lints("[workspace]\nmembers = []\n"));
    }

    #[test]
    fn a_pure_crate_must_warn_about_missing_docs() {
        let lib = |text| [Source::new("crates/core/src/lib.rs", text)];
        let bare = lib("//! Domain.\n// #![warn(missing_docs)]\n");
        assert!(documents_everything("crates/core", &bare).is_some());
        assert!(documents_everything("crates/core", &[]).is_some());
        let full = lib("//! Domain.\n\n#![warn(missing_docs)]\n");
        assert!(documents_everything("crates/core", &full).is_none());
    }

    #[test]
    fn a_clippy_file_of_its_own_must_repeat_the_roots() {
        let root = Source::new("clippy.toml", "# why\nallow-unwrap-in-tests = true\n");
        let bans = "disallowed-types = [\n]\ndisallowed-methods = [\n]\n";
        let own = |text: String| [root.clone(), Source::new("crates/frr/clippy.toml", &text)];
        let without = repeats_clippy_settings("crates/frr", &own(bans.into()));
        assert_eq!(without[0].what, "`allow-unwrap-in-tests = true` is missing");
        let with = own(format!("allow-unwrap-in-tests = true\n{bans}"));
        assert!(repeats_clippy_settings("crates/frr", &with).is_empty());
        assert_eq!(repeats_clippy_settings("crates/frr", &[root]).len(), 3);
    }
}
