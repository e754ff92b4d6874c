//! The handle of a running server, and what a test does with it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::error::{ApiError, FieldError};
use crate::faults::{Fault, Pause, Requests};
use crate::http::server::{Server, listen};
use crate::object;
use crate::record::Write;
use crate::resource::ResourceKind;
use crate::shared::Shared;
use crate::store::Store;
use crate::store::delete::DeleteOptions;
use crate::store::write::{Part, Place, WriteOptions};

/// The field manager of what a test writes by itself.
const MANAGER: &str = "fake-kube";

/// A Kubernetes API server in memory, on a port of 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct FakeKube {
    shared: Arc<Shared>,
    address: SocketAddr,
    state: watch::Receiver<Option<Pause>>,
    tasks: [AbortHandle; 2],
}

impl FakeKube {
    /// Starts a server with the kinds of Kubernetes and those given. Kinds can also be learned from a
    /// `CustomResourceDefinition` that is created later.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(resources: Vec<ResourceKind>) -> io::Result<Self> {
        let listener = listen().await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(Store::new(resources)));
        let (state, receiver) = watch::channel(None);
        let server = tokio::spawn(Server { shared: shared.clone(), address, state }.run(listener));
        let collected = shared.clone();
        let collector = tokio::spawn(async move { collected.collect_garbage().await });
        Ok(Self { shared, address, state: receiver, tasks: [server.abort_handle(), collector.abort_handle()] })
    }

    /// Where the server is reached.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig, without credentials, for programs that read one.
    pub fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\n\
             clusters:\n- name: fake\n  cluster:\n    server: {}\n\
             contexts:\n- name: fake\n  context:\n    cluster: fake\n    user: fake\n\
             users:\n- name: fake\n  user: {{}}\n",
            self.url()
        )
    }

    /// Checks what clients write of a kind, given by its plural, with or without its group: the new object, and
    /// the one that it replaces. What the check refuses is answered with 422 and one cause for each field.
    ///
    /// # Errors
    /// 404 when no kind has this plural.
    pub fn validate(
        &self,
        plural: &str,
        check: impl Fn(&Value, Option<&Value>) -> Result<(), Vec<FieldError>> + Send + Sync + 'static,
    ) -> Result<(), ApiError> {
        self.shared.write(|store| {
            let name = store.named(plural)?.kind.qualified_plural();
            store.add_validator(name, Box::new(check));
            Ok(())
        })
    }

    /// An object, by the plural of its kind with or without its group, its namespace (empty where it has none)
    /// and its name; `None` where it is not there.
    pub fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        self.shared.read(|store| {
            let kind = &store.named(plural).ok()?.kind;
            store.find(kind, namespace, name).ok().map(|object| (*object).clone())
        })
    }

    /// The objects of a kind, of all namespaces.
    pub fn list(&self, plural: &str) -> Vec<Value> {
        self.shared.read(|store| {
            let found = store.named(plural).map(|resource| store.list(&resource.kind, None));
            found.unwrap_or_default().iter().map(|object| (**object).clone()).collect()
        })
    }

    /// Creates or replaces an object with its status, unvalidated; a version in it is not looked at.
    ///
    /// # Errors
    /// 400, 404 or 422 for what is no object of the kind or has no namespace to be in.
    pub fn put(&self, plural: &str, object: Value) -> Result<Value, ApiError> {
        let mut object = object::check(object)?;
        object::remove_meta(&mut object, "resourceVersion");
        let (namespace, name) = (object::namespace(&object).to_owned(), object::name(&object).to_owned());
        self.shared.write(|store| {
            let place = place(store, plural, &namespace, &name)?;
            match store.find(&place.resource.kind, &namespace, &name) {
                Ok(_) => store.patch(&place, &options(), |old| *old = object),
                Err(_) => store.create(&place, object, &options()),
            }
            .map(|object| (*object).clone())
        })
    }

    /// Changes an object in place, unvalidated, also its status: what a controller of the cluster would do, such
    /// as that of DaemonSets.
    ///
    /// # Errors
    /// 404 when it is not there; 400 when what it becomes is no object of the kind.
    pub fn update(
        &self,
        plural: &str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, ApiError> {
        self.shared.write(|store| {
            let place = place(store, plural, namespace, name)?;
            store.patch(&place, &options(), change).map(|object| (*object).clone())
        })
    }

    /// Deletes an object as a client would, in the background; finalizers are waited for.
    ///
    /// # Errors
    /// 404 when it is not there.
    pub fn delete(&self, plural: &str, namespace: &str, name: &str) -> Result<(), ApiError> {
        self.shared.write(|store| {
            let place = place(store, plural, namespace, name)?;
            store.delete(&place, &DeleteOptions::default()).map(|_| ())
        })
    }

    /// Breaks every watch that is open, in the middle of its answer.
    pub fn cut_watches(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Forgets what happened so far: a watch or a list that goes on from an earlier version gets 410.
    pub fn compact(&self) {
        self.shared.write(Store::compact);
    }

    /// Lets the next `count` of these requests fail.
    pub fn fail_next(&self, count: usize, fault: Fault, requests: Requests) {
        self.shared.faults.add(count, fault, requests);
    }

    /// Lets every request wait before it is looked at; zero ends that.
    pub fn delay(&self, delay: Duration) {
        self.shared.faults.set_delay(delay);
    }

    /// Stops answering; returns when that is so.
    pub async fn pause(&self, pause: Pause) {
        self.set_pause(Some(pause)).await;
    }

    /// Goes on answering, on the same port; returns when that is so.
    pub async fn resume(&self) {
        self.set_pause(None).await;
    }

    /// How many requests there were of a verb and a kind, also those that were refused. The verbs are those of
    /// RBAC (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`) and `apply`.
    pub fn requests(&self, verb: &str, plural: &str) -> u64 {
        let name = self.shared.read(|store| store.named(plural).map(|resource| resource.kind.qualified_plural()));
        let counts = self.shared.record.requests();
        let of_kind = |other: &str| name.as_ref().is_ok_and(|name| name == other);
        counts.iter().filter(|((other, plural), _)| *other == verb && of_kind(plural)).map(|(_, count)| count).sum()
    }

    /// How many bytes of answers were sent, without HTTP's headers.
    pub fn bytes_out(&self) -> u64 {
        self.shared.record.bytes_out()
    }

    /// Every request so far that may have written, in order; what a test does through this handle is not among
    /// them.
    pub fn writes(&self) -> Vec<Write> {
        self.shared.record.writes()
    }

    async fn set_pause(&self, pause: Option<Pause>) {
        self.shared.pause.send_replace(pause);
        // The server lives as long as `self`.
        let _ = self.state.clone().wait_for(|state| *state == pause).await;
    }
}

impl Drop for FakeKube {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

fn options() -> WriteOptions {
    WriteOptions { manager: MANAGER.to_owned(), part: Part::Whole, dry_run: false }
}

fn place(store: &Store, plural: &str, namespace: &str, name: &str) -> Result<Place, ApiError> {
    Ok(Place { resource: store.named(plural)?, namespace: namespace.to_owned(), name: name.to_owned() })
}
