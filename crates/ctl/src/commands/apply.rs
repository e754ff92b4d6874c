//! `apply`.

mod steps;

use novaroute_api::v1;

use super::{diff, wait};
use crate::{
    agent::Agent,
    apply_file,
    cli::{ApplyArgs, Global},
    exit::Failure,
    identity::Identity,
    output::{DataFormat, outcome, outcome::Outcome, refusal::Refusal, screen::Screen, view::View},
    request::Request,
    source::Source,
};
pub(super) use steps::{Batch, Step};

/// Sends the requests of a file: those of one owner as one decision.
pub(super) async fn run(global: &Global, args: &ApplyArgs, screen: Screen) -> Result<(), Failure> {
    if args.print {
        return print(&requests(global, args)?, screen);
    }
    if global.dry_run {
        return diff::dry_run(global, args, screen).await;
    }
    let steps = steps_of(global, args)?;
    let run = Run { global, args, screen };
    match (Agent::connect(global).await, screen.format.data()) {
        (Ok(mut agent), _) => run.send_all(steps, &mut agent).await,
        (Err(refusal), Some(format)) => none_sent(&steps, &refusal, format, screen),
        (Err(refusal), None) => Err(Failure::Refused { what: "apply".to_owned(), refusal: Box::new(refusal) }),
    }
}

fn requests(global: &Global, args: &ApplyArgs) -> Result<Vec<Request>, Failure> {
    let source = Source::read(&args.file)?;
    let identity = Identity::resolve(global)?;
    apply_file::parse(&source, &identity).map_err(|problems| Failure::Usage(format!("nothing was sent\n{problems}")))
}

/// The calls for a file.
pub(super) fn steps_of(global: &Global, args: &ApplyArgs) -> Result<Vec<Step>, Failure> {
    let steps = steps::of(requests(global, args)?);
    if args.prune {
        check_prune(&steps)?;
    }
    Ok(steps)
}

/// What a file does not name is only known where all that it wants of an owner is sent at once.
fn check_prune(steps: &[Step]) -> Result<(), Failure> {
    let mut owners = Vec::new();
    for step in steps {
        match step {
            Step::Batch(batch) if !owners.contains(&batch.owner()) => owners.push(batch.owner()),
            Step::Batch(batch) => {
                let text = format!("--prune: the file asks for intents of {} in several calls", batch.owner());
                return Err(Failure::Usage(text));
            }
            Step::Single(request) => {
                let text =
                    format!("--prune: `{}` has no place in what an owner wants; send it by itself", request.title());
                return Err(Failure::Usage(text));
            }
        }
    }
    match owners.is_empty() {
        true => Err(Failure::Usage("--prune: the file names nothing; `deregister --withdraw-all` removes all".into())),
        false => Ok(()),
    }
}

/// Tells a program what became of each request: the first found nobody, the others were not sent.
fn none_sent(steps: &[Step], refusal: &Refusal, format: DataFormat, screen: Screen) -> Result<(), Failure> {
    for (nth, request) in steps.iter().flat_map(Step::requests).enumerate() {
        let outcome = match nth {
            0 => Outcome::new(request, Err(refusal.clone())),
            _ => Outcome::not_sent(request),
        };
        screen.write(&format.one_of_many(&outcome)?)?;
    }
    Err(Failure::Told { unreachable: true })
}

/// Prints the requests as a list that `apply` takes, but for the secrets.
fn print(requests: &[Request], screen: Screen) -> Result<(), Failure> {
    let format = screen.format.data().unwrap_or(DataFormat::Yaml);
    let messages = requests.iter().map(|request| Ok((request.action().command(), request.reflect()?)));
    let messages = messages.collect::<Result<Vec<_>, Failure>>()?;
    let items = messages.iter().map(|(action, message)| View::item(action, message));
    screen.write(&format.document(&items.collect::<Vec<_>>())?)
}

/// The call for intents of one owner.
pub(super) fn call(global: &Global, args: &ApplyArgs, batch: &Batch) -> v1::ApplyIntentsRequest {
    let mode = if args.prune { v1::ApplyMode::Replace } else { v1::ApplyMode::Merge };
    v1::ApplyIntentsRequest {
        owner: batch.owner().to_owned(),
        token: batch.token().to_owned(),
        mode: mode.into(),
        atomic: args.atomic,
        confirm_removals: args.yes,
        items: batch.requests.iter().cloned().filter_map(Request::item).collect(),
        confirm_within_s: args.confirm_within.unwrap_or_default(),
        wait: wait::asked(global).unwrap_or_default().into(),
        ..Default::default()
    }
}

struct Run<'a> {
    global: &'a Global,
    args: &'a ApplyArgs,
    screen: Screen,
}

/// What became of the requests so far.
#[derive(Default)]
struct Tally {
    total: usize,
    done: usize,
    unreachable: bool,
}

impl Run<'_> {
    async fn send_all(&self, steps: Vec<Step>, agent: &mut Agent) -> Result<(), Failure> {
        let mut tally = Tally::default();
        // A reader that goes away must not keep the rest from being sent.
        let mut shown = Ok(());
        for step in steps {
            tally.total += step.requests().len();
            let text = match step {
                step if tally.unreachable => self.not_sent(&step),
                Step::Single(request) => self.send(request, agent, &mut tally).await,
                Step::Batch(batch) => self.send_batch(batch, agent, &mut tally).await,
            };
            shown = shown.and_then(|()| self.screen.write(&text?));
        }
        let Tally { total, done, unreachable } = tally;
        if self.screen.format.data().is_none() {
            shown = shown.and_then(|()| self.screen.write(&format!("{done} of {total} done\n")));
        }
        if done < total { Err(Failure::Told { unreachable }) } else { shown }
    }

    fn not_sent(&self, step: &Step) -> Result<String, Failure> {
        step.requests().iter().map(|request| self.text(&Outcome::not_sent(request))).collect()
    }

    async fn send(&self, mut request: Request, agent: &mut Agent, tally: &mut Tally) -> Result<String, Failure> {
        if let Some(wait) = wait::asked(self.global) {
            request.set_wait(wait);
        }
        let answer = wait::shown(self.global, &request.title(), request.clone().send(agent)).await;
        let outcome = Outcome::new(&request, answer.map_err(|error| error.refusal()));
        tally.unreachable |= outcome.failure().is_some_and(Refusal::is_unreachable);
        tally.done += usize::from(outcome.is_done());
        self.text(&outcome)
    }

    async fn send_batch(&self, batch: Batch, agent: &mut Agent, tally: &mut Tally) -> Result<String, Failure> {
        let title = format!("apply {} requests of {}", batch.requests.len(), batch.owner());
        let call = agent.apply(call(self.global, self.args, &batch));
        match wait::shown(self.global, &title, call).await {
            Ok(answer) => {
                let outcomes = Outcome::of_items(&batch.requests, &answer);
                tally.done += outcomes.iter().filter(|outcome| outcome.is_done()).count();
                let texts = outcomes.iter().map(|outcome| self.text(outcome));
                Ok(texts.collect::<Result<String, _>>()? + &self.beside(&batch, &answer)?)
            }
            Err(error) => {
                let refusal = error.refusal();
                tally.unreachable |= refusal.is_unreachable();
                self.none_done(&batch, &title, &refusal)
            }
        }
    }

    /// The call failed as a whole: people are told once, programs of each request.
    fn none_done(&self, batch: &Batch, title: &str, refusal: &Refusal) -> Result<String, Failure> {
        match self.screen.format.data() {
            None => Ok(format!("failed    {title}: {refusal}\n")),
            Some(format) => {
                let outcomes = batch.requests.iter().map(|request| Outcome::new(request, Err(refusal.clone())));
                outcomes.map(|outcome| format.one_of_many(&outcome)).collect()
            }
        }
    }

    /// What is to be said beside the requests: what the file does not name, and that the change waits.
    fn beside(&self, batch: &Batch, answer: &v1::ApplyIntentsResponse) -> Result<String, Failure> {
        let removed = outcome::removed(batch.owner(), &answer.removed);
        let within = self.args.confirm_within.unwrap_or_default();
        let waits = outcome::waits(batch.owner(), &answer.change_id, within);
        match self.screen.format.data() {
            Some(format) => {
                let removed = removed.iter().map(|removed| format.one_of_many(removed));
                removed.chain(waits.iter().map(|waits| format.one_of_many(waits))).collect()
            }
            None => {
                let removed: String = removed.iter().map(ToString::to_string).collect();
                let waits = waits.map(|waits| waits.to_string()).unwrap_or_default();
                Ok(removed + &outcome::kept(answer.kept) + &waits)
            }
        }
    }

    fn text(&self, outcome: &Outcome<'_>) -> Result<String, Failure> {
        match self.screen.format.data() {
            Some(format) => format.one_of_many(outcome),
            None => Ok(outcome.text(self.screen.colour)),
        }
    }
}
