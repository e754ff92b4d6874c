//! StreamEvents.

use std::pin::Pin;
use std::time::Instant;

use futures::Stream;
use futures::stream::unfold;
use novaroute_api::error::to_status;
use novaroute_api::from_proto::{EventFilter, Resume, StreamCall};
use novaroute_api::to_proto::Stamp;
use novaroute_api::{from_proto, to_proto, v1};
use novaroute_core::event::{Event, EventType};
use novaroute_core::picture::{Picture, Telling};
use tonic::{Code, Status};

use super::Service;
use crate::events::{Delivery, NotSubscribed, Start, Subscription, now_ns};
use crate::owner::shutting_down;

/// What a subscriber reads.
pub(super) type EventStream = Pin<Box<dyn Stream<Item = Result<v1::RouteEvent, Status>> + Send>>;

/// One open stream.
struct Subscriber {
    service: Service,
    filter: EventFilter,
    subscription: Subscription,
    /// What stands before everything else.
    first: Option<v1::RouteEvent>,
    opening: Opening,
    opened: Instant,
    code: Code,
    ended: bool,
}

/// How things are, told before the news.
enum Opening {
    /// Asked for, and told as soon as everything up to then has been read: at once where nothing was missed.
    Due(Option<(Picture, u64)>),
    /// On its way; `sequence` is the number of the last event that is in it.
    Told { telling: Box<Telling>, sequence: u64, timestamp_ns: i64, events: u64 },
    /// Told, or not asked for.
    Over,
}

impl Service {
    pub(super) fn open_stream(&self, request: &v1::StreamEventsRequest) -> Result<EventStream, Status> {
        let StreamCall { filter, resume, snapshot } = from_proto::stream_call(request)?;
        let (start, first) = self.start(resume.as_ref());
        let mut subscription = self.hub.subscribe(start).map_err(|refused| match refused {
            NotSubscribed::Rejected(rejection) => to_status(&rejection),
            NotSubscribed::Beyond(beyond) => from_proto::sequence_beyond(request, beyond.next_sequence).into(),
        })?;
        let opening = match (snapshot, &resume) {
            (false, _) => Opening::Over,
            // What has happened since the line above is in the picture.
            (true, None) => Opening::Due(Some(subscription.skip_to_picture())),
            (true, Some(_)) => Opening::Due(None),
        };
        let service = self.clone();
        let (opened, code, ended) = (Instant::now(), Code::Cancelled, false);
        let subscriber = Subscriber { service, filter, subscription, first, opening, opened, code, ended };
        Ok(Box::pin(unfold(subscriber, |mut subscriber| async {
            let item = subscriber.next().await?;
            Some((item, subscriber))
        })))
    }

    /// Where to begin, and what to say before. Numbers of another run say nothing here: whoever comes from there has
    /// missed all of this one.
    fn start(&self, resume: Option<&Resume>) -> (Start, Option<v1::RouteEvent>) {
        let Some(Resume { from_sequence, boot_id }) = resume else { return (Start::Next, None) };
        let own = self.hub.boot_id();
        match boot_id.as_deref().filter(|asked| *asked != own) {
            None => (Start::At(*from_sequence), None),
            Some(former) => {
                let detail = format!(
                    "this is another run of the agent than {former}: what that one told from event {from_sequence} on is \
                     missing, and numbers begin with 1 again"
                );
                let event = Event::new(EventType::Lagged, detail).with("from", from_sequence);
                let event = event.with("former_boot_id", former);
                let stamp = Stamp { sequence: 0, timestamp_ns: now_ns(), boot_id: own };
                (Start::At(1), Some(to_proto::event(&event, stamp)))
            }
        }
    }
}

impl Subscriber {
    /// The next event that passes the filter; UNAVAILABLE once when the agent shuts down, then the end.
    async fn next(&mut self) -> Option<Result<v1::RouteEvent, Status>> {
        while !self.ended {
            if let Some(event) = self.first.take().or_else(|| self.opening()) {
                return Some(Ok(event));
            }
            let delivery = tokio::select! {
                biased;
                delivery = self.subscription.next() => delivery,
                () = self.service.shutdown.cancelled() => None,
            };
            match delivery {
                Some(Delivery::Event(published)) if self.filter.matches(&published.event) => {
                    return Some(Ok(self.message(&published.event, published.sequence, published.timestamp_ns)));
                }
                Some(Delivery::Event(_)) => {}
                Some(Delivery::Lagged { from, to }) => return Some(Ok(self.lagged(from, to))),
                None => {
                    self.ended = true;
                    self.code = Code::Unavailable;
                    return Some(Err(to_status(&shutting_down())));
                }
            }
        }
        None
    }

    /// What is next of how things are; `None` when it is not (any more, or yet) time for that.
    fn opening(&mut self) -> Option<v1::RouteEvent> {
        match std::mem::replace(&mut self.opening, Opening::Over) {
            Opening::Over => None,
            Opening::Due(taken) => {
                let Some((picture, sequence)) = taken.or_else(|| self.subscription.picture()) else {
                    self.opening = Opening::Due(None);
                    return None;
                };
                let (telling, timestamp_ns) = (Box::new(picture.tell()), now_ns());
                self.opening = Opening::Told { telling, sequence, timestamp_ns, events: 0 };
                let begin = Event::new(EventType::SnapshotBegin, format!("how things are after event {sequence}"));
                Some(self.told(begin, sequence, timestamp_ns))
            }
            Opening::Told { mut telling, sequence, timestamp_ns, events } => {
                let Some(event) = telling.find(|event| self.filter.matches(event)) else {
                    let end = Event::new(EventType::SnapshotEnd, format!("{events} events told how things are"));
                    return Some(self.told(end.with("events", events), sequence, timestamp_ns));
                };
                self.opening = Opening::Told { telling, sequence, timestamp_ns, events: events + 1 };
                Some(self.told(event, sequence, timestamp_ns))
            }
        }
    }

    fn told(&self, event: Event, sequence: u64, timestamp_ns: i64) -> v1::RouteEvent {
        self.message(&event.with("snapshot", true), sequence, timestamp_ns)
    }

    fn message(&self, event: &Event, sequence: u64, timestamp_ns: i64) -> v1::RouteEvent {
        to_proto::event(event, Stamp { sequence, timestamp_ns, boot_id: self.service.hub.boot_id() })
    }

    /// Stands in the place of what this subscriber missed; it bears the number of the last missing event.
    fn lagged(&self, from: u64, to: u64) -> v1::RouteEvent {
        let detail = format!("this subscriber was too slow: events {from} to {to} are missing");
        let event = Event::new(EventType::Lagged, detail).with("from", from).with("to", to);
        self.message(&event, to, now_ns())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.service.metrics.grpc_request("StreamEvents", self.code, self.opened.elapsed().as_secs_f64());
    }
}
