//! Watches, raw and through `kube::runtime`.

use std::pin::Pin;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, InitialListStrategy, watcher};
use kube::{Client, ResourceExt as _};
use novaroute_fake_kube::{FakeKube, Fault, Requests};
use serde_json::json;

use crate::support::{config_map, start, within};

fn config_maps(client: &Client) -> Api<ConfigMap> {
    Api::default_namespaced(client.clone())
}

async fn create(api: &Api<ConfigMap>, name: &str) -> ConfigMap {
    api.create(&PostParams::default(), &config_map(name, "1")).await.unwrap()
}

/// The next event, in short.
async fn next<S, K>(stream: &mut Pin<Box<S>>) -> String
where
    S: Stream<Item = kube::Result<WatchEvent<K>>>,
    K: kube::ResourceExt,
{
    match within("an event", stream.next()).await.unwrap().unwrap() {
        WatchEvent::Added(object) => format!("added {}", object.name_any()),
        WatchEvent::Modified(object) => format!("modified {}", object.name_any()),
        WatchEvent::Deleted(object) => format!("deleted {}", object.name_any()),
        WatchEvent::Bookmark(mark) if mark.metadata.annotations.contains_key("k8s.io/initial-events-end") => {
            "end of initial events".to_owned()
        }
        WatchEvent::Bookmark(_) => "bookmark".to_owned(),
        WatchEvent::Error(status) => format!("error {} {}", status.code, status.reason),
    }
}

/// The next event of a watcher that is no error, in short.
async fn seen<S, K>(stream: &mut Pin<Box<S>>) -> String
where
    S: Stream<Item = watcher::Result<Event<K>>>,
    K: kube::ResourceExt,
{
    loop {
        match within("an event", stream.next()).await.unwrap() {
            Ok(Event::Init) => return "init".to_owned(),
            Ok(Event::InitApply(object)) => return format!("initial {}", object.name_any()),
            Ok(Event::InitDone) => return "done".to_owned(),
            Ok(Event::Apply(object)) => return format!("applied {}", object.name_any()),
            Ok(Event::Delete(object)) => return format!("deleted {}", object.name_any()),
            Err(_) => {}
        }
    }
}

#[tokio::test]
async fn a_watch_tells_what_happens_after_a_list() {
    let (_fake, client) = start().await;
    let api = config_maps(&client);
    create(&api, "a").await;
    let version = api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    create(&api, "b").await;
    let mut events = Box::pin(api.watch(&WatchParams::default(), &version).await.unwrap());
    assert_eq!(next(&mut events).await, "added b");
    let patch = json!({"data": {"key": "2"}});
    api.patch("a", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    assert_eq!(next(&mut events).await, "modified a");
    api.patch("a", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    api.delete("a", &Default::default()).await.unwrap();
    assert_eq!(next(&mut events).await, "deleted a");
}

#[tokio::test]
async fn what_enters_or_leaves_a_selector_is_added_or_deleted() {
    let (_fake, client) = start().await;
    let api = config_maps(&client);
    create(&api, "a").await;
    let mut events = Box::pin(api.watch(&WatchParams::default().labels("on=yes"), "0").await.unwrap());
    for (value, expected) in [("yes", "added a"), ("no", "deleted a"), ("yes", "added a")] {
        let patch = json!({"metadata": {"labels": {"on": value}}});
        api.patch("a", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
        assert_eq!(next(&mut events).await, expected);
    }
}

#[tokio::test]
async fn a_streaming_list_ends_with_a_marked_bookmark() {
    let (_fake, client) = start().await;
    let api = config_maps(&client);
    create(&api, "a").await;
    let params = WatchParams::default().initial_events();
    let mut events = Box::pin(api.watch(&params, "0").await.unwrap());
    assert_eq!(next(&mut events).await, "added a");
    assert_eq!(next(&mut events).await, "end of initial events");
    create(&api, "b").await;
    assert_eq!(next(&mut events).await, "added b");
}

#[tokio::test]
async fn a_watch_ends_in_time_with_a_bookmark() {
    let (_fake, client) = start().await;
    let api = config_maps(&client);
    let events = api.watch(&WatchParams::default().timeout(1), "0").await.unwrap();
    let events: Vec<WatchEvent<ConfigMap>> = within("the end", events.try_collect()).await.unwrap();
    assert!(matches!(events.as_slice(), [WatchEvent::Bookmark(_)]), "{events:?}");
}

#[tokio::test]
async fn a_version_that_is_forgotten_is_gone() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let old = create(&api, "a").await.resource_version().unwrap();
    create(&api, "b").await;
    fake.compact();
    let mut events = Box::pin(api.watch(&WatchParams::default(), &old).await.unwrap());
    assert_eq!(next(&mut events).await, "error 410 Expired");
}

#[tokio::test]
async fn the_history_is_bounded() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let old = create(&api, "a").await.resource_version().unwrap();
    for count in 0..=1000 {
        fake.update("configmaps", "default", "a", |object| object["data"]["key"] = count.to_string().into()).unwrap();
    }
    let mut events = Box::pin(api.watch(&WatchParams::default(), &old).await.unwrap());
    assert_eq!(next(&mut events).await, "error 410 Expired");
}

/// Cuts the watches, lets one change pass unwatched, and tells what the watcher makes of it.
async fn survive(strategy: InitialListStrategy, disturb: fn(&FakeKube)) -> Vec<String> {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    create(&api, "a").await;
    let config = watcher::Config { initial_list_strategy: strategy, ..watcher::Config::default() };
    let mut events = Box::pin(watcher(api.clone(), config).default_backoff());
    for expected in ["init", "initial a", "done"] {
        assert_eq!(seen(&mut events).await, expected);
    }
    create(&api, "b").await;
    assert_eq!(seen(&mut events).await, "applied b");
    fake.cut_watches();
    fake.update("configmaps", "default", "a", |object| object["data"]["key"] = "2".into()).unwrap();
    disturb(&fake);
    let mut after = Vec::new();
    loop {
        after.push(seen(&mut events).await);
        // The change of `a` came, or a new list is complete.
        if matches!(after.last().map(String::as_str), Some("applied a" | "done")) {
            return after;
        }
    }
}

#[tokio::test]
async fn a_watcher_survives_a_cut_watch() {
    assert_eq!(survive(InitialListStrategy::ListWatch, |_| {}).await, ["applied a"]);
}

#[tokio::test]
async fn a_watcher_lists_again_when_its_version_is_gone() {
    let expected = ["init", "initial a", "initial b", "done"];
    assert_eq!(survive(InitialListStrategy::ListWatch, FakeKube::compact).await, expected);
    assert_eq!(survive(InitialListStrategy::StreamingList, FakeKube::compact).await, expected);
}

#[tokio::test]
async fn a_watcher_survives_refusals() {
    let refuse = |fake: &FakeKube| fake.fail_next(2, Fault::InternalError, Requests::watches());
    assert_eq!(survive(InitialListStrategy::ListWatch, refuse).await, ["applied a"]);
    // Only an event of 410 makes it list again, which is what an API server sends; an answer of 410 does not.
    let refuse = |fake: &FakeKube| fake.fail_next(1, Fault::Gone, Requests::watches());
    assert_eq!(survive(InitialListStrategy::ListWatch, refuse).await, ["applied a"]);
}

#[tokio::test]
async fn a_watcher_of_metadata_gets_nothing_else() {
    let (_fake, client) = start().await;
    let api = config_maps(&client);
    create(&api, "a").await;
    let metadata: Api<PartialObjectMeta<ConfigMap>> = Api::default_namespaced(client);
    let mut events = Box::pin(watcher(metadata, watcher::Config::default()));
    for expected in ["init", "initial a", "done"] {
        assert_eq!(seen(&mut events).await, expected);
    }
    create(&api, "b").await;
    let event = within("an event", events.next()).await.unwrap().unwrap();
    let Event::Apply(object) = event else { panic!("{event:?}") };
    assert_eq!(object.types.as_ref().map(|types| types.kind.as_str()), Some("PartialObjectMetadata"));
    assert_eq!(object.name_any(), "b");
}
