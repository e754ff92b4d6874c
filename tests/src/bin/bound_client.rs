//! A client that holds on to what it announces by its connection, for the tests that kill it.
//!
//! `bound_client SOCKET OWNER INSTANCE PREFIX…` registers, follows the events, asks for the prefixes, prints the name of
//! its session and waits until it is killed.

use std::io::Write as _;

use anyhow::{Context, Result};
use novaroute_e2e::{request, v1};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |what: &str| arguments.next().with_context(|| format!("no {what}"));
    let (socket, owner, instance) = (argument("socket")?, argument("owner")?, argument("instance")?);
    let mut client = novaroute_api::client::connect(&socket).await?;
    let bound = v1::RegisterRequest { instance, bind_to_connection: true, ..request::register(&owner) };
    let session = client.register(bound).await?.into_inner().session_id;
    // A call that is open all the time, as such clients have.
    let events = client.stream_events(v1::StreamEventsRequest::default()).await?;
    for prefix in arguments {
        client.advertise_prefix(request::advertise(&owner, &prefix)).await?;
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{session}")?;
    stdout.flush()?;
    std::future::pending::<()>().await;
    drop(events);
    Ok(())
}
