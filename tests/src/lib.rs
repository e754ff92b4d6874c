//! What the suites share: the agent as a process on a lab's node, and the routers of the rack around it.
//!
//! Nothing here is a stand-in: the agent is the binary that ships, FRR is FRR, and what a test asserts about a
//! prefix is read from the peer's table.

pub mod agent;
pub mod api_server;
pub mod bfd;
pub mod bgp;
pub mod binary;
pub mod browser;
pub mod caller;
pub mod chart;
pub mod config;
pub mod ctl;
pub mod events;
pub mod executed;
pub mod explain;
pub mod exposition;
pub mod helm;
pub mod http;
pub mod item;
pub mod kubernetes;
pub mod ospf;
pub mod page;
pub mod program;
pub mod promql;
pub mod promtool;
pub mod python;
pub mod quiet;
pub mod refusal;
pub mod reliability;
pub mod request;
pub mod rounds;
pub mod running;
pub mod scene;
pub mod terminal;
pub mod tor;

pub use novaroute_api::v1;
pub use novaroute_lab::{Daemon, FrrRelease, Router, wait_for};

/// Declares scenarios, each of which becomes one test for each FRR release.
///
/// The release is an argument of the scenario; `frr_distribution` and `frr_next` are the names of the tests.
#[macro_export]
macro_rules! on_each_frr {
    ($($(#[doc = $doc:literal])* async fn $name:ident($release:ident) $body:block)+) => { $(
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn scenario($release: $crate::FrrRelease) -> anyhow::Result<()> $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn frr_distribution() -> anyhow::Result<()> {
                scenario($crate::FrrRelease::Distribution).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn frr_next() -> anyhow::Result<()> {
                scenario($crate::FrrRelease::Next).await
            }
        }
    )+ };
}
