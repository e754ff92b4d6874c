//! What the agent says when it says no.

use std::collections::BTreeMap;
use std::fmt::Debug;

use anyhow::{Context, Result, bail, ensure};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// A refusal, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// The sentence for people.
    pub message: String,
    /// `ErrorInfo.reason`.
    pub reason: String,
    /// `ErrorInfo.metadata`.
    pub metadata: BTreeMap<String, String>,
    /// The fields of `BadRequest`.
    pub fields: Vec<String>,
}

impl Refusal {
    /// Takes a status apart.
    ///
    /// # Errors
    /// It has no `ErrorInfo` of our domain: every refusal must have one.
    pub fn of(status: &Status) -> Result<Self> {
        let details = status.get_error_details();
        let info = details.error_info().with_context(|| format!("no ErrorInfo in {status:?}"))?;
        ensure!(info.domain == "novaroute.io" && !info.reason.is_empty(), "a strange ErrorInfo: {info:?}");
        let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
        Ok(Self {
            code: status.code(),
            message: status.message().to_owned(),
            reason: info.reason.clone(),
            metadata: info.metadata.clone().into_iter().collect(),
            fields: violations.into_iter().map(|violation| violation.field).collect(),
        })
    }

    /// Fails unless it has this code and this reason.
    ///
    /// # Errors
    /// It has others.
    pub fn expect(self, code: Code, reason: &str) -> Result<Self> {
        ensure!(self.code == code && self.reason == reason, "wanted {code:?} {reason}, got {self:?}");
        Ok(self)
    }

    /// A piece of metadata.
    ///
    /// # Errors
    /// It has none of this name.
    pub fn about(&self, key: &str) -> Result<&str> {
        let value = self.metadata.get(key);
        value.map(String::as_str).with_context(|| format!("no metadata {key} in {self:?}"))
    }
}

/// The refusal that answers a call which must not be accepted.
///
/// # Errors
/// The call was accepted.
pub fn refused<T: Debug>(answer: Result<Response<T>, Status>) -> Result<Refusal> {
    match answer {
        Ok(accepted) => bail!("accepted: {:?}", accepted.into_inner()),
        Err(status) => Refusal::of(&status),
    }
}
