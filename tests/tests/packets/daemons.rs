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

    /// With graceful restart the router of the rack goes on sending to the node, whose kernel has its routes still.
    async fn with_graceful_restart_a_killed_bgpd_costs_no_packet_in(release) {
        let measured = Case::BgpdKilledGraceful.measure(release).await?;
        ensure!(measured.inbound.lost == 0, "{measured:?}");
        Ok(())
    }

    /// The session never ends, and the node's kernel keeps its routes or has them back.
    async fn a_killed_zebra_costs_no_packet_in(release) {
        let measured = Case::ZebraKilled.measure(release).await?;
        ensure!(measured.inbound.lost == 0, "{measured:?}");
        Ok(())
    }

    /// A pod that is replaced takes its FRR along, and the agent has withdrawn everything before.
    async fn a_replaced_pod_costs_packets(release) {
        let measured = Case::PodReplaced.measure(release).await?;
        ensure!(measured.inbound.lost > NEW_SESSION_PACKETS, "{measured:?}");
        Ok(())
    }

    /// Where the agent leaves FRR as it is, the end of FRR is a restart to a peer with which it has agreed on graceful
    /// restart: the router of the rack goes on sending to the node.
    async fn with_graceful_restart_a_replaced_pod_costs_no_packet_in(release) {
        let measured = Case::PodReplacedGraceful.measure(release).await?;
        ensure!(measured.inbound.lost == 0, "{measured:?}");
        Ok(())
    }
}
