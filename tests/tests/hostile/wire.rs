//! Requests as bytes, so that a client can send what no honest one could.

use anyhow::Result;
use novaroute_e2e::agent::Agent;
use novaroute_e2e::config::{LB, token};
use novaroute_e2e::v1;
use prost::Message;
use prost::bytes::{Buf as _, BufMut as _};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Messages are bytes as they are.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        Ok(Some(bytes.to_vec()))
    }
}

/// A client of any RPC that sends bytes.
#[derive(Debug)]
pub(crate) struct RawClient(Grpc<Channel>);

impl RawClient {
    pub(crate) async fn connect(agent: &Agent) -> Result<Self> {
        Ok(Self(Grpc::new(novaroute_api::client::channel(agent.socket()).await?)))
    }

    /// Sends one message. What a stream would bring is not waited for: a refusal comes before it.
    pub(crate) async fn call(&mut self, method: &str, message: Vec<u8>) -> Result<Result<(), Status>> {
        self.0.ready().await?;
        let path: PathAndQuery = format!("/novaroute.v1.RouteControl/{method}").parse()?;
        Ok(self.0.server_streaming(Request::new(message), path, Raw).await.map(drop))
    }
}

/// An honest request of each RPC, and for each of its string fields a value that would be fine.
pub(crate) fn honest(method: &str) -> Result<Vec<u8>> {
    let (owner, token) = (LB.to_owned(), token(LB));
    let peer = v1::BgpPeer { neighbor_address: "10.0.9.2".into(), remote_as: 65_100, ..Default::default() };
    let (address, interface) = ("10.0.9.2".to_owned(), "nr0".to_owned());
    let prefix = "203.0.113.66/32".to_owned();
    Ok(match method {
        "Register" => v1::RegisterRequest { owner, token, ..Default::default() }.encode_to_vec(),
        "Deregister" => v1::DeregisterRequest { owner, token, ..Default::default() }.encode_to_vec(),
        "ConfigureBGP" => v1::ConfigureBgpRequest {
            owner,
            token,
            local_as: 65_001,
            router_id: "10.0.1.1".into(),
            ..Default::default()
        }
        .encode_to_vec(),
        "ApplyPeer" => v1::ApplyPeerRequest { owner, token, peer: Some(peer), ..Default::default() }.encode_to_vec(),
        "RemovePeer" => {
            v1::RemovePeerRequest { owner, token, neighbor_address: address, ..Default::default() }.encode_to_vec()
        }
        "AdvertisePrefix" => {
            v1::AdvertisePrefixRequest { owner, token, prefix, protocol: 1, ..Default::default() }.encode_to_vec()
        }
        "WithdrawPrefix" => {
            v1::WithdrawPrefixRequest { owner, token, prefix, protocol: 1, ..Default::default() }.encode_to_vec()
        }
        "EnableBFD" => {
            v1::EnableBfdRequest { owner, token, peer_address: address, ..Default::default() }.encode_to_vec()
        }
        "DisableBFD" => {
            v1::DisableBfdRequest { owner, token, peer_address: address, ..Default::default() }.encode_to_vec()
        }
        "EnableOSPF" => {
            let request = v1::EnableOspfRequest { owner, token, interface_name: interface, ..Default::default() };
            v1::EnableOspfRequest { area_id: "0".into(), ..request }.encode_to_vec()
        }
        "DisableOSPF" => {
            v1::DisableOspfRequest { owner, token, interface_name: interface, ..Default::default() }.encode_to_vec()
        }
        "ApplyIntents" | "ApplyIntentsStream" => {
            v1::ApplyIntentsRequest { owner, token, ..Default::default() }.encode_to_vec()
        }
        "EndOfReplay" => v1::EndOfReplayRequest { owner, token, ..Default::default() }.encode_to_vec(),
        "Renew" => {
            v1::RenewRequest { owner, token, session_id: "a-session".into(), ..Default::default() }.encode_to_vec()
        }
        "Confirm" => v1::ConfirmRequest { owner, token, ..Default::default() }.encode_to_vec(),
        "Handoff" => v1::HandoffRequest { owner, token, ..Default::default() }.encode_to_vec(),
        "Drain" => v1::DrainRequest { owner, token, ..Default::default() }.encode_to_vec(),
        "Undrain" => v1::UndrainRequest { owner, token, ..Default::default() }.encode_to_vec(),
        "Explain" => {
            let subject = v1::ExplainPrefix { prefix, protocol: 1 };
            let subject = Some(v1::explain_request::Subject::Prefix(subject));
            v1::ExplainRequest { subject, ..Default::default() }.encode_to_vec()
        }
        "GetStatus" | "StreamEvents" | "ListIntents" | "ListOwners" => Vec::new(),
        other => anyhow::bail!("no honest request for {other}: write one"),
    })
}

/// A question about a BFD session, which has a field that no other subject of Explain needs.
pub(crate) fn honest_about_bfd() -> Vec<u8> {
    let session = v1::ExplainBfd { peer_address: "10.0.9.2".into(), ..Default::default() };
    v1::ExplainRequest { subject: Some(v1::explain_request::Subject::Bfd(session)), ..Default::default() }
        .encode_to_vec()
}

/// A value that the field at `path` would take.
pub(crate) fn honest_value(path: &str) -> Result<&'static str> {
    Ok(match path {
        "owner" | "owner_filter" => LB,
        "token" => "a-token",
        "instance" => "edge-0",
        "session_id" => "a-session",
        "change_id" => "a-change",
        "router_id" => "10.0.1.1",
        "peer.neighbor_address" | "neighbor_address" | "peer_address" | "bfd.peer_address" => "10.0.9.2",
        "peer.source_address" | "source_address" | "attributes.next_hop" => "10.0.1.1",
        "of_owner" => LB,
        "peer.description" | "peer.shutdown_message" | "shutdown_message" => "tor 1",
        "authentication_key" => "key1",
        "peer.password" => "between-us",
        "prefix" | "prefix.prefix" => "203.0.113.66/32",
        "attributes.communities[0]" | "peer.export_policy.communities[0]" => "65000:1",
        "attributes.large_communities[0]" => "65000:0:1",
        "attributes.extended_communities[0]" => "rt:65000:1",
        "attributes.peers[0]" => "10.0.1.2",
        "peer.import_policy.prefixes[0].prefix" => "203.0.113.0/24",
        "interface_name" | "peer.interface_name" | "bfd.interface_name" | "ospf.interface_name" => "nr0",
        "area_id" => "0",
        "event_types[0]" => "PEER_UP",
        // That of the BGP instance.
        "page_token" => "qgEA",
        "boot_id" => "5f0c2a9d77e1b346",
        _ => anyhow::bail!("no honest value for {path}: write one"),
    })
}
