//! The table as documentation.

use std::fmt::Write;

use super::{Change, Effect, LineKind, RULES, Rule};

/// The rules as a Markdown table, in the order of [`RULES`]; rows for lines that are only ever taken back are
/// left out.
#[must_use]
pub fn markdown_table() -> String {
    let mut out = String::from(
        "| line | daemon | added in phase | taken back in phase | a changed value | taken back by | sessions |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for rule in RULES.iter().filter(|rule| !matches!(rule.kind, LineKind::Unexpected | LineKind::NeighborOther)) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", row(rule));
    }
    out
}

fn row(rule: &Rule) -> String {
    let daemons: Vec<_> = rule.daemons.iter().map(ToString::to_string).collect();
    let line = rule.pattern.replace("{id}", "*key*").replace("{v}", "…").replace("{*}", "…");
    let undo = match rule.undo {
        "" => "`no` and the line".to_owned(),
        undo => format!("`{}`", undo.replace("{}", "KEY")),
    };
    let change = match rule.change {
        Change::InPlace => "replaced in place",
        Change::DeleteFirst => "taken back first",
    };
    let effect = match (rule.effect, rule.undo_effect) {
        (Effect::None, Effect::None) => "none",
        (Effect::Soft, _) => "soft: routes are evaluated again",
        (Effect::None, _) => "none; taking it back resets the session",
        (Effect::Reset, _) => "resets the session",
    };
    let (add, remove) = (rule.add, rule.remove);
    format!("| {line} | {} | {add:?} | {remove:?} | {change} | {undo} | {effect} |", daemons.join(", "))
}
