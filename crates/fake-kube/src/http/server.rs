//! The socket: connections are accepted, closed and refused here.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;

use super::{Closer, handle};
use crate::faults::Pause;
use crate::shared::Shared;

/// How long to wait before the port is taken again that another process may have in between.
const BIND_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Serves connections; dropping what [`Server::run`] returns closes them all.
pub(crate) struct Server {
    pub(crate) shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
    /// What the server does at present, for a test that waits for it.
    pub(crate) state: watch::Sender<Option<Pause>>,
}

impl Server {
    pub(crate) async fn run(self, mut listener: TcpListener) {
        let mut pause = self.shared.pause.subscribe();
        loop {
            let mut connections = JoinSet::new();
            self.accept_until_refused(&listener, &mut connections, &mut pause).await;
            drop(listener);
            connections.shutdown().await;
            self.state.send_replace(Some(Pause::Refuse));
            // The sender is in `self.shared`: it cannot be gone.
            let _ = pause.wait_for(|pause| *pause != Some(Pause::Refuse)).await;
            listener = self.bind_again().await;
        }
    }

    async fn accept_until_refused(
        &self,
        listener: &TcpListener,
        connections: &mut JoinSet<()>,
        pause: &mut watch::Receiver<Option<Pause>>,
    ) {
        loop {
            let wanted = *pause.borrow_and_update();
            if wanted == Some(Pause::Refuse) {
                return;
            }
            self.state.send_replace(wanted);
            tokio::select! {
                accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(self.shared.clone(), stream));
                },
                Some(_) = connections.join_next() => {}
                _ = pause.changed() => {}
            }
        }
    }

    async fn bind_again(&self) -> TcpListener {
        loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => return listener,
                Err(_) => sleep(BIND_AGAIN_AFTER).await,
            }
        }
    }
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let end = CancellationToken::new();
    let app = Router::new().fallback(handle).layer(Extension(Closer(end.clone()))).with_state(shared);
    let builder = Builder::new(TokioExecutor::new()).http1_only();
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    // How a connection ends is the client's affair.
    let _ = end.run_until_cancelled(connection).await;
}

/// A listener on a port that the system chooses.
pub(crate) async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await
}
