use novaroute_core::event::EventType;
use novaroute_core::intent::{Intent, Protocol};
use novaroute_core::store::{Place, Store};
use proptest::prelude::*;

use super::*;
use crate::metrics::Scrape;

fn hub(ring_capacity: usize) -> EventHub {
    EventHub::new(ring_capacity, "boot".to_owned(), Arc::new(Metrics::new("0", "0")))
}

fn events(number: usize) -> Vec<Event> {
    (0..number).map(|at| Event::new(EventType::PeerUp, format!("event {at}"))).collect()
}

fn rejection(hub: &EventHub) -> Rejection {
    match hub.subscribe(Start::Next) {
        Err(NotSubscribed::Rejected(rejection)) => rejection,
        other => panic!("not rejected: {other:?}"),
    }
}

/// What can be read now: numbers, and `-from..=to` for what is missing.
async fn read(subscription: &mut Subscription) -> Vec<String> {
    let mut read = Vec::new();
    while let Ok(delivery) = tokio::time::timeout(std::time::Duration::ZERO, subscription.next()).await {
        read.push(match delivery {
            Some(Delivery::Event(published)) => published.sequence.to_string(),
            Some(Delivery::Lagged { from, to }) => format!("-{from}..={to}"),
            None => "end".to_owned(),
        });
        if read.last().is_some_and(|last| last == "end") {
            break;
        }
    }
    read
}

async fn sequence(subscription: &mut Subscription) -> u64 {
    match subscription.next().await {
        Some(Delivery::Event(published)) => published.sequence,
        other => panic!("not an event: {other:?}"),
    }
}

#[tokio::test]
async fn every_subscriber_gets_every_event_in_order_from_its_subscription_on() {
    let hub = hub(16);
    hub.publish(events(3));
    let (mut first, mut second) = (hub.subscribe(Start::Next).unwrap(), hub.subscribe(Start::Next).unwrap());
    hub.publish(events(2));
    for subscription in [&mut first, &mut second] {
        assert_eq!(sequence(subscription).await, 4);
        assert_eq!(sequence(subscription).await, 5);
    }
}

#[tokio::test]
async fn events_carry_the_time_and_themselves() {
    let hub = hub(16);
    let mut subscription = hub.subscribe(Start::Next).unwrap();
    let before = now_ns();
    hub.publish(vec![Event::new(EventType::BfdDown, "BFD went down")]);
    let Some(Delivery::Event(published)) = subscription.next().await else { panic!("no event") };
    assert!((before..=now_ns()).contains(&published.timestamp_ns));
    assert_eq!(published.event, Event::new(EventType::BfdDown, "BFD went down"));
    assert_eq!(hub.boot_id(), "boot");
}

#[tokio::test]
async fn a_slow_subscriber_is_told_exactly_what_it_missed_and_holds_up_nobody() {
    let hub = hub(4);
    let (mut slow, mut fast) = (hub.subscribe(Start::Next).unwrap(), hub.subscribe(Start::Next).unwrap());
    hub.publish(events(1));
    assert_eq!(sequence(&mut slow).await, 1);
    for expected in 1..=10 {
        if expected > 1 {
            hub.publish(events(1));
        }
        assert_eq!(sequence(&mut fast).await, expected);
    }
    assert_eq!(slow.next().await, Some(Delivery::Lagged { from: 2, to: 6 }));
    for expected in 7..=10 {
        assert_eq!(sequence(&mut slow).await, expected);
    }
    let text = hub.shared.metrics.encode(&Scrape::default()).unwrap();
    assert!(text.contains("\nnovaroute_events_dropped_total 5\n"), "{text}");
    assert!(text.contains("\nnovaroute_events_total{type=\"PEER_UP\"} 10\n"), "{text}");
}

#[tokio::test]
async fn numbers_neither_repeat_nor_skip_however_often_a_subscriber_lags() {
    let hub = hub(8);
    let mut subscription = hub.subscribe(Start::Next).unwrap();
    let mut expected = 1;
    for burst in [1, 20, 3, 9, 8, 100, 1] {
        hub.publish(events(burst));
        while expected < hub.shared.tail().ring.next_number() {
            match subscription.next().await {
                Some(Delivery::Event(published)) => {
                    assert_eq!(published.sequence, expected);
                    expected += 1;
                }
                Some(Delivery::Lagged { from, to }) => {
                    assert_eq!(from, expected);
                    expected = to + 1;
                }
                None => panic!("the hub is open"),
            }
        }
    }
    assert_eq!(expected, 143);
}

#[tokio::test]
async fn a_closed_hub_gives_out_what_it_has_and_then_ends() {
    let hub = hub(16);
    let mut subscription = hub.subscribe(Start::Next).unwrap();
    hub.publish(events(1));
    hub.clone().close();
    hub.publish(events(1));
    assert_eq!(sequence(&mut subscription).await, 1);
    assert_eq!(subscription.next().await, None);
    let refused = rejection(&hub);
    assert_eq!((refused.class, refused.reason), (RejectionClass::Unavailable, Reason::ShuttingDown));
}

#[tokio::test]
async fn close_wakes_a_subscriber_that_waits() {
    let hub = hub(16);
    let mut subscription = hub.subscribe(Start::Next).unwrap();
    let waiting = tokio::spawn(async move { subscription.next().await });
    tokio::task::yield_now().await;
    hub.close();
    assert_eq!(waiting.await.unwrap(), None);
}

#[tokio::test]
async fn subscribers_are_bounded_and_places_are_given_back() {
    let hub = hub(16);
    let mut subscriptions: Vec<_> = (0..SUBSCRIBERS_MAX).map(|_| hub.subscribe(Start::Next).unwrap()).collect();
    let refused = rejection(&hub);
    assert_eq!(refused.class, RejectionClass::ResourceExhausted);
    assert!(refused.message.contains("256 subscribers"), "{refused}");
    subscriptions.pop();
    assert!(hub.subscribe(Start::Next).is_ok());
}

#[tokio::test]
async fn publishers_in_parallel_never_share_a_number() {
    let hub = hub(4096);
    let mut subscription = hub.subscribe(Start::Next).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| hub.publish(events(2))));
        }
    });
    for expected in 1..=800 {
        assert_eq!(sequence(&mut subscription).await, expected);
    }
}

#[tokio::test]
async fn a_subscriber_goes_on_where_it_left_off() {
    let hub = hub(4);
    hub.publish(events(6));
    for (from, expected) in [
        (7, &[][..]),
        (6, &["6"]),
        (3, &["3", "4", "5", "6"]),
        (2, &["-2..=2", "3", "4", "5", "6"]),
        (1, &["-1..=2", "3", "4", "5", "6"]),
        (0, &["-1..=2", "3", "4", "5", "6"]),
    ] {
        let mut subscription = hub.subscribe(Start::At(from)).unwrap();
        assert_eq!(read(&mut subscription).await, expected, "from {from}");
    }
    let refused = hub.subscribe(Start::At(8)).unwrap_err();
    assert_eq!(refused, NotSubscribed::Beyond(Beyond { next_sequence: 7 }));
    assert_eq!(hub.shared.subscribers.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_behind_is_read_before_the_end() {
    let hub = hub(4);
    hub.publish(events(3));
    let mut subscription = hub.subscribe(Start::At(1)).unwrap();
    hub.close();
    assert_eq!(read(&mut subscription).await, ["1", "2", "3", "end"]);
}

#[tokio::test]
async fn a_picture_is_that_after_the_last_event_and_before_the_next() {
    let hub = hub(4);
    let mut store = Store::default();
    for n in 1..=3 {
        let advertisement = novaroute_core::intent::Advertisement {
            protocol: Protocol::Bgp,
            prefix: format!("10.0.0.{n}/32").parse().unwrap(),
            attributes: novaroute_core::bgp::PrefixAttributes::default(),
        };
        store.put(&"a".parse().unwrap(), Intent::Prefix(advertisement), Place::Base);
        hub.publish_wanted(events(1), store.snapshot().clone());
    }
    let of = |subscription: &Subscription| {
        subscription.picture().map(|(picture, sequence)| (picture.snapshot.slots().count(), sequence))
    };
    let fresh = hub.subscribe(Start::Next).unwrap();
    assert_eq!(of(&fresh), Some((3, 3)));
    let mut behind = hub.subscribe(Start::At(2)).unwrap();
    assert_eq!(of(&behind), None);
    assert_eq!(read(&mut behind).await, ["2", "3"]);
    assert_eq!(of(&behind), Some((3, 3)));
    let live = Live { frr_uptime_s: Some(7), ..Live::default() };
    hub.publish_live(Vec::new(), Arc::new(live));
    let (picture, sequence) = behind.picture().unwrap();
    assert_eq!((picture.snapshot.slots().count(), picture.live.frr_uptime_s, sequence), (3, Some(7), 3));
    hub.publish(events(1));
    assert_eq!(of(&behind), None);
    let (_, sequence) = behind.skip_to_picture();
    hub.publish(events(1));
    assert_eq!((sequence, read(&mut behind).await), (4, vec!["5".to_owned()]));
}

#[tokio::test]
async fn who_never_reads_keeps_nothing_alive() {
    let hub = hub(2);
    let mut reader = hub.subscribe(Start::Next).unwrap();
    let _stuck: Vec<_> = (0..63).map(|_| hub.subscribe(Start::Next).unwrap()).collect();
    hub.publish(events(1));
    let first = match reader.next().await {
        Some(Delivery::Event(first)) => Arc::downgrade(&first),
        other => panic!("not an event: {other:?}"),
    };
    hub.publish(events(2));
    assert!(first.upgrade().is_none());
}

#[derive(Debug, Clone)]
enum Step {
    Publish(usize),
    Subscribe(u64),
    Read(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_usize..12).prop_map(Step::Publish),
        (0_u64..60).prop_map(Step::Subscribe),
        (0_usize..8).prop_map(Step::Read),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    /// Against a model that keeps everything: each reader sees every number once, in order, as an event or within a
    /// gap, and a gap only of what the ring cannot hold.
    #[test]
    fn every_reader_sees_each_number_once(capacity in 1_usize..10, steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let hub = hub(capacity);
            let (mut published, mut readers) = (0_u64, Vec::new());
            for step in steps {
                match step {
                    Step::Publish(number) => {
                        hub.publish(events(number));
                        published += u64::try_from(number).unwrap();
                    }
                    Step::Subscribe(at) => match hub.subscribe(Start::At(at)) {
                        Ok(subscription) => readers.push((subscription, at.max(1))),
                        Err(NotSubscribed::Beyond(beyond)) => {
                            prop_assert!(at > published + 1 && beyond.next_sequence == published + 1);
                        }
                        Err(other) => panic!("{other:?}"),
                    },
                    Step::Read(which) if which < readers.len() => {
                        let (subscription, next) = &mut readers[which];
                        let oldest = published.saturating_sub(u64::try_from(capacity).unwrap()) + 1;
                        let mut expected = Vec::new();
                        if *next < oldest {
                            expected.push(format!("-{next}..={}", oldest - 1));
                        }
                        expected.extend((oldest.max(*next)..=published).map(|number| number.to_string()));
                        prop_assert_eq!(read(subscription).await, expected);
                        *next = published + 1;
                    }
                    Step::Read(_) => {}
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn the_last_events_are_the_newest_first_and_no_more_than_there_are() {
    let hub = hub(3);
    assert!(hub.last(2).is_empty());
    hub.publish(events(5));
    let numbers = |count| hub.last(count).iter().map(|event| event.sequence).collect::<Vec<_>>();
    assert_eq!(numbers(2), [5, 4]);
    assert_eq!(numbers(9), [5, 4, 3]);
}
