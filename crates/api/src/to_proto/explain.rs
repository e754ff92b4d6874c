//! Explanations as clients read them.

use novaroute_core::explain::{Explanation, Step, Subject, Verdict};

use crate::v1;

/// The explanation on the wire.
#[must_use]
pub fn explanation(subject: &Subject, explanation: Explanation) -> v1::ExplainResponse {
    let Explanation { in_effect, answer, steps } = explanation;
    v1::ExplainResponse {
        subject: subject.to_string(),
        in_effect,
        answer,
        steps: steps.into_iter().map(step).collect(),
    }
}

fn step(step: Step) -> v1::ExplainStep {
    let Step { name, about, verdict, evidence, next } = step;
    v1::ExplainStep { name: name.as_str().to_owned(), about, verdict: self::verdict(verdict).into(), evidence, next }
}

fn verdict(verdict: Verdict) -> v1::Verdict {
    match verdict {
        Verdict::Ok => v1::Verdict::Ok,
        Verdict::Failed => v1::Verdict::Failed,
        Verdict::Waiting => v1::Verdict::Waiting,
        Verdict::Unknown => v1::Verdict::Unknown,
        Verdict::NotApplicable => v1::Verdict::NotApplicable,
    }
}
