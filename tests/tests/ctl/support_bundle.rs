//! `support-bundle`: all that helps, and no secret.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use flate2::read::GzDecoder;
use novaroute_e2e::binary::binary;
use novaroute_e2e::config::{ADMIN, CNI, LB, token};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};
use serde_json::{Value, json};
use tokio::process::Command;

/// Of a token in a file, of one in the configuration, of a peer in the configuration, of a peer of a client, of a line by hand.
const PLANTED: [&str; 5] =
    ["planted-in+a/file?", "planted~as~a~token", "planted-in-bgp", "planted-by-a-client", "planted-by-hand"];

on_each_frr! {
    /// What is gathered has peers, events, metrics and configuration, and none of the secrets that were planted, in no form.
    async fn a_bundle_has_all_but_secrets(release) {
        let folder = tempfile::tempdir()?;
        let token_file = folder.path().join("edge.token");
        std::fs::write(&token_file, PLANTED[0])?;
        let scene = Scene::with(release, |config| plant(config, &token_file)).await?;
        scene.node.configure(Daemon::Bgpd, &["router bgp 65001", "neighbor 192.0.2.77 remote-as 65077",
            &format!("neighbor 192.0.2.77 password {}", PLANTED[4])]).await?;
        let mut client = scene.agent.client().await?;
        let peer = v1::BgpPeer { password: PLANTED[3].into(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, peer)).await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        scene.prefix_state("203.0.113.7/32", "programmed").await?;

        let archive = folder.path().join("bundle.tar.gz");
        let output = bundle(&scene, &archive)?.output().await?;
        ensure!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let files = unpack(&archive)?;
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["config.json", "events.jsonl", "metrics.txt", "readyz.txt", "status.json", "system.txt"]);
        for (name, text) in [
            ("config.json", "\"local_as\": 65001"),
            ("events.jsonl", "INTENT_PROGRAMMED"),
            ("metrics.txt", "novaroute_build_info"),
            ("status.json", "203.0.113.7/32"),
            ("status.json", "neighbor 192.0.2.77 password ***"),
            ("system.txt", "novaroutectl "),
        ] {
            ensure!(files[name].contains(text), "{text} is not in {name}: {}", files[name]);
        }
        for secret in PLANTED.into_iter().map(str::to_owned).chain([LB, CNI, ADMIN].map(token)) {
            let_out(&files, &secret)?;
        }
        let again = bundle(&scene, &archive)?.output().await?;
        ensure!(again.status.code() == Some(1), "an archive is not overwritten: {again:?}");
        Ok(())
    }
}

fn plant(config: &mut Value, token_file: &Path) {
    config["owners"]["edge"] = json!({ "token_file": token_file });
    config["owners"]["plain"] = json!({ "token": PLANTED[1] });
    config["bgp"] = json!({ "local_as": 65_001, "router_id": "10.0.1.1", "peers": [
        { "neighbor_address": "192.0.2.66", "remote_as": 65_066, "password": PLANTED[2] },
    ] });
}

fn bundle(scene: &Scene, archive: &Path) -> Result<Command> {
    let mut command = scene.node.command(binary("novaroutectl")?);
    command.arg("support-bundle").arg("--file").arg(archive).arg("--config").arg(scene.agent.config_path());
    command.arg("--socket").arg(scene.agent.socket()).env("NOVAROUTE_OWNER", LB).env("NOVAROUTE_TOKEN", token(LB));
    Ok(command)
}

/// Each file of the archive without its folder.
fn unpack(archive: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(GzDecoder::new(File::open(archive)?)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.display().to_string();
        let name = path.strip_prefix("novaroute-support/").map(str::to_owned);
        let mut text = String::new();
        entry.read_to_string(&mut text)?;
        files.insert(name.unwrap_or(path), text);
    }
    Ok(files)
}

/// Fails where a file has the secret, plain, in base64 or as part of an address.
fn let_out(files: &BTreeMap<String, String>, secret: &str) -> Result<()> {
    let full = secret.len() - secret.len() % 3;
    let percent: String = secret
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let forms =
        [secret.to_owned(), STANDARD_NO_PAD.encode(&secret[..full]), URL_SAFE_NO_PAD.encode(&secret[..full]), percent];
    for (name, text) in files {
        ensure!(!forms.iter().any(|form| text.contains(form)), "{secret} is in {name}: {text}");
    }
    Ok(())
}
