//! StreamEvents.

use std::pin::Pin;
use std::time::Instant;

use futures::Stream;
use futures::stream::unfold;
use novaroute_api::error::to_status;
use novaroute_api::from_proto::EventFilter;
use novaroute_api::to_proto::Stamp;
use novaroute_api::{from_proto, to_proto, v1};
use novaroute_core::event::{Event, EventType};
use tonic::{Code, Status};

use super::Service;
use crate::events::{Delivery, Subscription};
use crate::owner::shutting_down;

/// What a subscriber reads.
pub(super) type EventStream = Pin<Box<dyn Stream<Item = Result<v1::RouteEvent, Status>> + Send>>;

/// One open stream.
struct Subscriber {
    service: Service,
    filter: EventFilter,
    subscription: Subscription,
    opened: Instant,
    code: Code,
    ended: bool,
}

impl Service {
    pub(super) fn open_stream(&self, request: &v1::StreamEventsRequest) -> Result<EventStream, Status> {
        let filter = from_proto::event_filter(request)?;
        let subscription = self.hub.subscribe().map_err(|refused| to_status(&refused))?;
        let subscriber = Subscriber {
            service: self.clone(),
            filter,
            subscription,
            opened: Instant::now(),
            code: Code::Cancelled,
            ended: false,
        };
        Ok(Box::pin(unfold(subscriber, |mut subscriber| async {
            let item = subscriber.next().await?;
            Some((item, subscriber))
        })))
    }
}

impl Subscriber {
    /// The next event that passes the filter; UNAVAILABLE once when the agent shuts down, then the end.
    async fn next(&mut self) -> Option<Result<v1::RouteEvent, Status>> {
        while !self.ended {
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

    fn message(&self, event: &Event, sequence: u64, timestamp_ns: i64) -> v1::RouteEvent {
        to_proto::event(event, Stamp { sequence, timestamp_ns, boot_id: self.service.hub.boot_id() })
    }

    /// Stands in the place of what this subscriber missed; it bears the number of the last missing event.
    fn lagged(&self, from: u64, to: u64) -> v1::RouteEvent {
        let detail = format!("this subscriber was too slow: events {from} to {to} are missing");
        let event = Event::new(EventType::Lagged, detail).with("from", from).with("to", to);
        self.message(&event, to, crate::events::now_ns())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.service.metrics.grpc_request("StreamEvents", self.code, self.opened.elapsed().as_secs_f64());
    }
}
