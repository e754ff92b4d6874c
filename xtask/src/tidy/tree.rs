//! Reads the tree: the files that git tracks, and new ones that it does not ignore.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::source::Source;

/// Every file of the tree. One that is not UTF-8, such as a picture, has no text that could be checked.
///
/// # Errors
/// When `root` is no git checkout, or a listed file cannot be read.
pub(crate) fn read(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in list(root)? {
        let file = root.join(&path);
        // A tracked file may be deleted in the work tree, and a link may point anywhere.
        if !file.symlink_metadata().is_ok_and(|found| found.is_file()) {
            continue;
        }
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {path}"))?;
        sources.push(Source { path, text: String::from_utf8(bytes).unwrap_or_default() });
    }
    Ok(sources)
}

fn list(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        // CI may check out as one user and run as another; git refuses that unless told.
        .args(["-c", "safe.directory=*"])
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("cannot run git, which tidy asks for the files of the tree")?;
    ensure!(
        output.status.success(),
        "git ls-files failed in {}; tidy works in a git checkout only: {}",
        root.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    Ok(text.split_terminator('\0').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_this_file_and_nothing_that_the_build_made() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let files = read(root).unwrap();
        assert!(files.iter().any(|file| file.path == "xtask/src/tidy/tree.rs"));
        assert!(files.iter().all(|file| !file.path.starts_with("target/")));
    }
}
