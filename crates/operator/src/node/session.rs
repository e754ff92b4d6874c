//! The session with the agent: everything desired is asked for, what is no longer desired is taken back.

use std::path::PathBuf;
use std::sync::Arc;

use novaroute_api::client::{self, Observer, Session, Terms, Token};
use novaroute_api::v1;
use tokio::sync::{Notify, watch};

use super::intent::Desired;
use super::metrics::Metrics;
use crate::crd::{COMPANION_OWNER, Problem};

/// How it stands with the agent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Report {
    /// Why the agent is not spoken to; `None`: it is.
    pub(super) broken: Option<String>,
    /// Why what nobody asks for any more is still there; `None`: it is not.
    pub(super) held_back: Option<String>,
    /// What the agent did not take.
    pub(super) refused: Vec<Problem>,
}

/// What it takes to keep a session.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) socket: PathBuf,
    pub(super) token_file: PathBuf,
    /// This process, for people.
    pub(super) instance: String,
    /// `None` until it is known what is desired.
    pub(super) desired: watch::Receiver<Option<Arc<Desired>>>,
    pub(super) report: watch::Sender<Report>,
    /// Told of every event of the agent.
    pub(super) news: Arc<Notify>,
    pub(super) metrics: Metrics,
}

impl Keeper {
    /// Keeps a session until it is dropped. Nothing is withdrawn at the end.
    pub(super) async fn keep(mut self) {
        // Without it there is nothing to say, and what the agent has stays.
        let Ok(desired) = self.desired.wait_for(Option::is_some).await.map(|desired| desired.clone()) else { return };
        let mut desired = desired.unwrap_or_default();
        let session = Session::observed(self.terms(), desired.for_the_agent(), self.observer());
        let mut report = session.report();
        loop {
            self.tell(&report.borrow_and_update(), &desired);
            tokio::select! {
                // It is kept as long as the session is.
                _ = report.changed() => {}
                changed = self.desired.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    desired = self.desired.borrow_and_update().clone().unwrap_or_default();
                    session.update(|wanted| *wanted = desired.for_the_agent());
                }
            }
        }
    }

    fn terms(&self) -> Terms {
        let terms = Terms::new(&self.socket, COMPANION_OWNER, Token::File(self.token_file.clone()));
        // All of them tell of something that may be worth a look.
        terms.instance(&self.instance).events(v1::StreamEventsRequest::default())
    }

    fn observer(&self) -> Arc<Watcher> {
        Arc::new(Watcher { news: Arc::clone(&self.news), metrics: self.metrics.clone() })
    }

    fn tell(&self, report: &client::Report, desired: &Desired) {
        let client::Report { broken, held_back, refused, taken, .. } = report;
        self.metrics.connected(broken.is_none());
        if broken.is_none() {
            self.metrics.intents(*taken, refused.len());
        }
        let problem = |(key, error): (&_, &_)| Problem {
            resource: desired.intents.get(key).map_or("", |asked| asked.resource.as_str()).to_owned(),
            field: None,
            reason: format!("{key}: {error}"),
        };
        let refused = refused.iter().map(problem).collect();
        let report = Report { broken: broken.clone(), held_back: held_back.clone(), refused };
        self.report.send_replace(report);
    }
}

/// Passes on what happens in the session.
struct Watcher {
    news: Arc<Notify>,
    metrics: Metrics,
}

impl Observer for Watcher {
    fn called(&self, accepted: bool) {
        self.metrics.called(accepted);
    }

    fn event(&self, _: &v1::RouteEvent) {
        self.news.notify_one();
    }
}
