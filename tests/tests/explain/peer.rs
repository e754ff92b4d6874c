//! BGP peers.

use anyhow::ensure;
use novaroute_e2e::bgp::configure_neighbor_at;
use novaroute_e2e::config::LB;
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::explain::{check, explain, peer, step, wait_in_effect, wait_step};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{LISTENS, NODE_AS, TOR_AS, bgp_session, bgp_session_with};
use novaroute_e2e::v1::Verdict;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};
use novaroute_lab::Signal;

const SECRET: &str = "between-us";

on_each_frr! {
    /// From a peer that nobody asked for to one that is up, by way of each mistake in its fields.
    async fn a_peer_on_its_way(release) {
        let scene = Scene::new(release).await?;
        let client = &mut scene.agent.client().await?;
        let tor = &peer(scene.tor.ipv4);
        let answer = explain(client, tor).await?;
        check(&answer, "holder", Verdict::Failed, "nobody asks for it")?;
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        wait_step(client, tor, "line", Verdict::Waiting, "no BGP instance").await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        wait_step(client, tor, "line", Verdict::Ok, "neighbor 10.0.1.2 remote-as 65100").await?;

        let answer = wait_step(client, tor, "connect", Verdict::Failed, "no TCP connection with port 179 of 10.0.1.2").await?;
        check(&answer, "route", Verdict::Ok, "10.0.1.0/24 leads there over tor1")?;
        let ran = Ctl::new(&scene.agent, LB).run("explain peer 10.0.1.2").await?;
        ensure!(ran.code == 1 && ran.stdout.contains("✗ connect"), "{ran:?}");

        let itself = peer(scene.tor.node_ipv4);
        let local = v1::BgpPeer { neighbor_address: scene.tor.node_ipv4.to_string(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, local)).await?;
        wait_step(client, &itself, "line", Verdict::Failed, "local system as neighbor").await?;
        let far = v1::BgpPeer { neighbor_address: "10.9.9.9".into(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, far)).await?;
        wait_step(client, &peer("10.9.9.9"), "route", Verdict::Failed, "no route to 10.9.9.9").await?;
        scene.node.add_route("10.9.0.0/16", scene.tor.ipv4.into()).await?;
        wait_step(client, &peer("10.9.9.9"), "route", Verdict::Failed, "10.9.9.9 is on no link of this node").await?;
        let from_nowhere = v1::BgpPeer { source_address: "10.0.1.99".into(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, from_nowhere)).await?;
        wait_step(client, tor, "source_address", Verdict::Failed, "is no address of this node").await?;

        // The router of the rack is another AS than was asked for.
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
        let wrong_as = v1::BgpPeer { remote_as: 65_099, ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, wrong_as)).await?;
        let answer = wait_step(client, tor, "session", Verdict::Failed, "Bad Peer AS").await?;
        ensure!(step(&answer, "session")?.next.contains("another AS than 65099"), "{answer:#?}");
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        let answer = wait_in_effect(client, tor).await?;
        for name in ["connect", "session", "families", "timers", "prefixes"] {
            check(&answer, name, Verdict::Ok, "")?;
        }
        check(&answer, "timers", Verdict::Ok, "hold time 9 s and keepalive 3 s run; 9 s and 3 s were asked for")
    }

    /// A session that was up, and the ways in which it ends.
    async fn what_breaks_a_session_is_named(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let (client, tor) = (&mut client, &peer(scene.tor.ipv4));
        wait_in_effect(client, tor).await?;

        configure_neighbor_at(&scene.tor, &["shutdown"]).await?;
        let answer = wait_step(client, tor, "session", Verdict::Failed, "Administrative").await?;
        ensure!(step(&answer, "session")?.next.contains("the peer has ended the session"), "{answer:#?}");
        configure_neighbor_at(&scene.tor, &["no shutdown", "no passive", "password wrong"]).await?;
        let secret = v1::BgpPeer { password: SECRET.into(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, secret)).await?;
        let answer = wait_step(client, tor, "connect", Verdict::Failed, "TCP MD5 password").await?;
        ensure!(step(&answer, "connect")?.next.starts_with("compare the passwords"), "{answer:#?}");
        ensure!(!format!("{answer:?}").contains(SECRET), "{answer:#?}");
        configure_neighbor_at(&scene.tor, &["passive", &format!("password {SECRET}")]).await?;
        wait_in_effect(client, tor).await?;

        let family = ["address-family ipv6 unicast", &format!("no neighbor {} activate", scene.tor.node_ipv4)].map(str::to_owned);
        let lines = [[format!("router bgp {TOR_AS}")].as_slice(), family.as_slice()].concat();
        scene.tor.router.configure(Daemon::Bgpd, &lines).await?;
        wait_step(client, tor, "families", Verdict::Failed, "the peer does not exchange IPv6").await?;

        scene.tor.link.set_down().await?;
        let answer = wait_step(client, tor, "route", Verdict::Failed, "no route to 10.0.1.2").await?;
        check(&answer, "connect", Verdict::Waiting, "")?;
        scene.tor.link.set_up().await?;
        wait_in_effect(client, tor).await?;
        scene.node.signal(Daemon::Bgpd, Signal::STOP)?;
        let answer = explain(client, tor).await?;
        scene.node.signal(Daemon::Bgpd, Signal::CONT)?;
        check(&answer, "session", Verdict::Unknown, "bgpd: no answer within 1 s")?;
        check(&answer, "route", Verdict::Ok, "10.0.1.0/24")
    }

    /// BFD that protects the session and does not come up, for the peer does not speak it.
    async fn bfd_of_a_peer(release) {
        let scene = Scene::new(release).await?;
        let (client, tor) = (&mut scene.agent.client().await?, &peer(scene.tor.ipv4));
        bgp_session_with(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS, &[LISTENS]).await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        let protected = v1::BgpPeer { bfd_enabled: true, ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, protected)).await?;
        let answer = wait_step(client, tor, "bfd", Verdict::Failed, "the BFD session is down").await?;
        ensure!(step(&answer, "bfd")?.next == "novaroutectl explain bfd 10.0.1.2", "{answer:#?}");
        configure_neighbor_at(&scene.tor, &["bfd"]).await?;
        wait_step(client, tor, "bfd", Verdict::Ok, "up").await?;
        wait_in_effect(client, tor).await.map(drop)
    }
}
