//! What became of a request.

use novaroute_api::v1::Plan;
use prost_reflect::{DynamicMessage, Value};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{plan, refusal::Refusal, style::printable, view::View};
use crate::{request::Request, schema};

/// The field of a response that has the plan of a dry run.
const PLAN: &str = "plan";

/// A request and what became of it.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    request: &'a Request,
    end: End,
}

#[derive(Debug)]
enum End {
    Done(DynamicMessage),
    /// A dry run.
    Planned(DynamicMessage),
    Failed(Refusal),
    NotSent,
}

impl<'a> Outcome<'a> {
    pub(crate) fn new(request: &'a Request, answer: Result<DynamicMessage, Refusal>) -> Self {
        let end = match answer {
            Ok(response) if request.is_dry_run() => End::Planned(response),
            Ok(response) => End::Done(response),
            Err(refusal) => End::Failed(refusal),
        };
        Self { request, end }
    }

    /// The request was not sent because the agent went away before.
    pub(crate) fn not_sent(request: &'a Request) -> Self {
        Self { request, end: End::NotSent }
    }

    /// Why it failed, if it did.
    pub(crate) fn failure(&self) -> Option<&Refusal> {
        match &self.end {
            End::Failed(refusal) => Some(refusal),
            End::Done(_) | End::Planned(_) | End::NotSent => None,
        }
    }

    /// Whether the agent accepted it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.end, End::Done(_) | End::Planned(_))
    }

    /// One line on what was asked and what became of it, and below it what the
    /// agent answered.
    pub(crate) fn text(&self, colour: bool) -> String {
        let title = printable(&self.request.title());
        match &self.end {
            End::Done(response) => format!("ok        {title}\n{}", answer(response)),
            End::Planned(response) => format!("planned   {title}\n{}\n{}", answer(response), planned(response, colour)),
            End::Failed(refusal) => format!("failed    {title}: {refusal}\n"),
            End::NotSent => format!("not sent  {title}\n"),
        }
    }

    fn word(&self) -> &'static str {
        match self.end {
            End::Done(_) => "ok",
            End::Planned(_) => "planned",
            End::Failed(_) => "failed",
            End::NotSent => "not_sent",
        }
    }
}

impl Serialize for Outcome<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action", self.request.action().command())?;
        map.serialize_entry("subject", &self.request.subject())?;
        map.serialize_entry("owner", self.request.owner())?;
        map.serialize_entry("result", self.word())?;
        match &self.end {
            End::Done(response) | End::Planned(response) => {
                map.serialize_entry("response", &View::response(response))?
            }
            End::Failed(refusal) => map.serialize_entry("error", refusal)?,
            End::NotSent => {}
        }
        map.end()
    }
}

/// The fields of a response that say something, one a line. A plan is shown in its own way.
fn answer(response: &DynamicMessage) -> String {
    let fields = response.fields().filter(|(field, _)| field.name() != PLAN).map(|(field, value)| {
        let value = match value {
            Value::List(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
            value => plain(value),
        };
        format!("  {}: {}\n", field.name().replace('_', " "), printable(&value))
    });
    fields.collect()
}

/// The plan in a response.
fn planned(response: &DynamicMessage, colour: bool) -> String {
    let value = response.get_field_by_name(PLAN);
    let plan = value.and_then(|value| schema::unreflect::<Plan>(value.as_message()?).ok()).unwrap_or_default();
    plan::text(&plan, colour)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
