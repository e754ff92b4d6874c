//! Who is at the other end of the socket.

use tonic::Request;
use tonic::transport::server::UdsConnectInfo;

/// The caller's user id as the kernel tells it (`SO_PEERCRED`); `None` only where the transport has none.
pub(super) fn uid<T>(request: &Request<T>) -> Option<u32> {
    let connection = request.extensions().get::<UdsConnectInfo>()?;
    connection.peer_cred.map(|credentials| credentials.uid())
}
