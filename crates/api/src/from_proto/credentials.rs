//! Who a request claims to come from.

use std::fmt;

use novaroute_core::{invalid::Invalid, name::OwnerName};

use super::{BadFields, Fields, Refused, both};

/// Longest token in bytes.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// The secret that a request carries: 1 to 4096 bytes without control characters. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    fn new(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=TOKEN_BYTES_MAX).contains(&text.len());
        if fits && !text.chars().any(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::secret(format!("a token of 1 to {TOKEN_BYTES_MAX} bytes without control characters")))
    }

    /// The clear text, to compare in constant time.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The owner that a request names and the token it shows; not yet compared with anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The claimed owner; never a built-in one.
    pub owner: OwnerName,
    /// The shown token.
    pub token: Token,
}

/// Parses a request that has nothing but credentials.
///
/// # Errors
/// [`BadFields`] naming `owner` or `token`.
pub fn credentials(owner: &str, token: &str) -> Result<Credentials, BadFields> {
    let mut fields = Fields::default();
    let parsed = parse(&mut fields, owner, token);
    fields.finish(parsed)
}

pub(super) fn parse(fields: &mut Fields, owner: &str, token: &str) -> Result<Credentials, Refused> {
    let owner = fields.take("owner", owner.parse());
    let token = fields.take("token", Token::new(token));
    let (owner, token) = both(owner, token)?;
    Ok(Credentials { owner, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_prints() {
        assert!(!format!("{:?}", Token::new("t0psecret").unwrap()).contains("t0psecret"));
        assert!(!Token::new("t0psecret\n").unwrap_err().to_string().contains("t0psecret"));
    }

    #[test]
    fn empty_long_and_unprintable_tokens_are_refused() {
        for bad in ["", "a\0b", "a\nb", "a\u{7f}", &"x".repeat(TOKEN_BYTES_MAX + 1)] {
            assert!(Token::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nobody_may_claim_a_built_in_owner() {
        let mut fields = Fields::default();
        let parsed = parse(&mut fields, "_config", "");
        let bad = fields.finish(parsed).unwrap_err();
        let named: Vec<_> = bad.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(named, ["owner", "token"]);
    }
}
