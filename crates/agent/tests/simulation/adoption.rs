//! Without a journal, owners claim what runs: in whatever order they do, FRR is sent nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use novaroute_core::intent::{Change, Intent};
use tokio::time::sleep;

use crate::agent::Agent;
use crate::clients;
use crate::disk::Disk;
use crate::node::{Link, Node};
use crate::rng::Rng;

/// Orders that are tried.
const ORDERS: u64 = 100;
/// Time enough for a round, and no round by itself.
const ROUND: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn whatever_is_claimed_first_what_runs_stays_as_it_is() {
    let ask = async |agent: &Agent, intent: Intent| {
        agent.owner.submit("net".parse().unwrap(), Change::Put(intent)).await.unwrap();
        sleep(ROUND).await;
    };
    for order in 0..ORDERS {
        let mut rng = Rng::new(order);
        let link = Link(Arc::new(Mutex::new(Node::new(rng.fork()))));
        link.node().trouble = false;
        let disk = Disk::new();
        let agent = Agent::start(disk.path(), &link);
        for intent in clients::one_of_each() {
            ask(&agent, intent).await;
        }
        agent.crash().await;
        link.node().watch.on_crash();
        disk.lose_journal();
        let plans = link.node().plans;
        let running = link.node().frr.running().clone();

        let agent = Agent::start(disk.path(), &link);
        let claims = rng.shuffled(clients::one_of_each());
        let keys: Vec<String> = claims.iter().map(|intent| intent.key().to_string()).collect();
        for intent in claims {
            ask(&agent, intent).await;
            let node = link.node();
            assert!(node.plans == plans && *node.frr.running() == running, "order {order}, {keys:?}");
        }
        agent.crash().await;
    }
}
