//! Bad input through the configuration: `novaroute-agent --check` names every key at fault and ends with 2, and what it
//! lets through stands verbatim in FRR.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, wait_for};
use serde_json::{Value, json};

use crate::corpus::{LONG_BYTES, NEVER, WORDS};

/// How `--check` ends when something is wrong.
const EXIT_BAD: i32 = 2;

/// Keys that take no hostile text: the pointer into [`document`], and the key as errors name it.
const CLOSED: [(&str, &str); 22] = [
    ("/log_level", "log_level"),
    ("/log_format", "log_format"),
    ("/metrics_address", "metrics_address"),
    ("/disconnect_grace_period", "disconnect_grace_period"),
    ("/adoption_grace", "adoption_grace"),
    ("/frr/connect_timeout", "frr.connect_timeout"),
    ("/frr/retry_interval", "frr.retry_interval"),
    ("/shutdown/mode", "shutdown.mode"),
    ("/shutdown/timeout", "shutdown.timeout"),
    ("/socket/mode", "socket.mode"),
    ("/socket/group", "socket.group"),
    ("/bgp/router_id", "bgp.router_id"),
    ("/bgp/peers/0/neighbor_address", "bgp.peers[0].neighbor_address"),
    ("/bgp/peers/1/source_address", "bgp.peers[1].source_address"),
    ("/bgp/peers/2/peer_type", "bgp.peers[2].peer_type"),
    ("/bgp/peers/3/address_families/0", "bgp.peers[3].address_families[0]"),
    ("/owners/a/permissions/0", "owners.a.permissions[0]"),
    ("/owners/a/allowed_communities/0", "owners.a.allowed_communities[0]"),
    ("/owners/a/allowed_interfaces/0", "owners.a.allowed_interfaces[0]"),
    ("/owners/a/allowed_peers/0", "owners.a.allowed_peers[0]"),
    ("/owners/a/allowed_prefixes/type", "owners.a.allowed_prefixes.type"),
    ("/owners/a/allowed_prefixes/allowed_cidrs/0", "owners.a.allowed_prefixes.allowed_cidrs[0]"),
];

/// Keys that take text of many kinds, but neither control characters nor a line of FRR's.
const OPEN: [(&str, &str); 8] = [
    ("/listen_socket", "listen_socket"),
    ("/state_dir", "state_dir"),
    ("/frr/socket_dir", "frr.socket_dir"),
    ("/bgp/peers/4/description", "bgp.peers[4].description"),
    ("/bgp/peers/5/password", "bgp.peers[5].password"),
    ("/owners/a/token", "owners.a.token"),
    ("/owners/b/token_file", "owners.b.token_file"),
    ("/owners/c/token_sha256", "owners.c.token_sha256"),
];

/// A document in which every key has a value that is fine.
fn document(token_file: &Path) -> Value {
    let peer = |host: u8| json!({ "neighbor_address": format!("10.0.9.{host}"), "remote_as": 65_100 });
    let with = |host: u8, key: &str, value: Value| {
        let mut peer = peer(host);
        peer[key] = value;
        peer
    };
    json!({
        "listen_socket": "/run/x.sock", "log_level": "info", "log_format": "text", "metrics_address": ":9102",
        "disconnect_grace_period": "5s", "adoption_grace": "5s", "state_dir": "/run/x",
        "frr": { "socket_dir": "/run/frr", "connect_timeout": "5s", "retry_interval": "1s" },
        "shutdown": { "mode": "keep", "timeout": "5s" }, "socket": { "mode": "0660", "group": "root" },
        "bgp": { "local_as": 65_001, "router_id": "10.0.1.1", "peers": [
            peer(1), with(2, "source_address", json!("10.0.1.1")), with(3, "peer_type", json!("external")),
            with(4, "address_families", json!(["ipv4_unicast"])), with(5, "description", json!("tor")),
            with(6, "password", json!("secret")),
        ]},
        "owners": {
            "a": { "token": "t", "permissions": ["peers"], "allowed_communities": ["65000:1"],
                "allowed_interfaces": ["eth0"], "allowed_peers": ["10.0.0.0/8"],
                "allowed_prefixes": { "type": "any", "allowed_cidrs": ["10.0.0.0/8"] } },
            "b": { "token_file": token_file },
            "c": { "token_sha256": "0".repeat(64) },
        },
    })
}

/// What `--check` prints, and how it ends.
fn check(path: &Path) -> Result<(Option<i32>, String)> {
    let output = Command::new(binary("novaroute-agent")?).arg("--check").arg("--config").arg(path).output()?;
    let said = String::from_utf8(output.stderr).context("what it printed is not UTF-8")?;
    ensure!(output.stdout.is_empty() && !said.contains("panicked"), "{said}");
    Ok((output.status.code(), said))
}

/// The keys that `--check` names in a configuration file of this text, after it has ended as it shall.
fn faults(folder: &Path, text: &[u8]) -> Result<BTreeSet<String>> {
    let path = folder.join("config.json");
    std::fs::write(&path, text)?;
    let (code, said) = check(&path)?;
    ensure!(code == Some(EXIT_BAD), "{code:?}: {said}");
    ensure!(said.len() < 64 << 10, "{} bytes of errors", said.len());
    ensure!(!said.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{said:?}");
    let place = format!("{}:", path.display());
    ensure!(said.lines().all(|line| line.starts_with(&place)), "{said}");
    let keys = said.lines().filter_map(|line| line.split(": ").nth(1));
    Ok(keys.map(str::to_owned).collect())
}

/// The document as JSON. What YAML takes in no form but an escape is escaped, so that the key is at fault and not the
/// document.
fn escaped(document: &Value) -> Vec<u8> {
    document.to_string().replace('\u{7f}', "\\u007f").replace('\u{85}', "\\u0085").into_bytes()
}

/// The document with a text in all of these places.
fn filled(folder: &Path, places: &[(&str, &str)], change: impl Fn(&str) -> String) -> Result<Value> {
    let mut document = document(&folder.join("token"));
    for (pointer, _) in places {
        let value = document.pointer_mut(pointer).with_context(|| (*pointer).to_owned())?;
        *value = change(value.as_str().context("not text")?).into();
    }
    Ok(document)
}

/// Fails unless exactly these places are named when all of them have hostile text.
fn all_are_named(folder: &Path, places: &[(&str, &str)], change: impl Fn(&str) -> String) -> Result<()> {
    let document = filled(folder, places, change)?;
    let named = faults(folder, &escaped(&document))?;
    let wanted: BTreeSet<_> = places.iter().map(|(_, key)| (*key).to_owned()).collect();
    ensure!(named == wanted, "named too much {:?}, too little {:?}", &named - &wanted, &wanted - &named);
    Ok(())
}

/// Every key × every hostile text, all keys of a file at once: each is named, and no other.
#[test]
fn hostile_text_in_every_key_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("token"), "t")?;
    std::fs::write(folder.path().join("config.json"), document(&folder.path().join("token")).to_string())?;
    let (code, said) = check(&folder.path().join("config.json"))?;
    ensure!(code == Some(0), "the honest document is refused: {said}");

    let all: Vec<_> = CLOSED.into_iter().chain(OPEN).collect();
    for text in NEVER {
        let is_control = text.chars().any(char::is_control);
        let places = if is_control { all.as_slice() } else { &CLOSED };
        all_are_named(folder.path(), places, |good| format!("{good}{text}")).with_context(|| format!("{text:?}"))?;
        all_are_named(folder.path(), &CLOSED, |_| text.to_owned()).with_context(|| format!("{text:?}"))?;
    }
    for text in WORDS {
        all_are_named(folder.path(), &CLOSED, |_| text.to_owned()).with_context(|| format!("{text:?}"))?;
    }
    // Few at a time: the file itself has a limit.
    for places in all.chunks(10) {
        all_are_named(folder.path(), places, |_| "x".repeat(LONG_BYTES)).context("long")?;
    }
    Ok(())
}

/// A key or the name of an owner is text from outside like any other.
#[test]
fn hostile_names_of_owners_and_keys_are_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for text in NEVER.into_iter().chain(WORDS) {
        let owner = json!({ "owners": { text: { "token": "t" } } });
        ensure!(faults(folder.path(), &escaped(&owner)).with_context(|| format!("{text:?}"))?.len() == 1, "{text:?}");
        let key = json!({ text: 1, "owners": { "a": { "token": "t", text: 1 } } });
        ensure!(faults(folder.path(), &escaped(&key)).with_context(|| format!("{text:?}"))?.len() == 2, "{text:?}");
    }
    Ok(())
}

/// A number beyond its range is named like text that does not belong, all of them at once.
#[test]
fn numbers_out_of_range_are_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("token"), "t")?;
    let mut document = document(&folder.path().join("token"));
    let with = |number: usize, values: Value| {
        let mut peer = json!({ "neighbor_address": format!("10.0.9.{number}"), "remote_as": 65_100 });
        if let (Some(peer), Value::Object(values)) = (peer.as_object_mut(), values) {
            peer.extend(values);
        }
        peer
    };
    document["bgp"]["peers"] = json!([
        with(1, json!({ "remote_as": 0 })),
        with(2, json!({ "keepalive": 1, "hold_time": 65_536 })),
        with(3, json!({ "ebgp_multihop": 256 })),
        with(4, json!({ "bfd_min_rx_ms": 9 })),
        with(5, json!({ "bfd_min_tx_ms": 60_001 })),
        with(6, json!({ "bfd_detect_multiplier": 1 })),
        with(7, json!({ "max_prefix": 4_294_967_296_u64 })),
    ]);
    document["bgp"]["local_as"] = json!(0);
    document["events"] = json!({ "ring": 0 });
    document["owners"]["a"]["max_prefixes"] = json!(-1);
    document["owners"]["a"]["uids"] = json!([1.5]);
    document["owners"]["a"]["allowed_prefixes"]["max_length"] = json!({ "ipv4": 33, "ipv6": 129 });
    let named = faults(folder.path(), &escaped(&document))?;
    let wanted = [
        "bgp.local_as",
        "bgp.peers[0].remote_as",
        "bgp.peers[1].hold_time",
        "bgp.peers[2].ebgp_multihop",
        "bgp.peers[3].bfd_min_rx_ms",
        "bgp.peers[4].bfd_min_tx_ms",
        "bgp.peers[5].bfd_detect_multiplier",
        "bgp.peers[6].max_prefix",
        "events.ring",
        "owners.a.allowed_prefixes.max_length.ipv4",
        "owners.a.allowed_prefixes.max_length.ipv6",
        "owners.a.max_prefixes",
        "owners.a.uids[0]",
    ];
    assert_eq!(named, wanted.map(str::to_owned).into());
    Ok(())
}

/// What is no document at all, or one made to exhaust its reader.
#[test]
fn what_is_no_document_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bomb = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nowners: *c\n";
    for (what, text) in [
        ("not UTF-8", b"{\"log_level\": \"\xff\"}".to_vec()),
        ("a surrogate", b"{\"log_level\": \"\\ud800\"}".to_vec()),
        ("NUL", b"{\"log_level\": \"info\0\"}".to_vec()),
        ("DEL", b"{\"log_level\": \"info\x7f\"}".to_vec()),
        ("nothing but NULs", vec![0; 4096]),
        ("too long", vec![b' '; 2 << 20]),
        ("deep", vec![b'['; 100_000]),
        ("deep tables", b"{\"a\":".repeat(50_000)),
        ("references", bomb.as_bytes().to_vec()),
        ("a tag", b"owners: !!python/object:os.system x\n".to_vec()),
        ("cut in the middle", b"{\"owners\": {\"a\": {\"token\": ".to_vec()),
        ("two documents", b"--- {}\n--- {}\n".to_vec()),
        ("the same key twice", b"{\"log_level\": \"info\", \"log_level\": \"debug\"}".to_vec()),
        ("a list", b"[]".to_vec()),
    ] {
        faults(folder.path(), &text).context(what)?;
    }
    for path in [folder.path().join("missing.json"), folder.path().to_owned(), "/dev/null".into()] {
        let (code, said) = check(&path)?;
        ensure!(code == Some(EXIT_BAD) && said.contains(&path.display().to_string()), "{code:?} {said}");
    }
    Ok(())
}

on_each_frr! {
    /// Descriptions of peers in the file reach FRR as they are, one line each.
    async fn descriptions_of_the_file_stand_verbatim_in_frr(release) {
        let peers: Vec<_> = WORDS.iter().enumerate().map(|(at, text)| {
            json!({ "neighbor_address": format!("10.0.9.{}", at + 1), "remote_as": 65_100, "description": text })
        }).collect();
        let scene = Scene::with(release, |config| {
            config["bgp"] = json!({ "local_as": 65_001, "router_id": "10.0.1.1", "peers": peers });
        })
        .await?;
        let wanted: BTreeSet<_> = WORDS.iter().enumerate()
            .map(|(at, text)| format!(" neighbor 10.0.9.{} description {text}", at + 1)).collect();
        wait_for("the descriptions", TIMEOUT, async || {
            let bgpd = scene.running(Daemon::Bgpd).await?;
            let found: BTreeSet<_> =
                bgpd.lines().filter(|line| line.contains(" description ")).map(str::to_owned).collect();
            if found == wanted { Ok(Some(())) } else { anyhow::bail!("{found:#?}") }
        })
        .await?;
        let bgpd = scene.running(Daemon::Bgpd).await?;
        ensure!(bgpd.lines().filter(|line| line.starts_with("router bgp")).count() == 1, "{bgpd}");
        Ok(())
    }
}
