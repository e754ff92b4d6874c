//! `wait`: a call answers when FRR runs what it asked for, or when the peer has it; and says how far it is when the
//! caller's time is over.

mod advertised;
mod commands;
mod ends;
mod programmed;

use std::time::Duration;

use novaroute_e2e::v1;
use tonic::Request;

/// `WAIT_PROGRAMMED` as a field has it.
const PROGRAMMED: i32 = v1::Wait::Programmed as i32;
/// `WAIT_ADVERTISED` as a field has it.
const ADVERTISED: i32 = v1::Wait::Advertised as i32;

/// A call with a deadline.
fn within<T>(limit: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}
