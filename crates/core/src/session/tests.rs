use super::*;

const GRACE: u64 = 30_000;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn terms(epoch: u64, lease_s: u32, bound: bool) -> SessionTerms {
    let lease = Lease::new(lease_s).unwrap();
    SessionTerms { id: SessionId::of_epoch(epoch), epoch, lease, instance: None, bound }
}

fn at(now_ms: u64, connection: u64) -> Origin {
    Origin { connection: Some(ConnectionId(connection)), now_ms, ..Origin::default() }
}

fn sessions(session: Session) -> Sessions {
    let mut sessions = Sessions::default();
    sessions.put(&owner("a"), session);
    sessions
}

#[test]
fn leases_are_a_day_at_most_and_none_is_none() {
    assert_eq!(Lease::new(0).unwrap(), None);
    assert_eq!(Lease::new(LEASE_S_MAX).unwrap().map(Lease::seconds), Some(86_400));
    assert!(Lease::new(LEASE_S_MAX + 1).unwrap_err().to_string().contains("86401 is not a lease of 1 to 86400"));
}

/// Each kind of session × opened or restored: when it lapses, untouched and after its connection dropped.
#[test]
fn when_a_session_lapses() {
    use Lapse::{ConnectionLost, LeaseEnded};
    let opened: fn(SessionTerms) -> Session = |terms| Session::opened(terms, &at(1_000, 7));
    let restored: fn(SessionTerms) -> Session = |terms| Session::restored(terms, 1_000);
    let ends = Some((11_000, LeaseEnded));
    for (what, make, lease_s, bound, untouched, dropped) in [
        ("plain", opened, 0, false, None, None),
        ("leased", opened, 10, false, ends, ends),
        ("bound", opened, 0, true, None, Some((5_000, ConnectionLost))),
        ("both", opened, 10, true, ends, Some((5_000, ConnectionLost))),
        ("plain, restored", restored, 0, false, None, None),
        ("leased, restored", restored, 10, false, ends, ends),
        // Its connection went with the agent.
        ("bound, restored", restored, 0, true, Some((1_000, ConnectionLost)), Some((1_000, ConnectionLost))),
        // It has its whole lease before the grace begins.
        ("both, restored", restored, 10, true, ends, ends),
    ] {
        let mut sessions = sessions(make(terms(1, lease_s, bound)));
        let lapses = |sessions: &Sessions| sessions.get(&owner("a")).unwrap().lapses_at();
        assert_eq!(lapses(&sessions), untouched, "{what}");
        sessions.on_disconnect(ConnectionId(8), 4_000);
        assert_eq!(lapses(&sessions), untouched, "{what}, after a connection that is not its own");
        sessions.on_disconnect(ConnectionId(7), 5_000);
        assert_eq!(lapses(&sessions), dropped, "{what}, after its connection");
        assert_eq!(sessions.next_expiry(GRACE), dropped.map(|(at, _)| at + GRACE), "{what}");
        sessions.close(&owner("a"));
        assert_eq!(sessions.next_expiry(GRACE), None, "{what}, closed");
    }
}

#[test]
fn the_grace_ends_to_the_millisecond() {
    let sessions = sessions(Session::opened(terms(1, 10, false), &at(1_000, 7)));
    assert_eq!(sessions.expired(11_000 + GRACE - 1, GRACE), []);
    assert_eq!(sessions.expired(11_000 + GRACE, GRACE), [(owner("a"), Lapse::LeaseEnded)]);
    assert_eq!(sessions.expired(11_000, 0), [(owner("a"), Lapse::LeaseEnded)]);
}

#[test]
fn renewing_stops_the_clock_also_within_the_grace() {
    let mut sessions = sessions(Session::opened(terms(1, 10, true), &at(0, 7)));
    sessions.on_disconnect(ConnectionId(7), 2_000);
    sessions.renew(&owner("a"), &at(31_999, 8));
    assert_eq!(sessions.next_expiry(GRACE), Some(41_999 + GRACE));
    // The connection that it was renewed on counts from then on.
    assert_eq!(sessions.on_disconnect(ConnectionId(8), 33_000), [owner("a")]);
    assert_eq!(sessions.next_expiry(GRACE), Some(33_000 + GRACE));
}

/// A client that came back before anybody saw that it had gone.
#[test]
fn a_drop_that_is_noticed_late_does_not_start_the_clock() {
    let mut sessions = sessions(Session::opened(terms(1, 0, true), &at(0, 7)));
    sessions.renew(&owner("a"), &at(1_000, 8));
    assert_eq!(sessions.on_disconnect(ConnectionId(7), 1_001), []);
    assert_eq!(sessions.next_expiry(GRACE), None);
}

/// `novaroutectl renew` beside a client that holds its connection.
#[test]
fn a_renew_over_a_passing_connection_does_not_unbind_the_own_one() {
    let mut sessions = sessions(Session::opened(terms(1, 0, true), &at(0, 7)));
    for passing in 8..30 {
        sessions.renew(&owner("a"), &at(1_000, passing));
        sessions.on_disconnect(ConnectionId(passing), 1_001);
        assert_eq!(sessions.next_expiry(GRACE), None);
    }
    sessions.on_disconnect(ConnectionId(7), 2_000);
    assert_eq!(sessions.next_expiry(GRACE), Some(2_000 + GRACE));
}

#[test]
fn the_connection_of_a_replaced_session_says_nothing_about_its_successor() {
    let mut sessions = sessions(Session::opened(terms(1, 0, true), &at(0, 7)));
    sessions.put(&owner("a"), Session::opened(terms(2, 0, true), &at(500, 8)));
    assert_eq!(sessions.on_disconnect(ConnectionId(7), 1_000), []);
    assert_eq!(sessions.next_expiry(GRACE), None);
    assert_eq!(sessions.epoch(&owner("a")), 2);
}

#[test]
fn connections_that_are_followed_are_few() {
    let mut sessions = sessions(Session::opened(terms(1, 0, true), &at(0, 0)));
    for connection in 1..100 {
        sessions.renew(&owner("a"), &at(1, connection));
    }
    assert_eq!(sessions.get(&owner("a")).unwrap().connections.len(), CONNECTIONS_MAX);
    for connection in 0..100 {
        sessions.on_disconnect(ConnectionId(connection), 2);
    }
    assert_eq!(sessions.next_expiry(GRACE), Some(2 + GRACE));
}

#[test]
fn owners_have_clocks_of_their_own() {
    let mut sessions = sessions(Session::opened(terms(1, 10, false), &at(0, 7)));
    sessions.put(&owner("b"), Session::opened(terms(1, 5, false), &at(0, 8)));
    sessions.put(&owner("c"), Session::opened(terms(1, 0, false), &at(0, 9)));
    assert_eq!(sessions.next_expiry(GRACE), Some(5_000 + GRACE));
    assert_eq!(sessions.expired(5_000 + GRACE, GRACE), [(owner("b"), Lapse::LeaseEnded)]);
    sessions.renew(&owner("b"), &at(6_000, 8));
    assert_eq!(sessions.next_expiry(GRACE), Some(10_000 + GRACE));
    assert_eq!(sessions.open().len(), 3);
    assert!(sessions.close(&owner("b")) && !sessions.close(&owner("b")));
    assert_eq!(sessions.open().len(), 2);
}
