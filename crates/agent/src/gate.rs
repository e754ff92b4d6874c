//! The door for mutating calls: who is let in is decided by the [`Authenticator`], whose accounts a reload replaces.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use novaroute_api::from_proto::Credentials;
use novaroute_core::name::OwnerName;
use novaroute_core::rejection::Rejection;

use crate::auth::{Account, Authenticator};

/// The user id of a caller whom the kernel did not name; no account lists it.
const NOBODY: u32 = u32::MAX;

/// A shared authenticator.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Mutex<Authenticator>>);

impl Gate {
    /// Lets the owners of `accounts` in.
    #[must_use]
    pub fn new(accounts: BTreeMap<OwnerName, Account>) -> Self {
        Self(Arc::new(Mutex::new(Authenticator::new(accounts))))
    }

    /// Tells whether the caller with this user id is the owner that it names.
    ///
    /// # Errors
    /// UNAUTHENTICATED, with one text for unknown owners and wrong tokens; PERMISSION_DENIED for a user id that
    /// may not speak for the owner; RESOURCE_EXHAUSTED after too many failures.
    pub fn admit(&self, credentials: &Credentials, uid: Option<u32>) -> Result<OwnerName, Rejection> {
        let (owner, token) = (credentials.owner.as_str(), credentials.token.reveal());
        self.locked(|authenticator| authenticator.verify(owner, token, uid.unwrap_or(NOBODY), Instant::now()))
    }

    /// Replaces the accounts.
    pub fn set_accounts(&self, accounts: BTreeMap<OwnerName, Account>) {
        self.locked(|authenticator| authenticator.set_accounts(accounts));
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Authenticator) -> T) -> T {
        // No code that runs under the lock leaves the authenticator half changed, so a panic elsewhere is no reason
        // to lock everybody out.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
