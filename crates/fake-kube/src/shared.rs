//! What the connections, the watches and the test have in common.

use std::sync::Mutex;

use tokio::sync::watch;

use crate::faults::{Faults, Pause};
use crate::record::Record;
use crate::store::Store;
use crate::sync::lock;

/// One server's state.
#[derive(Debug)]
pub(crate) struct Shared {
    store: Mutex<Store>,
    /// The latest revision: watches look again when it changes.
    pub(crate) revision: watch::Sender<u64>,
    /// Counts how often all watches were cut.
    pub(crate) cuts: watch::Sender<u64>,
    /// What a test asked for.
    pub(crate) pause: watch::Sender<Option<Pause>>,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
}

impl Shared {
    pub(crate) fn new(store: Store) -> Self {
        let revision = watch::Sender::new(store.revision());
        Self {
            store: Mutex::new(store),
            revision,
            cuts: watch::Sender::new(0),
            pause: watch::Sender::new(None),
            faults: Faults::default(),
            record: Record::default(),
        }
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&Store) -> R) -> R {
        look(&lock(&self.store))
    }

    /// Changes the store and tells the watches.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut Store) -> R) -> R {
        let mut store = lock(&self.store);
        let result = change(&mut store);
        let latest = store.revision();
        self.revision.send_if_modified(|revision| std::mem::replace(revision, latest) != latest);
        result
    }

    /// Returns when connections are not to hang.
    pub(crate) async fn wait_until_going(&self) {
        let mut pause = self.pause.subscribe();
        // The sender is in `self`: it cannot be gone.
        let _ = pause.wait_for(|pause| *pause != Some(Pause::Hang)).await;
    }

    /// Collects garbage after every change, for as long as it is polled.
    pub(crate) async fn collect_garbage(&self) {
        let mut revision = self.revision.subscribe();
        loop {
            self.write(Store::collect_garbage);
            if revision.changed().await.is_err() {
                return;
            }
        }
    }
}
