//! Packets around faults: a client behind the router of the rack, traffic both ways, each lost packet counted. And rounds
//! of random faults, after each of which everything must be as a model says.

mod agent;
mod daemons;
mod links;
mod rounds;

use anyhow::{Result, ensure};
use novaroute_lab::traffic::Measured;

/// Fails unless every packet arrived, both ways.
fn none_lost(measured: &Measured) -> Result<()> {
    ensure!(measured.inbound.lost == 0 && measured.outbound.lost == 0, "{measured:?}");
    Ok(())
}
