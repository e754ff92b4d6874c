//! What the tasks that watch the daemons tell the observer.

use novaroute_core::live::{DaemonLive, Look, Push, Window};

/// One thing to tell.
#[derive(Debug)]
pub(super) enum Report {
    /// A daemon was looked at.
    Looked(Looked),
    /// The same, after what the daemon says by itself has had time to come first.
    LookedBefore(Looked),
    /// A daemon said something by itself.
    Pushed {
        /// Which.
        name: &'static str,
        /// What.
        push: Push,
        /// When it happened, in nanoseconds since 1970-01-01 UTC.
        at_ns: u64,
    },
    /// What a daemon says is read from now on; what it said before is for a look to find.
    Following(&'static str),
    /// A daemon said so many things that were not read.
    Lost(&'static str, u32),
    /// What a daemon says is not read any more: most likely it has ended.
    Gone(&'static str),
}

/// How a look at a daemon went.
#[derive(Debug)]
pub(super) struct Looked {
    /// Which.
    pub(super) name: &'static str,
    /// When.
    pub(super) when: Window,
    /// The daemon itself; `None`: it was never there.
    pub(super) daemon: Option<DaemonLive>,
    /// What it answered; `None`: it hangs.
    pub(super) look: Option<Look>,
}
