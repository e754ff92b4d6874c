//! `--wait`: what is asked of the agent, and what the user sees meanwhile.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    time::{Duration, Instant},
};

use novaroute_api::v1;
use tokio::time::sleep;

use crate::{cli::Global, output::style::printable};

/// Time between two lines of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);
/// To the start of the line, and the line away.
const CLEAR: &str = "\r\x1b[K";

/// What `--wait` asks for.
pub(super) fn asked(global: &Global) -> Option<v1::Wait> {
    global.wait.and_then(|number| v1::Wait::try_from(number).ok())
}

/// Waits for the answer to a request. On a terminal a line on stderr tells how long it has been.
pub(super) async fn shown<T>(global: &Global, title: &str, answer: impl Future<Output = T>) -> T {
    if global.wait.is_none() || !stderr().is_terminal() {
        return answer.await;
    }
    let (began, limit) = (Instant::now(), global.timeout);
    let title = printable(title);
    tokio::pin!(answer);
    loop {
        tokio::select! {
            answer = &mut answer => {
                tell(CLEAR);
                return answer;
            }
            () = sleep(PROGRESS_INTERVAL) => {
                tell(&format!("{CLEAR}{title}: waiting for {} s of {} s", began.elapsed().as_secs(), limit.as_secs()));
            }
        }
    }
}

fn tell(text: &str) {
    // With stderr gone there is nobody left to tell.
    let _ = write!(stderr(), "{text}");
    let _ = stderr().flush();
}
