//! A server and a client of it.

use std::future::Future;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ObjectMeta;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use novaroute_fake_kube::{FakeKube, ResourceKind};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The kind of most tests of custom resources.
pub(crate) fn widgets() -> ResourceKind {
    ResourceKind {
        group: "example.com".into(),
        version: "v1".into(),
        kind: "Widget".into(),
        plural: "widgets".into(),
        namespaced: true,
        status: true,
    }
}

/// A server, and a client that does not ask again by itself.
pub(crate) async fn start() -> (FakeKube, Client) {
    let fake = FakeKube::start(vec![widgets()]).await.unwrap();
    let client = client(&fake, false).await;
    (fake, client)
}

/// A client that was made from the server's kubeconfig.
pub(crate) async fn client(fake: &FakeKube, retry: bool) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&fake.kubeconfig()).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.default_retry = retry;
    Client::try_from(config).unwrap()
}

/// Waits for what must come.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

/// A ConfigMap with one key.
pub(crate) fn config_map(name: &str, value: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() },
        data: Some([("key".to_owned(), value.to_owned())].into()),
        ..ConfigMap::default()
    }
}

/// The code and the reason of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> (u16, String) {
    match result.unwrap_err() {
        kube::Error::Api(status) => (status.code, status.reason.clone()),
        other => panic!("no refusal of the API server: {other}"),
    }
}
