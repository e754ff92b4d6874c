//! An API server that a pod finds as in any cluster: by the variables of its containers, over TLS, with the authority and the
//! token of its volume.

use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::{EnvVar, Node, Pod};
use kube::Resource;
use kube::api::{Api, DeleteParams, PostParams};
use novaroute_e2e::api_server::ApiServer;
use novaroute_lab::Router;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// Where the API server is in the network of the node.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 6443);

/// A cluster of one node.
pub(crate) struct Cluster {
    pub(crate) server: ApiServer,
    certificate: CertifiedKey<KeyPair>,
}

impl Cluster {
    /// An API server that knows the definitions, and the node of this name.
    pub(crate) async fn start(node: &str) -> Result<Self> {
        let certificate = generate_simple_self_signed([ADDRESS.ip().to_string()])?;
        let cluster = Self { server: ApiServer::start_fake().await?, certificate };
        cluster.create::<Node>(json!({"metadata": {"name": node}})).await?;
        Ok(cluster)
    }

    /// Creates what is in no namespace.
    pub(crate) async fn create<R>(&self, resource: Value) -> Result<()>
    where
        R: Resource<DynamicType = ()> + Clone + DeserializeOwned + Serialize + Debug,
    {
        let resource: R = serde_json::from_value(resource)?;
        Api::<R>::all(self.server.client.clone()).create(&PostParams::default(), &resource).await?;
        Ok(())
    }

    /// Deletes it.
    pub(crate) async fn delete<R>(&self, name: &str) -> Result<()>
    where
        R: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        Api::<R>::all(self.server.client.clone()).delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// What each namespace of a cluster has, for the pods in it.
    pub(crate) fn authority(&self) -> Value {
        let certificate = self.certificate.cert.pem();
        json!({"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": certificate}})
    }

    /// Tells the containers of a pod where the API server is, and brings it there.
    pub(crate) async fn connect(&self, node: &Router, pod: &mut Pod) -> Result<()> {
        for container in &mut pod.spec.as_mut().context("a pod without spec")?.containers {
            let known = [("HOST", ADDRESS.ip().to_string()), ("PORT", ADDRESS.port().to_string())];
            let variables = known.map(|(name, value)| EnvVar {
                name: format!("KUBERNETES_SERVICE_{name}"),
                value: Some(value),
                value_from: None,
            });
            container.env.get_or_insert_default().extend(variables);
        }
        let fake = self.server.fake.as_ref().context("no fake API server")?;
        forward(node, self.acceptor()?, fake.url().trim_start_matches("http://").parse()?).await
    }

    fn acceptor(&self) -> Result<TlsAcceptor> {
        let key = PrivatePkcs8KeyDer::from(self.certificate.signing_key.serialize_der());
        let chain = vec![self.certificate.cert.der().clone()];
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into())?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Brings connections to [`ADDRESS`] in the network of a router to an address here, without TLS, as long as the test runs.
async fn forward(router: &Router, tls: TlsAcceptor, to: SocketAddr) -> Result<()> {
    let listener = router.in_namespace(|| TcpListener::bind(ADDRESS)).await??;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    tokio::spawn(async move {
        while let Ok((inside, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                let (mut inside, mut here) = tokio::try_join!(tls.accept(inside), TcpStream::connect(to))?;
                copy_bidirectional(&mut inside, &mut here).await
            });
        }
    });
    Ok(())
}
