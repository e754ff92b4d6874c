//! The page that lists every kind of line that the agent writes.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// What stands before the table.
const INTRODUCTION: &str = "\
# The lines in FRR's configuration

Every kind of line that the agent writes, as `cargo run -p xtask -- config-lines` prints it from the table in
`crates/frr/src/rules/table.rs`, by which the agent plans. The suite `config_lines` holds each row against a real FRR of
each release, with a BGP session and adjacencies up: a row that resets is seen to end them, any other to leave them alone.
Where several daemons share a row, the `set` lines and `match tag` of route-maps are held against bgpd only, the only one
to which the agent writes them.

- *key* is what tells a line from others of its kind, `…` its value.
- The phases are those of a plan: what is used comes before its user, and what is taken back goes in reverse.
- *taken back first*: FRR refuses or ignores a new value while the old one is there.
- *sessions* says what adding, changing or taking back the line does to a session with a neighbor: nothing; routes are
  evaluated again while the session stays; or the session ends and comes up anew.

";

/// Writes the page.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(root: &Path) -> Result<()> {
    let path = root.join("docs/config-lines.md");
    let text = format!("{INTRODUCTION}{}", novaroute_frr::rules::markdown_table());
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}
