//! One task for each daemon that reads what it tells by itself.

use std::path::PathBuf;
use std::time::Duration;

use novaroute_frr::push;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::looker::limits;
use super::refused_packets::RefusedPackets;
use super::report::Report;
use crate::config::Frr;
use crate::vty::{Limits, LiveLog, LiveLogError, VtyError};

/// Time between two attempts to reach a daemon; one that comes back is noticed by this.
const RETRY: Duration = Duration::from_millis(100);
/// The same for one that is there and does not give its log.
const RETRY_REFUSED: Duration = Duration::from_secs(5);

/// Reads the live log of one daemon.
pub(super) struct Follower {
    name: &'static str,
    path: PathBuf,
    limits: Limits,
    reports: mpsc::Sender<Report>,
    refused_packets: RefusedPackets,
}

impl Follower {
    pub(super) fn new(
        name: &'static str,
        frr: &Frr,
        reports: mpsc::Sender<Report>,
        refused_packets: RefusedPackets,
    ) -> Self {
        let path = frr.socket_dir.join(format!("{name}.vty"));
        Self { name, path, limits: limits(frr), reports, refused_packets }
    }

    /// Reads until nobody takes the reports any more.
    pub(super) async fn run(self) {
        while !self.reports.is_closed() {
            match LiveLog::open(&self.path, self.limits).await {
                Ok(log) => {
                    let ended = self.read(log).await;
                    debug!(daemon = self.name, %ended, "the live log ended");
                    // A closed channel is seen by the loop.
                    let _closed = self.reports.send(Report::Gone(self.name)).await;
                }
                Err(LiveLogError::Vty(VtyError::Disconnected(_) | VtyError::TimedOut(_))) => sleep(RETRY).await,
                Err(failure) => {
                    warn!(daemon = self.name, %failure, "no live log: changes are seen by looking only");
                    sleep(RETRY_REFUSED).await;
                }
            }
        }
    }

    async fn read(&self, mut log: LiveLog) -> LiveLogError {
        // A closed channel is seen by the loop outside.
        let _closed = self.reports.send(Report::Following(self.name)).await;
        loop {
            let message = match log.next().await {
                Ok(message) => message,
                Err(ended) => return ended,
            };
            if message.lost > 0 {
                let _closed = self.reports.send(Report::Lost(self.name, message.lost)).await;
            }
            if let Some(interface) = push::packet_refused_on(&message) {
                self.refused_packets.heard(self.name, interface, &message.text);
            }
            if let Some(push) = push::parse(&message) {
                let pushed = Report::Pushed { name: self.name, push, at_ns: message.at_ns };
                let _closed = self.reports.send(pushed).await;
            }
        }
    }
}
