//! What FRR's daemons tell about themselves: the commands to ask with, and a reader for each answer.
//!
//! | daemon | ask | read with |
//! |---|---|---|
//! | bgpd | [`bgp::NEIGHBORS`] | [`bgp::peers`] |
//! | bgpd | [`bgp::neighbor_command`] | [`bgp::neighbors`] |
//! | bgpd | [`bgp::prefix_command`] | [`bgp::table_entry`] |
//! | bfdd | [`bfd::PEERS`] | [`bfd::sessions`] |
//! | ospfd | [`ospf::INTERFACES`], [`ospf::NEIGHBORS`] | [`ospf::interfaces`] |
//! | ospfd | [`ospf::EXTERNAL_LSAS`] | [`ospf::external_lsas`] |
//! | ospf6d | [`ospf6::INTERFACES`], [`ospf6::NEIGHBORS`] | [`ospf6::interfaces`] |
//! | ospf6d | [`ospf6::EXTERNAL_LSAS`] | [`ospf6::external_lsas`] |
//! | zebra | [`zebra::route_command`] | [`zebra::route`] |
//! | any | [`version::COMMAND`] | [`version::version`] |
//!
//! bfdd knows its command in the enable node only; the others know theirs in the view node too. Send `enable` first.
//!
//! Fields that FRR leaves out and fields that are not known are both fine: the answers differ between versions.
//! An entry whose key makes no sense is left out. Only an answer as a whole that cannot be an answer is an error.

pub mod bfd;
pub mod bgp;
mod field;
mod lsa;
pub mod ospf;
pub mod ospf6;
pub mod version;
pub mod zebra;

use serde_json::Value;

/// Longest piece of an answer, in characters, that an error repeats.
const EXCERPT_CHARS_MAX: usize = 120;

/// An answer that is not what the command answers with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShowError {
    /// Not JSON, and none of the texts with which FRR says that there is nothing to show.
    #[error("'{command}' was answered with no JSON ({reason}): {excerpt:?}; does this FRR know the command?")]
    NotJson {
        /// What was asked.
        command: &'static str,
        /// Where the reading ended.
        reason: String,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// JSON, but not of the kind that the command answers with.
    #[error("'{command}' was answered with JSON of another shape, {expected} was expected: {excerpt:?}")]
    Shape {
        /// What was asked.
        command: &'static str,
        /// What should have come.
        expected: &'static str,
        /// The beginning of the answer.
        excerpt: String,
    },
}

/// Reads an answer that should be a JSON object; JSON's null where there is nothing to show.
fn object(command: &'static str, text: &str) -> Result<Value, ShowError> {
    read(command, text, "an object", Value::is_object)
}

/// Reads an answer that should be a JSON array; JSON's null where there is nothing to show.
fn array(command: &'static str, text: &str) -> Result<Value, ShowError> {
    read(command, text, "an array", Value::is_array)
}

fn read(
    command: &'static str,
    text: &str,
    expected: &'static str,
    fits: fn(&Value) -> bool,
) -> Result<Value, ShowError> {
    if is_nothing(text) {
        return Ok(Value::Null);
    }
    match serde_json::from_str(text) {
        Ok(value) if fits(&value) => Ok(value),
        Ok(_) => Err(ShowError::Shape { command, expected, excerpt: excerpt(text) }),
        Err(error) => Err(ShowError::NotJson { command, reason: error.to_string(), excerpt: excerpt(text) }),
    }
}

/// Whether FRR said in words, or by saying nothing, that the protocol is not configured: ospf6d answers with an
/// empty text, ospfd with `% OSPF is not enabled on vrf default`. An unknown command is something else.
fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    let in_words = || ["not found", "not enabled", "not running", "No BGP"].iter().any(|words| text.contains(words));
    text.is_empty() || (text.starts_with('%') && in_words())
}

fn excerpt(text: &str) -> String {
    text.trim().chars().take(EXCERPT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
