//! Whether a prefix is announced by OSPF, and if not, why.

use std::collections::BTreeMap;

use super::facts::{Found, Line, Route};
use super::wanted::line_step;
use super::{Asked, Explanation, Step, StepName, Verdict, why_not};
use crate::intent::{IntentKey, Protocol};
use crate::live::OspfLive;
use crate::name::InterfaceName;
use crate::prefix::Prefix;
use crate::store::Entry;

/// What was found of a prefix that OSPF announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OspfPrefixFacts {
    /// Its lines.
    pub lines: Found<Vec<Line>>,
    /// The route of the node to exactly this prefix.
    pub route: Found<Option<Route>>,
    /// Whether the node's own link-state advertisement for it is in the database.
    pub in_lsdb: Found<bool>,
    /// The interfaces that OSPF runs on, with their neighbors.
    pub interfaces: Found<BTreeMap<InterfaceName, OspfLive>>,
}

/// Where a route comes from that OSPF is told to announce.
const REDISTRIBUTED: [&str; 4] = ["connected", "local", "kernel", "static"];

/// Explains a prefix of OSPF.
#[must_use]
pub fn ospf_prefix(asked: &Asked<'_>, prefix: Prefix, facts: &OspfPrefixFacts) -> Explanation {
    let key = IntentKey::Prefix(Protocol::Ospf, prefix);
    let entry = asked.entry(&key);
    let command = format!("novaroutectl advertise --protocol ospf --prefix {prefix}");
    let mut steps: Vec<Step> = asked.first_steps(&key, &command).into();
    steps.extend(asked.drain_step(&key));
    steps.push(interfaces_step(asked));
    steps.push(line_step(entry, &facts.lines));
    steps.push(route_step(entry, prefix, &facts.route));
    steps.push(table_step(entry, &facts.in_lsdb));
    let routers = neighbors(facts);
    steps.push(neighbors_step(&routers));
    let in_effect = entry.is_some() && facts.in_lsdb == Ok(true) && routers.as_ref().is_ok_and(|some| !some.is_empty());
    let answer = match routers {
        Ok(routers) if in_effect => {
            format!(
                "{prefix} is announced by OSPF, in the database of {} adjacent routers: {}",
                routers.len(),
                routers.join(", ")
            )
        }
        _ => format!("{prefix} is not announced by OSPF: {}", why_not(&steps)),
    };
    Explanation { in_effect, answer, steps }
}

fn interfaces_step(asked: &Asked<'_>) -> Step {
    let interface = |key: &IntentKey| match key {
        IntentKey::Ospf(interface) => Some(interface.to_string()),
        _ => None,
    };
    let interfaces: Vec<String> = asked.snapshot.slots().filter_map(|(key, _)| interface(key)).collect();
    match interfaces.as_slice() {
        [] => Step::new(StepName::Interface, Verdict::Failed, "OSPF is asked for on no interface of this node")
            .next("novaroutectl enable-ospf --interface INTERFACE --area AREA"),
        some => Step::new(StepName::Interface, Verdict::Ok, format!("OSPF is asked for on {}", some.join(", "))),
    }
}

/// OSPF announces a route that the node uses, from the sources that it was told to take.
fn route_step(entry: Option<&Entry>, prefix: Prefix, route: &Found<Option<Route>>) -> Step {
    let name = StepName::Route;
    if entry.is_none() || prefix.is_default_route() {
        return Step::new(name, Verdict::NotApplicable, "it needs no route of the node");
    }
    match route {
        Err(why) => Step::unknown(name, why),
        Ok(None) => {
            Step::new(name, Verdict::Failed, "the node uses no route to exactly this prefix, which OSPF could announce")
                .next("look at the steps before: the agent makes the route where there is none")
        }
        Ok(Some(route)) if REDISTRIBUTED.contains(&route.protocol.as_str()) => {
            Step::new(name, Verdict::Ok, format!("the node uses a route of {}, which OSPF announces", route.protocol))
        }
        Ok(Some(route)) => {
            let evidence = format!("the node uses a route of {}, which OSPF does not announce", route.protocol);
            Step::new(name, Verdict::Failed, evidence)
                .next("find out who makes that route: it is better than the agent's")
        }
    }
}

fn table_step(entry: Option<&Entry>, in_lsdb: &Found<bool>) -> Step {
    let name = StepName::Table;
    match (in_lsdb, entry) {
        (Err(why), _) => Step::unknown(name, why),
        (Ok(false), None) => Step::new(name, Verdict::NotApplicable, "it is not in the link-state database"),
        (Ok(true), None) => {
            Step::new(name, Verdict::Failed, "it is in the link-state database although nobody asks for it")
                .next("look for a line in FRR's configuration that is not the agent's: novaroutectl status -o wide")
        }
        (Ok(true), Some(_)) => Step::new(name, Verdict::Ok, "it is in the link-state database, external type 2"),
        (Ok(false), Some(_)) => Step::new(name, Verdict::Waiting, "it is not in the link-state database")
            .next("look at the steps before; after a change OSPF waits for about a second"),
    }
}

/// The routers with whom the adjacency is in its final state.
fn neighbors(facts: &OspfPrefixFacts) -> Found<Vec<String>> {
    let interfaces = facts.interfaces.as_ref().map_err(Clone::clone)?;
    let on = |(interface, live): (&InterfaceName, &OspfLive)| -> Vec<String> {
        live.neighbors_up().map(|neighbor| format!("{neighbor} on {interface}")).collect()
    };
    Ok(interfaces.iter().flat_map(on).collect())
}

fn neighbors_step(routers: &Found<Vec<String>>) -> Step {
    let name = StepName::Neighbors;
    match routers.as_deref() {
        Err(why) => Step::unknown(name, why),
        Ok([]) => Step::new(name, Verdict::Failed, "no router has an adjacency with this node, so nobody hears of it")
            .next("novaroutectl explain ospf INTERFACE"),
        Ok(some) => Step::new(name, Verdict::Ok, format!("adjacent: {}", some.join(", "))),
    }
}
