//! Health over HTTP and gRPC, and reflection.

use anyhow::{Context as _, Result, bail, ensure};
use futures::StreamExt as _;
use novaroute_api::client::channel;
use novaroute_e2e::agent::Agent;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, wait_for};
use novaroute_lab::topology::node_and_tor;
use prost::Message as _;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, server_reflection_response};

const SERVICE: &str = "novaroute.v1.RouteControl";

on_each_frr! {
    /// The process is healthy from its start; it is ready when FRR answers and was compared with what is wanted.
    async fn ready_means_that_frr_answers(release) {
        let lab = node_and_tor(release).await?;
        lab.node.kill(Daemon::Bgpd).await?;
        let agent = Agent::spawn(&lab.node, |config| {
            config["bgp"] = serde_json::json!({ "local_as": 65_001, "router_id": "10.0.1.1" });
        })?;
        let told = wait_for("the reason for which it is not ready", TIMEOUT, async || {
            let (code, reason) = agent.get("/readyz").await?;
            if code == 503 && reason.contains("bgpd") { Ok(Some(reason)) } else { bail!("{code} {reason}") }
        });
        ensure!(told.await?.trim().lines().count() == 1);
        assert_eq!(agent.get("/healthz").await?.0, 200);
        lab.node.start(&[Daemon::Bgpd]).await?;
        agent.wait_ready().await?;
        assert_eq!(agent.get("/debug").await?.0, 404);
        Ok(())
    }
}

on_each_frr! {
    /// The standard health service knows the agent and its service, and no other.
    async fn grpc_health_is_served(release) {
        let scene = Scene::new(release).await?;
        let mut health = HealthClient::new(channel(scene.agent.socket()).await?);
        for service in ["", SERVICE] {
            let answer = health.check(HealthCheckRequest { service: service.into() }).await?.into_inner();
            assert_eq!(answer.status(), ServingStatus::Serving, "{service:?}");
        }
        let other = health.check(HealthCheckRequest { service: "no.such.Service".into() }).await;
        assert_eq!(other.map(drop).map_err(|status| status.code()), Err(tonic::Code::NotFound));
        Ok(())
    }
}

async fn reflect(
    client: &mut ServerReflectionClient<tonic::transport::Channel>,
    question: MessageRequest,
) -> Result<MessageResponse> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let asked = futures::stream::once(async { request }).chain(futures::stream::pending());
    let mut answers = client.server_reflection_info(asked).await?.into_inner();
    answers.message().await?.and_then(|answer| answer.message_response).context("no answer")
}

on_each_frr! {
    /// Reflection names the services and gives the descriptors of the contract, byte for byte.
    async fn reflection_gives_the_contract(release) {
        let scene = Scene::new(release).await?;
        let mut client = ServerReflectionClient::new(channel(scene.agent.socket()).await?);
        let listed = reflect(&mut client, MessageRequest::ListServices(String::new())).await?;
        let MessageResponse::ListServicesResponse(listed) = listed else { bail!("{listed:?}") };
        let names: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();
        for name in [SERVICE, "grpc.health.v1.Health"] {
            ensure!(names.iter().any(|listed| listed == name), "{names:?}");
        }
        let found = reflect(&mut client, MessageRequest::FileContainingSymbol(SERVICE.into())).await?;
        let server_reflection_response::MessageResponse::FileDescriptorResponse(files) = found else { bail!("{found:?}") };
        let ours = prost_types::FileDescriptorSet::decode(novaroute_api::FILE_DESCRIPTOR_SET)?;
        let ours = ours.file.iter().find(|file| file.package() == "novaroute.v1").context("no contract")?;
        ensure!(files.file_descriptor_proto.contains(&ours.encode_to_vec()), "other descriptors");
        Ok(())
    }
}
