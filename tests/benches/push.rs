//! How long it takes from the moment FRR logs a change of a session, by its own clock, to the subscriber of the event
//! stream that hears of it.
//!
//! `make bench` prints medians and the slowest of all, for each FRR release.
#![expect(clippy::print_stdout, reason = "a benchmark talks on stdout")]

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{Daemon, FrrRelease, request, v1};

/// How often each session goes down and comes up.
const CYCLES: usize = 15;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("from FRR's own time of a change to the subscriber");
        println!("{:<18} {:<6} {:>7} {:>10} {:>10}", "FRR", "what", "changes", "median ms", "slowest ms");
        for release in FrrRelease::ALL {
            let (scene, mut client) = Scene::with_bgp(release).await?;
            let session = v1::EnableBfdRequest { peer_address: scene.tor.ipv6.to_string(), ..Default::default() };
            let mut events = Events::open(&mut client, "", &["PEER_UP", "PEER_DOWN", "BFD_UP", "BFD_DOWN"]).await?;
            client.enable_bfd(request::enable_bfd(LB, session)).await?;
            let peer = format!("peer {}", scene.tor.node_ipv6);
            scene.tor.router.configure(Daemon::Bfdd, &["bfd", &peer]).await?;
            events.next().await?;
            let (mut bgp, mut bfd) = (Vec::new(), Vec::new());
            for _ in 0..CYCLES {
                scene.tor.router.vty(Daemon::Bgpd, "clear bgp *").await?;
                bgp.extend([delay(&mut events).await?, delay(&mut events).await?]);
                scene.tor.router.configure(Daemon::Bfdd, &["bfd", &peer, "shutdown"]).await?;
                bfd.push(delay(&mut events).await?);
                scene.tor.router.configure(Daemon::Bfdd, &["bfd", &peer, "no shutdown"]).await?;
                bfd.push(delay(&mut events).await?);
            }
            let version = release.version()?;
            print(&version, "BGP", &mut bgp);
            print(&version, "BFD", &mut bfd);
        }
        Ok(())
    })
}

/// How old the next event is when it is here.
async fn delay(events: &mut Events) -> Result<Duration> {
    let event = events.next().await?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let happened = event.metadata.get("frr_timestamp_ns").with_context(|| format!("not pushed: {event:?}"))?;
    Ok(now.saturating_sub(Duration::from_nanos(happened.parse()?)))
}

fn print(version: &str, what: &str, delays: &mut [Duration]) {
    delays.sort();
    let ms = |delay: Duration| delay.as_secs_f64() * 1e3;
    let (median, slowest) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    println!("{version:<18} {what:<6} {:>7} {:>10.2} {:>10.2}", delays.len(), ms(median), ms(slowest));
}
