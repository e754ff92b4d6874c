//! An agent that answers what it was told to and remembers what it was asked.

use std::{
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
};

use novaroute_api::v1::{
    self,
    route_control_server::{RouteControl, RouteControlServer},
};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, Streaming, transport::Server};
use tonic_types::StatusExt as _;

use crate::ctl::{self, Ran, TOKEN};

/// What the agent answers.
#[derive(Default, Clone)]
pub(crate) struct Script {
    pub(crate) register: v1::RegisterResponse,
    pub(crate) configure_bgp: v1::ConfigureBgpResponse,
    pub(crate) end_of_replay: v1::EndOfReplayResponse,
    /// Answer to ApplyIntents as a whole.
    pub(crate) refuse_all: Option<Status>,
    /// What ApplyIntents answers beside its results.
    pub(crate) apply_intents: v1::ApplyIntentsResponse,
    pub(crate) owners: v1::ListOwnersResponse,
    /// Pages of intents; the token of a page is its number.
    pub(crate) pages: Vec<v1::ListIntentsResponse>,
    pub(crate) status: v1::GetStatusResponse,
    pub(crate) explain: v1::ExplainResponse,
    pub(crate) events: Vec<Result<v1::RouteEvent, Status>>,
    /// The stream of events stays open behind them.
    pub(crate) events_stay_open: bool,
    /// What becomes of items that are not refused; not set: they are changes.
    pub(crate) outcome: v1::ItemOutcome,
    /// Answers to dry runs of advertised prefixes, and of many items.
    pub(crate) plan: v1::Plan,
    /// Answers to advertised prefixes, also as items of many; every other one is accepted.
    pub(crate) refuse: Vec<(&'static str, Status)>,
}

impl Script {
    fn page(&self, token: &str) -> Result<v1::ListIntentsResponse, Status> {
        let at: usize = if token.is_empty() { 0 } else { token.parse().unwrap() };
        let next = if at + 1 < self.pages.len() { (at + 1).to_string() } else { String::new() };
        let page = self.pages.get(at).cloned().unwrap_or_default();
        Ok(v1::ListIntentsResponse { next_page_token: next, ..page })
    }

    /// What becomes of the items of a call.
    fn applied(&self, request: &v1::ApplyIntentsRequest) -> Result<v1::ApplyIntentsResponse, Status> {
        if let Some(status) = &self.refuse_all {
            return Err(status.clone());
        }
        let result = |(at, item): (usize, &v1::IntentItem)| {
            let refused = self.refuse.iter().find(|(prefix, _)| asks_for(item, prefix)).map(|(_, status)| status);
            let error = refused.map(|status| v1::ItemError {
                code: status.code().into(),
                reason: status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default(),
                message: status.message().to_owned(),
                ..Default::default()
            });
            let outcome = match (&error, self.outcome) {
                (Some(_), _) => v1::ItemOutcome::Refused,
                (None, v1::ItemOutcome::Unspecified) => v1::ItemOutcome::Changed,
                (None, outcome) => outcome,
            };
            v1::ItemResult { index: at.try_into().unwrap(), outcome: outcome.into(), error, ..Default::default() }
        };
        let results = request.items.iter().enumerate().map(result).collect();
        let plan = request.dry_run.then(|| self.plan.clone());
        Ok(v1::ApplyIntentsResponse { results, plan, ..self.apply_intents.clone() })
    }
}

fn asks_for(item: &v1::IntentItem, prefix: &str) -> bool {
    matches!(&item.change, Some(v1::intent_item::Change::AdvertisePrefix(request)) if request.prefix == prefix)
}

/// A running agent; it ends with the value.
pub(crate) struct Fake {
    asked: Asked,
    folder: Arc<tempfile::TempDir>,
    _runtime: tokio::runtime::Runtime,
}

/// What is left of an agent that has ended: the folder with its socket.
pub(crate) struct Stopped(Arc<tempfile::TempDir>);

/// Name of the socket in the folder.
const SOCKET: &str = "agent.sock";

type Asked = Arc<Mutex<Vec<Seen>>>;

impl Fake {
    pub(crate) fn start(script: Script) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), script)
    }

    /// Starts another agent on the socket of one that has ended.
    pub(crate) fn restart(stopped: Stopped, script: Script) -> Self {
        std::fs::remove_file(stopped.0.path().join(SOCKET)).unwrap();
        Self::start_in(stopped.0, script)
    }

    /// Ends the agent; its socket stays, as after a kill.
    pub(crate) fn stop(self) -> Stopped {
        Stopped(self.folder)
    }

    fn start_in(folder: Arc<tempfile::TempDir>, script: Script) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let asked = Asked::default();
        let service = RouteControlServer::new(Service { script, asked: Arc::clone(&asked) });
        let path = folder.path().join(SOCKET);
        let listener = runtime.block_on(async { UnixListener::bind(path) }).unwrap();
        let incoming = UnixListenerStream::new(listener);
        runtime.spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        Self { asked, folder, _runtime: runtime }
    }

    /// A folder for the files of the test.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    /// `novaroutectl` for this agent, as the owner `edge`, with the words of
    /// `line`.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = ctl::command(&self.folder.path().join(SOCKET), line);
        command.env("NOVAROUTE_OWNER", "edge").env("NOVAROUTE_TOKEN", TOKEN).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        ctl::run(&mut self.command(line))
    }

    /// What the agent was asked since the last look.
    pub(crate) fn asked(&self) -> Vec<Seen> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

struct Service {
    script: Script,
    asked: Asked,
}

type Answer<T> = Result<Response<T>, Status>;
type Events = tokio_stream::Iter<std::vec::IntoIter<Result<v1::RouteEvent, Status>>>;
type MaybeOpen = std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::RouteEvent, Status>> + Send>>;

/// One row a call: its method, its messages, and the answer to it.
macro_rules! calls {
    ($($method:ident $name:ident($request:ident) -> $response:ident $answer:expr;)+) => {
        /// A request that came.
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum Seen {
            $($name(v1::$request),)+
            StreamEvents(v1::StreamEventsRequest),
        }

        #[tonic::async_trait]
        impl RouteControl for Service {
            type StreamEventsStream = MaybeOpen;

            $(async fn $method(&self, request: Request<v1::$request>) -> Answer<v1::$response> {
                let request = request.into_inner();
                self.asked.lock().unwrap().push(Seen::$name(request.clone()));
                let answer: fn(&Script, v1::$request) -> Result<v1::$response, Status> = $answer;
                answer(&self.script, request).map(Response::new)
            })+

            async fn apply_intents_stream(
                &self,
                request: Request<Streaming<v1::ApplyIntentsRequest>>,
            ) -> Answer<v1::ApplyIntentsResponse> {
                let mut messages = request.into_inner();
                let mut whole = messages.message().await?.unwrap_or_default();
                while let Some(more) = messages.message().await? {
                    whole.items.extend(more.items);
                }
                self.apply_intents(Request::new(whole)).await
            }

            async fn stream_events(&self, request: Request<v1::StreamEventsRequest>) -> Answer<MaybeOpen> {
                self.asked.lock().unwrap().push(Seen::StreamEvents(request.into_inner()));
                let events: Events = tokio_stream::iter(self.script.events.clone());
                let open = self.script.events_stay_open;
                Ok(Response::new(if open {
                    Box::pin(tokio_stream::StreamExt::chain(events, tokio_stream::pending()))
                } else {
                    Box::pin(events)
                }))
            }
        }
    };
}

calls! {
    register Register(RegisterRequest) -> RegisterResponse |script, _| Ok(script.register.clone());
    deregister Deregister(DeregisterRequest) -> DeregisterResponse |_, _| Ok(v1::DeregisterResponse::default());
    configure_bgp ConfigureBgp(ConfigureBgpRequest) -> ConfigureBgpResponse |script, _| Ok(script.configure_bgp.clone());
    apply_peer ApplyPeer(ApplyPeerRequest) -> ApplyPeerResponse |_, _| Ok(v1::ApplyPeerResponse::default());
    remove_peer RemovePeer(RemovePeerRequest) -> RemovePeerResponse |_, _| Ok(v1::RemovePeerResponse::default());
    advertise_prefix AdvertisePrefix(AdvertisePrefixRequest) -> AdvertisePrefixResponse |script, request| {
        let refusal = script.refuse.iter().find(|(prefix, _)| *prefix == request.prefix);
        let plan = request.dry_run.then(|| script.plan.clone());
        refusal.map_or(Ok(v1::AdvertisePrefixResponse { plan }), |(_, status)| Err(status.clone()))
    };
    withdraw_prefix WithdrawPrefix(WithdrawPrefixRequest) -> WithdrawPrefixResponse |_, _| Ok(v1::WithdrawPrefixResponse::default());
    enable_bfd EnableBfd(EnableBfdRequest) -> EnableBfdResponse |_, _| Ok(v1::EnableBfdResponse::default());
    disable_bfd DisableBfd(DisableBfdRequest) -> DisableBfdResponse |_, _| Ok(v1::DisableBfdResponse::default());
    enable_ospf EnableOspf(EnableOspfRequest) -> EnableOspfResponse |_, _| Ok(v1::EnableOspfResponse::default());
    handoff Handoff(HandoffRequest) -> HandoffResponse |_, _| Ok(v1::HandoffResponse::default());
    drain Drain(DrainRequest) -> DrainResponse |_, _| Ok(v1::DrainResponse { prefixes: 2, ..Default::default() });
    undrain Undrain(UndrainRequest) -> UndrainResponse |_, _| Ok(v1::UndrainResponse { prefixes: 2, ..Default::default() });
    disable_ospf DisableOspf(DisableOspfRequest) -> DisableOspfResponse |_, _| Ok(v1::DisableOspfResponse::default());
    end_of_replay EndOfReplay(EndOfReplayRequest) -> EndOfReplayResponse |script, _| Ok(script.end_of_replay.clone());
    renew Renew(RenewRequest) -> RenewResponse |_, _| Ok(v1::RenewResponse::default());
    explain Explain(ExplainRequest) -> ExplainResponse |script, _| Ok(script.explain.clone());
    apply_intents ApplyIntents(ApplyIntentsRequest) -> ApplyIntentsResponse |script, request| script.applied(&request);
    list_intents ListIntents(ListIntentsRequest) -> ListIntentsResponse |script, request| script.page(&request.page_token);
    list_owners ListOwners(ListOwnersRequest) -> ListOwnersResponse |script, _| Ok(script.owners.clone());
    confirm Confirm(ConfirmRequest) -> ConfirmResponse |_, _| Ok(v1::ConfirmResponse { change_id: "c-1".into(), ..Default::default() });
    get_status GetStatus(GetStatusRequest) -> GetStatusResponse |script, _| Ok(script.status.clone());
}
