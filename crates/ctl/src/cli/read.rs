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

    /// Begin with the event of this number: one more than the last that was seen
    #[arg(long, value_name = "SEQUENCE")]
    pub(crate) from: Option<u64>,

    /// The run of the agent that gave --from: `boot_id` of its events
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true, requires = "from")]
    pub(crate) boot_id: String,

    /// Also tell how things are, before what is news
    #[arg(long)]
    pub(crate) snapshot: bool,
}

/// Arguments of `top`.
#[derive(Args)]
pub(crate) struct TopArgs {
    /// Time between two looks: seconds, or with a unit (500ms, 2s)
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) interval: Duration,
}
