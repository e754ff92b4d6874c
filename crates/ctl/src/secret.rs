//! Tokens and passwords.

use std::{fmt, fs::File, io::Read as _, path::Path, str::FromStr};

/// Most bytes that a file with a secret may have.
const FILE_BYTES_MAX: u64 = 4096;

/// A token or a password: never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// The one way to get at it: for a request.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Reads a secret that stands alone in a file; the line break at its end is
    /// not part of it.
    ///
    /// # Errors
    /// The file cannot be read, is longer than 4096 bytes, is not UTF-8, or is
    /// empty. The text names the file and never what is in it.
    pub(crate) fn from_file(path: &Path) -> Result<Self, String> {
        let fail = |why: &dyn fmt::Display| format!("cannot read the secret in {}: {why}", path.display());
        let file = File::open(path).map_err(|error| fail(&error))?;
        let mut text = String::new();
        file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| fail(&error))?;
        if text.len() as u64 > FILE_BYTES_MAX {
            return Err(fail(&format_args!("it is longer than {FILE_BYTES_MAX} bytes; is it the right file?")));
        }
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        if secret.is_empty() {
            return Err(fail(&"it is empty; write the secret into it"));
        }
        Ok(Self(secret.to_owned()))
    }
}

/// From a file that has been parsed: an empty one is the agent's to refuse.
impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("it is empty") } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<Secret, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, content).unwrap();
        Secret::from_file(&path).map_err(|text| text.replace(&path.display().to_string(), "FILE"))
    }

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_secret() {
        for content in ["s3 cret", "s3 cret\n", "s3 cret\r\n"] {
            assert_eq!(read(content.as_bytes()).unwrap().reveal(), "s3 cret");
        }
        assert_eq!(read(b"a\n\n").unwrap().reveal(), "a\n");
    }

    #[test]
    fn a_file_without_a_secret_is_refused_without_showing_it() {
        assert_eq!(read(b"\n").unwrap_err(), "cannot read the secret in FILE: it is empty; write the secret into it");
        let long = read(&[b'x'; 5000]).unwrap_err();
        assert!(long.contains("longer than 4096 bytes") && !long.contains("xx"), "{long}");
        assert!(read(b"\xff").unwrap_err().starts_with("cannot read the secret in FILE: "));
    }

    #[test]
    fn debug_does_not_print_it() {
        let secret: Secret = "s3cret".parse().unwrap();
        assert_eq!(format!("{secret:?}"), "***");
    }
}
