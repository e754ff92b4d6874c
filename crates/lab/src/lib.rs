//! Routers with real FRR daemons in network namespaces: for tests, benchmarks and the demo.
//!
//! A [`Lab`] holds [`Router`]s, each a network namespace with its own FRR configuration and run
//! folders, joined by veth [`Link`]s. Nothing of FRR is mocked. Outside the lab's folder and namespaces
//! nothing changes, but that FRR's own folders (`/var/lib/frr`) are made where they are missing.
//!
//! Dropping the lab ends all processes in its namespaces and
//! removes the namespaces and the folder, also when a test panics; what a killed process left
//! behind is removed by `novaroute-lab clean`.
//!
//! Needs root, network namespaces, veth, iproute2 and FRR. Where one is missing, every call fails
//! with a message that says what to install; nothing is skipped.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use novaroute_lab::{Daemon, FrrRelease, Lab};
//!
//! let lab = Lab::new("two-routers")?;
//! let r1 = lab.router("r1", FrrRelease::Distribution).await?;
//! let r2 = lab.router("r2", FrrRelease::Distribution).await?;
//! let link = lab.link(&r1, &r2, &["10.0.1.1/24"], &["10.0.1.2/24"]).await?;
//! tokio::try_join!(r1.start(&[Daemon::Zebra, Daemon::Bgpd]), r2.start(&[Daemon::Zebra, Daemon::Bgpd]))?;
//! r1.configure(Daemon::Bgpd, &["router bgp 65001", "neighbor 10.0.1.2 remote-as 65002"]).await?;
//! r2.configure(Daemon::Bgpd, &["router bgp 65002", "neighbor 10.0.1.1 remote-as 65001"]).await?;
//! r1.wait_bgp_established("10.0.1.2", Duration::from_secs(10)).await?;
//! link.set_down().await?;
//! # Ok(())
//! # }
//! ```

pub mod capture;
mod cleanup;
mod daemon;
mod ip;
mod lab;
mod link;
mod observe;
mod process;
mod procfs;
mod release;
mod requirements;
mod router;
pub mod setup;
pub mod topology;
pub mod traffic;
mod vty;
mod wait;

pub use cleanup::{Leftovers, clean};
pub use daemon::Daemon;
pub use lab::Lab;
pub use link::{Link, LinkEnd};
pub use release::{FrrRelease, NEXT_DEFAULT_DIR, NEXT_DIR_ENV};
pub use requirements::check;
pub use router::Router;
pub use rustix::process::Signal;
pub use vty::run_commands;
pub use wait::wait_for;
