//! Locks that a panic of a test does not spoil.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a holder panicked: what a test left half done is of no use to anyone after it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
