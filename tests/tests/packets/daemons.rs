//! FRR's daemons go and come back.

use anyhow::ensure;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::reliability::Case;

/// Packets that a new session costs at least: FRR waits a second before it begins one.
const NEW_SESSION_PACKETS: u64 = 500;

on_each_frr! {
    /// Without graceful restart the router of the rack forgets the node at once: that the meter sees it proves the meter.
    async fn a_killed_bgpd_costs_packets(release) {
        let measured = Case::BgpdKilled.measure(release).await?;
        for direction in [measured.inbound, measured.outbound] {
            ensure!(direction.lost > NEW_SESSION_PACKETS, "{measured:?}");
            ensure!(direction.longest_gap.as_millis() > NEW_SESSION_PACKETS.into(), "{measured:?}");
        }
        Ok(())
    }
}
