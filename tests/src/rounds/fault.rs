//! What may go wrong in a round: it begins, lasts a while, and ends.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use novaroute_lab::{Daemon, FrrRelease, Signal, wait_for};

use super::check::FOREIGN;
use super::dice::Dice;
use super::model::Model;
use crate::scene::Scene;
use crate::tor::NODE_AS;

/// The daemons that faults hit one at a time.
const DAEMONS: [Daemon; 6] =
    [Daemon::Zebra, Daemon::Bgpd, Daemon::Bfdd, Daemon::Ospfd, Daemon::Ospf6d, Daemon::Staticd];
/// Longest wait for the agent to notice a fault: a hang is noticed by the time limit of an answer.
const NOTICED_MAX: Duration = Duration::from_secs(15);

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A daemon is killed, and later started.
    Killed(Daemon),
    /// A daemon is asked to end, and later started.
    Ended(Daemon),
    /// A daemon hangs for a while.
    Hangs(Daemon),
    /// All of FRR is killed, and later started.
    FrrGone,
    /// The agent is killed, and later started.
    AgentGone,
    /// The link loses its carrier for a while.
    LinkDown,
    /// A hand edits FRR.
    Edit(Edit),
}

/// What a hand may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    /// Removes announcements.
    Networks,
    /// Changes what the peer is called and its timers.
    Peer,
    /// Takes the outbound policy off the peer.
    Policy,
    /// Removes the whole of BGP.
    Bgp,
    /// Changes the cost of the OSPF interface.
    Cost,
    /// Removes the BFD session of the peer.
    Bfd,
    /// Adds what is not the agent's.
    Foreign,
}

impl Fault {
    /// A fault whose name has `only` in it, if there is one.
    pub(super) fn roll(dice: &mut Dice, only: &str) -> Self {
        const TRIES: usize = 1000;
        let named = |fault: &Self| format!("{fault:?}").contains(only);
        let mut rolled = (0..TRIES).map(|_| Self::any(dice));
        rolled.find(named).unwrap_or(Self::AgentGone)
    }

    fn any(dice: &mut Dice) -> Self {
        let edits = [Edit::Networks, Edit::Peer, Edit::Policy, Edit::Bgp, Edit::Cost, Edit::Bfd, Edit::Foreign];
        match dice.below(12) {
            0..=2 => Self::Killed(dice.pick(&DAEMONS)),
            3 | 4 => Self::Ended(dice.pick(&DAEMONS)),
            5..=7 => Self::Hangs(dice.pick(&DAEMONS)),
            8 => Self::FrrGone,
            9 => Self::AgentGone,
            10 => Self::LinkDown,
            _ => Self::Edit(dice.pick(&edits)),
        }
    }

    /// Whether it cannot happen while `other` lasts.
    pub(super) fn excludes(self, other: Self) -> bool {
        match (self.daemons(), other.daemons()) {
            (Some(own), Some(others)) => own.iter().any(|daemon| others.contains(daemon)),
            _ => self == other,
        }
    }

    /// The daemons that it takes away or needs; `None`: it has nothing to do with daemons.
    fn daemons(self) -> Option<Vec<Daemon>> {
        match self {
            // See `end`.
            Self::Killed(Daemon::Zebra) | Self::Ended(Daemon::Zebra) => Some(vec![Daemon::Zebra, Daemon::Ospf6d]),
            Self::Killed(daemon) | Self::Ended(daemon) | Self::Hangs(daemon) => Some(vec![daemon]),
            Self::FrrGone | Self::Edit(_) => Some(DAEMONS.to_vec()),
            Self::AgentGone | Self::LinkDown => None,
        }
    }

    pub(super) async fn begin(self, scene: &mut Scene, model: &Model) -> Result<()> {
        match self {
            Self::Killed(daemon) => scene.node.kill(daemon).await,
            Self::Ended(daemon) if is_to_be_killed(scene, daemon) => scene.node.kill(daemon).await,
            Self::Ended(daemon) => scene.node.stop(daemon, Signal::TERM).await,
            Self::Hangs(daemon) => scene.node.signal(daemon, Signal::STOP),
            Self::FrrGone => {
                for daemon in scene.node.release().daemons() {
                    scene.node.kill(daemon).await?;
                }
                Ok(())
            }
            Self::AgentGone => scene.agent.kill().await,
            Self::LinkDown => scene.tor.link.set_down().await,
            Self::Edit(edit) => edit.make(scene, model).await,
        }
    }

    /// Waits until the agent has noticed it, as far as there is something to notice.
    pub(super) async fn until_noticed(self, scene: &Scene) -> Result<()> {
        match self {
            Self::Killed(_) | Self::Ended(_) | Self::Hangs(_) | Self::FrrGone => {
                wait_for(&format!("{self:?} to be noticed"), NOTICED_MAX, async || {
                    match scene.agent.get("/readyz").await? {
                        (503, _) => Ok(Some(())),
                        (code, text) => bail!("{code} {text}"),
                    }
                })
                .await
            }
            Self::LinkDown => {
                wait_for("the session to go down", NOTICED_MAX, async || {
                    let peers = scene.agent.status().await?.peers;
                    ensure!(peers.iter().all(|peer| peer.state != "Established"), "{peers:?}");
                    Ok(Some(()))
                })
                .await
            }
            Self::AgentGone | Self::Edit(_) => Ok(()),
        }
    }

    pub(super) async fn end(self, scene: &mut Scene) -> Result<()> {
        match self {
            Self::Killed(daemon) | Self::Ended(daemon) => {
                scene.node.start(&[daemon]).await?;
                if daemon == Daemon::Zebra && is_of_frr_8(scene) {
                    scene.node.kill(Daemon::Ospf6d).await?;
                    scene.node.start(&[Daemon::Ospf6d]).await?;
                }
                Ok(())
            }
            Self::Hangs(daemon) => scene.node.signal(daemon, Signal::CONT),
            Self::FrrGone => scene.node.start(&scene.node.release().daemons()).await,
            Self::AgentGone => scene.agent.respawn(),
            Self::LinkDown => scene.tor.link.set_up().await,
            Self::Edit(_) => Ok(()),
        }
    }
}

/// What FRR 8 gets wrong whatever the agent does is told in docs/frr.md, and taken out of the faults here.
fn is_of_frr_8(scene: &Scene) -> bool {
    scene.node.release() == FrrRelease::Distribution
}

/// An ospf6d of FRR 8 that is asked to end flushes its LSAs, and is not heard when it is back before its neighbours have
/// forgotten them.
fn is_to_be_killed(scene: &Scene, daemon: Daemon) -> bool {
    daemon == Daemon::Ospf6d && is_of_frr_8(scene)
}

impl Edit {
    async fn make(self, scene: &Scene, model: &Model) -> Result<()> {
        let (router, peer) = (format!("router bgp {NODE_AS}"), scene.tor.ipv4);
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let (daemon, lines) = match self {
            Self::Networks => (Daemon::Bgpd, [vec![router], networks_off(model)].concat()),
            Self::Peer => {
                let lines = [format!("neighbor {peer} description meddled"), format!("no neighbor {peer} timers")];
                (Daemon::Bgpd, [vec![router], lines.to_vec()].concat())
            }
            Self::Policy => {
                let off = format!("no neighbor {peer} route-map NR-OUT out");
                (Daemon::Bgpd, [vec![router], owned(&["address-family ipv4 unicast"]), vec![off]].concat())
            }
            Self::Bgp => (Daemon::Bgpd, vec![format!("no {router}")]),
            Self::Cost => {
                let interface = format!("interface {}", scene.tor.link.a().interface());
                (Daemon::Ospfd, [vec![interface], owned(&["ip ospf cost 4711"])].concat())
            }
            Self::Bfd => (Daemon::Bgpd, vec![router, format!("no neighbor {peer} bfd")]),
            Self::Foreign => {
                let list = format!("ip prefix-list {FOREIGN} seq 5 permit 192.0.2.0/24");
                (Daemon::Bgpd, vec![list])
            }
        };
        scene.node.configure(daemon, &lines).await
    }
}

/// The lines that take IPv4 announcements away.
fn networks_off(model: &Model) -> Vec<String> {
    let ipv4 = model.bgp.keys().filter(|prefix| !prefix.contains(':'));
    let lines = ipv4.map(|prefix| format!("no network {prefix}"));
    ["address-family ipv4 unicast".to_owned()].into_iter().chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_one_daemon_exclude_each_other() {
        let hangs = Fault::Hangs(Daemon::Bgpd);
        assert!(hangs.excludes(Fault::Killed(Daemon::Bgpd)) && hangs.excludes(Fault::FrrGone));
        assert!(!hangs.excludes(Fault::Killed(Daemon::Zebra)) && !hangs.excludes(Fault::AgentGone));
        assert!(Fault::Edit(Edit::Cost).excludes(hangs) && Fault::AgentGone.excludes(Fault::AgentGone));
    }
}
