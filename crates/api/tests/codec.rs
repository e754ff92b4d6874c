//! A message that is no message, over a real connection.

// Every unwrap is of something that the test itself set up.
#![allow(clippy::unwrap_used)]

use novaroute_api::{
    client,
    v1::{route_control_server::*, *},
};
use tokio::net::UnixListener;
use tokio_stream::{Empty, wrappers::UnixListenerStream};
use tonic::{Code, Request, Response, Status, Streaming, codegen::http::uri::PathAndQuery, transport::Server};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

/// Answers no call: requests that it refuses were refused before it saw them.
struct Unreached;

macro_rules! unreached {
    ($($call:ident($request:ty) -> $response:ty;)*) => {
        #[tonic::async_trait]
        impl RouteControl for Unreached {
            type StreamEventsStream = Empty<Result<RouteEvent, Status>>;
            $(async fn $call(&self, _: Request<$request>) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented("not in this test"))
            })*
        }
    };
}

unreached! {
    register(RegisterRequest) -> RegisterResponse;
    deregister(DeregisterRequest) -> DeregisterResponse;
    configure_bgp(ConfigureBgpRequest) -> ConfigureBgpResponse;
    apply_peer(ApplyPeerRequest) -> ApplyPeerResponse;
    remove_peer(RemovePeerRequest) -> RemovePeerResponse;
    advertise_prefix(AdvertisePrefixRequest) -> AdvertisePrefixResponse;
    withdraw_prefix(WithdrawPrefixRequest) -> WithdrawPrefixResponse;
    enable_bfd(EnableBfdRequest) -> EnableBfdResponse;
    disable_bfd(DisableBfdRequest) -> DisableBfdResponse;
    enable_ospf(EnableOspfRequest) -> EnableOspfResponse;
    disable_ospf(DisableOspfRequest) -> DisableOspfResponse;
    get_status(GetStatusRequest) -> GetStatusResponse;
    stream_events(StreamEventsRequest) -> Self::StreamEventsStream;
    end_of_replay(EndOfReplayRequest) -> EndOfReplayResponse;
    renew(RenewRequest) -> RenewResponse;
    handoff(HandoffRequest) -> HandoffResponse;
    drain(DrainRequest) -> DrainResponse;
    undrain(UndrainRequest) -> UndrainResponse;
    explain(ExplainRequest) -> ExplainResponse;
    apply_intents(ApplyIntentsRequest) -> ApplyIntentsResponse;
    apply_intents_stream(Streaming<ApplyIntentsRequest>) -> ApplyIntentsResponse;
    list_intents(ListIntentsRequest) -> ListIntentsResponse;
    list_owners(ListOwnersRequest) -> ListOwnersResponse;
    confirm(ConfirmRequest) -> ConfirmResponse;
}

/// A RegisterRequest whose owner need not be UTF-8.
#[derive(Clone, PartialEq, prost::Message)]
struct RawRegister {
    #[prost(bytes = "vec", tag = "1")]
    owner: Vec<u8>,
}

async fn register(owner: &[u8]) -> Status {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let incoming = UnixListenerStream::new(UnixListener::bind(&socket).unwrap());
    let server = Server::builder().add_service(RouteControlServer::new(Unreached));
    tokio::spawn(server.serve_with_incoming(incoming));

    let mut grpc = tonic::client::Grpc::new(client::channel(&socket).await.unwrap());
    grpc.ready().await.unwrap();
    let request = Request::new(RawRegister { owner: owner.to_vec() });
    let path = PathAndQuery::from_static("/novaroute.v1.RouteControl/Register");
    let codec = ProstCodec::<RawRegister, RegisterResponse>::default();
    grpc.unary(request, path, codec).await.unwrap_err()
}

#[tokio::test]
async fn a_string_that_is_not_utf8_is_an_invalid_argument() {
    let status = register(b"edge\xff").await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_error_details();
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "owner");
}

#[tokio::test]
async fn a_string_that_is_utf8_reaches_the_service() {
    assert_eq!(register("édge".as_bytes()).await.code(), Code::Unimplemented);
}
