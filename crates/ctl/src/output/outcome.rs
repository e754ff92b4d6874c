//! What became of a request.

use std::fmt;

use novaroute_api::v1::{self, Plan};
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
    /// As one of many: whether anything is wanted differently than before.
    Accepted {
        changed: bool,
    },
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

    /// What became of the requests of a call with many.
    pub(crate) fn of_items(requests: &'a [Request], answer: &v1::ApplyIntentsResponse) -> Vec<Self> {
        let end = |result: Option<&v1::ItemResult>| match result {
            Some(v1::ItemResult { error: Some(error), .. }) => End::Failed(Refusal::from_item(error)),
            Some(result) => End::Accepted { changed: result.outcome() == v1::ItemOutcome::Changed },
            None => End::NotSent,
        };
        let results = requests.iter().enumerate();
        results.map(|(at, request)| Self { request, end: end(answer.results.get(at)) }).collect()
    }

    /// The request was not sent because the agent went away before.
    pub(crate) fn not_sent(request: &'a Request) -> Self {
        Self { request, end: End::NotSent }
    }

    /// Why it failed, if it did.
    pub(crate) fn failure(&self) -> Option<&Refusal> {
        match &self.end {
            End::Failed(refusal) => Some(refusal),
            End::Done(_) | End::Planned(_) | End::Accepted { .. } | End::NotSent => None,
        }
    }

    /// Whether the agent accepted it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.end, End::Done(_) | End::Planned(_) | End::Accepted { .. })
    }

    /// One line on what was asked and what became of it, and below it what the
    /// agent answered.
    pub(crate) fn text(&self, colour: bool) -> String {
        let title = printable(&self.request.title());
        match &self.end {
            End::Done(response) => format!("ok        {title}\n{}", answer(response)),
            End::Planned(response) => format!("planned   {title}\n{}\n{}", answer(response), planned(response, colour)),
            End::Accepted { changed: true } => format!("ok        {title}\n"),
            End::Accepted { changed: false } => format!("unchanged {title}\n"),
            End::Failed(refusal) => format!("failed    {title}: {refusal}\n"),
            End::NotSent => format!("not sent  {title}\n"),
        }
    }

    fn word(&self) -> &'static str {
        match self.end {
            End::Done(_) | End::Accepted { .. } => "ok",
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
            End::Accepted { changed } => map.serialize_entry("changed", changed)?,
            End::NotSent => {}
        }
        map.end()
    }
}

/// An intent that went because a file does not name it.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Removed<'a> {
    owner: &'a str,
    key: &'a str,
    result: &'static str,
}

/// The intents of an owner that went.
pub(crate) fn removed<'a>(owner: &'a str, keys: &'a [String]) -> Vec<Removed<'a>> {
    keys.iter().map(|key| Removed { owner, key, result: "removed" }).collect()
}

impl fmt::Display for Removed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "removed   {}", printable(self.key))
    }
}

/// A change that goes back unless it is confirmed.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Waits<'a> {
    owner: &'a str,
    change_id: &'a str,
    confirm_within_s: u32,
    result: &'static str,
}

/// The change of a call, if it waits.
pub(crate) fn waits<'a>(owner: &'a str, change_id: &'a str, confirm_within_s: u32) -> Option<Waits<'a>> {
    (!change_id.is_empty()).then_some(Waits { owner, change_id, confirm_within_s, result: "waits" })
}

impl fmt::Display for Waits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { change_id, confirm_within_s, .. } = self;
        let change_id = printable(change_id);
        writeln!(f, "waits     goes back in {confirm_within_s} s unless: novaroutectl confirm {change_id}")
    }
}

/// A line on what stayed although the file does not name it.
pub(crate) fn kept(count: u32) -> String {
    match count {
        0 => String::new(),
        count => format!(
            "kept      {count} that the file does not name: of an item that failed it is not known what it names\n"
        ),
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
