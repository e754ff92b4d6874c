//! How OSPF runs on an interface: network type, priority, authentication, area type, BFD.

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::ospf::{Version, lines, on_link, speak, wait_alone, wait_full};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::v1::{EnableOspfRequest, OspfAreaType, OspfAuthentication, OspfNetworkType};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, v1, wait_for};

use super::{enable, wait_row};

/// The area of the link in these tests.
const AREA: &str = "0.0.0.1";

/// Has the router of the rack speak both versions in [`AREA`], an NSSA, on a link between two, with lines beside.
async fn tor_speaks(scene: &Scene, v2: &[&str], v3: &[&str]) -> Result<()> {
    for (version, given) in [(Version::V2, v2), (Version::V3, v3)] {
        let words = version.words();
        let router = if version == Version::V2 { "router ospf" } else { "router ospf6" };
        speak(scene, version, AREA).await?;
        let interface = format!("interface {}", scene.tor.link.b().interface());
        let mut typed = vec![router.to_owned(), format!("area {AREA} nssa"), "exit".to_owned(), interface];
        typed.push(format!("{words} network point-to-point"));
        typed.extend(given.iter().map(|line| format!("{words} {line}")));
        scene.tor.router.configure(version.daemon(), &typed).await?;
    }
    Ok(())
}

fn on_nssa(scene: &Scene) -> EnableOspfRequest {
    EnableOspfRequest {
        network_type: OspfNetworkType::PointToPoint.into(),
        area_type: OspfAreaType::Nssa.into(),
        ..on_link(scene, AREA)
    }
}

async fn both_full(scene: &Scene) -> Result<()> {
    for version in Version::BOTH {
        wait_full(scene, version).await?;
    }
    Ok(())
}

/// The lines of both daemons at the node's link that are about authentication and keys.
async fn secrets(scene: &Scene) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for version in Version::BOTH {
        all.extend(lines(scene, version, scene.tor.link.a().interface()).await?);
    }
    all.retain(|line| line.contains("authentication") || line.contains("digest"));
    Ok(all)
}

/// Waits until bfdd of the node has sessions to the neighbour over both families, and they are up.
async fn bfd_is_up(scene: &Scene) -> Result<()> {
    wait_for("BFD with the neighbour over both families", TIMEOUT, async || {
        let sessions = scene.node.show_json(Daemon::Bfdd, "show bfd peers json").await?;
        let up = sessions.as_array().into_iter().flatten().filter(|session| session["status"] == "up").count();
        ensure!(up == 2, "{sessions}");
        Ok(Some(()))
    })
    .await
}

async fn client(scene: &Scene) -> Result<Client> {
    scene.agent.client().await
}

on_each_frr! {
    /// Point-to-point in an NSSA, with MD5, a priority and BFD: the adjacency and BFD are up over both families. The same
    /// again sends nothing, another key ends the adjacency, and what is left out goes.
    async fn settings_are_set_changed_and_cleared(release) {
        let scene = Scene::new(release).await?;
        let mut client = client(&scene).await?;
        let v2 = ["authentication message-digest", "message-digest-key 7 md5 s3cret", "bfd"];
        tor_speaks(&scene, &v2, &["authentication key-id 7 hash-algo md5 key s3cret", "bfd"]).await?;
        let asked = EnableOspfRequest {
            authentication: OspfAuthentication::Md5.into(),
            authentication_key_id: 7,
            authentication_key: "s3cret".to_owned(),
            priority: Some(0),
            bfd_enabled: true,
            bfd_min_rx_ms: 100,
            bfd_min_tx_ms: 100,
            ..on_nssa(&scene)
        };
        enable(&mut client, asked.clone()).await?;
        both_full(&scene).await?;
        bfd_is_up(&scene).await?;
        wait_row(&scene, "programmed", |row| row.intent_state == "programmed" && row.neighbor_count == 2).await?;

        let log = Executions::start(&scene.node).await?;
        enable(&mut client, asked.clone()).await?;
        enable(&mut client, EnableOspfRequest { cost: 33, ..asked.clone() }).await?;
        wait_row(&scene, "the new cost", |row| row.cost == 33 && row.intent_state == "programmed").await?;
        let sent = log.lines().await?;
        ensure!(sent.iter().all(|sent| sent.line.contains("cost 33") || !sent.line.contains("ospf")), "{sent:?}");
        ensure!(!scene.agent.log().contains("s3cret"), "the log tells the key");

        enable(&mut client, EnableOspfRequest { authentication_key: "other".to_owned(), ..asked.clone() }).await?;
        for version in Version::BOTH {
            wait_alone(&scene, version).await?;
        }
        enable(&mut client, asked).await?;
        both_full(&scene).await?;

        enable(&mut client, on_link(&scene, AREA)).await?;
        let bare = ["area", "cost", "hello-interval", "dead-interval"];
        wait_for("the settings to be gone", TIMEOUT, async || {
            for version in Version::BOTH {
                let running = lines(&scene, version, scene.tor.link.a().interface()).await?;
                let word = |line: &String| line.split(' ').nth(2).map(str::to_owned).unwrap_or_default();
                ensure!(running.iter().all(|line| bare.contains(&word(line).as_str())), "{running:?}");
                ensure!(!scene.running(version.daemon()).await?.contains("nssa"));
            }
            Ok(Some(()))
        })
        .await
    }

    /// A password in clear text is for OSPFv2. OSPFv3, which has none, goes on without.
    async fn a_clear_text_password_is_for_ospfv2(release) {
        let scene = Scene::new(release).await?;
        let mut client = client(&scene).await?;
        tor_speaks(&scene, &["authentication", "authentication-key s3cret"], &[]).await?;
        let authentication = OspfAuthentication::Simple.into();
        let asked = EnableOspfRequest { authentication, authentication_key: "s3cret".to_owned(), ..on_nssa(&scene) };
        enable(&mut client, asked).await?;
        both_full(&scene).await?;
        let seen = secrets(&scene).await?;
        ensure!(seen == ["ip ospf authentication", "ip ospf authentication-key s3cret"], "{seen:?}");
        Ok(())
    }

    /// HMAC-SHA-256 is there for OSPFv3. For OSPFv2 FRR 10 has it; FRR 8 does not, and the status says so.
    async fn hmac_sha_256_where_frr_has_it(release) {
        let scene = Scene::new(release).await?;
        let mut client = client(&scene).await?;
        let has_chains = release == FrrRelease::Next;
        if has_chains {
            let chain = ["key chain RACK", "key 1", "cryptographic-algorithm hmac-sha-256", "key-string s3cret"];
            scene.tor.router.configure(Daemon::Ospfd, &chain).await?;
        }
        let v2: &[&str] = if has_chains { &["authentication key-chain RACK"] } else { &[] };
        tor_speaks(&scene, v2, &["authentication key-id 1 hash-algo hmac-sha-256 key s3cret"]).await?;
        let authentication = OspfAuthentication::HmacSha256.into();
        let asked = EnableOspfRequest { authentication, authentication_key: "s3cret".to_owned(), ..on_nssa(&scene) };
        enable(&mut client, asked).await?;
        wait_full(&scene, Version::V3).await?;
        if has_chains {
            wait_full(&scene, Version::V2).await?;
            let bare = EnableOspfRequest { authentication: 0, ..on_nssa(&scene) };
            enable(&mut client, bare).await?;
            return wait_for("the key chain to be gone", TIMEOUT, async || {
                let running = scene.running(Daemon::Ospfd).await?;
                ensure!(!running.contains("key chain") && !running.contains("key-chain"), "{running}");
                Ok(Some(()))
            })
            .await;
        }
        let row = wait_row(&scene, "refused", |row| row.intent_state == "refused").await?;
        ensure!(row.reason.starts_with("FRR_REFUSED: ") && !row.reason.contains("s3cret"), "{row:?}");
        let unprotected = lines(&scene, Version::V2, scene.tor.link.a().interface()).await?;
        ensure!(unprotected.is_empty(), "it runs without authentication: {unprotected:?}");
        Ok(())
    }

    /// Two interfaces say different things of one area: the first name counts, the other is refused until they agree.
    async fn an_area_has_one_type(release) {
        let scene = Scene::new(release).await?;
        let mut client = client(&scene).await?;
        let on = |interface_name: &str, area_type: OspfAreaType| EnableOspfRequest {
            interface_name: interface_name.to_owned(),
            area_id: AREA.to_owned(),
            area_type: area_type.into(),
            passive: true,
            ..Default::default()
        };
        let link = scene.tor.link.a().interface();
        enable(&mut client, on(link, OspfAreaType::TotallyNssa)).await?;
        states(&scene, &[(link, "programmed")]).await?;
        enable(&mut client, on("lo", OspfAreaType::Stub)).await?;
        let rows = states(&scene, &[("lo", "programmed"), (link, "refused")]).await?;
        ensure!(rows[1].reason.starts_with("OSPF_AREA_MISMATCH: "), "{rows:?}");
        enable(&mut client, on("lo", OspfAreaType::TotallyNssa)).await?;
        states(&scene, &[("lo", "programmed"), (link, "programmed")]).await?;
        for version in Version::BOTH {
            let running = scene.running(version.daemon()).await?;
            ensure!(running.contains(&format!("area {AREA} nssa no-summary")) && !running.contains("stub"), "{running}");
        }
        Ok(())
    }
}

/// Waits until the interfaces have these states.
async fn states(scene: &Scene, wanted: &[(&str, &str)]) -> Result<Vec<v1::OspfInterfaceStatus>> {
    wait_for(&format!("the states {wanted:?}"), TIMEOUT, async || {
        let rows = scene.agent.status().await?.ospf_interfaces;
        let seen: Vec<_> = rows.iter().map(|row| (row.interface_name.as_str(), row.intent_state.as_str())).collect();
        ensure!(seen == wanted, "{rows:?}");
        Ok(Some(rows))
    })
    .await
}
