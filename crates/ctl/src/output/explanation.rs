//! An explanation as steps, each with a mark.

use novaroute_api::v1;

use super::marks::{self, Line};
use super::style::{Tone, printable};

/// The answer, then a line for each step, and below it what to do where there is something.
pub(crate) fn text(answer: &v1::ExplainResponse, colour: bool) -> String {
    let tone = if answer.in_effect { Tone::Good } else { Tone::Bad };
    let steps = answer.steps.iter().map(|step| {
        let (mark, tone) = mark(step.verdict());
        let says_something = step.verdict() != v1::Verdict::NotApplicable;
        let next = if says_something { step.next.as_str() } else { "" };
        Line { mark, tone, name: name(step), text: &step.evidence, next }
    });
    let steps = marks::lines(&steps.collect::<Vec<_>>(), colour);
    format!("{}\n\n{steps}", tone.paint(&printable(&answer.answer), colour))
}

fn name(step: &v1::ExplainStep) -> String {
    printable(format!("{} {}", step.name.replace('_', " "), step.about).trim_end())
}

fn mark(verdict: v1::Verdict) -> (&'static str, Tone) {
    match verdict {
        v1::Verdict::Ok => ("✓", Tone::Good),
        v1::Verdict::Failed => ("✗", Tone::Bad),
        v1::Verdict::Waiting => ("…", Tone::Waiting),
        v1::Verdict::Unknown | v1::Verdict::Unspecified => ("?", Tone::Waiting),
        v1::Verdict::NotApplicable => ("-", Tone::Plain),
    }
}
