//! Names and free text with closed character sets.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayString;

use crate::invalid::Invalid;

/// Longest interface name in bytes (Linux `IFNAMSIZ` less the terminating NUL).
pub const INTERFACE_NAME_BYTES_MAX: usize = 15;
/// Longest owner name in bytes.
pub const OWNER_NAME_BYTES_MAX: usize = 63;
/// Longest name of a process in bytes; that of a pod fits.
pub const INSTANCE_NAME_BYTES_MAX: usize = 253;
/// Longest name of a session in bytes.
pub const SESSION_ID_BYTES_MAX: usize = 64;
/// Longest description in bytes; keeps the rendered line far below FRR's line buffer (4096 bytes in FRR 8).
pub const DESCRIPTION_BYTES_MAX: usize = 255;
/// Longest shutdown message in bytes, of RFC 9003 and of FRR.
pub const SHUTDOWN_MESSAGE_BYTES_MAX: usize = 255;

/// The owner of everything that the configuration file declares.
pub const CONFIG_OWNER: &str = "_config";

macro_rules! text_newtype {
    ($name:ident) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

/// A Linux network interface: 1 to 15 of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName(ArrayString<INTERFACE_NAME_BYTES_MAX>);
text_newtype!(InterfaceName);

impl FromStr for InterfaceName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = ArrayString::from(text).ok().filter(|name| is_word(name, INTERFACE_NAME_BYTES_MAX));
        name.map(Self).ok_or_else(|| {
            Invalid::new(
                text,
                format!(
                    "an interface name: 1 to {INTERFACE_NAME_BYTES_MAX} of A-Z a-z 0-9 _ . -, a letter or digit first"
                ),
            )
        })
    }
}

/// A client of the agent: 1 to 63 of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit.
///
/// Names that begin with `_` belong to the agent itself; only [`OwnerName::config`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerName(String);
text_newtype!(OwnerName);

impl OwnerName {
    /// The built-in owner of what the configuration file declares.
    #[must_use]
    pub fn config() -> Self {
        Self(CONFIG_OWNER.to_owned())
    }

    /// Whether this is the built-in owner of the configuration file.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.0 == CONFIG_OWNER
    }
}

impl FromStr for OwnerName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_word(text, OWNER_NAME_BYTES_MAX) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            text,
            format!("an owner name: 1 to {OWNER_NAME_BYTES_MAX} of A-Z a-z 0-9 _ . -, a letter or digit first"),
        ))
    }
}

/// One process of an owner: 1 to 253 of `A-Z a-z 0-9 _ . - : / @`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceName(String);
text_newtype!(InstanceName);

impl FromStr for InstanceName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let plain = text.replace([':', '/', '@'], "-");
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && is_word(&plain, INSTANCE_NAME_BYTES_MAX) {
            return Ok(Self(text.to_owned()));
        }
        let expected = format!(
            "the name of a process: 1 to {INSTANCE_NAME_BYTES_MAX} of A-Z a-z 0-9 _ . - : / @, a letter or digit first"
        );
        Err(Invalid::new(text, expected))
    }
}

/// A session: 1 to 64 of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit. Only whoever opened the session knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(String);
text_newtype!(SessionId);

impl SessionId {
    /// The name of a session that nobody gave a name, out of its epoch.
    #[must_use]
    pub fn of_epoch(epoch: u64) -> Self {
        Self(format!("epoch-{epoch}"))
    }
}

impl FromStr for SessionId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_word(text, SESSION_ID_BYTES_MAX) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(text, "the session_id that Register answered"))
    }
}

/// A change that waits to be confirmed: 1 to 64 of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeId(String);
text_newtype!(ChangeId);

impl FromStr for ChangeId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_word(text, SESSION_ID_BYTES_MAX) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(text, "the change_id that ApplyIntents answered"))
    }
}

/// The description of a peer: 1 to 255 bytes of printable text, words separated by single spaces.
///
/// FRR folds white space, cuts at `|` and would store invisible characters, so exactly what it would not keep
/// is refused: control and bidirectional-control characters, `|`, leading, trailing and double spaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Description(String);
text_newtype!(Description);

impl FromStr for Description {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        free_text(text, "a description", DESCRIPTION_BYTES_MAX).map(Self)
    }
}

/// What a peer is told when its session is shut down (RFC 9003): text as a [`Description`] is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShutdownMessage(String);
text_newtype!(ShutdownMessage);

impl FromStr for ShutdownMessage {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        free_text(text, "a shutdown message", SHUTDOWN_MESSAGE_BYTES_MAX).map(Self)
    }
}

/// Text that stands at the end of a line of FRR's configuration and that FRR keeps as it is.
fn free_text(text: &str, what: &str, bytes_max: usize) -> Result<String, Invalid> {
    let fits = (1..=bytes_max).contains(&text.len());
    let spaced = text.split(' ').all(|word| !word.is_empty());
    if fits && spaced && text.chars().all(is_printable) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        text,
        format!(
            "{what}: 1 to {bytes_max} bytes of printable text, single spaces between words, no '|' and no control \
             characters"
        ),
    ))
}

fn is_word(text: &str, bytes_max: usize) -> bool {
    let fits = (1..=bytes_max).contains(&text.len());
    let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    fits && begins && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Visible in one line and left as it is by FRR. White space other than a plain space and the characters that
/// change the reading direction or join invisibly (Unicode bidirectional controls, zero-width) are not.
fn is_printable(c: char) -> bool {
    let invisible = matches!(c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !(c.is_control() || invisible || c == '|' || (c.is_whitespace() && c != ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interface_names() {
        for good in ["eth0", "bond0.100", "a", "veth-tor_1", "123456789012345"] {
            assert_eq!(good.parse::<InterfaceName>().unwrap().as_str(), good);
        }
        for bad in ["", "1234567890123456", "eth0 area", "eth0\nno", ".hidden", "-x", "eth0|", "é", "eth0\0"] {
            assert!(bad.parse::<InterfaceName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn owners_never_begin_with_an_underscore_from_outside() {
        assert!("_config".parse::<OwnerName>().is_err());
        assert!(OwnerName::config().is_config());
    }

    #[test]
    fn names_of_processes_and_sessions() {
        for good in ["edge-7f5d4", "kube-system/edge-0", "node1:4711", "uid@host", "0"] {
            assert_eq!(good.parse::<InstanceName>().unwrap().as_str(), good);
        }
        for bad in ["", "/edge", "a b", "a\nb", "é", "-a", ":1", &"x".repeat(254)] {
            assert!(bad.parse::<InstanceName>().is_err(), "{bad:?}");
        }
        assert!("x".repeat(64).parse::<SessionId>().is_ok());
        for bad in ["", "a/b", "a b", &"x".repeat(65)] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn descriptions_are_kept_as_they_are_or_refused() {
        for good in ["tor 1", "50% off", "no neighbor 1.2.3.4", "!#?\"';`$(x)\\", "Zürich 東京", "x"] {
            assert_eq!(good.parse::<Description>().unwrap().as_str(), good);
        }
        for bad in
            ["", " ", " a", "a ", "a  b", "a\tb", "a\nb", "a\rb", "a\0b", "a|b", "\u{202e}abc", "a\u{a0}b", "a\u{7f}"]
        {
            assert!(bad.parse::<Description>().is_err(), "{bad:?}");
        }
        assert!("x".repeat(256).parse::<Description>().is_err());
    }
}
