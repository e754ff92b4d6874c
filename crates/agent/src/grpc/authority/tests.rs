use std::time::Duration;

use loona_hpack::Decoder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tonic::transport::Server;
use tonic::transport::server::Connected;

use super::LenientAuthority;
use super::wire::{self, Coding, Literal, Name, Sent};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(10);
const PATH: &str = "%2Frun%2Fnovaroute%2Fnovaroute.sock";

/// The fields of a call of the health service, with an authority.
fn call(authority: Vec<u8>) -> Vec<u8> {
    let path = wire::literal(Literal::NotIndexed, Name::Static(4), Coding::Huffman, "/grpc.health.v1.Health/Check");
    let kind = Name::Spelled("content-type", Coding::Raw);
    let kind = wire::literal(Literal::NotIndexed, kind, Coding::Raw, "application/grpc");
    let te = wire::literal(Literal::NotIndexed, Name::Spelled("te", Coding::Raw), Coding::Raw, "trailers");
    // `:method: POST` and `:scheme: http` are in the static table.
    [wire::indexed(3), wire::indexed(6), authority, path, kind, te].concat()
}

fn spelled(coding: Coding, authority: &str) -> Vec<u8> {
    wire::literal(Literal::Indexed, Name::Spelled(":authority", Coding::Raw), coding, authority)
}

/// The preface and one call for each authority, on streams 1, 3 and so on, with an empty message as body.
fn calls(authorities: &[Vec<u8>]) -> Vec<u8> {
    let mut sent = Sent::new();
    for (authority, stream) in authorities.iter().zip((1..).step_by(2)) {
        sent.headers(0, stream, 0, &[&call(authority.clone())]);
        sent.frame(wire::DATA, wire::END_STREAM, stream, &[0; 5]);
    }
    sent.bytes
}

/// Serves gRPC health on one connection.
fn serve<S>(connection: S)
where
    S: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        let (_, health) = tonic_health::server::health_reporter();
        let connections = tokio_stream::once(std::io::Result::Ok(connection));
        Server::builder().add_service(health).serve_with_incoming(connections).await
    });
}

/// How the streams ended, in order of their end: the gRPC status of a call, or the code of a reset.
async fn endings(client: &mut UnixStream, count: usize) -> Vec<(u32, String)> {
    let mut decoder = Decoder::new();
    let mut seen = Vec::new();
    while seen.len() < count {
        let mut head = [0; 9];
        client.read_exact(&mut head).await.unwrap();
        let number = |bytes: &[u8]| bytes.iter().fold(0_u32, |number, &byte| number << 8 | u32::from(byte));
        let mut payload = vec![0; number(&head[..3]) as usize];
        client.read_exact(&mut payload).await.unwrap();
        let stream = number(&head[5..]);
        match head[3] {
            wire::HEADERS => {
                let fields = wire::decode(&mut decoder, &payload);
                let status = fields.into_iter().find(|(name, _)| name == "grpc-status");
                seen.extend(status.map(|(_, status)| (stream, format!("status {status}"))));
            }
            wire::RST_STREAM => seen.push((stream, format!("reset {}", number(&payload)))),
            _ => {}
        }
    }
    seen.sort();
    seen
}

async fn answers(authorities: &[Vec<u8>]) -> Vec<(u32, String)> {
    let (mut client, server) = UnixStream::pair().unwrap();
    serve(LenientAuthority::new(server));
    client.write_all(&calls(authorities)).await.unwrap();
    timeout(DEADLINE, endings(&mut client, authorities.len())).await.unwrap()
}

#[tokio::test]
async fn the_server_alone_resets_a_stream_with_a_path() {
    let (mut client, server) = UnixStream::pair().unwrap();
    serve(server);
    client.write_all(&calls(&[spelled(Coding::Raw, PATH)])).await.unwrap();
    // PROTOCOL_ERROR.
    assert_eq!(timeout(DEADLINE, endings(&mut client, 1)).await.unwrap(), [(1, "reset 1".to_owned())]);
}

#[tokio::test]
async fn calls_with_a_path_are_answered() {
    let paths = [
        spelled(Coding::Raw, PATH),
        // The entry that the first call made.
        wire::indexed(wire::NEWEST),
        spelled(Coding::Huffman, "/run/novaroute/novaroute.sock"),
        wire::indexed(wire::NEWEST),
        wire::indexed(wire::NEWEST + 1),
        spelled(Coding::Raw, "localhost"),
    ];
    let expected: Vec<_> = (1..12).step_by(2).map(|stream| (stream, "status 0".to_owned())).collect();
    assert_eq!(answers(&paths).await, expected);
}

#[tokio::test]
async fn what_cannot_be_mended_is_refused_by_the_server() {
    let authorities = [spelled(Coding::Raw, "{"), spelled(Coding::Raw, PATH)];
    assert_eq!(answers(&authorities).await, [(1, "reset 1".to_owned()), (3, "status 0".to_owned())]);
}

#[tokio::test]
async fn credentials_are_those_of_the_socket() {
    let (_client, server) = UnixStream::pair().unwrap();
    let credentials = LenientAuthority::new(server).connect_info().peer_cred.unwrap();
    assert_eq!(credentials.uid(), rustix::process::getuid().as_raw());
}

#[tokio::test]
async fn reads_of_any_size_get_the_same_and_then_the_end() {
    let bytes = calls(&[spelled(Coding::Raw, PATH), wire::indexed(wire::NEWEST)]);
    let expected = String::from_utf8_lossy(&bytes).replace(PATH, &PATH.replace('%', "-"));
    for room in [1, 7, 4096] {
        let (mut client, server) = tokio::io::duplex(room);
        let sent = bytes.clone();
        let writer = tokio::spawn(async move { client.write_all(&sent).await });
        let mut server = LenientAuthority::new(server);
        let mut arrived = Vec::new();
        let mut piece = vec![0; room];
        while let count @ 1.. = server.read(&mut piece).await.unwrap() {
            arrived.extend(&piece[..count]);
        }
        writer.await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&arrived), expected);
        assert_eq!(server.read(&mut piece).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_block_that_the_end_cuts_off_arrives() {
    let (mut client, server) = tokio::io::duplex(4096);
    let bytes = calls(&[spelled(Coding::Raw, PATH)]);
    let cut = bytes.len() - 60;
    client.write_all(&bytes[..cut]).await.unwrap();
    drop(client);
    let mut arrived = Vec::new();
    LenientAuthority::new(server).read_to_end(&mut arrived).await.unwrap();
    assert_eq!(arrived, bytes[..cut]);
}

#[tokio::test]
async fn what_is_written_is_not_touched() {
    let (mut client, server) = tokio::io::duplex(4096);
    let bytes = calls(&[spelled(Coding::Raw, PATH)]);
    let mut server = LenientAuthority::new(server);
    server.write_all(&bytes).await.unwrap();
    server.shutdown().await.unwrap();
    let mut arrived = Vec::new();
    client.read_to_end(&mut arrived).await.unwrap();
    assert_eq!(arrived, bytes);
}
