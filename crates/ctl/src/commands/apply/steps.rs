//! Which requests of a file are sent together.

use crate::request::Request;

/// One call.
#[derive(Debug, PartialEq)]
pub(in crate::commands) enum Step {
    /// About a session, or with a time to answer of its own.
    Single(Request),
    /// Intents of one owner.
    Batch(Batch),
}

/// Intents of one owner that are one decision: at least one, all with the same token.
#[derive(Debug, PartialEq)]
pub(in crate::commands) struct Batch {
    first: Request,
    /// All of them.
    pub(in crate::commands) requests: Vec<Request>,
}

impl Batch {
    pub(in crate::commands) fn owner(&self) -> &str {
        self.first.owner()
    }

    pub(in crate::commands) fn token(&self) -> &str {
        self.first.token()
    }

    fn is_of(&self, request: &Request) -> bool {
        (self.owner(), self.token()) == (request.owner(), request.token())
    }
}

impl Step {
    pub(in crate::commands) fn requests(&self) -> &[Request] {
        match self {
            Self::Single(request) => std::slice::from_ref(request),
            Self::Batch(batch) => &batch.requests,
        }
    }

    fn owner(&self) -> &str {
        match self {
            Self::Single(request) => request.owner(),
            Self::Batch(batch) => batch.owner(),
        }
    }
}

/// The calls for these requests. Those of one owner keep their order: what stands behind a request that is sent alone
/// is sent after it.
pub(in crate::commands) fn of(requests: Vec<Request>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for request in requests {
        if request.waits() || request.clone().item().is_none() {
            steps.push(Step::Single(request));
            continue;
        }
        // Files have few owners, and most have one: the last step is the one, or near it.
        match steps.iter_mut().rev().find(|step| step.owner() == request.owner()) {
            Some(Step::Batch(batch)) if batch.is_of(&request) => batch.requests.push(request),
            _ => steps.push(Step::Batch(Batch { first: request.clone(), requests: vec![request] })),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use novaroute_api::v1;

    use super::*;

    fn advertise(owner: &str, token: &str, wait: i32) -> Request {
        let (owner, token) = (owner.to_owned(), token.to_owned());
        Request::AdvertisePrefix(v1::AdvertisePrefixRequest { owner, token, wait, ..Default::default() })
    }

    fn register(owner: &str) -> Request {
        Request::Register(v1::RegisterRequest { owner: owner.to_owned(), ..Default::default() })
    }

    fn shape(requests: Vec<Request>) -> Vec<(String, usize)> {
        of(requests).iter().map(|step| (step.owner().to_owned(), step.requests().len())).collect()
    }

    #[test]
    fn intents_of_one_owner_are_one_call() {
        let (a, b) = (|| advertise("a", "t", 0), || advertise("b", "t", 0));
        assert_eq!(shape(vec![a(), b(), a(), b(), a()]), [("a".to_owned(), 3), ("b".to_owned(), 2)]);
    }

    #[test]
    fn what_stands_alone_comes_between_what_is_before_and_behind_it() {
        let a = || advertise("a", "t", 0);
        let calls = [a(), a(), register("a"), a(), advertise("a", "t", 1), advertise("a", "other", 0)];
        assert_eq!(shape(calls.to_vec()).iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 1, 1, 1, 1]);
        let calls = vec![a(), register("b"), a()];
        assert_eq!(shape(calls), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    }
}
