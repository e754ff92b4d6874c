//! `make screenshots`: pictures of `novaroutectl top` and of the page of a node, of a lab with real FRR.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Parser;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::terminal::{Size, Terminal, svg};
use novaroute_e2e::{FrrRelease, browser, request, v1};

/// Writes the pictures that the documentation shows.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to.
    #[arg(default_value = "docs/images")]
    folder: PathBuf,
}

/// Tables of `top`: the key, the name of the picture, and a heading that is on no other.
const TABLES: &[(&str, &str, &str)] =
    &[("1", "top-peers", "SESSION"), ("2", "top-prefixes", "PROTOCOL"), ("7", "top-latency", "PROGRAMMED MS")];

fn main() -> Result<()> {
    let folder = Arguments::parse().folder;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let scene = busy_node().await?;
        std::fs::create_dir_all(&folder)?;
        // A relative path, so that no picture has a folder of the lab in it.
        let mut command = Ctl::on(Path::new("novaroute.sock"), LB).command("top --interval 200ms")?;
        command.current_dir(scene.agent.dir());
        let mut top = Terminal::run(command.as_std(), Size(100, 26))?;
        top.shows("PREFIX_ADVERTISED").await?;
        for (key, name, heading) in TABLES {
            draw(&mut top, key, heading, &folder.join(format!("{name}.svg"))).await?;
        }
        browser::picture(&scene.node, "http://127.0.0.1:9102/", (1200, 1300), &folder.join("page.png")).await
    })
}

async fn draw(top: &mut Terminal, key: &str, heading: &str, file: &Path) -> Result<()> {
    top.press(key)?;
    top.shows(heading).await?;
    Ok(std::fs::write(file, svg(&top.screen()))?)
}

/// Peers that are up and down, prefixes that are announced and not, of two owners.
async fn busy_node() -> Result<Scene> {
    let (scene, mut client) = Scene::with_bgp(FrrRelease::Next).await?;
    let away =
        v1::BgpPeer { neighbor_address: "10.0.1.99".into(), description: "spare rack".into(), ..scene.ebgp_peer() };
    client.apply_peer(request::apply_peer(LB, away)).await?;
    for host in 1..=6 {
        client.advertise_prefix(request::advertise(LB, &format!("203.0.113.{host}/32"))).await?;
        scene.prefix_state(&format!("203.0.113.{host}/32"), "advertised").await?;
    }
    client.advertise_prefix(request::advertise_ospf(CNI, "198.51.100.0/24")).await?;
    client.advertise_prefix(request::advertise(CNI, "2001:db8:7::/64")).await?;
    Ok(scene)
}
