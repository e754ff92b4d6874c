//! Agents that take whatever they are asked for, and count it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use novaroute_e2e::v1;
use novaroute_e2e::v1::route_control_server::{RouteControl, RouteControlServer};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// The agents, each on a socket of its own.
pub(crate) struct Agents {
    folder: TempDir,
    count: watch::Receiver<usize>,
}

impl Agents {
    /// Starts them, and one more.
    pub(crate) fn start(nodes: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (counter, count) = watch::channel(0);
        let counter = Arc::new(counter);
        std::fs::write(token_file(folder.path()), "token")?;
        for number in 0..=nodes {
            let listener = UnixListener::bind(socket(folder.path(), number))?;
            let agent = Agent { counter: Arc::clone(&counter), prefixes: Mutex::default() };
            let server = Server::builder().add_service(RouteControlServer::new(agent));
            tokio::spawn(server.serve_with_incoming(UnixListenerStream::new(listener)));
        }
        Ok(Self { folder, count })
    }

    /// Where their sockets are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many intents all together were asked for.
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until it is so many.
    pub(crate) async fn reach(&self, count: usize) {
        // The counter lives as long as the servers, which never end.
        let mut counted = self.count.clone();
        let _reached = counted.wait_for(|present| *present >= count).await;
    }
}

/// The socket of one.
pub(crate) fn socket(folder: &Path, number: usize) -> PathBuf {
    folder.join(number.to_string())
}

/// The token of all.
pub(crate) fn token_file(folder: &Path) -> PathBuf {
    folder.join("token")
}

struct Agent {
    counter: Arc<watch::Sender<usize>>,
    prefixes: Mutex<BTreeSet<String>>,
}

type Answer<T> = Result<Response<T>, Status>;
type Events = Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::RouteEvent, Status>> + Send>>;

/// Calls that are taken, and what each does besides.
macro_rules! taken {
    ($($method:ident($request:ident) -> $response:ident $(, $then:expr)?;)+) => {
        #[tonic::async_trait]
        impl RouteControl for Agent {
            type StreamEventsStream = Events;

            $(async fn $method(&self, request: Request<v1::$request>) -> Answer<v1::$response> {
                let _request = request.into_inner();
                $(let then: fn(&Self, v1::$request) = $then; then(self, _request);)?
                Ok(Response::new(v1::$response::default()))
            })+

            async fn register(&self, _: Request<v1::RegisterRequest>) -> Answer<v1::RegisterResponse> {
                Ok(Response::new(v1::RegisterResponse { session_id: "session".to_owned(), ..Default::default() }))
            }

            async fn get_status(&self, _: Request<v1::GetStatusRequest>) -> Answer<v1::GetStatusResponse> {
                let prefixes = self.prefixes.lock().unwrap_or_else(PoisonError::into_inner);
                let row = |prefix: &String| {
                    v1::PrefixStatus { prefix: prefix.clone(), state: "advertised".to_owned(), ..Default::default() }
                };
                let frr_status = Some(v1::FrrStatus { connected: true, ..Default::default() });
                let prefixes = prefixes.iter().map(row).collect();
                Ok(Response::new(v1::GetStatusResponse { prefixes, frr_status, ..Default::default() }))
            }

            async fn apply_intents_stream(
                &self,
                _: Request<Streaming<v1::ApplyIntentsRequest>>,
            ) -> Answer<v1::ApplyIntentsResponse> {
                Ok(Response::new(v1::ApplyIntentsResponse::default()))
            }

            async fn stream_events(&self, _: Request<v1::StreamEventsRequest>) -> Answer<Events> {
                Ok(Response::new(Box::pin(tokio_stream::pending())))
            }
        }
    };
}

taken! {
    deregister(DeregisterRequest) -> DeregisterResponse;
    configure_bgp(ConfigureBgpRequest) -> ConfigureBgpResponse;
    apply_peer(ApplyPeerRequest) -> ApplyPeerResponse, |agent, _| agent.counted();
    remove_peer(RemovePeerRequest) -> RemovePeerResponse;
    advertise_prefix(AdvertisePrefixRequest) -> AdvertisePrefixResponse, |agent, request| {
        agent.prefixes.lock().unwrap_or_else(PoisonError::into_inner).insert(request.prefix);
        agent.counted();
    };
    withdraw_prefix(WithdrawPrefixRequest) -> WithdrawPrefixResponse;
    enable_bfd(EnableBfdRequest) -> EnableBfdResponse;
    disable_bfd(DisableBfdRequest) -> DisableBfdResponse;
    enable_ospf(EnableOspfRequest) -> EnableOspfResponse;
    disable_ospf(DisableOspfRequest) -> DisableOspfResponse;
    end_of_replay(EndOfReplayRequest) -> EndOfReplayResponse;
    renew(RenewRequest) -> RenewResponse;
    handoff(HandoffRequest) -> HandoffResponse;
    drain(DrainRequest) -> DrainResponse;
    undrain(UndrainRequest) -> UndrainResponse;
    explain(ExplainRequest) -> ExplainResponse;
    apply_intents(ApplyIntentsRequest) -> ApplyIntentsResponse;
    list_intents(ListIntentsRequest) -> ListIntentsResponse;
    list_owners(ListOwnersRequest) -> ListOwnersResponse;
    confirm(ConfirmRequest) -> ConfirmResponse;
}

impl Agent {
    fn counted(&self) {
        self.counter.send_modify(|count| *count += 1);
    }
}
