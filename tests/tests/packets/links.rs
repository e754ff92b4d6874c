//! Links that fail without a word.

use anyhow::ensure;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::reliability::{BFD_INTERVAL_MS, BFD_MULTIPLIER, Case};

on_each_frr! {
    /// BFD tells both ends within its detection time, and traffic takes the second router of the rack.
    async fn a_silent_link_costs_less_than_three_detection_times(release) {
        let measured = Case::LinkSilent.measure(release).await?;
        for direction in [measured.inbound, measured.outbound] {
            ensure!(direction.lost > 0, "no packet took the link that was cut: {measured:?}");
            ensure!(direction.lost < (3 * BFD_INTERVAL_MS * BFD_MULTIPLIER).into(), "{measured:?}");
        }
        Ok(())
    }
}
