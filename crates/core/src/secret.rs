//! Secrets: a type that does not print.

use crate::invalid::Invalid;

/// Longest TCP MD5 password that FRR and the kernel take, in characters (Linux `TCP_MD5SIG_MAXKEYLEN`).
pub const PASSWORD_CHARS_MAX: usize = 80;

/// A TCP MD5 password (RFC 2385): 1 to 80 printable ASCII characters without space and `|`.
///
/// Neither `Debug` nor `Display` shows it; [`Password::reveal`] is the only way to the text, so that every
/// place that handles the clear text can be found by that word.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Password(String);

impl Password {
    /// Accepts a password that FRR stores as it is: one word, and no `|`, which FRR takes for an output filter.
    ///
    /// # Errors
    /// [`Invalid`] (without the text) when the length or a character is refused.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=PASSWORD_CHARS_MAX).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_graphic() && b != b'|') {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::secret(format!(
            "a password of 1 to {PASSWORD_CHARS_MAX} printable ASCII characters without space and '|'"
        )))
    }

    /// The clear text, for the one line of FRR's configuration that needs it and for the journal.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_characters_are_closed() {
        assert!(Password::new(&"x".repeat(80)).is_ok());
        for bad in ["", "a b", "a|b", "a\nb", "ä", "tab\t", &"x".repeat(81)] {
            assert!(Password::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn it_does_not_print() {
        let password = Password::new("hunter2").unwrap();
        assert!(!format!("{password:?}").contains("hunter2"));
        assert!(!Password::new("hunter 2").unwrap_err().to_string().contains("hunter"));
    }
}
