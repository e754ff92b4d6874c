//! The server around the service: limits, health, reflection, and an end that no open stream holds up.

use std::time::Duration;

use futures::TryStreamExt as _;
use novaroute_api::FILE_DESCRIPTOR_SET;
use novaroute_api::from_proto::MESSAGE_BYTES_MAX;
use novaroute_api::v1::route_control_server::RouteControlServer;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;

use super::Service;
use super::authority::LenientAuthority;
use super::connection::Tracked;

/// Longest answer, in bytes: a status of some 100,000 intents.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Calls that one connection may have open at once.
const CALLS_PER_CONNECTION_MAX: u32 = 256;
/// How long calls may take to end once the agent shuts down.
const DRAIN: Duration = Duration::from_secs(2);

/// Serves until the agent shuts down.
///
/// # Errors
/// The descriptors cannot be served, or accepting connections failed.
pub async fn serve(service: Service, listener: UnixListener) -> anyhow::Result<()> {
    let (health_reporter, health) = tonic_health::server::health_reporter();
    health_reporter.set_serving::<RouteControlServer<Service>>().await;
    let shutdown = service.shutdown.clone();
    let control = RouteControlServer::new(service)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    let stopped = shutdown.clone();
    let connections = UnixListenerStream::new(listener).map_ok(|stream| Tracked::new(LenientAuthority::new(stream)));
    let server = Server::builder()
        .max_concurrent_streams(CALLS_PER_CONNECTION_MAX)
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(control)
        .serve_with_incoming_shutdown(connections, async move { stopped.cancelled().await });
    let drained = async {
        shutdown.cancelled().await;
        health_reporter.set_not_serving::<RouteControlServer<Service>>().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = server => ended?,
        // A client that keeps a connection open does not hold the exit.
        () = drained => {}
    }
    Ok(())
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
