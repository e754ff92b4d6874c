//! Failures that a test asks for, and what it can count.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams, WatchParams};
use novaroute_fake_kube::{Fault, Pause, Requests, Write};
use serde_json::{Value, json};

use crate::support::{client, config_map, refusal, start, within};

/// Long enough to see that nothing comes.
const SILENCE: Duration = Duration::from_millis(200);

fn config_maps(client: &Client) -> Api<ConfigMap> {
    Api::default_namespaced(client.clone())
}

#[tokio::test]
async fn requests_fail_as_often_as_asked_and_do_nothing() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let faults = [
        (Fault::Conflict, (409, "Conflict")),
        (Fault::Gone, (410, "Expired")),
        (Fault::TooManyRequests(7), (429, "TooManyRequests")),
        (Fault::InternalError, (500, "InternalError")),
        (Fault::Unavailable, (503, "ServiceUnavailable")),
    ];
    for (fault, (code, reason)) in faults {
        fake.fail_next(1, fault, Requests::method("POST").under("/api/v1/namespaces/default/configmaps"));
        assert_eq!(api.get_opt("a").await.unwrap(), None);
        let refused = api.create(&PostParams::default(), &config_map("a", "1")).await;
        assert_eq!(refusal(refused), (code, reason.to_owned()));
    }
    assert_eq!(fake.list("configmaps"), Vec::<Value>::new());
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
}

#[tokio::test]
async fn too_many_requests_says_when_to_come_back() {
    let (fake, client) = start().await;
    fake.fail_next(1, Fault::TooManyRequests(7), Requests::any());
    let kube::Error::Api(status) = config_maps(&client).get("a").await.unwrap_err() else { panic!("no refusal") };
    assert_eq!(status.details.unwrap().retry_after_seconds, 7);
}

#[tokio::test]
async fn a_client_that_asks_again_waits_as_long_as_it_is_told() {
    let (fake, _) = start().await;
    let api = config_maps(&client(&fake, true).await);
    fake.fail_next(1, Fault::TooManyRequests(1), Requests::any());
    let asked = Instant::now();
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_secs(1));
    assert_eq!(fake.requests("create", "configmaps"), 2);
}

#[tokio::test]
async fn a_connection_is_closed_before_or_after_the_request_is_done() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    for (name, fault, stored) in [("a", Fault::Close, false), ("b", Fault::LoseAnswer, true)] {
        fake.fail_next(1, fault, Requests::method("POST"));
        let error = api.create(&PostParams::default(), &config_map(name, "1")).await.unwrap_err();
        assert!(!matches!(error, kube::Error::Api(_)), "{error}");
        assert_eq!(api.get_opt(name).await.unwrap().is_some(), stored, "{name}");
    }
}

#[tokio::test]
async fn answers_are_late_when_asked() {
    let (fake, client) = start().await;
    fake.delay(SILENCE);
    let asked = Instant::now();
    assert_eq!(config_maps(&client).get_opt("a").await.unwrap(), None);
    assert!(asked.elapsed() >= SILENCE);
    fake.delay(Duration::ZERO);
}

#[tokio::test]
async fn a_server_that_hangs_answers_when_it_goes_on() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let mut events = Box::pin(api.watch(&WatchParams::default(), "0").await.unwrap());
    fake.pause(Pause::Hang).await;
    let waiting = tokio::spawn({
        let api = api.clone();
        async move { api.create(&PostParams::default(), &config_map("a", "1")).await }
    });
    fake.put("configmaps", json!({"metadata": {"namespace": "default", "name": "b"}})).unwrap();
    assert!(tokio::time::timeout(SILENCE, events.next()).await.is_err());
    assert!(!waiting.is_finished());
    fake.resume().await;
    within("the answer", waiting).await.unwrap().unwrap();
    within("the event", events.next()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_refuses_comes_back_on_the_same_port() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    let mut events = Box::pin(api.watch(&WatchParams::default(), "0").await.unwrap());
    within("the event", events.next()).await.unwrap().unwrap();
    fake.pause(Pause::Refuse).await;
    assert!(!matches!(within("the end of the watch", events.next()).await, Some(Ok(_))));
    let error = api.get("a").await.unwrap_err();
    assert!(!matches!(error, kube::Error::Api(_)), "{error}");
    fake.resume().await;
    api.get("a").await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_dropped_is_not_reached_any_more() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    api.get_opt("a").await.unwrap();
    let mut events = Box::pin(api.watch(&WatchParams::default(), "0").await.unwrap());
    drop(fake);
    assert!(!matches!(within("the end of the watch", events.next()).await, Some(Ok(_))));
    within("the end of the server", async { while api.get_opt("a").await.is_ok() {} }).await;
}

#[tokio::test]
async fn requests_bytes_and_writes_are_counted() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    api.get("a").await.unwrap();
    let before = fake.bytes_out();
    api.get("a").await.unwrap();
    assert_eq!((fake.requests("get", "configmaps"), fake.requests("create", "configmaps")), (2, 1));
    assert_eq!(fake.requests("get", "secrets"), 0);
    assert_eq!(fake.bytes_out() - before, before / 2);

    let missing = api.patch("b", &PatchParams::default(), &Patch::Merge(json!({}))).await;
    assert_eq!(refusal(missing).0, 404);
    let path = "/api/v1/namespaces/default/configmaps";
    let write = |verb, path: &str, code, changed| {
        let (path, manager) = (path.to_owned(), fake.writes()[0].manager.clone());
        Write { verb, path, manager, code, changed }
    };
    assert_eq!(fake.writes(), [write("create", path, 201, true), write("patch", &format!("{path}/b"), 404, false)]);
}

#[tokio::test]
async fn a_test_writes_status_and_nobody_counts_it() {
    let (fake, _client) = start().await;
    fake.put("daemonsets", json!({"metadata": {"namespace": "default", "name": "d"}, "spec": {}})).unwrap();
    let updated =
        fake.update("daemonsets.apps", "default", "d", |object| object["status"]["numberReady"] = 2.into()).unwrap();
    assert_eq!((&updated["status"]["numberReady"], &updated["metadata"]["generation"]), (&json!(2), &json!(1)));
    assert_eq!(fake.update("daemonsets", "default", "e", |_| {}).unwrap_err().code, 404);
    fake.delete("daemonsets", "default", "d").unwrap();
    assert_eq!(fake.get("daemonsets", "default", "d"), None);
    assert_eq!(fake.writes(), []);
}
