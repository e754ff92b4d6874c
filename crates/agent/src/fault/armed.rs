//! The points of a test build.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};

use super::Point;

/// The environment variable that names a point.
pub const VARIABLE: &str = "NOVAROUTE_FAULT_POINT";

/// All points, in the order of the work on a change, with their names.
const NAMES: [(Point, &str); 15] = [
    (Point::JournalBeforeWrite, "journal-before-write"),
    (Point::JournalBeforeSync, "journal-before-sync"),
    (Point::JournalAfterSync, "journal-after-sync"),
    (Point::PublishBefore, "publish-before"),
    (Point::AnswerBefore, "answer-before"),
    (Point::AnswerAfter, "answer-after"),
    (Point::PlanBefore, "plan-before"),
    (Point::BatchBefore, "batch-before"),
    (Point::ContextEntered, "context-entered"),
    (Point::LineSent, "line-sent"),
    (Point::BatchAfter, "batch-after"),
    (Point::LeaveBefore, "leave-before"),
    (Point::PlanAfter, "plan-after"),
    (Point::RecordBefore, "record-before"),
    (Point::RecordAfter, "record-after"),
];

/// The point to die at.
#[derive(Debug)]
struct Armed {
    point: Point,
    /// Passages that are left.
    left: AtomicU32,
}

static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

/// Reads the variable, before anything else.
///
/// # Errors
/// It names no point; the text says which there are.
pub fn arm() -> Result<(), String> {
    let armed = std::env::var(VARIABLE).ok().map(|text| parse(&text)).transpose()?;
    ARMED.set(armed).map_err(|_| "armed twice".to_owned())
}

fn parse(text: &str) -> Result<Armed, String> {
    let (name, passage) = text.split_once(':').unwrap_or((text, "1"));
    let names: Vec<&str> = NAMES.iter().map(|(_, name)| *name).collect();
    let unknown = || format!("{VARIABLE}: {name:?} is no point; there are: {}", names.join(" "));
    let (point, _) = NAMES.iter().find(|(_, known)| *known == name).ok_or_else(unknown)?;
    let left = passage.parse().map_err(|_| format!("{VARIABLE}: {passage:?} is no number"))?;
    Ok(Armed { point: *point, left: AtomicU32::new(left) })
}

fn armed() -> Option<&'static Armed> {
    ARMED.get()?.as_ref()
}

/// The agent is at this point: it dies here if it is to.
pub fn reach(point: Point) {
    let Some(armed) = armed().filter(|armed| armed.point == point) else { return };
    if armed.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        // No destructor runs and no buffer is flushed, as when somebody else sends it.
        let _killed = kill_process(getpid(), Signal::KILL);
        std::process::abort();
    }
}

/// Whether lines that could be pipelined go one by one.
#[must_use]
pub fn one_by_one() -> bool {
    armed().is_some_and(|armed| armed.point == Point::LineSent)
}
