//! How a session comes about and behaves: each setting given, changed and cleared on a session, with what it does there.

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::Result;
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{
    configure_neighbor_at, neighbor_lines, sends_nothing, sessions_so_far, wait_neighbor, wait_neighbor_lines,
    wait_path,
};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::NODE_AS;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};

/// AS that the router of the rack sees in place of the node's.
const SHOWN_AS: u32 = 65_055;

on_each_frr! {
    /// All settings of one session, one after the other: in FRR's configuration, at work at the other side, changed
    /// where that differs from giving them, and gone with the field. Those that leave the session alone do.
    async fn settings_of_a_session_work_and_are_cleared(release) {
        let (scene, client) = Scene::with_bgp(release).await?;
        let base = neighbor_lines(&scene.running(Daemon::Bgpd).await?, scene.tor.ipv4);
        let mut stage = Stage { scene, client, base };
        stage.client.advertise_prefix(request::advertise(LB, "10.66.0.1/32")).await?;
        stage.timers().await?;
        stage.local_as().await?;
        stage.ttl_security().await?;
        stage.passive().await?;
        stage.shutdown().await
    }
}

struct Stage {
    scene: Scene,
    client: Client,
    /// The lines of the peer without any setting.
    base: BTreeSet<String>,
}

impl Stage {
    /// Asks for the peer with some settings, and waits until exactly `lines` are there beside those of every peer.
    async fn apply(&mut self, change: impl FnOnce(&mut v1::BgpPeer), lines: &[&str]) -> Result<()> {
        let mut peer = self.scene.ebgp_peer();
        change(&mut peer);
        self.client.apply_peer(request::apply_peer(LB, peer)).await?;
        let mut expected = self.base.clone();
        expected.extend(lines.iter().map(|line| (*line).to_owned()));
        if lines.iter().any(|line| line.starts_with("timers connect")) {
            expected.remove("timers connect 1");
        }
        wait_neighbor_lines(&self.scene, self.scene.tor.ipv4, &expected).await
    }

    /// Has the router of the rack change its side of the session.
    async fn at_tor(&self, words: &[&str]) -> Result<()> {
        configure_neighbor_at(&self.scene.tor, words).await
    }

    fn node(&self) -> IpAddr {
        self.scene.tor.node_ipv4.into()
    }

    async fn sessions(&self) -> Result<u64> {
        sessions_so_far(&self.scene.tor.router, self.node()).await
    }

    async fn established_anew(&self, before: u64) -> Result<()> {
        wait_neighbor(&self.scene.tor.router, self.node(), "another session", |said| {
            said["bgpState"] == "Established" && said["connectionsEstablished"].as_u64() > Some(before)
        })
        .await?;
        Ok(())
    }

    /// Neither touches the session; asked for again, they send nothing.
    async fn timers(&mut self) -> Result<()> {
        let before = self.sessions().await?;
        let timers = |retry, interval| {
            move |peer: &mut v1::BgpPeer| (peer.connect_retry_s, peer.advertisement_interval_s) = (retry, interval)
        };
        self.apply(timers(7, 2), &["timers connect 7", "advertisement-interval 2"]).await?;
        let Self { scene, client, .. } = self;
        let mut peer = scene.ebgp_peer();
        timers(7, 2)(&mut peer);
        sends_nothing(scene, client, async |client| {
            client.apply_peer(request::apply_peer(LB, peer)).await?;
            Ok(())
        })
        .await?;
        self.apply(timers(65_535, 600), &["timers connect 65535", "advertisement-interval 600"]).await?;
        self.apply(|_| (), &[]).await?;
        assert_eq!(self.sessions().await?, before);
        Ok(())
    }

    /// The other side sees the AS and no other.
    async fn local_as(&mut self) -> Result<()> {
        let before = self.sessions().await?;
        self.at_tor(&[&format!("remote-as {SHOWN_AS}")]).await?;
        self.apply(|peer| peer.local_as = SHOWN_AS, &[&format!("local-as {SHOWN_AS} no-prepend replace-as")]).await?;
        self.established_anew(before).await?;
        let shown = SHOWN_AS.to_string();
        let only = |path: &serde_json::Value| path["aspath"]["string"] == shown.as_str();
        wait_path(&self.scene.tor.router, "10.66.0.1/32", self.node(), only).await?;
        let before = self.sessions().await?;
        self.at_tor(&[&format!("remote-as {NODE_AS}")]).await?;
        // The AS that the node is in is no other.
        self.apply(|peer| peer.local_as = NODE_AS, &[]).await?;
        self.established_anew(before).await
    }

    /// Both sides send with the highest time to live; hops take its place and the other way round, which FRR has not
    /// both.
    async fn ttl_security(&mut self) -> Result<()> {
        let before = self.sessions().await?;
        self.at_tor(&["ttl-security hops 1"]).await?;
        self.apply(|peer| peer.ttl_security_hops = 1, &["ttl-security hops 1"]).await?;
        self.established_anew(before).await?;
        self.apply(|peer| peer.ttl_security_hops = 2, &["ttl-security hops 2"]).await?;
        self.apply(|peer| peer.ebgp_multihop = 2, &["ebgp-multihop 2"]).await?;
        self.apply(|peer| peer.ttl_security_hops = 1, &["ttl-security hops 1"]).await?;
        self.apply(|_| (), &[]).await?;
        self.at_tor(&["no ttl-security hops 1"]).await?;
        self.scene.established(self.scene.tor.ipv4.into()).await
    }

    /// Two sides that only listen never meet.
    async fn passive(&mut self) -> Result<()> {
        let before = self.sessions().await?;
        self.apply(|peer| peer.passive = true, &["passive"]).await?;
        wait_neighbor(&self.scene.node, self.scene.tor.ipv4.into(), "down", |said| said["bgpState"] != "Established")
            .await?;
        self.at_tor(&["no passive"]).await?;
        self.established_anew(before).await?;
        self.at_tor(&["passive"]).await?;
        self.apply(|_| (), &[]).await?;
        self.scene.established(self.scene.tor.ipv4.into()).await
    }

    /// The other side is told why; the message goes, and then the shutdown.
    async fn shutdown(&mut self) -> Result<()> {
        let before = self.sessions().await?;
        let down = |message: &'static str| {
            move |peer: &mut v1::BgpPeer| (peer.shutdown, peer.shutdown_message) = (true, message.to_owned())
        };
        self.apply(down("moving to 010.0.0.1"), &["shutdown message moving to 010.0.0.1"]).await?;
        wait_neighbor(&self.scene.tor.router, self.node(), "the message", |said| {
            said["lastShutdownDescription"] == "moving to 010.0.0.1"
        })
        .await?;
        self.apply(down("gone"), &["shutdown message gone"]).await?;
        self.apply(down(""), &["shutdown"]).await?;
        assert_eq!(self.scene.node.bgp_state(&self.scene.tor.ipv4.to_string()).await?, "Idle");
        self.apply(|_| (), &[]).await?;
        self.established_anew(before).await
    }
}
