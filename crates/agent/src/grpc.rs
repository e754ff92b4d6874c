//! The gRPC service: parse, ask the owner task, convert. Nothing is decided here.

mod authority;
mod batch;
mod caller;
mod confirm;
mod connection;
mod drain;
mod events;
mod explain;
mod forward;
mod list;
mod mutate;
mod plan;
mod server;
mod status;
mod wait;

use std::sync::Arc;
use std::time::Instant;

use novaroute_api::v1::route_control_server::RouteControl;
use novaroute_api::{from_proto, v1};
use novaroute_core::live::Live;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::config::Frr;
use crate::events::EventHub;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::observer::RefusedPackets;
use crate::owner::{OwnerHandle, View};
use crate::reconciler::{Looks, Seen};

pub use batch::Room;
pub use explain::EXPLAINED_AT_ONCE_MAX;
pub use server::serve;

/// Everything that a request may need.
#[derive(Debug, Clone)]
pub struct Service {
    /// Tells whether a caller is who it says.
    pub gate: Gate,
    /// The way to the owner task.
    pub owner: OwnerHandle,
    /// What is wanted.
    pub view: watch::Receiver<View>,
    /// What FRR does.
    pub live: watch::Receiver<Arc<Live>>,
    /// What the reconciler found in FRR beside what is wanted.
    pub seen: watch::Receiver<Arc<Seen>>,
    /// The way to a look at FRR, for dry runs.
    pub looks: Looks,
    /// How FRR is reached, for a look at one thing.
    pub frr: Frr,
    /// What OSPF's daemons said of packets that they did not take.
    pub refused_packets: RefusedPackets,
    /// Places for those who wait for an explanation.
    pub explaining: Arc<Semaphore>,
    /// Events.
    pub hub: EventHub,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Room for the items of calls with many changes.
    pub room: Room,
    /// Fires when the agent shuts down.
    pub shutdown: CancellationToken,
    /// Ends the agent, which leaves FRR as it is then.
    pub handoff: CancellationToken,
}

impl Service {
    /// Measures one call.
    async fn measured<T>(
        &self,
        method: &'static str,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<Response<T>, Status> {
        let started = Instant::now();
        let result = call.await;
        let code = result.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.metrics.grpc_request(method, code, started.elapsed().as_secs_f64());
        result.map(Response::new)
    }

    /// A call that changes something and answers with nothing but the plan of a dry run.
    async fn change<R: from_proto::Request, T>(
        &self,
        method: &'static str,
        request: &Request<R>,
        answer: impl FnOnce(Option<v1::Plan>) -> T,
    ) -> Result<Response<T>, Status> {
        self.measured(method, async { self.mutate(request).await.map(|done| answer(done.plan)) }).await
    }
}

#[tonic::async_trait]
impl RouteControl for Service {
    async fn register(&self, request: Request<v1::RegisterRequest>) -> Result<Response<v1::RegisterResponse>, Status> {
        self.measured("Register", self.register_owner(&request)).await
    }

    async fn configure_bgp(
        &self,
        request: Request<v1::ConfigureBgpRequest>,
    ) -> Result<Response<v1::ConfigureBgpResponse>, Status> {
        self.measured("ConfigureBGP", self.set_bgp_instance(&request)).await
    }

    async fn deregister(
        &self,
        request: Request<v1::DeregisterRequest>,
    ) -> Result<Response<v1::DeregisterResponse>, Status> {
        self.change("Deregister", &request, |plan| v1::DeregisterResponse { plan }).await
    }

    async fn apply_peer(
        &self,
        request: Request<v1::ApplyPeerRequest>,
    ) -> Result<Response<v1::ApplyPeerResponse>, Status> {
        self.change("ApplyPeer", &request, |plan| v1::ApplyPeerResponse { plan }).await
    }

    async fn remove_peer(
        &self,
        request: Request<v1::RemovePeerRequest>,
    ) -> Result<Response<v1::RemovePeerResponse>, Status> {
        self.change("RemovePeer", &request, |plan| v1::RemovePeerResponse { plan }).await
    }

    async fn advertise_prefix(
        &self,
        request: Request<v1::AdvertisePrefixRequest>,
    ) -> Result<Response<v1::AdvertisePrefixResponse>, Status> {
        self.change("AdvertisePrefix", &request, |plan| v1::AdvertisePrefixResponse { plan }).await
    }

    async fn withdraw_prefix(
        &self,
        request: Request<v1::WithdrawPrefixRequest>,
    ) -> Result<Response<v1::WithdrawPrefixResponse>, Status> {
        self.change("WithdrawPrefix", &request, |plan| v1::WithdrawPrefixResponse { plan }).await
    }

    async fn enable_bfd(
        &self,
        request: Request<v1::EnableBfdRequest>,
    ) -> Result<Response<v1::EnableBfdResponse>, Status> {
        self.change("EnableBFD", &request, |plan| v1::EnableBfdResponse { plan }).await
    }

    async fn disable_bfd(
        &self,
        request: Request<v1::DisableBfdRequest>,
    ) -> Result<Response<v1::DisableBfdResponse>, Status> {
        self.change("DisableBFD", &request, |plan| v1::DisableBfdResponse { plan }).await
    }

    async fn enable_ospf(
        &self,
        request: Request<v1::EnableOspfRequest>,
    ) -> Result<Response<v1::EnableOspfResponse>, Status> {
        self.change("EnableOSPF", &request, |plan| v1::EnableOspfResponse { plan }).await
    }

    async fn disable_ospf(
        &self,
        request: Request<v1::DisableOspfRequest>,
    ) -> Result<Response<v1::DisableOspfResponse>, Status> {
        self.change("DisableOSPF", &request, |plan| v1::DisableOspfResponse { plan }).await
    }

    async fn get_status(
        &self,
        request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        self.measured("GetStatus", async { self.status(request.get_ref()) }).await
    }

    type StreamEventsStream = events::EventStream;

    async fn stream_events(
        &self,
        request: Request<v1::StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        self.open_stream(request.get_ref()).map(Response::new)
    }

    async fn end_of_replay(
        &self,
        request: Request<v1::EndOfReplayRequest>,
    ) -> Result<Response<v1::EndOfReplayResponse>, Status> {
        self.measured("EndOfReplay", self.end_replay(&request)).await
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::RenewResponse>, Status> {
        self.measured("Renew", self.renew_session(&request)).await
    }

    async fn drain(&self, request: Request<v1::DrainRequest>) -> Result<Response<v1::DrainResponse>, Status> {
        self.measured("Drain", self.start_drain(&request)).await
    }

    async fn undrain(&self, request: Request<v1::UndrainRequest>) -> Result<Response<v1::UndrainResponse>, Status> {
        self.measured("Undrain", self.end_drain(&request)).await
    }

    async fn handoff(&self, request: Request<v1::HandoffRequest>) -> Result<Response<v1::HandoffResponse>, Status> {
        self.measured("Handoff", self.hand_off(&request)).await
    }

    async fn explain(&self, request: Request<v1::ExplainRequest>) -> Result<Response<v1::ExplainResponse>, Status> {
        self.measured("Explain", self.explain_subject(request.get_ref())).await
    }

    async fn apply_intents(
        &self,
        request: Request<v1::ApplyIntentsRequest>,
    ) -> Result<Response<v1::ApplyIntentsResponse>, Status> {
        self.measured("ApplyIntents", self.apply_batch(request)).await
    }

    async fn apply_intents_stream(
        &self,
        request: Request<Streaming<v1::ApplyIntentsRequest>>,
    ) -> Result<Response<v1::ApplyIntentsResponse>, Status> {
        self.measured("ApplyIntentsStream", self.apply_stream(request)).await
    }

    async fn list_intents(
        &self,
        request: Request<v1::ListIntentsRequest>,
    ) -> Result<Response<v1::ListIntentsResponse>, Status> {
        self.measured("ListIntents", async { self.intents(request.get_ref()) }).await
    }

    async fn list_owners(
        &self,
        request: Request<v1::ListOwnersRequest>,
    ) -> Result<Response<v1::ListOwnersResponse>, Status> {
        self.measured("ListOwners", self.owners(request.get_ref())).await
    }

    async fn confirm(&self, request: Request<v1::ConfirmRequest>) -> Result<Response<v1::ConfirmResponse>, Status> {
        self.measured("Confirm", self.settle(&request)).await
    }
}
