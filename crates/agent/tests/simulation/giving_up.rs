//! The one line that FRR does not keep must not take others with it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join;
use novaroute_core::intent::Change;
use novaroute_frr::Daemon;
use tokio::time::sleep;

use crate::agent::Agent;
use crate::clients;
use crate::disk::Disk;
use crate::node::{Link, Node};
use crate::rng::Rng;

/// The agent's first read finds nothing to do, the round with the request takes three; in this one it gives up.
const READ_THAT_GIVES_UP: usize = 5;

#[tokio::test(start_paused = true)]
async fn a_daemon_that_restarts_while_a_line_is_given_up_gets_all_the_others_again() {
    let link = Link(Arc::new(Mutex::new(Node::new(Rng::new(0)))));
    link.node().trouble = false;
    link.node().swallowed.insert("no bgp network import-check".to_owned());
    link.node().restart_at_read = Some(READ_THAT_GIVES_UP);
    let disk = Disk::new();
    let agent = Agent::start(disk.path(), &link);
    sleep(Duration::from_millis(1)).await;

    let put = |intent| agent.owner.submit("net".parse().unwrap(), Change::Put(intent));
    let instance = clients::instance(&mut Rng::new(0));
    let (first, second) = join(put(instance), put(clients::host_prefix())).await;
    assert!(first.is_ok() && second.is_ok());
    sleep(Duration::from_secs(5)).await;
    let bgpd = link.node().frr.print(Daemon::Bgpd);
    assert!(bgpd.contains("network 10.0.0.1/32"), "{bgpd}");
    agent.assert_alive();
}
