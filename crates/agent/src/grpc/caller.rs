//! Who is at the other end of the socket.

use tonic::Request;
use tonic::transport::server::UdsConnectInfo;

use super::connection::{Connection, Peer};

/// The caller's user id as the kernel tells it (`SO_PEERCRED`); `None` only where the transport has none.
pub(super) fn uid<T>(request: &Request<T>) -> Option<u32> {
    let credentials = peer(request)?.socket.peer_cred?;
    Some(credentials.uid())
}

/// The connection that the call came on.
pub(super) fn connection<T>(request: &Request<T>) -> Option<&Connection> {
    Some(&peer(request)?.connection)
}

fn peer<T>(request: &Request<T>) -> Option<&Peer<UdsConnectInfo>> {
    request.extensions().get()
}
