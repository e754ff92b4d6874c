//! What the status of a cluster says, from what was done and what became of it.

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::condition::{Said, dated};
use crate::crd::{ComponentStatus, NovaRouteClusterStatus, Phase};

/// Type of the condition: every node that should have an agent has a ready one, as the resource says.
pub(super) const READY: &str = "Ready";
/// Type of the condition: nodes are being brought to what the resource says.
pub(super) const PROGRESSING: &str = "Progressing";
/// Type of the condition: something is wrong that does not go away by itself, or nodes are without an agent.
pub(super) const DEGRADED: &str = "Degraded";

/// What stands in the way of what a resource asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// One word for machines (`InvalidResource`).
    pub(super) reason: &'static str,
    /// What is wrong where, and what to do.
    pub(super) message: String,
    /// Whether nothing was changed because of it.
    pub(super) blocks: bool,
}

/// What a look at a cluster found.
#[derive(Debug, Clone, Default)]
pub(super) struct Found<'a> {
    /// The generation of the resource that was looked at.
    pub(super) generation: Option<i64>,
    /// The version that the resource asks for; `None`: it cannot be read.
    pub(super) version: Option<&'a str>,
    /// The cluster is being deleted.
    pub(super) ends: bool,
    /// What stands in the way.
    pub(super) obstacle: Option<&'a Obstacle>,
    /// The DaemonSet as it is now.
    pub(super) daemon_set: Option<&'a DaemonSet>,
}

/// The status that follows `before`. Times are kept where nothing changed.
#[must_use]
pub(super) fn status(before: &NovaRouteClusterStatus, found: &Found<'_>, now: &Time) -> NovaRouteClusterStatus {
    let agent = found.daemon_set.map(component);
    let rolling_out = found.daemon_set.is_some_and(is_rolling_out);
    let ready = agent.is_some_and(|agent| agent.ready) && !rolling_out && !found.ends;
    let conditions = [
        ready_condition(agent, ready, rolling_out),
        progressing_condition(found, agent, rolling_out),
        degraded_condition(found, agent, rolling_out),
    ];
    let is_degraded = conditions[2].1;
    let version =
        if ready && found.obstacle.is_none() { found.version.map(str::to_owned) } else { before.version.clone() };
    NovaRouteClusterStatus {
        phase: Some(phase(found, ready, is_degraded, version.is_some())),
        agent,
        version,
        observed_generation: found.generation,
        conditions: conditions.map(|condition| dated(condition, &before.conditions, found.generation, now)).into(),
    }
}

fn component(daemon_set: &DaemonSet) -> ComponentStatus {
    let status = daemon_set.status.clone().unwrap_or_default();
    let desired = status.desired_number_scheduled;
    ComponentStatus {
        ready: desired > 0 && status.number_ready >= desired,
        desired_nodes: desired,
        ready_nodes: status.number_ready,
        updated_nodes: status.updated_number_scheduled.unwrap_or_default(),
    }
}

/// Whether the DaemonSet's controller has not seen its newest generation, or not brought it to every node.
fn is_rolling_out(daemon_set: &DaemonSet) -> bool {
    let status = daemon_set.status.clone().unwrap_or_default();
    let seen = status.observed_generation.unwrap_or_default();
    let updated = status.updated_number_scheduled.unwrap_or_default();
    seen < daemon_set.metadata.generation.unwrap_or_default() || updated < status.desired_number_scheduled
}

fn ready_condition(agent: Option<ComponentStatus>, ready: bool, rolling_out: bool) -> Said {
    let (reason, message) = match agent {
        None => ("NoDaemonSet", "there is no DaemonSet yet".to_owned()),
        Some(_) if ready => ("AllNodesReady", "every node has a ready agent".to_owned()),
        Some(agent) if agent.desired_nodes == 0 && !rolling_out => {
            ("NoNodes", "no node is selected: look at spec.agent.nodeSelector and tolerations".to_owned())
        }
        Some(agent) => ("NodesNotReady", of_nodes(agent)),
    };
    (READY, ready, reason, message)
}

fn of_nodes(agent: ComponentStatus) -> String {
    let ComponentStatus { desired_nodes, ready_nodes, updated_nodes, .. } = agent;
    format!(
        "of {desired_nodes} nodes, {ready_nodes} have a ready agent and {updated_nodes} one as the resource says now"
    )
}

fn progressing_condition(found: &Found<'_>, agent: Option<ComponentStatus>, rolling_out: bool) -> Said {
    match (found.ends, agent) {
        (true, Some(_)) => (PROGRESSING, true, "Withdrawing", "the agents withdraw everything and end".to_owned()),
        (true, None) => (PROGRESSING, true, "Withdrawing", "the agents have ended".to_owned()),
        (false, Some(agent)) if rolling_out => (PROGRESSING, true, "RollingOut", of_nodes(agent)),
        (false, Some(_)) => (PROGRESSING, false, "RolledOut", "every node has what was last applied".to_owned()),
        (false, None) => (PROGRESSING, false, "NotApplied", "nothing was applied yet".to_owned()),
    }
}

fn degraded_condition(found: &Found<'_>, agent: Option<ComponentStatus>, rolling_out: bool) -> Said {
    if let Some(Obstacle { reason, message, blocks }) = found.obstacle {
        let unchanged = if *blocks { "; what runs is left as it is" } else { "" };
        return (DEGRADED, true, reason, format!("{message}{unchanged}"));
    }
    match agent {
        Some(agent) if !rolling_out && !found.ends && agent.ready_nodes < agent.desired_nodes => {
            (DEGRADED, true, "NodesNotReady", of_nodes(agent))
        }
        _ => (DEGRADED, false, "AsExpected", "nothing is known to be wrong".to_owned()),
    }
}

fn phase(found: &Found<'_>, ready: bool, is_degraded: bool, has_run: bool) -> Phase {
    let blocked = found.obstacle.is_some_and(|obstacle| obstacle.blocks);
    match found.daemon_set {
        None if blocked => Phase::Failed,
        None => Phase::Pending,
        Some(_) if is_degraded => Phase::Degraded,
        Some(_) if ready => Phase::Running,
        Some(_) if has_run => Phase::Upgrading,
        Some(_) => Phase::Initializing,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::DaemonSetStatus;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn daemon_set(generation: i64, seen: i64, [desired, updated, ready]: [i32; 3]) -> DaemonSet {
        DaemonSet {
            metadata: ObjectMeta { generation: Some(generation), ..ObjectMeta::default() },
            status: Some(DaemonSetStatus {
                observed_generation: Some(seen),
                desired_number_scheduled: desired,
                updated_number_scheduled: Some(updated),
                number_ready: ready,
                ..DaemonSetStatus::default()
            }),
            ..DaemonSet::default()
        }
    }

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    fn said(status: &NovaRouteClusterStatus) -> Vec<String> {
        let each = status.conditions.iter();
        each.map(|condition| format!("{}={} {}", condition.type_, condition.status, condition.reason)).collect()
    }

    #[test]
    fn conditions_and_phase_tell_how_far_it_is() {
        let blocked = Obstacle { reason: "InvalidResource", message: "spec.version: no".to_owned(), blocks: true };
        let lacking = Obstacle { reason: "SecretMissing", message: "no Secret".to_owned(), blocks: false };
        let sets = [(1, 1, [3, 3, 3]), (2, 1, [3, 3, 3]), (2, 2, [3, 1, 2]), (2, 2, [3, 3, 2]), (1, 1, [0, 0, 0])];
        let [rolled, unseen, rolling, missing, none] = sets.map(|(new, seen, nodes)| daemon_set(new, seen, nodes));
        for (set, obstacle, has_run, phase, conditions) in [
            (
                None,
                None,
                false,
                Phase::Pending,
                "Ready=False NoDaemonSet, Progressing=False NotApplied, Degraded=False AsExpected",
            ),
            (
                None,
                Some(&blocked),
                false,
                Phase::Failed,
                "Ready=False NoDaemonSet, Progressing=False NotApplied, Degraded=True InvalidResource",
            ),
            (
                Some(&rolled),
                None,
                true,
                Phase::Running,
                "Ready=True AllNodesReady, Progressing=False RolledOut, Degraded=False AsExpected",
            ),
            (
                Some(&rolled),
                Some(&blocked),
                true,
                Phase::Degraded,
                "Ready=True AllNodesReady, Progressing=False RolledOut, Degraded=True InvalidResource",
            ),
            (
                Some(&unseen),
                None,
                true,
                Phase::Upgrading,
                "Ready=False NodesNotReady, Progressing=True RollingOut, Degraded=False AsExpected",
            ),
            (
                Some(&rolling),
                None,
                false,
                Phase::Initializing,
                "Ready=False NodesNotReady, Progressing=True RollingOut, Degraded=False AsExpected",
            ),
            (
                Some(&missing),
                None,
                true,
                Phase::Degraded,
                "Ready=False NodesNotReady, Progressing=False RolledOut, Degraded=True NodesNotReady",
            ),
            (
                Some(&rolling),
                Some(&lacking),
                true,
                Phase::Degraded,
                "Ready=False NodesNotReady, Progressing=True RollingOut, Degraded=True SecretMissing",
            ),
            (
                Some(&none),
                None,
                true,
                Phase::Upgrading,
                "Ready=False NoNodes, Progressing=False RolledOut, Degraded=False AsExpected",
            ),
        ] {
            let version = has_run.then(|| "0.1.0".to_owned());
            let before = NovaRouteClusterStatus { version, ..NovaRouteClusterStatus::default() };
            let found = Found { obstacle, daemon_set: set, version: Some("0.1.0"), ..Found::default() };
            let status = status(&before, &found, &at(1));
            assert_eq!((status.phase, said(&status).join(", ")), (Some(phase), conditions.to_owned()), "{found:?}");
        }
    }

    #[test]
    fn the_version_is_the_one_that_all_nodes_have() {
        let [all, some] = [[3, 3, 3], [3, 1, 3]].map(|nodes| daemon_set(2, 2, nodes));
        let before = NovaRouteClusterStatus { version: Some("0.1.0".to_owned()), ..NovaRouteClusterStatus::default() };
        for (set, version) in [(&some, "0.1.0"), (&all, "0.2.0")] {
            let found = Found { daemon_set: Some(set), version: Some("0.2.0"), ..Found::default() };
            assert_eq!(status(&before, &found, &at(1)).version.as_deref(), Some(version));
        }
    }

    #[test]
    fn a_condition_keeps_its_time_until_it_changes() {
        let [rolled, rolling] = [[3, 3, 3], [3, 1, 3]].map(|nodes| daemon_set(1, 1, nodes));
        let found = |daemon_set, generation| Found {
            daemon_set: Some(daemon_set),
            generation: Some(generation),
            ..Found::default()
        };
        let first = status(&NovaRouteClusterStatus::default(), &found(&rolling, 1), &at(1));
        let same = status(&first, &found(&rolling, 1), &at(2));
        assert_eq!(first, same);
        let changed = status(&same, &found(&rolled, 2), &at(3));
        let times: Vec<_> = changed.conditions.iter().map(|condition| &condition.last_transition_time).collect();
        assert_eq!(times, [&at(3), &at(3), &at(1)]);
        assert!(changed.conditions.iter().all(|condition| condition.observed_generation == Some(2)));
    }

    #[test]
    fn who_ends_is_not_ready() {
        let set = daemon_set(1, 1, [3, 3, 3]);
        let found = Found { daemon_set: Some(&set), ends: true, ..Found::default() };
        let status = status(&NovaRouteClusterStatus::default(), &found, &at(1));
        assert_eq!(said(&status)[..2], ["Ready=False NodesNotReady", "Progressing=True Withdrawing"]);
    }
}
