//! One run: requests, faults, crashes; then rest, and a look at what came out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use novaroute_agent::owner::Demand;
use novaroute_core::batch::ItemOutcome;
use novaroute_core::intent::Change;
use novaroute_core::name::OwnerName;
use novaroute_core::rejection::RejectionClass;
use novaroute_core::session::Origin;
use tokio::time::sleep;
use tracing::debug;

use crate::agent::Agent;
use crate::clients;
use crate::disk::Disk;
use crate::faults;
use crate::model::Model;
use crate::node::{Link, Node};
use crate::rng::Rng;
use crate::settled;

/// A node, its agent, and those who ask it for things.
pub(crate) struct Run {
    pub(crate) rng: Rng,
    pub(crate) link: Link,
    pub(crate) agent: Agent,
    /// Which of [`faults::FOREIGN`] stand in FRR.
    pub(crate) foreign: BTreeSet<usize>,
    disk: Disk,
}

impl Run {
    /// Plays what `seed` decides.
    ///
    /// # Panics
    /// The agent did something that it may not do.
    pub(crate) async fn play(seed: u64) {
        let mut rng = Rng::new(seed);
        let link = Link(Arc::new(Mutex::new(Node::new(rng.fork()))));
        let disk = Disk::new();
        let agent = Agent::start(disk.path(), &link);
        let mut run = Self { rng, link, agent, foreign: BTreeSet::new(), disk };
        // Half of the runs begin with something that works.
        if run.rng.percent(50) {
            let instance = clients::instance(&mut run.rng);
            run.ask(vec![("net".parse().unwrap(), Change::Put(instance))]).await;
        }
        for _ in 0..6 + run.rng.below(16) {
            run = run.step().await;
            run.check();
        }
        settled::check(run.calm().await).await;
    }

    /// Nothing happened that may not happen.
    pub(crate) fn check(&self) {
        self.agent.assert_alive();
        assert_eq!(self.link.node().watch.violations, Vec::<String>::new());
    }

    async fn step(mut self) -> Self {
        match self.rng.below(22) {
            20 | 21 => self.ask_at_once().await,
            0..=9 => {
                let requests = (0..1 + self.rng.below(4)).map(|_| clients::request(&mut self.rng)).collect();
                self.ask(requests).await;
            }
            10..=16 => {
                faults::strike(&mut self.rng, &mut self.link.node(), &self.agent, &mut self.foreign);
            }
            17 => self.disk.fill(),
            18 => self = self.restart().await,
            _ if self.rng.percent(30) => self = self.lose_journal().await,
            _ => self = self.crash_in_a_request().await,
        }
        sleep(Duration::from_millis(self.rng.pick(&[0, 0, 1, 5, 20, 300, 1_000, 8_000]))).await;
        self
    }

    /// Sends requests at once, and takes in what is acknowledged.
    async fn ask(&mut self, requests: Vec<(OwnerName, Change)>) {
        self.announce(&requests);
        debug!(?requests, "asking");
        let owner = &self.agent.owner;
        let answers = join_all(requests.iter().map(|(name, change)| owner.submit(name.clone(), change.clone()))).await;
        let watch = &mut self.link.node().watch;
        for ((name, change), answer) in requests.iter().zip(answers) {
            match answer {
                Ok(_) => assert!(
                    watch.model.acknowledge(name, change),
                    "{name} was given what another one holds: {change:?}"
                ),
                Err(refused) if refused.class == RejectionClass::Unavailable => assert!(self.disk.is_full()),
                Err(_) => {}
            }
        }
        watch.on_answers();
    }

    /// Sends many changes as one, and takes in what is acknowledged of them.
    async fn ask_at_once(&mut self) {
        let (owner, batch) = clients::batch(&mut self.rng);
        let changes: Vec<_> = batch.items.iter().filter_map(|item| item.change.clone()).collect();
        self.announce(&changes.iter().map(|change| (owner.clone(), change.clone())).collect::<Vec<_>>());
        debug!(%owner, ?batch, "asking at once");
        let answer = self.agent.owner.submit_from(owner.clone(), Demand::Batch(batch), Origin::default()).await;
        let watch = &mut self.link.node().watch;
        match answer {
            Ok(accepted) => {
                let outcome = accepted.batch.unwrap();
                let done = |decided: &ItemOutcome| {
                    outcome.done && matches!(decided, ItemOutcome::Changed | ItemOutcome::Unchanged)
                };
                let done: Vec<_> = changes.iter().zip(&outcome.items).filter(|(_, item)| done(item)).collect();
                // What is taken back is taken back first.
                let (removals, puts): (Vec<_>, Vec<_>) =
                    done.into_iter().partition(|(change, _)| matches!(change, Change::Remove(_)));
                for (change, _) in removals.into_iter().chain(puts) {
                    assert!(
                        watch.model.acknowledge(&owner, change),
                        "{owner} was given what another one holds: {change:?}"
                    );
                }
            }
            Err(refused) => assert!(refused.class == RejectionClass::Unavailable && self.disk.is_full(), "{refused}"),
        }
        watch.on_answers();
    }

    fn announce(&self, requests: &[(OwnerName, Change)]) {
        let watch = &mut self.link.node().watch;
        for (owner, change) in requests {
            watch.on_request(owner, change);
        }
    }

    /// The agent ends in the middle of what it does, and comes back with all that it has acknowledged.
    async fn restart(self) -> Self {
        let model = self.link.node().watch.model.clone();
        let run = self.start_again().await;
        run.assert_holds(&[model]);
        run
    }

    async fn start_again(mut self) -> Self {
        debug!("the agent crashes");
        self.agent.crash().await;
        self.link.node().watch.on_crash();
        let in_memory = self.rng.percent(30);
        self.disk.make_room(in_memory);
        if self.rng.percent(30) {
            self.disk.tear(1 + self.rng.below(11));
        }
        self.agent = Agent::start(self.disk.path(), &self.link);
        self
    }

    /// The agent holds what one of these maps says.
    fn assert_holds(&self, models: &[Model]) {
        let held = Model::of(&self.agent.snapshot());
        let known = held.clone().restarted();
        let possible: Vec<Model> = models.iter().map(|model| model.clone().restarted()).collect();
        let differences: Vec<String> = possible.iter().map(|model| known.differences(model)).collect();
        assert!(differences.contains(&String::new()), "after a restart the agent holds {}", differences.join("\nor "));
        self.link.node().watch.on_held(held);
    }

    /// The answer to the last request before a crash never comes: it was accepted or it was not.
    async fn crash_in_a_request(mut self) -> Self {
        let (owner, change) = clients::request(&mut self.rng);
        self.announce(&[(owner.clone(), change.clone())]);
        let unchanged = self.link.node().watch.model.clone();
        let mut accepted = unchanged.clone();
        let possible = accepted.acknowledge(&owner, &change);
        let handle = self.agent.owner.clone();
        let asking = tokio::spawn(async move { handle.submit(owner, change).await.is_ok() });
        for _ in 0..self.rng.below(4) {
            tokio::task::yield_now().await;
        }
        let run = self.start_again().await;
        // An answer that made it out before the end binds the agent.
        let models = if asking.await.unwrap() { vec![accepted] } else { vec![unchanged, accepted] };
        assert!(possible || models.len() == 2, "what another one holds was given away");
        run.assert_holds(&models);
        run
    }

    /// The agent forgets everything; some of the owners repeat what they want, in any order.
    async fn lose_journal(mut self) -> Self {
        let forgotten = std::mem::take(&mut self.link.node().watch.model).holdings();
        debug!("the agent crashes, and its journal is gone");
        self.agent.crash().await;
        self.link.node().watch.on_crash();
        self.disk.make_room(false);
        self.disk.lose_journal();
        self.agent = Agent::start(self.disk.path(), &self.link);
        let chance = self.rng.pick(&[0, 50, 100]);
        for holding in self.rng.shuffled(forgotten) {
            if self.rng.percent(chance) {
                self.ask(vec![(holding.owner, Change::Put(holding.intent))]).await;
                sleep(Duration::from_millis(self.rng.pick(&[0, 0, 0, 100]))).await;
            }
        }
        self
    }

    /// All faults end, but for what FRR refuses for good.
    async fn calm(mut self) -> Self {
        if self.disk.is_full() {
            self = self.restart().await;
        }
        {
            let mut node = self.link.node();
            node.trouble = false;
            faults::recover(&mut self.rng, &mut node, &self.agent);
            faults::relent(&mut self.rng, &mut node);
        }
        self
    }
}
