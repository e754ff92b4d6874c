use super::*;

fn account(token: &str, uids: Option<&[u32]>) -> Account {
    Account { credential: Credential::of_token(token), uids: uids.map(|uids| uids.iter().copied().collect()) }
}

/// `edge` may come from anywhere, `net` from the user id 1000 only.
fn authenticator() -> Authenticator {
    let accounts = [("edge", account("edge-token", None)), ("net", account("net-token", Some(&[1000])))];
    Authenticator::new(accounts.map(|(name, account)| (name.parse().unwrap(), account)).into())
}

fn class(result: Result<OwnerName, Rejection>) -> (RejectionClass, Reason) {
    let rejection = result.unwrap_err();
    (rejection.class, rejection.reason)
}

const UNAUTHENTICATED: (RejectionClass, Reason) = (RejectionClass::Unauthenticated, Reason::BadCredentials);

#[test]
fn the_right_token_gives_the_owner() {
    let (mut authenticator, now) = (authenticator(), Instant::now());
    assert_eq!(authenticator.verify("edge", "edge-token", 0, now).unwrap().as_str(), "edge");
    assert_eq!(authenticator.verify("net", "net-token", 1000, now).unwrap().as_str(), "net");
}

#[test]
fn an_unknown_owner_and_a_wrong_token_get_the_same_answer() {
    let (mut authenticator, now) = (authenticator(), Instant::now());
    let unknown = authenticator.verify("nobody", "edge-token", 0, now).unwrap_err();
    assert_eq!((unknown.class, unknown.reason), UNAUTHENTICATED);
    for (owner, token) in [
        ("edge", "wrong"),
        ("edge", ""),
        ("edge", "edge-toke"),
        ("edge", "edge-token "),
        ("edge", "net-token"),
        ("Edge", "edge-token"),
        ("", ""),
        ("_config", ""),
    ] {
        assert_eq!(authenticator.verify(owner, token, 0, now), Err(unknown.clone()), "{owner} {token}");
    }
}

#[test]
fn the_user_id_matters_once_the_token_is_right() {
    let (mut authenticator, now) = (authenticator(), Instant::now());
    let denied = (RejectionClass::PermissionDenied, Reason::UidNotAllowed);
    assert_eq!(class(authenticator.verify("net", "net-token", 0, now)), denied);
    assert_eq!(class(authenticator.verify("net", "wrong", 0, now)), UNAUTHENTICATED);
}

#[test]
fn whoever_guesses_must_wait_and_nobody_else() {
    let (mut authenticator, start) = (authenticator(), Instant::now());
    for guess in 0..FAILURES_MAX {
        assert_eq!(class(authenticator.verify("edge", &guess.to_string(), 7, start)), UNAUTHENTICATED);
    }
    let rejection = authenticator.verify("edge", "edge-token", 7, start).unwrap_err();
    assert_eq!((rejection.class, rejection.reason), (RejectionClass::ResourceExhausted, Reason::TooManyFailures));
    assert!(rejection.metadata.contains_key("retry_after_s"), "{rejection:?}");
    assert!(authenticator.verify("edge", "edge-token", 8, start).is_ok());
    assert_eq!(class(authenticator.verify("net", "net-token", 7, start)).1, Reason::UidNotAllowed);
    assert!(authenticator.verify("edge", "edge-token", 7, start + REFILL_INTERVAL).is_ok());
}

#[test]
fn a_reload_changes_owners_and_forgives_nothing() {
    let (mut authenticator, now) = (authenticator(), Instant::now());
    for _ in 0..FAILURES_MAX {
        authenticator.verify("edge", "wrong", 7, now).unwrap_err();
    }
    authenticator.set_accounts([("edge".parse().unwrap(), account("new-token", None))].into());
    assert_eq!(class(authenticator.verify("edge", "edge-token", 8, now)), UNAUTHENTICATED);
    assert!(authenticator.verify("edge", "new-token", 8, now).is_ok());
    assert_eq!(class(authenticator.verify("edge", "new-token", 7, now)).1, Reason::TooManyFailures);
}

#[test]
fn neither_tokens_nor_digests_are_printed() {
    let printed = format!("{:?}", authenticator().accounts[0].account);
    assert_eq!(printed, "Account { credential: Credential(…), uids: None }");
}
