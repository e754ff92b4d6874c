//! Places at which a test build of the agent dies, as by kill -9, to show that a death there loses nothing.
//!
//! Without the feature `fault-points`, as it ships, [`reach`] is empty. With it, [`VARIABLE`](armed::VARIABLE) names the
//! point to die at, and after a colon at which passage: `batch-before:2`.

#[cfg(feature = "fault-points")]
pub mod armed;

/// A place in the agent's work on a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Decided; the journal has nothing of it.
    JournalBeforeWrite,
    /// Written to the journal's file, perhaps not yet on disk.
    JournalBeforeSync,
    /// On disk; nobody knows.
    JournalAfterSync,
    /// The engine has it; the reconciler has not.
    PublishBefore,
    /// The reconciler has it; the caller has no answer.
    AnswerBefore,
    /// The caller has its answer.
    AnswerAfter,
    /// The plan is made; nothing of it is sent.
    PlanBefore,
    /// Before a batch of the plan.
    BatchBefore,
    /// In the context of a batch; none of its lines is sent.
    ContextEntered,
    /// A line of a batch is answered; the next one is not sent.
    LineSent,
    /// After a batch of the plan.
    BatchAfter,
    /// All batches are sent; the daemons are still in configuration mode.
    LeaveBefore,
    /// The plan is sent; FRR is not read again.
    PlanAfter,
    /// The outcome is known; the owner task has not got it.
    RecordBefore,
    /// The owner task has the outcome.
    RecordAfter,
}

/// The agent is at this point.
#[cfg(not(feature = "fault-points"))]
#[inline]
pub fn reach(_point: Point) {}

/// Whether lines that could be pipelined go one by one, to have points between them.
#[cfg(not(feature = "fault-points"))]
#[inline]
#[must_use]
pub fn one_by_one() -> bool {
    false
}

#[cfg(feature = "fault-points")]
pub use armed::{one_by_one, reach};
