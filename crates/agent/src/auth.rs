//! Who a caller is: owner, token and the user id behind the socket.
//!
//! Nothing in the answer, its text or the time it takes tells an unknown owner from a wrong token.

mod limit;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Instant;

use novaroute_core::name::OwnerName;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::state::Reason;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use limit::FailureLimit;
pub use limit::{FAILURES_MAX, REFILL_INTERVAL};

/// What a token is compared with: its SHA-256 digest. The token itself is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential([u8; 32]);

impl Credential {
    /// The credential of a token in clear text.
    #[must_use]
    pub fn of_token(token: &str) -> Self {
        Self(sha256(token))
    }

    /// The credential of a token whose digest is known.
    #[must_use]
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// How one owner proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What its token is compared with.
    pub credential: Credential,
    /// The user ids that may speak for it; `None`: any that can open the socket.
    pub uids: Option<BTreeSet<u32>>,
}

/// Checks who callers are, and slows down those who guess.
#[derive(Debug)]
pub struct Authenticator {
    accounts: Vec<Known>,
    failures: FailureLimit,
}

#[derive(Debug)]
struct Known {
    name: OwnerName,
    name_digest: [u8; 32],
    account: Account,
}

impl Authenticator {
    /// Knows the owners in `accounts`.
    #[must_use]
    pub fn new(accounts: BTreeMap<OwnerName, Account>) -> Self {
        Self { accounts: known(accounts), failures: FailureLimit::default() }
    }

    /// Replaces the owners, after a reload; failures that were counted stay counted.
    pub fn set_accounts(&mut self, accounts: BTreeMap<OwnerName, Account>) {
        self.accounts = known(accounts);
    }

    /// The owner that the caller with the user id `uid` is.
    ///
    /// # Errors
    /// - RESOURCE_EXHAUSTED when too many attempts from this user id with this owner's name have failed, whether there
    ///   is such an owner or not; the token is not looked at.
    /// - UNAUTHENTICATED, in the same words, when there is no such owner and when the token is wrong.
    /// - PERMISSION_DENIED when the token is right and the user id may not speak for the owner.
    pub fn verify(&mut self, owner: &str, token: &str, uid: u32, now: Instant) -> Result<OwnerName, Rejection> {
        let name_digest = sha256(owner);
        let caller = (uid, name_digest);
        self.failures.check(caller, now).map_err(|wait| too_many_failures(uid, wait.as_secs() + 1))?;
        let Some(known) = self.find(name_digest, token) else {
            self.failures.count(caller, now);
            return Err(bad_credentials());
        };
        match &known.account.uids {
            Some(uids) if !uids.contains(&uid) => Err(uid_not_allowed(&known.name, uid)),
            _ => Ok(known.name.clone()),
        }
    }

    /// Compares with every account, in constant time each, so that the work is the same whoever is asked for.
    fn find(&self, name_digest: [u8; 32], token: &str) -> Option<&Known> {
        let token_digest = sha256(token);
        let mut found = None;
        for known in &self.accounts {
            let matches: Choice =
                known.name_digest.ct_eq(&name_digest) & known.account.credential.0.ct_eq(&token_digest);
            if matches.into() {
                found = Some(known);
            }
        }
        found
    }
}

fn known(accounts: BTreeMap<OwnerName, Account>) -> Vec<Known> {
    let known = |(name, account): (OwnerName, Account)| Known { name_digest: sha256(name.as_str()), name, account };
    accounts.into_iter().map(known).collect()
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn bad_credentials() -> Rejection {
    let message = "unknown owner or wrong token; compare both with the agent's configuration";
    Rejection::new(RejectionClass::Unauthenticated, Reason::BadCredentials, message)
}

fn uid_not_allowed(owner: &OwnerName, uid: u32) -> Rejection {
    let message = format!("user id {uid} may not speak for owner {owner}; add it to owners.{owner}.uids");
    Rejection::new(RejectionClass::PermissionDenied, Reason::UidNotAllowed, message).with("uid", uid)
}

fn too_many_failures(uid: u32, seconds: u64) -> Rejection {
    let message = format!("too many failed attempts from user id {uid} for this owner; try again in {seconds} s");
    Rejection::new(RejectionClass::ResourceExhausted, Reason::TooManyFailures, message)
        .with("uid", uid)
        .with("retry_after_s", seconds)
}

#[cfg(test)]
mod tests;
