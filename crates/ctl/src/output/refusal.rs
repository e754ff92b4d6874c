//! What the agent says when it says no, in words and as JSON.

use std::{collections::BTreeMap, fmt, time::Duration};

use novaroute_api::{client, error::code_word, v1};
use serde::Serialize;
use tonic::{Code, Status};

use super::style::printable;
use crate::schema::SchemaError;

/// The code of a refusal that no agent gave: none could be reached.
const UNREACHABLE: &str = "UNREACHABLE";

/// The reason of a removal that may be a mistake.
const SWEEP_TOO_LARGE: &str = "SWEEP_TOO_LARGE";

/// The reason of a change beside one that waits to be confirmed.
const CHANGE_PENDING: &str = "CHANGE_PENDING";

/// The reason of an agent that is about to be gone.
const SHUTTING_DOWN: &str = "SHUTTING_DOWN";

/// Why a call did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    /// The gRPC code as a word, or `UNREACHABLE`.
    code: String,
    /// One stable word (`google.rpc.ErrorInfo`); empty if there is none.
    reason: String,
    /// For people.
    message: String,
    /// The case at hand, for programs.
    metadata: BTreeMap<String, String>,
    /// The fields at fault.
    fields: Vec<FieldAtFault>,
    /// What to do about it; empty where the message says it.
    way_out: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct FieldAtFault {
    field: String,
    description: String,
}

impl Refusal {
    /// What the agent answered, or what the transport says in its place.
    pub(crate) fn from_status(status: &Status) -> Self {
        match client::CallError::from(status.clone()) {
            client::CallError::Refused(refusal) => Self::told(refusal),
            client::CallError::Broken { code: Code::Unavailable | Code::Unknown, message } => {
                Self::unreachable(format!("the connection to the agent broke: {message}"))
            }
            client::CallError::Broken { code, message } => Self::local(code_word(code), message, way_out(code, "")),
        }
    }

    fn told(refusal: client::Refusal) -> Self {
        let client::Refusal { code, word, message, metadata, fields } = refusal;
        let fields =
            fields.into_iter().map(|fault| FieldAtFault { field: fault.field, description: fault.description });
        Self {
            code: code_word(code).into(),
            way_out: way_out(code, &word).into(),
            reason: word,
            message,
            metadata,
            fields: fields.collect(),
        }
    }

    /// What the agent says of one item of many.
    pub(crate) fn from_item(error: &v1::ItemError) -> Self {
        let v1::ItemError { code, reason, message, metadata, fields } = error;
        let fields = fields
            .iter()
            .map(|fault| FieldAtFault { field: fault.field.clone(), description: fault.description.clone() });
        Self {
            code: code_word(Code::from(*code)).into(),
            reason: reason.clone(),
            message: message.clone(),
            metadata: metadata.clone(),
            fields: fields.collect(),
            way_out: way_out(Code::from(*code), reason).into(),
        }
    }

    /// Nobody there.
    pub(crate) fn unreachable(message: String) -> Self {
        let way_out = "start novaroute-agent, or name its socket with --socket or NOVAROUTE_SOCKET; \
                       the socket's mode and group decide who may open it";
        Self::local(UNREACHABLE, message, way_out)
    }

    /// Somebody there, but no answer.
    pub(crate) fn timed_out(limit: Duration) -> Self {
        let message = format!("no answer within {limit:?}; whether the agent accepted it is not known");
        Self::local(UNREACHABLE, message, "look with `novaroutectl status`, or allow more with --timeout")
    }

    /// An answer that cannot be read.
    pub(crate) fn unreadable(error: &SchemaError) -> Self {
        Self::local(code_word(Code::Internal), error.to_string(), "")
    }

    fn local(code: &str, message: String, way_out: &str) -> Self {
        Self {
            code: code.into(),
            reason: String::new(),
            message,
            metadata: BTreeMap::new(),
            fields: Vec::new(),
            way_out: way_out.into(),
        }
    }

    /// Whether it was for want of an agent: none answers, or it says that it goes away.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.code == UNREACHABLE || self.reason == SHUTTING_DOWN
    }
}

/// Code and reason on the first line, then what they mean, one thing a line.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", printable(&self.reason))?;
        }
        if !self.message.is_empty() && !self.is_told_by_fields() {
            write!(f, "\n  {}", printable(&self.message))?;
        }
        for FieldAtFault { field, description } in &self.fields {
            write!(f, "\n  {}: {}", printable(field), printable(description))?;
        }
        if !self.way_out.is_empty() {
            write!(f, "\n  way out: {}", self.way_out)?;
        }
        Ok(())
    }
}

impl Refusal {
    /// Whether the message only repeats the fields at fault.
    fn is_told_by_fields(&self) -> bool {
        let mut rest = self.message.clone();
        for FieldAtFault { field, description } in &self.fields {
            rest = rest.replacen(&format!("{field}: {description}"), "", 1);
        }
        !self.fields.is_empty() && !rest.contains(char::is_alphanumeric)
    }
}

/// What the agent's message cannot know: the flags of this program.
fn way_out(code: Code, reason: &str) -> &'static str {
    match code {
        _ if reason == SWEEP_TOO_LARGE => {
            "see what would go with `novaroutectl intents`, then say that it is meant: --yes with `apply --prune`, \
             --confirm-removals with `end-of-replay`"
        }
        _ if reason == CHANGE_PENDING => "`novaroutectl confirm` lets it count, `novaroutectl rollback` takes it back",
        Code::Unauthenticated => {
            "check --owner (NOVAROUTE_OWNER) and --token-file or --token (NOVAROUTE_TOKEN) against the agent's configuration"
        }
        Code::NotFound => "`novaroutectl status` shows who holds what",
        Code::Unimplemented => "the agent is older than this novaroutectl; upgrade it",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

    use super::*;

    fn invalid(message: &str) -> Refusal {
        let mut details = ErrorDetails::with_error_info("INVALID_FIELD", "novaroute.io", [("k".into(), "v".into())]);
        details.set_bad_request(vec![
            FieldViolation::new("peer.remote_as", "0 is not an AS number"),
            FieldViolation::new("peer.hold_time", "2 is below 3"),
        ]);
        Refusal::from_status(&Status::with_error_details(Code::InvalidArgument, message, details))
    }

    #[test]
    fn fields_stand_one_a_line() {
        expect![[r#"
            INVALID_ARGUMENT (INVALID_FIELD)
              two fields are wrong
              peer.remote_as: 0 is not an AS number
              peer.hold_time: 2 is below 3"#]]
        .assert_eq(&invalid("two fields are wrong").to_string());
    }

    #[test]
    fn a_message_that_only_repeats_the_fields_is_left_out() {
        let repeated = "peer.remote_as: 0 is not an AS number; peer.hold_time: 2 is below 3";
        assert!(!invalid(repeated).to_string().contains("; "), "{}", invalid(repeated));
    }

    #[test]
    fn a_broken_connection_is_no_refusal() {
        for broken in [Status::unavailable("transport error"), Status::unknown("transport error")] {
            assert!(Refusal::from_status(&broken).is_unreachable());
        }
        let details = ErrorDetails::with_error_info("JOURNAL_UNAVAILABLE", "novaroute.io", []);
        let status = Status::with_error_details(Code::Unavailable, "the journal cannot be written", details);
        assert!(!Refusal::from_status(&status).is_unreachable());
    }

    #[test]
    fn an_agent_that_shuts_down_goes_out_of_reach() {
        let details = ErrorDetails::with_error_info("SHUTTING_DOWN", "novaroute.io", []);
        let status = Status::with_error_details(Code::Unavailable, "the agent is shutting down", details);
        assert!(Refusal::from_status(&status).is_unreachable());
    }

    #[test]
    fn a_wrong_token_says_where_tokens_come_from() {
        let text = Refusal::from_status(&Status::unauthenticated("unknown owner or wrong token")).to_string();
        assert!(text.contains("way out: check --owner (NOVAROUTE_OWNER)"), "{text}");
    }
}
