use novaroute_core::event::EventType;

use super::*;
use crate::metrics::Scrape;

fn hub(ring_capacity: usize) -> EventHub {
    EventHub::new(ring_capacity, "boot".to_owned(), Arc::new(Metrics::new("0", "0")))
}

fn events(number: usize) -> Vec<Event> {
    (0..number).map(|at| Event::new(EventType::PeerUp, format!("event {at}"))).collect()
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
    let (mut first, mut second) = (hub.subscribe().unwrap(), hub.subscribe().unwrap());
    hub.publish(events(2));
    for subscription in [&mut first, &mut second] {
        assert_eq!(sequence(subscription).await, 4);
        assert_eq!(sequence(subscription).await, 5);
    }
}

#[tokio::test]
async fn events_carry_the_time_and_themselves() {
    let hub = hub(16);
    let mut subscription = hub.subscribe().unwrap();
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
    let (mut slow, mut fast) = (hub.subscribe().unwrap(), hub.subscribe().unwrap());
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
    let mut subscription = hub.subscribe().unwrap();
    let mut expected = 1;
    for burst in [1, 20, 3, 9, 8, 100, 1] {
        hub.publish(events(burst));
        while expected < hub.shared.tail().next_sequence {
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
    let mut subscription = hub.subscribe().unwrap();
    hub.publish(events(1));
    hub.clone().close();
    hub.publish(events(1));
    assert_eq!(sequence(&mut subscription).await, 1);
    assert_eq!(subscription.next().await, None);
    let refused = hub.subscribe().unwrap_err();
    assert_eq!((refused.class, refused.reason), (RejectionClass::Unavailable, Reason::ShuttingDown));
}

#[tokio::test]
async fn close_wakes_a_subscriber_that_waits() {
    let hub = hub(16);
    let mut subscription = hub.subscribe().unwrap();
    let waiting = tokio::spawn(async move { subscription.next().await });
    tokio::task::yield_now().await;
    hub.close();
    assert_eq!(waiting.await.unwrap(), None);
}

#[tokio::test]
async fn subscribers_are_bounded_and_places_are_given_back() {
    let hub = hub(16);
    let mut subscriptions: Vec<_> = (0..SUBSCRIBERS_MAX).map(|_| hub.subscribe().unwrap()).collect();
    let refused = hub.subscribe().unwrap_err();
    assert_eq!(refused.class, RejectionClass::ResourceExhausted);
    assert!(refused.message.contains("256 subscribers"), "{refused}");
    subscriptions.pop();
    assert!(hub.subscribe().is_ok());
}

#[tokio::test]
async fn publishers_in_parallel_never_share_a_number() {
    let hub = hub(4096);
    let mut subscription = hub.subscribe().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| hub.publish(events(2))));
        }
    });
    for expected in 1..=800 {
        assert_eq!(sequence(&mut subscription).await, expected);
    }
}
