//! The page at `/`: how the node is, for people with a browser. Read only, without scripts, complete as it is sent.
//!
//! What is on it comes from clients and from peers: the templates escape all of it. Lines of FRR's configuration are
//! counted and not shown, since somebody else's may hold a password.

mod asked;
mod owners;
mod tables;

use std::sync::Arc;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};
use novaroute_api::v1;
use tonic::Status;

use crate::events::Published;
use crate::grpc::Service;
pub use asked::Asked;
use owners::OwnerRow;

/// Events that the page shows.
const EVENTS_SHOWN: usize = 50;
/// Seconds until a browser asks again.
const REFRESH_S: u32 = 10;
/// How the page looks; served beside it, since its policy allows nothing in the text.
pub const STYLE: &str = include_str!("page/style.css");

/// All that is on the page.
#[derive(Debug, Default)]
pub struct Picture {
    node: String,
    status: v1::GetStatusResponse,
    owners: Vec<OwnerRow>,
    events: Vec<Arc<Published>>,
}

impl Picture {
    /// How the node `node` is now.
    ///
    /// # Errors
    /// As GetStatus.
    pub fn take(service: &Service, node: &str) -> Result<Self, Status> {
        Ok(Self {
            node: node.to_owned(),
            status: service.status(&v1::GetStatusRequest::default())?,
            owners: owners::rows(&service.view.borrow()),
            events: service.hub.last(EVENTS_SHOWN),
        })
    }

    /// The page, with the rows that are asked for.
    #[must_use]
    pub fn html(&self, asked: &Asked) -> String {
        let status = &self.status;
        let body = html! {
            (self.head(asked))
            main {
                (self.frr())
                (tables::peers(&status.peers, asked))
                (tables::prefixes(&status.prefixes, asked))
                (tables::bfd(&status.bfd_sessions, asked))
                (tables::ospf(&status.ospf_interfaces, asked))
                (owners::table(&self.owners))
                (tables::events(&self.events))
            }
        };
        self.document(asked, &body).into_string()
    }

    fn document(&self, asked: &Asked, body: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if asked.refreshes() {
                        meta http-equiv="refresh" content=(REFRESH_S);
                    }
                    title { "NovaRoute on " (self.node) }
                    link rel="stylesheet" href="/page.css";
                }
                body { (body) }
            }
        }
    }

    fn head(&self, asked: &Asked) -> Markup {
        html! {
            header {
                h1 { "NovaRoute on " bdi { (self.node) } }
                p {
                    "Version " (self.status.agent_version) " · as of "
                    time { (Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC")) } " · "
                    @if asked.refreshes() {
                        "anew every " (REFRESH_S) " s, " a href=(asked.with_refresh(false)) { "stop" }
                    } @else {
                        "stands still, " a href=(asked.with_refresh(true)) { "refresh" }
                    }
                }
                nav {
                    @for (anchor, title) in tables::ANCHORS {
                        a href={ "#" (anchor) } { (title) } " "
                    }
                    a href="/metrics" { "Metrics" } " "
                    a href="/readyz" { "Readiness" }
                }
            }
        }
    }

    fn frr(&self) -> Markup {
        let frr = self.status.frr_status.clone().unwrap_or_default();
        let word = |connected| if connected { "connected" } else { "not connected" };
        html! {
            section id="frr" {
                h2 { "FRR" }
                p {
                    (frr.version) " " (tables::state(word(frr.connected))) " " (frr.uptime) " · "
                    "lines of its configuration that are not the agent's: " (frr.foreign_lines.len())
                }
                table {
                    thead { tr { th { "Daemon" } th { "State" } th { "Version" } } }
                    tbody {
                        @for daemon in &frr.daemons {
                            tr {
                                td { (daemon.name) }
                                td { (tables::state(word(daemon.connected))) }
                                td { (daemon.version) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
