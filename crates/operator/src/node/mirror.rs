//! Objects of one kind, as the API server last told them.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt as _;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use crate::heard::{Heard, Objects};

/// Follows the objects until it is dropped. While the API server is away, it has those of before.
#[derive(Debug)]
pub(super) struct Mirror<T> {
    heard: Arc<Mutex<Heard<T>>>,
    _following: AbortOnDropHandle<()>,
}

impl<T: Debug + Clone + PartialEq + Send + Sync + 'static> Mirror<T> {
    /// Begins to follow. `reduce` makes of an object what is kept of it, `changed` is told of every change.
    pub(super) fn follow<K>(
        api: Api<K>,
        config: watcher::Config,
        changed: Arc<Notify>,
        reduce: impl Fn(K) -> Option<T> + Send + 'static,
    ) -> Self
    where
        K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
    {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let filled = Arc::clone(&heard);
        let path = api.resource_url().to_owned();
        let following = tokio::spawn(async move {
            let mut told = watcher(api, config).default_backoff().boxed();
            while let Some(event) = told.next().await {
                match event {
                    Ok(event) => {
                        if lock(&filled).take(event, &reduce) {
                            changed.notify_one();
                        }
                    }
                    Err(watcher::Error::WatchFailed(error)) => debug!(path, %error, "a watch broke"),
                    Err(error) => warn!(path, %error, "the API server does not tell of changes"),
                }
            }
        });
        Self { heard, _following: AbortOnDropHandle::new(following) }
    }

    /// What it has; `None` before the first whole list.
    pub(super) fn objects(&self) -> Option<Objects<T>> {
        lock(&self.heard).objects()
    }
}

/// Nothing panics while it is held; after a panic elsewhere the map is as whole as before.
fn lock<T>(heard: &Mutex<Heard<T>>) -> MutexGuard<'_, Heard<T>> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
