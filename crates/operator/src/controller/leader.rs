//! One operator acts at a time: leader election by a Lease (`coordination.k8s.io`), as Kubernetes' own components do it.
//!
//! Every change of the Lease names the version that was read, so that of two candidates one fails. Clocks of nodes are not
//! compared: a holder is gone when its Lease was seen not to change for as long as it said it holds.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Name of the Lease.
pub const LEASE: &str = "novaroute-operator";
/// How long a leader holds without renewing.
const DURATION: Duration = Duration::from_secs(15);
/// A leader that could not renew for so long stops: before anybody else may begin.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Time between two attempts.
const RETRY: Duration = Duration::from_secs(2);
/// The API server's answers.
const CONFLICT: u16 = 409;

/// Somebody who would lead.
#[derive(Debug)]
pub(super) struct Candidate {
    leases: Api<Lease>,
    identity: String,
    seen: Option<Seen>,
}

/// A Lease as it was seen last, and since when it has been so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    version: Option<String>,
    since: Instant,
}

impl Candidate {
    /// One that is told from others by `identity`.
    #[must_use]
    pub(super) fn new(client: Client, namespace: &str, identity: String) -> Self {
        Self { leases: Api::namespaced(client, namespace), identity, seen: None }
    }

    /// Does `work` whenever this one leads, until `shutdown`. The work ends soon after its token is cancelled, which says
    /// that another one may lead; it is waited for.
    pub(super) async fn lead<W>(mut self, shutdown: CancellationToken, work: impl Fn(CancellationToken) -> W)
    where
        W: Future<Output = ()>,
    {
        while !shutdown.is_cancelled() && self.acquire(&shutdown).await {
            info!(identity = self.identity, "leading");
            let leading = shutdown.child_token();
            let renewing = async {
                self.hold(&shutdown).await;
                leading.cancel();
            };
            tokio::join!(work(leading.clone()), renewing);
            if shutdown.is_cancelled() {
                self.release().await;
            } else {
                warn!(identity = self.identity, "not leading any more");
            }
        }
    }

    /// Waits to lead; `false`: for the end.
    async fn acquire(&mut self, shutdown: &CancellationToken) -> bool {
        loop {
            match self.attempt().await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => warn!(%error, "the Lease cannot be had"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return false,
                () = sleep(RETRY) => {}
            }
        }
    }

    /// Renews for as long as it can.
    async fn hold(&mut self, shutdown: &CancellationToken) {
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(RETRY) => {}
            }
            match timeout(RENEW_DEADLINE.saturating_sub(renewed.elapsed()), self.attempt()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(error)) => warn!(%error, "the Lease cannot be renewed"),
                Err(_) => {}
            }
            if renewed.elapsed() >= RENEW_DEADLINE {
                return;
            }
        }
    }

    /// Takes or renews the Lease; whether this one holds it now.
    async fn attempt(&mut self) -> kube::Result<bool> {
        let written = match self.leases.get_opt(LEASE).await? {
            None => self.leases.create(&PostParams::default(), &self.held(None)).await,
            Some(found) if self.may_take(&found, Instant::now()) => {
                self.leases.replace(LEASE, &PostParams::default(), &self.held(Some(found))).await
            }
            Some(_) => return Ok(false),
        };
        match written {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == CONFLICT => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether nobody else holds a Lease, or its holder is gone.
    fn may_take(&mut self, found: &Lease, now: Instant) -> bool {
        let version = found.metadata.resource_version.clone();
        let seen = match self.seen.take() {
            Some(seen) if seen.version == version => seen,
            _ => Seen { version, since: now },
        };
        let unchanged_for = now.duration_since(seen.since);
        self.seen = Some(seen);
        let spec = found.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
        holder.is_empty() || holder == self.identity || unchanged_for >= Duration::from_secs(seconds)
    }

    /// The Lease as it is when this one holds it.
    fn held(&self, before: Option<Lease>) -> Lease {
        let mut lease = before.unwrap_or_else(|| Lease {
            metadata: ObjectMeta { name: Some(LEASE.to_owned()), ..ObjectMeta::default() },
            spec: None,
        });
        let now = MicroTime(Timestamp::now());
        let spec = lease.spec.take().unwrap_or_default();
        let is_ours = spec.holder_identity.as_ref() == Some(&self.identity);
        let transitions = spec.lease_transitions.unwrap_or_default();
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            acquire_time: if is_ours { spec.acquire_time.clone() } else { Some(now.clone()) },
            renew_time: Some(now),
            lease_transitions: Some(if is_ours { transitions } else { transitions.saturating_add(1) }),
            ..spec
        });
        lease
    }

    /// Lets the next one begin at once.
    async fn release(&mut self) {
        let released = async {
            let Some(mut lease) = self.leases.get_opt(LEASE).await? else { return Ok(()) };
            let Some(spec) = lease.spec.as_mut().filter(|spec| spec.holder_identity.as_ref() == Some(&self.identity))
            else {
                return Ok(());
            };
            spec.holder_identity = Some(String::new());
            self.leases.replace(LEASE, &PostParams::default(), &lease).await.map(drop)
        };
        if let Ok(Err(error)) = timeout(RETRY, released).await {
            warn!(%error, "the Lease could not be given back; the next one waits until it is over");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(version: &str, holder: &str) -> Lease {
        let spec = LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        };
        let metadata = ObjectMeta { resource_version: Some(version.to_owned()), ..ObjectMeta::default() };
        Lease { metadata, spec: Some(spec) }
    }

    fn candidate() -> Candidate {
        let nowhere = kube::Config::new("http://127.0.0.1:1/".parse().unwrap());
        Candidate::new(Client::try_from(nowhere).unwrap(), "novaroute", "a".to_owned())
    }

    #[tokio::test]
    async fn a_lease_is_taken_when_it_is_free_or_its_holder_is_gone() {
        let (mut candidate, start) = (candidate(), Instant::now());
        for (after_s, version, holder, taken) in [
            (0, "1", "", true),
            (0, "2", "a", true),
            (0, "3", "b", false),
            (14, "3", "b", false),
            (14, "4", "b", false),
            (28, "4", "b", false),
            (29, "4", "b", true),
        ] {
            let found = lease(version, holder);
            let now = start + Duration::from_secs(after_s);
            assert_eq!(candidate.may_take(&found, now), taken, "version {version} of {holder} after {after_s} s");
        }
    }

    #[tokio::test]
    async fn only_another_holder_is_a_transition() {
        let candidate = candidate();
        for (before, transitions) in [(None, 1), (Some(lease("1", "b")), 1), (Some(lease("1", "a")), 0)] {
            let spec = candidate.held(before.clone()).spec.unwrap();
            assert_eq!(spec.lease_transitions, Some(transitions), "{before:?}");
            assert_eq!(spec.holder_identity.as_deref(), Some("a"));
            assert!(spec.renew_time.is_some());
        }
    }
}
