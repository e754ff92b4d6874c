//! `events`.

use novaroute_api::v1;

use super::{connect, until_interrupted};
use crate::{
    agent::CallError,
    cli::{EventsArgs, Global},
    exit::Failure,
    output::{Format, event, screen::Screen, view::View},
    schema,
};

const WHAT: &str = "events";

/// Follows the events until the agent ends the stream or the user does.
pub(super) async fn run(global: &Global, args: EventsArgs, screen: Screen) -> Result<(), Failure> {
    until_interrupted(follow(global, args, screen)).await
}

async fn follow(global: &Global, args: EventsArgs, screen: Screen) -> Result<(), Failure> {
    let mut agent = connect(global, WHAT).await?;
    let request = v1::StreamEventsRequest {
        owner_filter: global.owner.clone().unwrap_or_default(),
        event_types: args.types.into_iter().map(event::type_word).collect(),
        from_sequence: args.from,
        boot_id: args.boot_id,
        snapshot: args.snapshot,
    };
    let mut events = agent.events(request).await.map_err(|error| error.failure(WHAT))?;
    if screen.format.data().is_none() {
        screen.write(&event::heading())?;
    }
    let broken = |status| CallError::Status(Box::new(status)).failure(WHAT);
    while let Some(event) = events.message().await.map_err(broken)? {
        screen.write(&text(&event, screen)?)?;
    }
    Ok(())
}

fn text(event: &v1::RouteEvent, screen: Screen) -> Result<String, Failure> {
    match screen.format.data() {
        Some(format) => format.one_of_many(&View::response(&schema::reflect(event, "RouteEvent")?)),
        None => Ok(event::line(event, screen.format == Format::Wide, screen.colour)),
    }
}
