//! Watches: a line of JSON for each change.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::error::ApiError;
use crate::http::view::View;
use crate::object;
use crate::resource::Resource;
use crate::selector::Selector;
use crate::shared::Shared;
use crate::store::Store;
use crate::store::history::Change;

/// How often a watch that wants bookmarks gets one.
const BOOKMARK_EVERY: Duration = Duration::from_secs(10);

/// What a client wants to be told.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) resource: Arc<Resource>,
    pub(crate) selector: Selector,
    pub(crate) start: Start,
    pub(crate) bookmarks: bool,
    pub(crate) timeout: Duration,
    pub(crate) view: View,
}

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With every object as it is, and a bookmark after them where `marked`.
    Objects { marked: bool },
    /// Now.
    Now,
    /// After this revision.
    After(u64),
}

type Lines = UnboundedSender<io::Result<Bytes>>;

/// The body of the answer to a watch.
pub(crate) fn body(shared: Arc<Shared>, watch: Watch) -> Body {
    let (lines, receiver) = unbounded_channel();
    tokio::spawn(async move {
        // Ends by itself, or when the client does: neither is of interest here.
        let _ = watch.run(&shared, &lines).await;
    });
    Body::from_stream(UnboundedReceiverStream::new(receiver))
}

/// The client is gone.
struct Gone;

impl Watch {
    async fn run(&self, shared: &Shared, lines: &Lines) -> Result<(), Gone> {
        let (mut revision, mut cuts) = (shared.revision.subscribe(), shared.cuts.subscribe());
        let end = sleep(self.timeout);
        tokio::pin!(end);
        let mut marks = interval_at(Instant::now() + BOOKMARK_EVERY, BOOKMARK_EVERY);
        marks.set_missed_tick_behavior(MissedTickBehavior::Delay);

        shared.wait_until_going().await;
        let (first, mut seen) = shared.read(|store| self.begin(store));
        self.send(shared, lines, first)?;
        loop {
            shared.wait_until_going().await;
            match shared.read(|store| self.after(store, seen)) {
                Ok((events, revision)) => {
                    self.send(shared, lines, events)?;
                    seen = revision;
                }
                Err(expired) => return self.send(shared, lines, vec![event("ERROR", expired.status())]),
            }
            tokio::select! {
                _ = revision.changed() => {}
                _ = cuts.changed() => return lines.send(Err(io::ErrorKind::ConnectionReset.into())).map_err(|_| Gone),
                () = lines.closed() => return Err(Gone),
                () = &mut end => return self.send(shared, lines, self.mark(seen, false)),
                _ = marks.tick() => self.send(shared, lines, self.mark(seen, false))?,
            }
        }
    }

    /// The events that a watch starts with, and the revision that they tell of.
    fn begin(&self, store: &Store) -> (Vec<Value>, u64) {
        let revision = store.revision();
        let Start::Objects { marked } = self.start else {
            return (Vec::new(), if let Start::After(after) = self.start { after } else { revision });
        };
        let objects = store.list(&self.resource.kind, None);
        let chosen = objects.iter().filter(|object| self.selector.matches(object));
        let mut events: Vec<Value> = chosen.map(|object| event("ADDED", self.view.object(object))).collect();
        if marked {
            events.extend(self.mark(revision, true));
        }
        (events, revision)
    }

    /// The events after `seen`, and the revision that they reach.
    fn after(&self, store: &Store, seen: u64) -> Result<(Vec<Value>, u64), ApiError> {
        let history = store.history();
        if seen < history.forgotten() {
            return Err(ApiError::expired(seen, history.forgotten()));
        }
        let plural = self.resource.kind.qualified_plural();
        let own = history.after(seen).filter(|change| change.resource == plural);
        Ok((own.filter_map(|change| self.event(change)).collect(), store.revision().max(seen)))
    }

    fn event(&self, change: &Change) -> Option<Value> {
        let chosen = |object: &&Arc<Value>| self.selector.matches(object);
        match (change.old.as_ref().filter(chosen), change.new.as_ref().filter(chosen)) {
            (None, Some(new)) => Some(event("ADDED", self.view.object(new))),
            (Some(_), Some(new)) => Some(event("MODIFIED", self.view.object(new))),
            (Some(old), None) => {
                let mut last = (**old).clone();
                object::set_meta(&mut last, "resourceVersion", json!(change.revision.to_string()));
                Some(event("DELETED", self.view.object(&last)))
            }
            (None, None) => None,
        }
    }

    /// A bookmark, where the watch wants any.
    fn mark(&self, revision: u64, ends_initial_events: bool) -> Vec<Value> {
        if !self.bookmarks {
            return Vec::new();
        }
        let kind = &self.resource.kind;
        let mut object = json!({
            "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": {"resourceVersion": revision.to_string()},
        });
        if ends_initial_events {
            object["metadata"]["annotations"]["k8s.io/initial-events-end"] = json!("true");
        }
        vec![event("BOOKMARK", self.view.object(&object))]
    }

    fn send(&self, shared: &Shared, lines: &Lines, events: Vec<Value>) -> Result<(), Gone> {
        for event in events {
            let line = format!("{event}\n");
            shared.record.sent(line.len());
            lines.send(Ok(Bytes::from(line))).map_err(|_| Gone)?;
        }
        Ok(())
    }
}

fn event(kind: &str, object: Value) -> Value {
    json!({"type": kind, "object": object})
}
