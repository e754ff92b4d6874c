//! `top` on a terminal.

use std::path::Path;

use anyhow::{Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::request;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::terminal::{Size, Terminal};
use rustix::process::Signal;
use vt100::Color;

on_each_frr! {
    /// Peers, prefixes and events as they are, on a screen of 80x24 and after a change of its size; an agent that dies is
    /// told, and what it does when it is back is shown.
    async fn top_shows_the_node_and_outlives_the_agent(release) {
        let (mut scene, mut client) = Scene::with_bgp(release).await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        scene.prefix_state("203.0.113.7/32", "advertised").await?;
        let mut top = Ctl::new(&scene.agent, LB).on_terminal("top --interval 100ms", Size::SMALL)?;
        let peers = top.shows("Peers 1/1 up").await?;
        ensure!(peers.contains(&scene.tor.ipv4.to_string()) && peers.contains("Established"), "{peers}");
        top.shows("PREFIX_ADVERTISED").await?;

        top.press("2")?;
        top.shows("203.0.113.7/32  bgp       advertised  1").await?;
        top.press("/no-such\r")?;
        top.shows("filter: no-such   Esc clears it").await?;
        // Alone: with a letter behind it, it would be a key of its own.
        top.press("\u{1b}")?;
        top.wait("all rows", |text| !text.contains("filter:")).await?;
        top.press("5")?;
        top.shows("INTENT_PROGRAMMED").await?;
        top.press("7")?;
        let latency = top.shows("ADVERTISED MS").await?;
        ensure!(latency.contains("prefix bgp 203.0.113.7/32"), "{latency}");
        top.resize(Size(120, 40))?;
        top.wait("the keys in the last of 40 lines", |text| text.lines().nth(39).is_some_and(|line| line.contains("call"))).await?;

        scene.agent.kill().await?;
        top.shows("NO AGENT for").await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        let mut client = scene.agent.client().await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.8/32")).await?;
        top.press("2")?;
        top.shows("203.0.113.8/32  bgp       advertised").await?;
        top.press("5")?;
        top.wait("an event of the new run", |text| text.lines().any(|line| line.contains("203.0.113.8/32"))).await?;
        top.press("q")?;
        ensure!(top.ended().await? == 0);
        Ok(())
    }
}

/// `top` where no agent is.
fn alone(environment: &[(&str, &str)]) -> Result<Terminal> {
    let mut command = Ctl::on(Path::new("/nonexistent/novaroute.sock"), LB).command("top")?;
    command.envs(environment.iter().copied());
    Terminal::run(command.as_std(), Size::SMALL)
}

#[tokio::test]
async fn top_leaves_the_terminal_as_it_was_however_it_ends() -> Result<()> {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let top = alone(&[])?;
        top.shows("NO AGENT for").await?;
        ensure!(
            top.screen().alternate_screen() && top.screen().hide_cursor(),
            "it does not draw on a screen of its own"
        );
        top.signal(signal)?;
        ensure!(top.ended().await? == 0, "{signal:?}");
    }
    let mut top = alone(&[])?;
    top.shows("NO AGENT for").await?;
    top.press("\u{3}")?;
    ensure!(top.ended().await? == 0, "Ctrl-C");
    Ok(())
}

#[tokio::test]
async fn top_has_colours_unless_none_are_wanted() -> Result<()> {
    for (environment, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let top = alone(environment)?;
        top.shows("NO AGENT for").await?;
        let screen = top.screen();
        let cell = screen.cell(1, 0).map(|cell| (cell.contents().to_owned(), cell.fgcolor() != Color::Default));
        ensure!(cell == Some(("N".to_owned(), coloured)), "{environment:?}: {cell:?}");
    }
    Ok(())
}
