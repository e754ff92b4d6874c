//! `novaroute-operator token`: the token that the agent and the companion of a pod have in common.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::rand::{GetRandomFlags, getrandom};
use tempfile::NamedTempFile;

/// Bytes of a token; it is written in hexadecimal.
const BYTES: usize = 32;
/// Nobody changes it, and nobody else reads it: the companion is of the agent's group.
const MODE: u32 = 0o440;

/// Writes a new token into a file, unless there is one: the containers that have read it would not know the new one.
///
/// # Errors
/// The file cannot be written, or the kernel has no random bytes.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|known| known.len() > 0) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // There is a whole one or none, whenever this ends.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(random()?.as_bytes())?;
    file.as_file().set_permissions(Permissions::from_mode(MODE))?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn random() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    let filled = getrandom(&mut bytes, GetRandomFlags::empty())?;
    if filled < BYTES {
        return Err(io::Error::other("the kernel gave too few random bytes"));
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
