//! GetStatus: intents joined with what FRR does.

use anyhow::{Result, bail, ensure};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use tonic::Code;

use crate::{declare, protected};

/// The status once everything in it is up.
async fn all_up(scene: &Scene) -> Result<v1::GetStatusResponse> {
    wait_for("session, BFD, OSPF and prefix to be up", TIMEOUT, async || {
        let status = scene.agent.status().await?;
        let peers = status.peers.iter().all(|row| row.state == "Established" && row.bfd_status == "up");
        let sent = status.peers.iter().all(|row| row.prefixes_sent == 1 && row.prefixes_received == 2);
        let ospf = status.ospf_interfaces.iter().all(|row| row.neighbor_count == 1);
        let prefixes = status.prefixes.iter().all(|row| row.state == "advertised");
        if peers && sent && ospf && prefixes { Ok(Some(status)) } else { bail!("{status:#?}") }
    })
    .await
}

/// A router of the rack that announces two prefixes, one of each family.
async fn announce_two(scene: &Scene) -> Result<()> {
    let lines = [
        "router bgp 65100",
        "address-family ipv4 unicast",
        "network 192.0.2.0/24",
        "exit-address-family",
        "address-family ipv6 unicast",
        "network 2001:db8:ff::/48",
        "exit-address-family",
    ];
    scene.tor.router.configure(Daemon::Bgpd, &lines).await
}

on_each_frr! {
    /// Every row tells what was asked for and what FRR makes of it, in FRR's own numbers.
    async fn rows_join_intents_with_live_state(release) {
        let (scene, mut client) = protected(release).await?;
        announce_two(&scene).await?;
        declare(&scene, &mut client).await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        let status = all_up(&scene).await?;

        let [peer] = status.peers.as_slice() else { bail!("{status:?}") };
        ensure!(peer.neighbor_address == "10.0.1.2" && peer.remote_as == 65_100 && peer.owner == LB, "{peer:?}");
        ensure!(peer.peer_state() == v1::PeerState::Established && peer.intent_state == "programmed", "{peer:?}");
        ensure!(peer.bfd_enabled && peer.description == "the rack" && !peer.uptime.is_empty(), "{peer:?}");
        let [prefix] = status.prefixes.as_slice() else { bail!("{status:?}") };
        ensure!(prefix.protocol() == v1::Protocol::Bgp && prefix.owner == LB, "{prefix:?}");
        ensure!(prefix.sent_to == ["10.0.1.2"] && prefix.reason.is_empty(), "{prefix:?}");
        let [bfd] = status.bfd_sessions.as_slice() else { bail!("{status:?}") };
        ensure!((bfd.peer_address.as_str(), bfd.owner.as_str(), bfd.state.as_str()) == ("10.0.1.2", LB, "up"), "{bfd:?}");
        ensure!((bfd.min_rx_ms, bfd.min_tx_ms, bfd.detect_multiplier) == (100, 100, 3), "{bfd:?}");
        let [ospf] = status.ospf_interfaces.as_slice() else { bail!("{status:?}") };
        ensure!(ospf.area_id == "0.0.0.0" && ospf.cost == 42 && ospf.intent_state == "programmed", "{ospf:?}");
        let frr = status.frr_status.unwrap_or_default();
        ensure!(frr.connected && frr.version == release.version()? && !frr.uptime.is_empty(), "{frr:?}");
        let daemons: Vec<_> = frr.daemons.iter().filter(|daemon| daemon.connected).map(|d| d.name.as_str()).collect();
        ensure!(["bfdd", "bgpd", "ospfd", "zebra"].iter().all(|name| daemons.contains(name)), "{frr:?}");
        Ok(())
    }
}

on_each_frr! {
    /// The filter is one owner's name; what cannot be a name is refused, and an owner that holds nothing has no rows.
    async fn the_owner_filter_shows_one_owners_rows(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        client.advertise_prefix(request::advertise(CNI, "203.0.113.8/32")).await?;
        for (filter, wanted) in [
            ("", vec!["203.0.113.7/32", "203.0.113.8/32"]),
            (LB, vec!["203.0.113.7/32"]),
            (CNI, vec!["203.0.113.8/32"]),
            ("nobody", vec![]),
            ("NovaEdge", vec![]),
        ] {
            let request = v1::GetStatusRequest { owner_filter: filter.to_owned() };
            let status = client.get_status(request).await?.into_inner();
            let seen: Vec<_> = status.prefixes.iter().map(|row| row.prefix.as_str()).collect();
            assert_eq!(seen, wanted, "{filter}");
            assert!(status.frr_status.is_some());
        }
        let request = v1::GetStatusRequest { owner_filter: "no such\nowner".to_owned() };
        let refusal = refused(client.get_status(request).await)?.expect(Code::InvalidArgument, "INVALID_FIELD")?;
        assert_eq!(refusal.fields, ["owner_filter"]);
        // Nobody asked for BGP: the status says why nothing is announced.
        let row = scene.prefix_state("203.0.113.7/32", "pending").await?;
        assert!(row.reason.starts_with("BGP_NOT_CONFIGURED"), "{row:?}");
        Ok(())
    }
}
