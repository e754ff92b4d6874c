//! Waiting for a condition.

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Time between two looks.
const POLL: Duration = Duration::from_millis(20);

/// Polls `probe` about every 20 ms until it returns `Ok(Some(_))`.
///
/// `Ok(None)` and `Err(_)` both mean "not yet": daemons come and go while a test waits. An error is
/// kept as what was last seen, so a probe says most with `bail!("state is {state}")`.
///
/// # Errors
/// After `timeout`, naming `description` and what was last seen.
pub async fn wait_for<T, F, Fut>(description: &str, timeout: Duration, mut probe: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let deadline = Instant::now() + timeout;
    let mut seen = "nothing".to_owned();
    loop {
        let next = Instant::now() + POLL;
        match timeout_at(deadline, probe()).await {
            Ok(Ok(Some(value))) => return Ok(value),
            Ok(Ok(None)) => "the condition does not hold".clone_into(&mut seen),
            Ok(Err(error)) => seen = format!("{error:#}"),
            Err(_) => seen = format!("a look that did not end (before it: {seen})"),
        }
        if Instant::now() >= deadline {
            return Err(anyhow!("waited {:.1} s for {description}; last seen: {seen}", timeout.as_secs_f64()));
        }
        sleep_until(next.min(deadline)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use anyhow::bail;

    use super::*;

    #[tokio::test]
    async fn returns_the_first_value_past_errors() {
        let looks = Cell::new(0);
        let value = wait_for("the third look", Duration::from_secs(5), async || {
            looks.set(looks.get() + 1);
            match looks.get() {
                1 => bail!("not there"),
                2 => Ok(None),
                n => Ok(Some(n)),
            }
        })
        .await
        .unwrap();
        assert_eq!(value, 3);
    }

    #[tokio::test]
    async fn a_timeout_tells_what_was_last_seen() {
        let error = wait_for::<(), _, _>("a session", Duration::from_millis(1), async || bail!("state is Active"))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "waited 0.0 s for a session; last seen: state is Active");
    }

    #[tokio::test]
    async fn a_probe_that_hangs_does_not_hold_the_wait() {
        let error = wait_for::<(), _, _>("an answer", Duration::from_millis(1), async || std::future::pending().await)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("a look that did not end"), "{error}");
    }
}
