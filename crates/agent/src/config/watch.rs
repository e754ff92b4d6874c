//! Notices that a file of the configuration was changed or replaced.
//!
//! By looking, not by being told: a mounted ConfigMap or Secret is replaced by turning a symbolic link of its folder,
//! which no watch of the file itself sees.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

/// How often the files are looked at. To look is one `stat` per file.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// What tells one content of a file from the next, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Watches files.
#[derive(Debug)]
pub struct Watch {
    seen: BTreeMap<PathBuf, Option<Fingerprint>>,
}

impl Watch {
    /// Watches `files` from what they are now. Call it *before* the files are read, so that no change falls between.
    pub async fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut seen = BTreeMap::new();
        for file in files {
            let fingerprint = fingerprint(&file).await;
            seen.insert(file, fingerprint);
        }
        Self { seen }
    }

    /// Watches `files` from now on; what is watched already keeps what was seen of it.
    pub async fn set_files(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let mut seen = BTreeMap::new();
        for file in files {
            let fingerprint = match self.seen.remove(&file) {
                Some(fingerprint) => fingerprint,
                None => fingerprint(&file).await,
            };
            seen.insert(file, fingerprint);
        }
        self.seen = seen;
    }

    /// Waits until a file changes, appears or goes; looks every [`INTERVAL`]. Nothing is lost when it is cancelled.
    pub async fn changed(&mut self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if self.look().await {
                return;
            }
        }
    }

    /// Whether a file is not what it was when it was last looked at.
    async fn look(&mut self) -> bool {
        let mut changed = false;
        for (file, seen) in &mut self.seen {
            let now = fingerprint(file).await;
            changed |= *seen != now;
            *seen = now;
        }
        changed
    }
}

/// `None` when there is no such file now.
async fn fingerprint(file: &PathBuf) -> Option<Fingerprint> {
    let metadata = tokio::fs::metadata(file).await.ok()?;
    Some(Fingerprint {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_rewritten_replaced_removed_or_made_has_changed_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        fs::write(&file, "a").unwrap();
        let mut watch = Watch::new([file.clone()]).await;
        assert!(!watch.look().await);
        let steps: [&dyn Fn(); 4] = [
            &|| fs::write(&file, "longer").unwrap(),
            &|| {
                fs::write(folder.path().join("new"), "other!").unwrap();
                fs::rename(folder.path().join("new"), &file).unwrap();
            },
            &|| fs::remove_file(&file).unwrap(),
            &|| fs::write(&file, "back").unwrap(),
        ];
        for (number, step) in steps.iter().enumerate() {
            step();
            assert!(watch.look().await, "step {number}");
            assert!(!watch.look().await, "step {number}");
        }
    }

    #[tokio::test]
    async fn a_mounted_config_map_changes_by_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for version in ["..1", "..2"] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("config.json"), "same size").unwrap();
        }
        symlink("..1", path("..data")).unwrap();
        symlink("..data/config.json", path("config.json")).unwrap();
        let mut watch = Watch::new([path("config.json")]).await;
        symlink("..2", path("..data_tmp")).unwrap();
        fs::rename(path("..data_tmp"), path("..data")).unwrap();
        assert!(watch.look().await);
    }

    #[tokio::test]
    async fn a_change_while_the_list_is_replaced_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, added) = (folder.path().join("kept"), folder.path().join("added"));
        fs::write(&kept, "a").unwrap();
        let mut watch = Watch::new([kept.clone()]).await;
        fs::write(&kept, "changed").unwrap();
        watch.set_files([kept, added.clone()]).await;
        assert!(watch.look().await);
        fs::write(&added, "new").unwrap();
        assert!(watch.look().await);
    }
}
