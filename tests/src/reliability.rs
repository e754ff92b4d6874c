//! What users of the network lose around a fault: traffic to an announced address and from it, measured.
//!
//! A client stands behind the router of the rack. "In" is traffic to the address that the node announces, "out" is
//! traffic by the route that the node has learned. The suite holds these figures to what they must be, and
//! `make chaos` prints them.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novaroute_lab::topology::Tor;
use novaroute_lab::traffic::{Measured, Meter};
use novaroute_lab::{Daemon, FrrRelease, Router, Signal, wait_for};
use serde_json::json;

use crate::bgp::second_tor;
use crate::binary::binary;
use crate::config::LB;
use crate::scene::{Scene, TIMEOUT};
use crate::tor::{NODE_AS, TOR_AS, bgp_session_with, times_established};
use crate::{request, v1};

/// The address that the node announces.
pub const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);
/// The client.
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// The route by which the node reaches the client.
const CLIENT_NET: &str = "10.9.0.0/24";
/// AS of the router between the client and two routers of the rack.
const SPINE_AS: u32 = 65_200;
/// Milliseconds between BFD packets where a link goes silent.
pub const BFD_INTERVAL_MS: u32 = 100;
/// BFD packets that may be lost.
pub const BFD_MULTIPLIER: u32 = 3;
/// Packets before a fault and after all is well again.
const CALM_PACKETS: u64 = 1000;
/// Packets after a new zebra: bgpd of FRR 8 finds it only after 10 s, and routes may be missing until then.
const NEW_ZEBRA_PACKETS: u64 = 15_000;
/// Longest outage that is waited for.
const OUTAGE_MAX: Duration = Duration::from_secs(30);

/// A fault, and what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// None: what the meter shows by itself.
    Nothing,
    /// The agent is killed and started again.
    AgentKilled,
    /// The agent ends by SIGTERM with `shutdown.mode: keep`, and one from another file takes over.
    AgentUpgraded,
    /// bgpd is killed and started again. No graceful restart is agreed on, so traffic must be lost.
    BgpdKilled,
    /// As before, and both sides have agreed on graceful restart.
    BgpdKilledGraceful,
    /// zebra is killed and started again.
    ZebraKilled,
    /// All daemons of the node are killed and started again; graceful restart is agreed on.
    FrrKilledGraceful,
    /// Agent and FRR end at once, each in order, and new ones start: a pod of Kubernetes is replaced. The agent withdraws
    /// everything, as the operator has it.
    PodReplaced,
    /// As before with `shutdown.mode: keep`, and both sides have agreed on graceful restart.
    PodReplacedGraceful,
    /// The link to the preferred of two routers of the rack goes silent; BFD tells.
    LinkSilent,
}

impl Case {
    /// All cases.
    pub const ALL: [Self; 10] = [
        Self::Nothing,
        Self::AgentKilled,
        Self::AgentUpgraded,
        Self::BgpdKilled,
        Self::BgpdKilledGraceful,
        Self::ZebraKilled,
        Self::FrrKilledGraceful,
        Self::PodReplaced,
        Self::PodReplacedGraceful,
        Self::LinkSilent,
    ];

    /// Brings everything up, measures around the fault, and tells what was lost.
    ///
    /// # Errors
    /// Something did not come up, or not again.
    pub async fn measure(self, release: FrrRelease) -> Result<Measured> {
        let mut site = match self {
            Self::LinkSilent => Site::with_two_tors(release).await?,
            Self::BgpdKilledGraceful | Self::FrrKilledGraceful | Self::PodReplacedGraceful => {
                Site::with_graceful_restart(release).await?
            }
            Self::PodReplaced => Site::behind_one_tor(release, "withdraw", false).await?,
            _ => Site::new(release).await?,
        };
        site.measure(async |site| match self {
            Self::Nothing => Ok(()),
            Self::AgentKilled => site.kill_agent().await,
            Self::AgentUpgraded => site.upgrade_agent().await,
            Self::BgpdKilled | Self::BgpdKilledGraceful => site.kill_daemons(&[Daemon::Bgpd]).await,
            Self::ZebraKilled => site.kill_daemons(&[Daemon::Zebra]).await,
            Self::FrrKilledGraceful => site.kill_daemons(&release.daemons()).await,
            Self::PodReplaced | Self::PodReplacedGraceful => site.replace_pod().await,
            Self::LinkSilent => site.silence_link().await,
        })
        .await
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "nothing (floor)",
            Self::AgentKilled => "agent kill -9",
            Self::AgentUpgraded => "agent upgrade",
            Self::BgpdKilled => "bgpd kill -9, no graceful restart",
            Self::BgpdKilledGraceful => "bgpd kill -9, graceful restart",
            Self::ZebraKilled => "zebra kill -9",
            Self::FrrKilledGraceful => "all of FRR kill -9, graceful restart",
            Self::PodReplaced => "pod replaced",
            Self::PodReplacedGraceful => "pod replaced, keep, graceful restart",
            Self::LinkSilent => "link silent, BFD 3 x 100 ms, two ToRs",
        })
    }
}

/// A node that announces [`SERVICE`], and a client of it behind the router of the rack, or behind two.
#[derive(Debug)]
pub struct Site {
    /// Node, agent and the (preferred) router of the rack.
    pub scene: Scene,
    client: Router,
    /// Packets that are sent after the fault, when all is well again.
    after: u64,
}

impl Site {
    /// One router of the rack with the client behind it. The agent leaves FRR as it is when it ends.
    ///
    /// # Errors
    /// Something did not come up.
    pub async fn new(release: FrrRelease) -> Result<Self> {
        Self::behind_one_tor(release, "keep", false).await
    }

    /// As [`Site::new`], and both sides have agreed on graceful restart.
    ///
    /// # Errors
    /// Something did not come up.
    pub async fn with_graceful_restart(release: FrrRelease) -> Result<Self> {
        Self::behind_one_tor(release, "keep", true).await
    }

    async fn behind_one_tor(release: FrrRelease, shutdown_mode: &str, graceful: bool) -> Result<Self> {
        let scene = Scene::with(release, |config| config["shutdown"] = json!({ "mode": shutdown_mode })).await?;
        let client = scene.lab.router("client", release).await?;
        let link = scene.lab.link(&scene.tor.router, &client, &["10.9.0.2/24"], &[&format!("{CLIENT}/24")]).await?;
        client.add_route("default", [10, 9, 0, 2].into()).await?;
        drop(link);
        // Before the first session, or it would not be agreed on in that.
        let agreed: &[&str] = if graceful { &["graceful-restart"] } else { &[] };
        bgp_session_with(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS, agreed).await?;
        let network = [format!("router bgp {TOR_AS}"), format!("network {CLIENT_NET}")];
        scene.tor.router.configure(Daemon::Bgpd, &network).await?;
        let site = Self { scene, client, after: CALM_PACKETS };
        let graceful_restart = if graceful { v1::GracefulRestart::Full } else { v1::GracefulRestart::Unspecified };
        let peer = v1::BgpPeer { graceful_restart: graceful_restart.into(), ..site.scene.ebgp_peer() };
        site.announce(&[peer]).await?;
        Ok(site)
    }

    /// Two routers of the rack, protected by BFD, and the client behind both. Both ways the first is preferred.
    ///
    /// # Errors
    /// Something did not come up.
    pub async fn with_two_tors(release: FrrRelease) -> Result<Self> {
        let scene = Scene::new(release).await?;
        let second = second_tor(&scene).await?;
        let client = spine(&scene, [&scene.tor, &second]).await?;
        for (tor, prepended) in [(&scene.tor, false), (&second, true)] {
            let bfd = format!("bfd {BFD_MULTIPLIER} {BFD_INTERVAL_MS} {BFD_INTERVAL_MS}");
            bgp_session_with(tor, TOR_AS, tor.node_ipv4.into(), NODE_AS, &[&bfd]).await?;
            leaf(tor, prepended).await?;
        }
        let peers = [&scene.tor, &second].map(|tor| protected(scene.ebgp_peer(), tor));
        let site = Self { scene, client, after: CALM_PACKETS };
        site.announce(&peers).await?;
        let second_has_it = second.router.wait_bgp_established(&second.node_ipv4.to_string(), TIMEOUT).await;
        second_has_it.context("the second router of the rack")?;
        site.client_prefers(site.scene.tor.ipv4).await?;
        Ok(site)
    }

    /// Has the node announce the address, and waits until packets can go both ways.
    async fn announce(&self, peers: &[v1::BgpPeer]) -> Result<()> {
        let scene = &self.scene;
        scene.node.add_address("lo", &format!("{SERVICE}/32")).await?;
        let mut client = self.scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        for peer in peers {
            client.apply_peer(request::apply_peer(LB, peer.clone())).await?;
        }
        client.advertise_prefix(request::advertise(LB, &format!("{SERVICE}/32"))).await?;
        self.in_kernels().await
    }

    /// Waits until the node has the route to the client, and the router of the rack that to the node, where packets look.
    async fn in_kernels(&self) -> Result<()> {
        let scene = &self.scene;
        kernel_route(&scene.node, CLIENT_NET, scene.tor.ipv4).await?;
        kernel_route(&scene.tor.router, &SERVICE.to_string(), scene.tor.node_ipv4).await
    }

    async fn client_prefers(&self, first_tor: Ipv4Addr) -> Result<()> {
        kernel_route(&self.scene.node, CLIENT_NET, first_tor).await?;
        kernel_route(&self.client, &SERVICE.to_string(), spine_end(&self.scene.tor)).await
    }

    /// Measures traffic around `fault`, from some time before it until all is well after it.
    ///
    /// # Errors
    /// The fault could not be made, or traffic does not flow again.
    pub async fn measure(&mut self, fault: impl AsyncFnOnce(&mut Self) -> Result<()>) -> Result<Measured> {
        let node: (&Router, IpAddr) = (&self.scene.node.clone(), SERVICE.into());
        let meter = Meter::start(node, (&self.client.clone(), CLIENT.into())).await?;
        meter.go_on(CALM_PACKETS).await?;
        fault(self).await?;
        let again = meter.arrives(OUTAGE_MAX).await;
        again.with_context(|| format!("log of the agent:\n{}", self.scene.agent.log()))?;
        meter.go_on(self.after).await?;
        meter.stop().await
    }

    /// Kills the agent and starts it again.
    ///
    /// # Errors
    /// It does not come back.
    pub async fn kill_agent(&mut self) -> Result<()> {
        self.scene.agent.kill().await?;
        self.scene.agent.respawn()?;
        self.ready_again().await
    }

    /// Ends the agent in order and starts one from another file.
    ///
    /// # Errors
    /// It does not end or the other does not start.
    pub async fn upgrade_agent(&mut self) -> Result<()> {
        let next = self.scene.agent.dir().join("novaroute-agent-next");
        fs::copy(binary("novaroute-agent")?, &next)?;
        let (code, _) = self.scene.agent.terminate().await?;
        ensure!(code == Some(0), "{}", self.scene.agent.log());
        self.scene.agent.set_program(next, &[]);
        self.scene.agent.respawn()?;
        self.ready_again().await
    }

    async fn ready_again(&self) -> Result<()> {
        self.scene.agent.wait_ready().await?;
        self.scene.prefix_state(&format!("{SERVICE}/32"), "advertised").await.map(drop)
    }

    /// Kills daemons of the node and starts them again.
    ///
    /// # Errors
    /// They do not come back to what they ran.
    pub async fn kill_daemons(&mut self, daemons: &[Daemon]) -> Result<()> {
        let scene = &self.scene;
        let node = scene.tor.node_ipv4.into();
        let sessions = times_established(&scene.tor.router, node).await?;
        for daemon in daemons {
            scene.node.kill(*daemon).await?;
        }
        scene.node.start(daemons).await?;
        if daemons.contains(&Daemon::Bgpd) {
            self.new_session_since(sessions).await?;
        }
        if daemons.contains(&Daemon::Zebra) {
            self.after = NEW_ZEBRA_PACKETS;
        }
        self.in_kernels().await
    }

    /// Ends the agent and FRR as the end of their pod does, all of it at once, and starts them again.
    ///
    /// # Errors
    /// They do not end, or do not come back to what they ran.
    pub async fn replace_pod(&mut self) -> Result<()> {
        let node = self.scene.node.clone();
        let sessions = times_established(&self.scene.tor.router, self.scene.tor.node_ipv4.into()).await?;
        let daemons = node.release().daemons();
        let frr_ends = async {
            for daemon in daemons.iter().rev() {
                node.stop(*daemon, Signal::TERM).await?;
            }
            Ok(())
        };
        let ((code, _), ()) = tokio::try_join!(self.scene.agent.terminate(), frr_ends)?;
        ensure!(code == Some(0), "{}", self.scene.agent.log());
        node.start(&daemons).await?;
        self.scene.agent.respawn()?;
        self.after = NEW_ZEBRA_PACKETS;
        self.new_session_since(sessions).await?;
        self.in_kernels().await
    }

    /// Waits until the router of the rack has had more sessions with the node than `before`.
    async fn new_session_since(&self, before: u64) -> Result<()> {
        let tor = &self.scene.tor;
        wait_for("a new session", OUTAGE_MAX, async || {
            Ok((times_established(&tor.router, tor.node_ipv4.into()).await? > before).then_some(()))
        })
        .await
    }

    /// Silences the link to the preferred router of the rack and waits until neither end counts on it.
    ///
    /// # Errors
    /// An end still does after 30 s.
    pub async fn silence_link(&mut self) -> Result<()> {
        let scene = &self.scene;
        scene.tor.link.go_silent().await?;
        wait_for("both ends to be done with the silent link", OUTAGE_MAX, async || {
            let ends = [
                scene.node.bgp_state(&scene.tor.ipv4.to_string()).await?,
                scene.tor.router.bgp_state(&scene.tor.node_ipv4.to_string()).await?,
            ];
            ensure!(ends.iter().all(|state| state != "Established"), "{ends:?}");
            Ok(Some(()))
        })
        .await
    }
}

/// Waits until a router's kernel has a route by `via`.
async fn kernel_route(router: &Router, prefix: &str, via: Ipv4Addr) -> Result<()> {
    wait_for(&format!("{}'s kernel to reach {prefix} by {via}", router.name()), OUTAGE_MAX, async || {
        let route = router.run("ip", &["route", "show", prefix]).await?;
        ensure!(route.contains(&format!("via {via} ")), "{route:?}");
        Ok(Some(()))
    })
    .await
}

/// A peer protected by BFD, with the address of this router.
fn protected(peer: v1::BgpPeer, tor: &Tor) -> v1::BgpPeer {
    v1::BgpPeer {
        neighbor_address: tor.ipv4.to_string(),
        bfd_enabled: true,
        bfd_min_rx_ms: BFD_INTERVAL_MS,
        bfd_min_tx_ms: BFD_INTERVAL_MS,
        bfd_detect_multiplier: BFD_MULTIPLIER,
        ..peer
    }
}

/// The client with both routers of the rack: a router of a network behind them that speaks BGP with them.
async fn spine(scene: &Scene, tors: [&Tor; 2]) -> Result<Router> {
    let spine = scene.lab.router("spine", scene.node.release()).await?;
    let mut lines = vec![
        format!("router bgp {SPINE_AS}"),
        "bgp router-id 10.9.0.1".to_owned(),
        "no bgp ebgp-requires-policy".to_owned(),
        "no bgp network import-check".to_owned(),
        format!("network {CLIENT_NET}"),
    ];
    for tor in tors {
        let (own, other) = (spine_own(tor), spine_end(tor));
        scene.lab.link(&tor.router, &spine, &[&format!("{other}/24")], &[&format!("{own}/24")]).await?;
        lines.extend([format!("neighbor {other} remote-as {TOR_AS}"), format!("neighbor {other} timers connect 1")]);
    }
    spine.add_address("lo", &format!("{CLIENT}/32")).await?;
    spine.start(&[Daemon::Zebra, Daemon::Bgpd]).await?;
    spine.configure(Daemon::Bgpd, &lines).await?;
    Ok(spine)
}

/// Gives a router of the rack its session with the spine. One that prepends is the second choice, both ways.
async fn leaf(tor: &Tor, prepends: bool) -> Result<()> {
    let own = spine_own(tor);
    let mut lines = vec![
        format!("router bgp {TOR_AS}"),
        format!("neighbor {own} remote-as {SPINE_AS}"),
        format!("neighbor {own} timers connect 1"),
        "address-family ipv4 unicast".to_owned(),
        format!("neighbor {own} activate"),
    ];
    if prepends {
        lines.extend([own, tor.node_ipv4].map(|peer| format!("neighbor {peer} route-map SECOND out")));
        lines.extend(["exit", "exit", "route-map SECOND permit 10"].map(str::to_owned));
        lines.push(format!("set as-path prepend {TOR_AS} {TOR_AS}"));
    }
    tor.router.configure(Daemon::Bgpd, &lines).await
}

/// The spine's address on the link to a router of the rack.
fn spine_own(tor: &Tor) -> Ipv4Addr {
    let [_, _, number, _] = tor.ipv4.octets();
    Ipv4Addr::new(10, 8, number, 1)
}

/// The address of a router of the rack on its link to the spine.
fn spine_end(tor: &Tor) -> Ipv4Addr {
    let [_, _, number, _] = tor.ipv4.octets();
    Ipv4Addr::new(10, 8, number, 2)
}
