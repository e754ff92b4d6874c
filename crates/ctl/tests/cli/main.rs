//! The binary as users run it: against an agent that is scripted, and against
//! none.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod apply;
mod completion;
mod ctl;
mod doctor;
mod dry_run;
mod events;
mod explain;
mod fake;
mod held;
mod help;
mod import;
mod refusals;
mod requests;
mod show;
mod usage;
