//! The page for people.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::config::{LB, token};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{browser, on_each_frr, request, v1};

const PREFIX: &str = "203.0.113.7/32";
/// Where the page is, on the node.
const PAGE: &str = "http://127.0.0.1:9102/";

on_each_frr! {
    /// A browser shows peers, prefixes, owners and events, with the look of the style sheet and nothing that the page's own
    /// policy keeps it from; text of a client is text.
    async fn a_browser_shows_the_node(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let peer = v1::BgpPeer { description: "<script>x</script>&".into(), password: String::new(), ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, peer)).await?;
        client.advertise_prefix(request::advertise(LB, PREFIX)).await?;
        scene.prefix_state(PREFIX, "advertised").await?;
        let seen = browser::open(&scene.node, PAGE).await?;
        let neighbor = scene.tor.ipv4.to_string();
        for text in [
            format!("<td>{neighbor}</td>"),
            "<span class=\"good\">Established</span>".into(),
            format!("<td>{PREFIX}</td>"),
            "<span class=\"good\">advertised</span>".into(),
            format!("<td>{LB}</td>"),
            "<td>PREFIX_ADVERTISED</td>".into(),
            "&lt;script&gt;x&lt;/script&gt;&amp;".into(),
        ] {
            ensure!(seen.dom.contains(&text), "{text} is not in {}", seen.dom);
        }
        ensure!(!seen.dom.contains(&token(LB)) && !seen.dom.contains("<script"), "{}", seen.dom);
        ensure!(!seen.console.contains("Content Security Policy"), "{}", seen.console);
        looks_as_it_should(&scene).await
    }
}

/// Part of a picture is in the colour that only the style sheet gives.
async fn looks_as_it_should(scene: &Scene) -> Result<()> {
    let file = scene.agent.dir().join("page.png");
    browser::picture(&scene.node, PAGE, (1000, 1400), &file).await?;
    let picture = std::fs::read(&file)?;
    ensure!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
    let width = picture.get(16..20).context("no header")?;
    assert_eq!(width, 1000_u32.to_be_bytes());
    // An empty page of one colour takes a fraction of this.
    ensure!(picture.len() > 30_000, "{} bytes: an empty page?", picture.len());
    Ok(())
}

on_each_frr! {
    /// Off means that there is no page; metrics and health stay.
    async fn the_page_can_be_turned_off(release) {
        let scene = Scene::with(release, |config| config["status_page"] = false.into()).await?;
        for (path, code) in [("/", 404), ("/page.css", 404), ("/metrics", 200), ("/readyz", 200)] {
            assert_eq!(scene.agent.get(path).await?.0, code, "{path}");
        }
        Ok(())
    }
}
