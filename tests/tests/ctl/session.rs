//! A whole session by commands alone.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with};
use novaroute_e2e::{Daemon, FrrRelease, wait_for};
use serde_json::{Value, json};

/// The commands that ask for something; the secrets come from files.
const COMMANDS: [&str; 7] = [
    "register",
    "configure-bgp --local-as 65001 --router-id 10.0.1.1",
    "apply-peer --neighbor 10.0.1.2 --remote-as 65100 --peer-type external --keepalive 3 --hold-time 9 --bfd \
     --bfd-min-rx 150 --bfd-min-tx 150 --bfd-detect-multiplier 4 --max-prefix 50 --description the-rack \
     --source-address 10.0.1.1 --address-families ipv4,ipv6",
    "advertise --prefix 203.0.113.7/32 --communities 65001:100,no-export --med 7",
    "advertise --prefix 2001:DB8:7::7/128 --med 0",
    "enable-bfd --peer 10.0.1.99 --min-rx 200 --min-tx 250 --detect-multiplier 5 --interface tor1",
    "enable-ospf --interface lo --area 1 --passive --cost 20",
];

async fn prepared(release: FrrRelease) -> Result<(Scene, Ctl)> {
    let scene = Scene::new(release).await?;
    let password = "password between-us";
    bgp_session_with(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS, &["bfd", password]).await?;
    std::fs::write(scene.agent.dir().join("secret"), "between-us\n")?;
    let ctl = Ctl::new(&scene.agent, LB);
    for command in COMMANDS {
        let secret = match command.starts_with("apply-peer") {
            true => format!(" --password-file {}", scene.agent.dir().join("secret").display()),
            false => String::new(),
        };
        ctl.run(&format!("{command}{secret}")).await?.done().context(command)?;
    }
    Ok((scene, ctl))
}

/// The one row of a list in `novaroutectl WHAT -o json`.
async fn row(ctl: &Ctl, what: &str, list: &str, at: usize) -> Result<Value> {
    let shown = ctl.run(&format!("{what} -o json")).await?.done()?.json()?;
    let keys: Vec<_> = shown.as_object().context("no object")?.keys().cloned().collect();
    ensure!(keys == [list], "{what} shows {keys:?}");
    Ok(shown[list][at].clone())
}

/// Fails unless `row` has these values.
fn has(row: &Value, wanted: Value) -> Result<()> {
    for (key, value) in wanted.as_object().context("no object")? {
        ensure!(row[key] == *value, "{key}: {row:#}");
    }
    Ok(())
}

on_each_frr! {
    /// Commands make the session, the prefixes, BFD and OSPF; what they show is what the peer has; commands take it away.
    async fn commands_make_show_and_take_away(release) {
        let (scene, ctl) = prepared(release).await?;
        scene.established(scene.tor.ipv4.into()).await?;
        let path = scene.tor.router.wait_bgp_route("203.0.113.7/32", TIMEOUT).await?.remove(0);
        ensure!(path["metric"] == 7, "{path:#}");
        let detail = scene.tor.router.show_json(Daemon::Bgpd, "show bgp ipv4 unicast 203.0.113.7/32 json").await?;
        ensure!(detail["paths"][0]["community"]["string"] == "65001:100 no-export", "{detail:#}");
        scene.tor.router.wait_bgp_route("2001:db8:7::7/128", TIMEOUT).await?;
        scene.prefix_state("2001:db8:7::7/128", "advertised").await?;
        wait_for("BFD to be up", TIMEOUT, async || {
            Ok((row(&ctl, "peers", "peers", 0).await?["bfd_status"] == "up").then_some(()))
        })
        .await?;

        let peer = json!({ "neighbor_address": "10.0.1.2", "remote_as": 65100, "peer_state": "established",
            "description": "the-rack", "bfd_enabled": true, "prefixes_sent": 2, "intent_state": "programmed" });
        has(&row(&ctl, "peers", "peers", 0).await?, peer)?;
        has(
            &row(&ctl, "prefixes", "prefixes", 0).await?,
            json!({ "prefix": "203.0.113.7/32", "protocol": "bgp", "state": "advertised", "sent_to": ["10.0.1.2"] }),
        )?;
        has(
            &row(&ctl, "bfd", "bfd_sessions", 1).await?,
            json!({ "peer_address": "10.0.1.99", "min_rx_ms": 200, "min_tx_ms": 250, "detect_multiplier": 5 }),
        )?;
        let ospf = json!({ "interface_name": "lo", "area_id": "0.0.0.1", "cost": 20, "intent_state": "programmed" });
        has(&row(&ctl, "ospf", "ospf_interfaces", 0).await?, ospf)?;
        shows_forms(&scene, &ctl).await?;
        take_away(&scene, &ctl).await
    }
}

/// Tables, wide tables and YAML of the whole status, and that the owner of the environment is no filter.
async fn shows_forms(scene: &Scene, ctl: &Ctl) -> Result<()> {
    let stranger = Ctl::new(&scene.agent, "novanet");
    for (form, words) in [
        ("", ["10.0.1.2", "203.0.113.7/32", "10.0.1.99", "lo"]),
        (" -o wide", ["10.0.1.2", "2001:db8:7::7/128", "10.0.1.99", "lo"]),
    ] {
        let shown = stranger.run(&format!("status{form}")).await?.done()?;
        for word in words {
            ensure!(shown.stdout.contains(word), "{word} is not in:\n{}", shown.stdout);
        }
        ensure!(!shown.stdout.contains("between-us") && !shown.stdout.contains('\u{1b}'), "{}", shown.stdout);
    }
    let yaml: Value = serde_saphyr::from_str(&ctl.run("status -o yaml").await?.done()?.stdout)?;
    let json = ctl.run("status -o json").await?.done()?.json()?;
    ensure!(yaml["prefixes"] == json["prefixes"] && yaml["ospf_interfaces"] == json["ospf_interfaces"], "{yaml:#}");
    let nothing = ctl.run("status --owner novanet -o json").await?.done()?.json()?;
    ensure!(nothing["peers"] == json!([]) && nothing["frr_status"]["connected"] == true, "{nothing:#}");
    Ok(())
}

async fn take_away(scene: &Scene, ctl: &Ctl) -> Result<()> {
    let held = ctl.run("register -o json").await?.done()?.json()?;
    ensure!(held["response"]["current_prefixes"] == json!(["203.0.113.7/32", "2001:db8:7::7/128"]), "{held:#}");
    for command in [
        "withdraw --prefix 2001:db8:7:0::7/128",
        "disable-bfd --peer 10.0.1.99",
        "disable-ospf --interface lo",
        "deregister",
    ] {
        ctl.run(command).await?.done()?;
    }
    scene.tor.router.wait_bgp_no_route("2001:db8:7::7/128", TIMEOUT).await?;
    ensure!(!scene.tor.router.bgp_paths("203.0.113.7/32").await?.is_empty(), "leaving withdrew what was not named");
    ctl.run("remove-peer --neighbor 10.0.1.2").await?.done()?;
    ctl.run("deregister --withdraw-all").await?.done()?;
    scene.tor.router.wait_bgp_no_route("203.0.113.7/32", TIMEOUT).await?;
    let left = ctl.run("status -o json").await?.done()?.json()?;
    for list in ["peers", "prefixes", "bfd_sessions", "ospf_interfaces"] {
        ensure!(left[list] == json!([]), "{left:#}");
    }
    Ok(())
}
