//! Which Secrets hold the passwords of peers: the companions may read these and no others.

use std::collections::BTreeSet;
use std::pin::pin;

use futures::{Stream, StreamExt as _, stream};
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::watcher::{Config, Event};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use tokio::sync::watch::{Receiver, Sender};
use tracing::debug;

use super::looks::Steady;
use crate::crd::NovaRoutePeer;
use crate::heard::Heard;

/// Names of Secrets; `None`: not all peers are known yet.
pub(super) type Names = Option<BTreeSet<String>>;

/// Tells the names for as long as it is polled.
pub(super) async fn follow(client: Client, names: Sender<Names>) {
    let peers = Api::<DynamicObject>::all_with(client, &ApiResource::erase::<NovaRoutePeer>(&()));
    let mut events = pin!(watcher(peers, Config::default()).backoff(Steady));
    let mut known = Known::default();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => tell(&names, known.see(event)),
            Err(error) => debug!(%error, "of the watch of peers"),
        }
    }
}

fn tell(names: &Sender<Names>, now: Names) {
    names.send_if_modified(|before| {
        let is_news = now.is_some() && *before != now;
        if is_news {
            *before = now;
        }
        is_news
    });
}

/// An item for each change of the names.
pub(super) fn changes(names: Receiver<Names>) -> impl Stream<Item = ()> + Send + 'static {
    stream::unfold(names, async |mut names| names.changed().await.ok().map(|()| ((), names)))
}

/// The Secret of each peer that has one.
#[derive(Debug, Default)]
struct Known(Heard<String>);

impl Known {
    /// Takes an event; the names, unless they are not all there.
    fn see(&mut self, event: Event<DynamicObject>) -> Names {
        // While all peers are told of anew, which ones are gone is known at the end.
        let is_listing = matches!(event, Event::Init | Event::InitApply(_));
        self.0.take(event, &|peer| secret(&peer));
        let secrets = self.0.objects().filter(|_| !is_listing)?;
        Some(secrets.values().map(|name| name.as_ref().clone()).collect())
    }
}

/// The Secret of a peer. Whether the rest of it can be used does not matter: what runs may be from before.
fn secret(peer: &DynamicObject) -> Option<String> {
    let name = peer.data.pointer("/spec/passwordSecretRef/name")?.as_str()?;
    // An empty name would be no restriction to anything.
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn peer(name: &str, secret: Value) -> DynamicObject {
        let mut peer = DynamicObject::new(name, &ApiResource::erase::<NovaRoutePeer>(&()));
        peer.data = json!({"spec": {"passwordSecretRef": secret}});
        peer
    }

    fn of(name: &str, secret: &str) -> DynamicObject {
        peer(name, json!({"name": secret, "key": "password"}))
    }

    fn names(names: &[&str]) -> Names {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn names_follow_the_peers() {
        let mut known = Known::default();
        for (event, expected) in [
            (Event::Init, None),
            (Event::InitApply(of("a", "one")), None),
            (Event::InitApply(of("b", "one")), None),
            (Event::InitApply(peer("c", json!({"name": ""}))), None),
            (Event::InitApply(peer("d", json!("odd"))), None),
            (Event::InitDone, names(&["one"])),
            (Event::Apply(of("c", "two")), names(&["one", "two"])),
            (Event::Delete(of("a", "one")), names(&["one", "two"])),
            (Event::Apply(of("b", "three")), names(&["three", "two"])),
            (Event::Apply(peer("b", Value::Null)), names(&["two"])),
            // One that went while nobody watched.
            (Event::Init, None),
            (Event::InitApply(of("b", "four")), None),
            (Event::InitDone, names(&["four"])),
        ] {
            let told = format!("{event:?}");
            assert_eq!(known.see(event), expected, "{told}");
        }
    }

    #[tokio::test]
    async fn only_other_names_are_a_change() {
        let (sender, receiver) = tokio::sync::watch::channel(None);
        let mut changes = pin!(changes(receiver));
        let mut told = async |now| {
            tell(&sender, now);
            futures::poll!(changes.next()).is_ready()
        };
        for (now, is_change) in [
            (names(&["one"]), true),
            (names(&["one"]), false),
            (None, false),
            (names(&["one"]), false),
            (names(&[]), true),
        ] {
            assert_eq!(told(now.clone()).await, is_change, "{now:?}");
        }
    }
}
