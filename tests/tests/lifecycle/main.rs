//! The agent's life and FRR's: crashes, stops and failed starts of the one, restarts and hangs of the other, and
//! hands that edit what is not theirs. The peer must see nothing of it that nobody asked for.

mod daemons;
mod drift;
mod fault_points;
mod handoff;
mod journal;
mod restart;
mod restarts;
mod shutdown;
mod start;
mod work;
