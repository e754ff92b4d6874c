//! The table of lines, held against real FRR: each row sets, changes and takes back a value while sessions are up.

mod cases;
mod node;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use novaroute_e2e::on_each_frr;
use novaroute_frr::rules::{Change, Effect, LineKind, RULES, Rule};

use crate::cases::{CASES, Case};
use crate::node::Node;

/// The page is what the table says.
#[test]
fn the_page_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config-lines.md");
    let text = fs::read_to_string(page).unwrap();
    let table = novaroute_frr::rules::markdown_table();
    assert!(text.ends_with(&table), "docs/config-lines.md is old: run `cargo run -p xtask -- config-lines`");
}

/// No row can be forgotten.
#[test]
fn each_row_has_a_case() {
    let covered: Vec<&Rule> = CASES.iter().map(|case| case.rule().unwrap()).collect();
    let takes_all =
        |rule: &Rule| matches!(rule.kind, LineKind::Unexpected | LineKind::NeighborOther) && rule.undo.is_empty();
    for rule in RULES.iter().filter(|rule| !takes_all(rule)) {
        assert!(covered.contains(&rule), "no case for {:?}: {}", rule.kind, rule.pattern);
    }
}

on_each_frr! {
    /// The rows without a reset, all on one node: none of them disturbs the BGP session or an adjacency.
    async fn rows_that_leave_sessions_alone(release) {
        let mut node = Node::new(release).await?;
        let adjacencies = node.adjacency_changes()?;
        for case in CASES.iter().filter(|case| case.is_on(release)) {
            let rule = case.rule_on(release)?;
            if rule.effect != Effect::Reset {
                row(&mut node, case, &rule).await.with_context(|| case.lines.join(" / "))?;
            }
        }
        node.adjacencies_are_full().await?;
        assert_eq!(node.adjacency_changes()?, adjacencies, "an adjacency was lost");
        Ok(())
    }

    /// The rows with a reset: each value that is given, changed or taken back ends a session that is up, and what they
    /// say of changing and taking back holds.
    async fn rows_that_reset_sessions(release) {
        let mut node = Node::new(release).await?;
        for case in CASES.iter().filter(|case| case.is_on(release)) {
            let rule = case.rule_on(release)?;
            if rule.effect == Effect::Reset {
                row_with_reset(&mut node, case, &rule).await.with_context(|| case.lines.join(" / "))?;
                node.restore_all().await?;
            }
        }
        Ok(())
    }
}

/// Sets, changes and takes back one line, which leaves sessions alone, but perhaps when it is taken back.
async fn row(node: &mut Node, case: &Case, rule: &Rule) -> Result<()> {
    let (first, second) = (case.lines[0], case.lines.get(1).copied());
    node.give(case, 0).await?;
    node.send(case, first).await?;
    node.runs(case, Some(first)).await?;
    node.sessions_are_untouched().await?;
    if let Some(second) = second {
        change(node, case, rule, [first, second]).await?;
        node.sessions_are_untouched().await?;
    }
    if rule.undo_effect == Effect::Reset {
        take_back_with_reset(node, case).await?;
        return node.restore().await;
    }
    node.take_back(case, second.unwrap_or(first)).await?;
    node.runs(case, None).await?;
    node.sessions_are_untouched().await?;
    node.give(case, 1).await
}

/// Sets, changes and takes back one line, each of which ends the session where there is one.
async fn row_with_reset(node: &mut Node, case: &Case, rule: &Rule) -> Result<()> {
    let first = case.lines[0];
    node.give(case, 0).await?;
    if node.runs(case, Some(first)).await.is_err() {
        let before = node.session(case).await?;
        node.send(case, first).await?;
        node.is_reset(case, before).await.with_context(|| format!("set: {first}"))?;
        node.runs(case, Some(first)).await?;
    }
    if let Some(second) = case.lines.get(1) {
        let up = case.up[0];
        if up {
            node.is_up(case).await?;
        }
        let before = node.session(case).await?;
        change(node, case, rule, [first, second]).await?;
        if up {
            node.is_reset(case, before).await.with_context(|| format!("changed: {second}"))?;
        }
    }
    take_back_with_reset(node, case).await?;
    node.give(case, 1).await
}

/// Takes back the last value, which ends the session if it was up with it.
async fn take_back_with_reset(node: &mut Node, case: &Case) -> Result<()> {
    let (Some(last), Some(up)) = (case.lines.last(), case.up.last()) else { bail!("the case has no line") };
    node.help(case, 0).await?;
    let up = *up || case.peer.is_some();
    if up {
        node.is_up(case).await?;
    }
    let before = node.session(case).await?;
    node.take_back(case, last).await?;
    node.runs(case, None).await?;
    if up {
        node.is_reset(case, before).await.with_context(|| format!("taken back: {last}"))?;
    }
    node.help(case, 1).await
}

/// Puts the second value in the place of the first, the way that the row says.
async fn change(node: &Node, case: &Case, rule: &Rule, [first, second]: [&str; 2]) -> Result<()> {
    if rule.change == Change::DeleteFirst {
        let refused = node.send(case, second).await.is_err();
        let ignored = node.runs(case, Some(first)).await.is_ok();
        ensure!(refused || ignored, "FRR took {second} in the place of {first}: the row is too careful");
        node.take_back(case, first).await?;
    }
    node.send(case, second).await?;
    node.runs(case, Some(second)).await
}
