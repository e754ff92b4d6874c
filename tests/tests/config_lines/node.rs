//! The node on which the cases run: FRR alone, with a BGP session and adjacencies to the router of the rack.

use anyhow::{Result, ensure};
use novaroute_e2e::ospf::Version;
use novaroute_e2e::scene::TIMEOUT;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session, times_established};
use novaroute_e2e::{Daemon, FrrRelease, wait_for};
use novaroute_frr::config::{Config, Slot};
use novaroute_frr::parse;
use novaroute_lab::topology::{NodeAndTor, node_and_tor};

use crate::cases::Case;

/// What the session runs with, whatever case came before.
const BGP: &[&str] = &[
    "route-map NR-IN permit 10",
    "route-map NR-IN-2 permit 10",
    "route-map NR-OUT permit 10",
    "router bgp 65001",
    "bgp router-id 10.0.1.1",
    "no bgp ebgp-requires-policy",
    "neighbor 10.0.1.2 remote-as 65100",
    "neighbor 10.0.1.2 timers connect 1",
    "address-family ipv4 unicast",
    "neighbor 10.0.1.2 activate",
    "neighbor 10.0.1.2 route-map NR-OUT out",
];

pub(crate) struct Node {
    lab: NodeAndTor,
    /// Prefixes that the router of the rack has announced so far, to show that the session carries something.
    markers: u8,
    established: u64,
}

impl Node {
    pub(crate) async fn new(release: FrrRelease) -> Result<Self> {
        let lab = node_and_tor(release).await?;
        lab.node.add_address("tor1", "10.0.1.7/24").await?;
        bgp_session(&lab.tor, TOR_AS, lab.tor.node_ipv4.into(), NODE_AS).await?;
        for version in Version::BOTH {
            lab.tor.router.configure(version.daemon(), &ospf(version, lab.tor.link.b().interface())).await?;
        }
        let mut node = Self { lab, markers: 0, established: 0 };
        node.restore_all().await?;
        Ok(node)
    }

    /// Brings the BGP session and the adjacencies back to what they were before any case.
    pub(crate) async fn restore_all(&mut self) -> Result<()> {
        for version in Version::BOTH {
            let lines = ospf(version, self.lab.tor.link.a().interface());
            self.lab.node.configure(version.daemon(), &lines).await?;
        }
        self.restore().await?;
        self.adjacencies_are_full().await
    }

    /// Brings the BGP session back to what it was before any case.
    pub(crate) async fn restore(&mut self) -> Result<()> {
        self.lab.node.configure(Daemon::Bgpd, BGP).await?;
        self.forget_failures().await?;
        self.lab.node.wait_bgp_established("10.0.1.2", TIMEOUT).await?;
        self.established = times_established(&self.lab.node, self.lab.tor.ipv4.into()).await?;
        Ok(())
    }

    /// bgpd waits twice as long after each attempt that failed, up to two minutes (`bgp_stop_with_error` in bgpd/bgp_fsm.c);
    /// what is cleared begins with a second again.
    async fn forget_failures(&self) -> Result<()> {
        if self.lab.node.bgp_state("10.0.1.2").await? != "Established" {
            for router in [&self.lab.node, &self.lab.tor.router] {
                router.vty(Daemon::Bgpd, "clear bgp *").await?;
            }
        }
        Ok(())
    }

    /// Types a line of a case.
    pub(crate) async fn send(&self, case: &Case, line: &str) -> Result<()> {
        let mut lines = case.context.to_vec();
        lines.push(line);
        self.lab.node.configure(self.process(case), &lines).await
    }

    /// Takes a line of a case back, as its row says.
    pub(crate) async fn take_back(&self, case: &Case, line: &str) -> Result<()> {
        let matched = case.matched(line)?;
        self.send(case, &matched.rule.undo(line, &matched.id)).await
    }

    /// Whether the line's slot holds exactly `line` in what FRR prints, or nothing.
    ///
    /// # Errors
    /// It holds something else.
    pub(crate) async fn runs(&self, case: &Case, line: Option<&str>) -> Result<()> {
        let matched = case.matched(line.unwrap_or(case.lines[0]))?;
        let slot = Slot { kind: matched.rule.kind, id: matched.id };
        let mut config = Config::default();
        parse(case.daemon, &self.lab.node.running_config(self.process(case)).await?, &mut config);
        let found = config.get(case.daemon, &case.context(), &slot).map(|line| line.text.reveal());
        ensure!(found == line, "FRR runs {found:?}, not {line:?}");
        Ok(())
    }

    /// Fails if the BGP session was reset since the last case. A prefix that the other side announces now comes over the
    /// session that there is.
    pub(crate) async fn sessions_are_untouched(&mut self) -> Result<()> {
        self.markers += 1;
        let marker = format!("10.70.{}.0/24", self.markers);
        let lines =
            [format!("router bgp {TOR_AS}"), "address-family ipv4 unicast".to_owned(), format!("network {marker}")];
        self.lab.tor.router.configure(Daemon::Bgpd, &lines).await?;
        self.lab.node.wait_bgp_route(&marker, TIMEOUT).await?;
        let established = times_established(&self.lab.node, self.lab.tor.ipv4.into()).await?;
        ensure!(established == self.established, "the session was reset");
        Ok(())
    }

    /// Does what the router of the rack has to do for a case, or takes it back.
    pub(crate) async fn help(&self, case: &Case, step: usize) -> Result<()> {
        match case.peer {
            Some(steps) => self.lab.tor.router.configure(self.process(case), steps[step]).await,
            None => Ok(()),
        }
    }

    /// Has both routers run what a case is about, with their session up, or takes that back.
    pub(crate) async fn give(&self, case: &Case, step: usize) -> Result<()> {
        let Some(steps) = case.given else { return Ok(()) };
        let link = &self.lab.tor.link;
        for (router, end) in [(&self.lab.node, link.a()), (&self.lab.tor.router, link.b())] {
            let lines: Vec<_> = steps[step].iter().map(|line| line.replace("LINK", end.interface())).collect();
            router.configure(self.process(case), &lines).await?;
        }
        if step == 0 { self.is_up(case).await } else { Ok(()) }
    }

    /// How often the session of a case has come up, or its adjacency changed, as the router of the rack sees it.
    pub(crate) async fn session(&self, case: &Case) -> Result<u64> {
        match Version::BOTH.into_iter().find(|version| version.daemon() == self.process(case)) {
            Some(version) => Ok(u64::try_from(self.adjacency_changes_of(version)?)?),
            None => times_established(&self.lab.tor.router, self.lab.tor.node_ipv4.into()).await,
        }
    }

    /// Waits until the session of a case has ended since [`Node::session`], whether it comes up again or not.
    pub(crate) async fn is_reset(&self, case: &Case, before: u64) -> Result<()> {
        wait_for("the session to end", TIMEOUT, async || {
            let now = self.session(case).await?;
            let ended = case.daemon == novaroute_frr::Daemon::Bgpd && self.bgp_state_at_tor().await? != "Established";
            ensure!(now > before || ended, "it is up, for the {now}th time");
            Ok(Some(()))
        })
        .await
    }

    async fn bgp_state_at_tor(&self) -> Result<String> {
        self.lab.tor.router.bgp_state(&self.lab.tor.node_ipv4.to_string()).await
    }

    /// Waits until the session of a case is up, with its BFD session where it has one.
    pub(crate) async fn is_up(&self, case: &Case) -> Result<()> {
        if case.daemon != novaroute_frr::Daemon::Bgpd {
            return self.adjacencies_are_full().await;
        }
        let bfd = case.lines.iter().any(|line| line.ends_with(" bfd"));
        wait_for("the session to be up", TIMEOUT * 2, async || {
            let state = self.bgp_state_at_tor().await?;
            ensure!(state == "Established", "{state}");
            if bfd {
                let peers = self.lab.node.vty(Daemon::Bfdd, "show bfd peers json").await?;
                ensure!(peers.contains(r#""status":"up""#), "{peers}");
            }
            Ok(Some(()))
        })
        .await
    }

    fn adjacency_changes_of(&self, version: Version) -> Result<usize> {
        Ok(changes(&self.lab.tor.router.log(version.daemon())?).count())
    }

    /// How often an adjacency has changed, as the router of the rack wrote it down.
    pub(crate) fn adjacency_changes(&self) -> Result<usize> {
        Version::BOTH.into_iter().map(|version| self.adjacency_changes_of(version)).sum()
    }

    pub(crate) async fn adjacencies_are_full(&self) -> Result<()> {
        wait_for("full adjacencies", TIMEOUT * 2, async || {
            for (daemon, command) in
                [(Daemon::Ospfd, "show ip ospf neighbor json"), (Daemon::Ospf6d, "show ipv6 ospf6 neighbor json")]
            {
                let text = self.lab.tor.router.vty(daemon, command).await?;
                ensure!(text.contains("\"Full"), "{text}");
                // The log may lag behind; what it says later would look like a change.
                let log = self.lab.tor.router.log(daemon)?;
                let last = changes(&log).last().unwrap_or_default();
                ensure!(last.contains("-> Full"), "{last}");
            }
            Ok(Some(()))
        })
        .await
    }

    /// The process that takes the lines of a case.
    fn process(&self, case: &Case) -> Daemon {
        match case.daemon {
            novaroute_frr::Daemon::Bfdd => Daemon::Bfdd,
            novaroute_frr::Daemon::Bgpd => Daemon::Bgpd,
            novaroute_frr::Daemon::Ospfd => Daemon::Ospfd,
            novaroute_frr::Daemon::Ospf6d => Daemon::Ospf6d,
            novaroute_frr::Daemon::Staticd if self.lab.node.is_running(Daemon::Mgmtd) => Daemon::Mgmtd,
            novaroute_frr::Daemon::Staticd => Daemon::Staticd,
        }
    }
}

/// The changes of adjacencies in a log. A router that has no id yet calls itself 0.0.0.0, and is another neighbour that
/// falls silent once it has one.
fn changes(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter(|line| line.contains("AdjChg") && !line.contains("Nbr 0.0.0.0("))
}

/// One side of an adjacency.
fn ospf(version: Version, interface: &str) -> Vec<String> {
    let (words, router) = match version {
        Version::V2 => ("ip ospf", "router ospf"),
        Version::V3 => ("ipv6 ospf6", "router ospf6"),
    };
    let line = |text: &str| format!("{words} {text}");
    let mut lines = vec![router.to_owned(), "log-adjacency-changes detail".to_owned(), "exit".to_owned()];
    lines.push(format!("interface {interface}"));
    lines.extend(["hello-interval 1", "dead-interval 4", "area 0.0.0.0"].map(line));
    lines
}
