//! A line that FRR refuses only as long as something else is there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use novaroute_core::bgp::{Asn, BgpInstance};
use novaroute_core::intent::{Change, Intent};
use novaroute_core::state::IntentState;
use novaroute_frr::Daemon;
use novaroute_frr::config::Context;
use tokio::time::sleep;

use crate::agent::{Agent, TIMING};
use crate::clients;
use crate::disk::Disk;
use crate::node::{Link, Node};
use crate::rng::Rng;

const LINE: &str = "neighbor 172.16.0.2 timers connect 1";

/// A node on which somebody has typed a line into the instance that `LINE` does not bear.
fn obstructed_by(typed: &'static str) -> Link {
    let link = Link(Arc::new(Mutex::new(Node::new(Rng::new(0)))));
    link.node().trouble = false;
    type_line(&link, "neighbor 172.16.0.2 remote-as 65010");
    type_line(&link, typed);
    link.node().obstructed = Some([LINE, typed]);
    link
}

fn type_line(link: &Link, line: &str) {
    link.node().frr.type_line(Daemon::Bgpd, &Context::top().child("router bgp 65001"), line);
}

fn runs(link: &Link) -> bool {
    link.node().frr.print(Daemon::Bgpd).contains(LINE)
}

/// Asks for the instance and a peer that wants nothing of what was typed.
async fn ask(agent: &Agent) {
    let instance = BgpInstance { local_as: Asn::new(65_001).unwrap(), router_id: "1.1.1.1".parse().unwrap() };
    for intent in [Intent::Bgp(instance), Intent::Peer(clients::plain_peer())] {
        agent.owner.submit("net".parse().unwrap(), Change::Put(intent)).await.unwrap();
    }
    sleep(Duration::from_secs(1)).await;
}

fn state(agent: &Agent) -> IntentState {
    agent.snapshot().live(&Intent::Peer(clients::plain_peer()).key()).unwrap().status.state
}

#[tokio::test(start_paused = true)]
async fn a_line_refused_in_the_pass_that_removes_its_obstacle_is_sent_again() {
    let link = obstructed_by("neighbor 172.16.0.2 password old");
    let disk = Disk::new();
    let agent = Agent::start(disk.path(), &link);
    ask(&agent).await;
    assert!(runs(&link), "{}", link.node().frr.print(Daemon::Bgpd));
    assert_eq!(state(&agent), IntentState::Programmed);
    agent.assert_alive();
}

#[tokio::test(start_paused = true)]
async fn a_line_refused_because_of_a_foreign_one_is_sent_again_when_that_has_gone() {
    let link = obstructed_by("bgp cluster-id 1.1.1.1");
    let disk = Disk::new();
    let agent = Agent::start(disk.path(), &link);
    ask(&agent).await;
    assert_eq!(state(&agent), IntentState::Refused);
    let plans = link.node().plans;
    sleep(Duration::from_millis(3 * TIMING.resync_ms)).await;
    assert_eq!(link.node().plans, plans, "nothing has changed");

    let router = Context::top().child("router bgp 65001");
    link.node().frr.forget_line(Daemon::Bgpd, &router, "bgp cluster-id 1.1.1.1");
    sleep(Duration::from_millis(TIMING.resync_ms)).await;
    assert_eq!(state(&agent), IntentState::Programmed);
    assert!(runs(&link));
    agent.assert_alive();
}

#[tokio::test(start_paused = true)]
async fn an_intent_that_is_asked_for_again_is_tried_again_once() {
    let link = obstructed_by("bgp cluster-id 1.1.1.1");
    let disk = Disk::new();
    let agent = Agent::start(disk.path(), &link);
    ask(&agent).await;
    let plans = link.node().plans;
    ask(&agent).await;
    assert_eq!(link.node().plans, plans + 1);
    assert_eq!(state(&agent), IntentState::Refused);
    link.node().obstructed = None;
    ask(&agent).await;
    assert_eq!(state(&agent), IntentState::Programmed);
    let plans = link.node().plans;
    ask(&agent).await;
    assert_eq!(link.node().plans, plans, "what runs is not sent again");
    agent.assert_alive();
}
