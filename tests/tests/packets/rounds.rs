//! A short run of what `make chaos` does for longer.

use novaroute_e2e::on_each_frr;
use novaroute_e2e::rounds::Rounds;

/// A seed whose rounds have faults of most kinds.
const SEED: u64 = 2;
const ROUNDS: usize = 10;

on_each_frr! {
    /// Daemons that die, end and hang, an agent that dies, a link that goes down, hands that edit, clients that change what
    /// they want: afterwards the node, the agent and the router of the rack agree with the model.
    async fn ten_rounds_end_as_the_model_says(release) {
        let mut rounds = Rounds::new(release, SEED, "").await?;
        for _ in 0..ROUNDS {
            rounds.round().await?;
        }
        Ok(())
    }
}
