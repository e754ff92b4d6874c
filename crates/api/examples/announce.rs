//! Announces prefixes as long as it runs: `announce SOCKET OWNER TOKEN_FILE PREFIX…`
//!
//! The agent may be started again meanwhile: no peer notices. When this program ends by Ctrl-C its prefixes go at once,
//! and when it is killed, once its lease and the agent's grace are over.

use std::env;
use std::error::Error;

use novaroute_api::client::{Desired, Intent, Session, Terms, Token};
use novaroute_api::v1::Protocol;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [socket, owner, token_file, prefixes @ ..] = arguments.as_slice() else {
        return Err("usage: announce SOCKET OWNER TOKEN_FILE PREFIX...".into());
    };
    // From the start, so that it is not missed.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut desired = Desired::new();
    for prefix in prefixes {
        desired.put(Intent::prefix(prefix, Protocol::Bgp, None))?;
    }
    let terms = Terms::new(socket, owner, Token::File(token_file.into())).lease_s(10).instance("announce");
    let session = Session::start(terms, desired);
    for (key, why) in session.settled().await.refused {
        eprintln!("{key} was not taken: {why}");
    }
    interrupt.recv().await;
    Ok(session.end(true).await?)
}
