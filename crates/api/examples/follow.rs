//! Prints how things are and then what happens, over restarts of the agent: `follow SOCKET`

use std::env;
use std::error::Error;
use std::io::{Write as _, stdout};

use novaroute_api::client::Events;
use novaroute_api::v1::StreamEventsRequest;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let socket = env::args().nth(1).ok_or("usage: follow SOCKET")?;
    let mut events = Events::new(socket, StreamEventsRequest { snapshot: true, ..Default::default() });
    loop {
        let event = events.next().await?;
        writeln!(stdout(), "{} {} {}", event.sequence, event.r#type().as_str_name(), event.detail)?;
    }
}
