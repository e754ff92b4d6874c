//! A small Kubernetes API server in memory, for tests of what talks to one. It is never shipped.
//!
//! A [`FakeKube`] speaks HTTP/1.1 on a port of 127.0.0.1 to any client, such as an unmodified `kube::Client`
//! or a binary that reads a kubeconfig. Objects are untyped JSON.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use novaroute_fake_kube::{FakeKube, Fault, Requests};
//!
//! let fake = FakeKube::start(Vec::new()).await?;
//! std::fs::write("kubeconfig", fake.kubeconfig())?;
//! fake.fail_next(2, Fault::TooManyRequests(1), Requests::method("PATCH").under("/apis/apps/v1"));
//! fake.update("daemonsets", "default", "agent", |object| object["status"]["numberReady"] = 3.into())?;
//! assert_eq!(fake.requests("apply", "daemonsets"), 0);
//! # Ok(())
//! # }
//! ```
//!
//! # As a real API server does
//!
//! - Discovery, get, list (label and field selectors, pages, all namespaces), create (also `generateName`), replace,
//!   delete, delete of a collection, JSON merge patch, strategic merge patch, server-side apply, dry runs, and the
//!   status subresource. `PartialObjectMetadata` is given where it is asked for.
//! - Every write gets the next of one counter of versions; one that changes nothing keeps the version.
//!   `metadata.generation` counts changes of all but the metadata and the status.
//! - Server-side apply with owners in `metadata.managedFields`, conflicts with their causes, `force`, and the
//!   removal of what a manager no longer says. Lists are joined by their keys.
//! - A kind is learned from its `CustomResourceDefinition`: its defaults are filled in, fields that it does not
//!   name are pruned, and its `x-kubernetes-list-type` and `x-kubernetes-map-type` are obeyed.
//! - Watches with selectors, bookmarks, initial events, and 410 for a version that is too old: the last 1000 changes
//!   are kept.
//! - Finalizers, foreground, background and orphaning deletion, preconditions, garbage collection by owner, and
//!   the end of a namespace with its content. No object is created in a namespace that is missing or ends.
//! - `stringData` of a Secret goes to `data`.
//!
//! # Unlike a real API server
//!
//! - There is no authentication, authorization, admission or quota. There is no TLS.
//! - There is no controller but garbage collection: a test sets the status of a DaemonSet, and creates Pods and
//!   service accounts.
//! - Nothing is validated but names, versions and identities. [`FakeKube::validate`] plugs in what else is needed:
//!   the schema and the rules of a definition are not evaluated. Immutable fields can be changed.
//!   `fieldValidation` is ignored.
//! - Kinds of Kubernetes get no defaults, but the type of a Secret and the first status of some. A Service gets no
//!   address. Fields that do not exist are kept.
//! - A definition is served in the first version that it serves. Its `scale`, `selectableFields` and conversions
//!   are ignored. When it is deleted, its objects go at once, whatever finalizers they have.
//! - Keys of lists in Kubernetes' own kinds come from a table of common fields, also for strategic merge patch. A kind
//!   passed to [`FakeKube::start`] has no schema: its conditions are a map by `type`, its other lists are one value.
//! - Pods are gone at once when they are deleted, without a grace period. A PUT never creates.
//! - Later pages of a list show the state of then, under the version of the first page.
//! - Missing: JSON patch, protobuf, `Table`, OpenAPI, aggregated discovery, the subresources of Pods,
//!   `/finalize`, `/scale`. The `Event`s of the two groups are not the same objects.
#![warn(missing_docs)]

mod apply;
mod error;
mod fake;
mod faults;
mod http;
mod object;
mod patch;
mod record;
mod resource;
mod selector;
mod shared;
mod store;
mod structural;
mod sync;
mod watch;

pub use error::{ApiError, FieldError};
pub use fake::FakeKube;
pub use faults::{Fault, Pause, Requests};
pub use record::Write;
pub use resource::ResourceKind;
