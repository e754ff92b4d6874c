//! The client over a real Unix socket.

// Every unwrap is of something that the test itself set up.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use novaroute_api::{client, v1};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Code, service::Routes, transport::Server};

/// A gRPC server that knows no method, which is enough to tell who answered.
fn serve_nothing(socket: &Path) {
    let incoming = UnixListenerStream::new(UnixListener::bind(socket).unwrap());
    tokio::spawn(Server::builder().add_routes(Routes::default()).serve_with_incoming(incoming));
}

#[tokio::test]
async fn a_call_reaches_the_server_behind_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    serve_nothing(&socket);
    let mut client = client::connect(&socket).await.unwrap();
    let status = client.get_status(v1::GetStatusRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_named_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let text = client::connect(&socket).await.unwrap_err().to_string();
    assert!(text.starts_with(&format!("cannot reach the agent at {}: ", socket.display())), "{text}");
    assert!(text.contains("No such file or directory"), "{text}");
}
