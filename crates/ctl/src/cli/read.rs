//! Arguments of the commands that show something.

use std::time::Duration;

use clap::Args;

use super::values::{EnumWord, duration};

/// Arguments of `status`, `peers`, `prefixes`, `bfd` and `ospf`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Show it again and again until Ctrl-C
    #[arg(short, long)]
    pub(crate) watch: bool,

    /// Time between two looks of --watch: seconds, or with a unit (500ms, 2s)
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) interval: Duration,
}

/// Arguments of `events`.
#[derive(Args)]
pub(crate) struct EventsArgs {
    /// Only events of these types, comma separated or given again
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = EnumWord("EventType"))]
    pub(crate) types: Vec<i32>,
}
