//! The one error of every newtype: what was given, and what would have been accepted.

/// Longest part of a refused value that is repeated in an error, in characters.
///
/// A client may send 64 KiB where a name belongs; the error must not carry it on into logs.
const SHOWN_CHARS_MAX: usize = 48;

/// A value that its type refuses.
///
/// The refused value is shortened and is always printed escaped, so that control characters never reach a
/// terminal or a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given} is not {expected}")]
pub struct Invalid {
    given: String,
    expected: String,
}

impl Invalid {
    /// Says that `value` is not `expected`; `expected` reads on from "is not …".
    #[must_use]
    pub fn new(value: &str, expected: impl Into<String>) -> Self {
        let shown: String = value.chars().take(SHOWN_CHARS_MAX).collect();
        let cut = if shown.len() < value.len() { "…" } else { "" };
        Self { given: format!("\"{}\"{cut}", shown.escape_debug()), expected: expected.into() }
    }

    /// Says that a number is not `expected`.
    #[must_use]
    pub fn number(value: impl Into<u64>, expected: impl Into<String>) -> Self {
        Self { given: value.into().to_string(), expected: expected.into() }
    }

    /// Says that a secret is not `expected`, without showing the secret.
    #[must_use]
    pub fn secret(expected: impl Into<String>) -> Self {
        Self { given: "the given secret".to_owned(), expected: expected.into() }
    }

    /// What would have been accepted, reading on from "is not …".
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_shortened_and_control_characters_are_escaped() {
        let text = Invalid::new(&format!("a\nb{}", "x".repeat(70_000)), "a name").to_string();
        assert!(text.len() < 200, "{text}");
        assert!(text.starts_with("\"a\\nbxxx"), "{text}");
        assert!(text.ends_with("…  is not a name".replace("  ", " ").as_str()), "{text}");
    }

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(Invalid::secret("1 to 80 characters").to_string(), "the given secret is not 1 to 80 characters");
    }
}
