//! Whether OSPF runs on an interface and has neighbors there, and if not, why.

use super::facts::{Found, Interface, Line, Said};
use super::wanted::line_step;
use super::{Asked, Explanation, Step, StepName, Verdict, why_not};
use crate::intent::{Intent, IntentKey};
use crate::live::OspfLive;
use crate::name::InterfaceName;
use crate::ospf::OspfInterface;

/// What was found of an OSPF interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OspfFacts {
    /// Its lines.
    pub lines: Found<Vec<Line>>,
    /// The interface, if the node has it.
    pub interface: Found<Option<Interface>>,
    /// What each of OSPF's daemons that there are has of it; `None`: it does not run on the interface.
    pub daemons: Vec<(String, Found<Option<OspfLive>>)>,
    /// What a daemon last said of packets on it that it would not take.
    pub said: Option<Said>,
}

/// Explains an OSPF interface.
#[must_use]
pub fn ospf(asked: &Asked<'_>, interface: &InterfaceName, facts: &OspfFacts) -> Explanation {
    let key = IntentKey::Ospf(*interface);
    let entry = asked.entry(&key);
    let command = format!("novaroutectl enable-ospf --interface {interface} --area AREA");
    let mut steps: Vec<Step> = asked.first_steps(&key, &command).into();
    steps.push(interface_step(interface, &facts.interface));
    steps.push(line_step(entry, &facts.lines));
    let wanted = entry.and_then(|entry| match &entry.intent {
        Intent::Ospf(ospf) => Some(ospf),
        _ => None,
    });
    let lives = || facts.daemons.iter().filter_map(|(_, live)| live.as_ref().ok()?.as_ref());
    let up: Vec<String> = lives().flat_map(OspfLive::neighbors_up).cloned().collect();
    if let Some(wanted) = wanted {
        for (daemon, live) in &facts.daemons {
            steps.push(session_step(daemon, live));
            if let Ok(Some(live)) = live {
                let said = facts.said.as_ref().filter(|said| said.daemon == *daemon);
                steps.push(neighbors_step(wanted, live, said, !up.is_empty()).about(daemon));
            }
        }
    }
    let runs = lives().next().is_some();
    let passive = wanted.is_some_and(|wanted| wanted.passive);
    let in_effect = wanted.is_some() && runs && (passive || !up.is_empty());
    let answer = match in_effect {
        true if passive => format!("OSPF announces the networks of {interface}, which is passive"),
        true => format!("OSPF runs on {interface} with {}", up.join(", ")),
        false => format!("OSPF on {interface} has no adjacency: {}", why_not(&steps)),
    };
    Explanation { in_effect, answer, steps }
}

fn interface_step(name: &InterfaceName, interface: &Found<Option<Interface>>) -> Step {
    let step = StepName::Interface;
    match interface {
        Err(why) => Step::unknown(step, why),
        Ok(None) => Step::new(step, Verdict::Failed, format!("the node has no interface {name}"))
            .next("look for its name: ip -br link"),
        Ok(Some(interface)) if !interface.up => Step::new(step, Verdict::Failed, format!("{name} is down"))
            .next(format!("look for the carrier, and ip link set {name} up")),
        Ok(Some(interface)) if interface.addresses.is_empty() => {
            Step::new(step, Verdict::Failed, format!("{name} has no address"))
                .next(format!("ip address add ADDRESS dev {name}"))
        }
        Ok(Some(interface)) => {
            Step::new(step, Verdict::Ok, format!("{name} is up, with {}", interface.addresses.join(", ")))
        }
    }
}

fn session_step(daemon: &str, live: &Found<Option<OspfLive>>) -> Step {
    let name = StepName::Session;
    let step = match live {
        Err(why) => Step::unknown(name, why),
        Ok(None) => Step::new(name, Verdict::Waiting, format!("{daemon} does not run on it")),
        Ok(Some(live)) => {
            Step::new(name, Verdict::Ok, format!("{daemon} runs on it, which is in state {}", live.state))
        }
    };
    step.about(daemon)
}

/// The neighbors, and why one is not there or does not get further. Where the other version of OSPF has one, this one may
/// not be spoken on the link.
fn neighbors_step(wanted: &OspfInterface, live: &OspfLive, said: Option<&Said>, another_has: bool) -> Step {
    let name = StepName::Neighbors;
    if wanted.passive {
        return Step::new(name, Verdict::NotApplicable, "the interface is passive: it has none");
    }
    let all: Vec<String> = live.neighbors.iter().map(|(neighbor, state)| format!("{neighbor} is {state}")).collect();
    if live.neighbors_up().next().is_some() {
        return Step::new(name, Verdict::Ok, all.join(", "));
    }
    let found = if all.is_empty() { "no router is heard".to_owned() } else { all.join(", ") };
    match said {
        Some(said) => {
            let evidence = format!("{found}; {} said {} s ago: {}", said.daemon, said.ago_s, said.text);
            Step::new(name, Verdict::Failed, evidence).next("make the other side and this one say the same")
        }
        None if all.is_empty() && another_has => {
            Step::new(name, Verdict::NotApplicable, "no router is heard: none may speak this version of OSPF here")
        }
        None if all.is_empty() => Step::new(name, Verdict::Failed, found).next(look_at_the_other_side(wanted)),
        None => Step::new(name, Verdict::Waiting, found).next(
            "one that stays in ExStart or Exchange has another MTU, one that stays in Init does not hear this node",
        ),
    }
}

fn look_at_the_other_side(wanted: &OspfInterface) -> String {
    let (area, hello_s, dead_s) = (wanted.area, wanted.timers.hello_s(), wanted.timers.dead_s());
    let authentication = match &wanted.settings.authentication {
        None => "without authentication",
        Some(_) => "with the same kind of authentication and the same key",
    };
    format!(
        "look whether the other side runs OSPF on the link, in area {area}, not passive, with hello {hello_s} s and dead {dead_s} s, \
         of the same type of area, and {authentication}"
    )
}

#[cfg(test)]
mod tests;
