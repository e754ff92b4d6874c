//! What the agent says, again and again, whether it is there or not.

use std::time::{Duration, Instant};

use novaroute_api::v1;
use tokio::{sync::mpsc::Sender, time::sleep};

use crate::{
    agent::{Agent, CallError},
    cli::Global,
    exit::Failure,
    history::{self, Place},
    output::refusal::Refusal,
    top::EVENTS_MAX,
};

/// Something to show.
#[derive(Debug)]
pub(super) enum News {
    /// The status, and how long the call took.
    Answered(Box<v1::GetStatusResponse>, Duration),
    /// There is no agent; why.
    Lost(String),
    Happened(Box<v1::RouteEvent>),
}

/// Asks for the status each `interval`. Ends with a refusal that asking again would not change.
pub(super) async fn look(global: &Global, interval: Duration, news: &Sender<News>) -> Failure {
    loop {
        let refusal = match Agent::connect(global).await {
            Ok(agent) => ask(agent, global, interval, news).await,
            Err(refusal) => refusal,
        };
        if !refusal.is_unreachable() {
            return Failure::Refused { what: "top".into(), refusal: Box::new(refusal) };
        }
        tell(news, News::Lost(in_one_line(&refusal))).await;
        sleep(interval).await;
    }
}

/// Asks one agent until it does not answer.
async fn ask(mut agent: Agent, global: &Global, interval: Duration, news: &Sender<News>) -> Refusal {
    let owner = global.owner.clone().unwrap_or_default();
    loop {
        let began = Instant::now();
        match agent.status(&owner).await {
            Ok(status) => tell(news, News::Answered(Box::new(status), began.elapsed())).await,
            Err(error) => return error.refusal(),
        }
        sleep(interval).await;
    }
}

/// Follows the events, those that the agent remembers first, and goes on where it was interrupted.
pub(super) async fn follow(global: &Global, interval: Duration, news: &Sender<News>) {
    let mut place = None;
    loop {
        // What does not work here does not work for the status either, which tells why.
        if let Ok(mut agent) = Agent::connect(global).await {
            let _ended = read(&mut agent, global, &mut place, news).await;
        }
        sleep(interval).await;
    }
}

async fn read(
    agent: &mut Agent,
    global: &Global,
    place: &mut Option<Place>,
    news: &Sender<News>,
) -> Result<(), CallError> {
    if place.is_none() {
        *place = history::beginning(agent, EVENTS_MAX.into()).await?.map(|(place, _)| place);
    }
    let request = v1::StreamEventsRequest {
        owner_filter: global.owner.clone().unwrap_or_default(),
        from_sequence: place.as_ref().map(|place| place.next),
        boot_id: place.as_ref().map(|place| place.boot_id.clone()).unwrap_or_default(),
        ..Default::default()
    };
    let mut events = agent.events(request).await?;
    while let Some(event) = history::next(&mut events).await? {
        *place = Some(Place { next: event.sequence + 1, boot_id: event.boot_id.clone() });
        tell(news, News::Happened(Box::new(event))).await;
    }
    Ok(())
}

async fn tell(news: &Sender<News>, what: News) {
    // Whoever draws lives as long as this.
    let _ = news.send(what).await;
}

fn in_one_line(refusal: &Refusal) -> String {
    refusal.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
