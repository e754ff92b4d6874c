//! What must hold once all faults are over.

use std::collections::BTreeSet;
use std::time::Duration;

use novaroute_core::desired::{Desired, compose};
use novaroute_core::intent::IntentKey;
use novaroute_core::state::{IntentState, IntentStatus};
use novaroute_frr::config::Config;
use novaroute_frr::own::neighbor_in;
use novaroute_frr::rules::LineKind;
use novaroute_frr::{Daemon, Plan, Removals, diff, render};
use tokio::time::sleep;

use crate::faults::{FOREIGN, context};
use crate::model::Model;
use crate::node::{DIALECT, Node};
use crate::run::Run;

/// Longer than any wait of the agent.
const LONG: Duration = Duration::from_secs(45);
/// Longer than the agent takes to give up a line that FRR does not keep: three resyncs try it again.
const GIVEN_UP: Duration = Duration::from_secs(180);

/// # Panics
/// FRR does not run what was acknowledged, an intent's state says otherwise, or the agent goes on sending.
pub(crate) async fn check(run: Run) {
    sleep(GIVEN_UP).await;
    // What FRR refused for a while is tried again when its daemons come back.
    if run.link.node().relented {
        run.link.node().reconnecting.extend(Daemon::ALL);
        sleep(GIVEN_UP).await;
    }
    run.check();
    let plans = run.link.node().plans;
    sleep(LONG).await;
    let node = run.link.node();
    assert_eq!(node.plans, plans, "there is nothing left to send, and the agent sends");

    let snapshot = run.agent.snapshot();
    assert_eq!(Model::of(&snapshot), node.watch.model, "the agent holds what it acknowledged");
    let desired = compose(node.watch.model.live());
    let left = diff(node.frr.running(), &render(&desired, DIALECT), Removals::Apply);
    if node.refused.is_empty() && node.swallowed.is_empty() {
        let (running, expected) = (lines(node.frr.running()), lines(&expected(&desired, &run.foreign)));
        let none = Vec::<&String>::new();
        assert_eq!(running.difference(&expected).collect::<Vec<_>>(), none, "runs and should not");
        assert_eq!(expected.difference(&running).collect::<Vec<_>>(), none, "should run and does not");
    } else {
        assert_only_refused(&left, &node);
    }
    for (key, slot) in snapshot.slots() {
        let states: Vec<_> = slot.entries().map(|entry| entry.status.clone()).collect();
        assert_eq!(states[0].state, wanted_state(key, &desired, &left), "{key}: {:?}", states[0].cause);
        assert!(states[1..].iter().all(|below| below.state == IntentState::Overridden), "{key}: {states:?}");
    }
}

/// What is wanted and what operators typed, and nothing else.
fn expected(desired: &Desired, foreign: &BTreeSet<usize>) -> Config {
    let mut expected = render(desired, DIALECT);
    for (daemon, path, text) in foreign.iter().map(|line| FOREIGN[*line]) {
        let mut at = context(&[]);
        for line in path {
            expected.insert(daemon, &at, line, &BTreeSet::new());
            at = at.child(*line);
        }
        expected.insert(daemon, &at, text, &BTreeSet::new());
    }
    expected
}

/// A configuration line by line, each with the daemon and the lines around it.
fn lines(config: &Config) -> BTreeSet<String> {
    let known = config
        .contexts()
        .flat_map(|(daemon, context, slots)| slots.values().map(move |line| (daemon, context, line.text.reveal())));
    let unknown = config.unknown().iter().map(|line| (line.daemon, &line.context, line.text.as_str()));
    known.chain(unknown).map(|(daemon, at, text)| format!("{daemon}: {} / {text}", at.path().join(" / "))).collect()
}

/// What FRR does not run is what it refuses, and what stands inside that or is about it.
fn assert_only_refused(left: &Plan, node: &Node) {
    let refused = |line: &str| node.refused.contains(line) || node.swallowed.contains(line);
    let missing = left.leaves().filter(|leaf| leaf.kind == LineKind::NeighborRemoteAs && refused(leaf.text.reveal()));
    let missing: BTreeSet<_> = missing.filter_map(|leaf| neighbor_in(leaf.text.reveal())).collect();
    let of_missing = |line: &str| neighbor_in(line).is_some_and(|neighbor| missing.contains(neighbor));
    for batch in &left.batches {
        let whole = batch.context.path().iter().any(|line| refused(line));
        for leaf in batch.leaves.iter().filter(|_| !whole) {
            let line = leaf.text.reveal();
            assert!(refused(line) || of_missing(line), "'{}' is not sent and was not refused", leaf.text);
        }
        assert!(whole || !batch.creates, "{:?} is not there and was not refused", batch.context);
    }
}

fn wanted_state(key: &IntentKey, desired: &Desired, left: &Plan) -> IntentState {
    match desired.blocked.get(key) {
        Some(IntentStatus { state, .. }) => *state,
        None if left.intents().contains(key) => IntentState::Refused,
        // Without an interface OSPF carries nothing, and a prefix is as far as it can get.
        None => IntentState::Programmed,
    }
}
