//! `apply`.

use super::wait;
use crate::{
    agent::Agent,
    apply_file,
    cli::{ApplyArgs, Global},
    exit::Failure,
    identity::Identity,
    output::{DataFormat, outcome::Outcome, refusal::Refusal, screen::Screen, view::View},
    request::Request,
    source::Source,
};

/// Sends the requests of a file one after the other, also after one failed.
pub(super) async fn run(global: &Global, args: &ApplyArgs, screen: Screen) -> Result<(), Failure> {
    let source = Source::read(&args.file)?;
    let identity = Identity::resolve(global)?;
    let mut requests = apply_file::parse(&source, &identity)
        .map_err(|problems| Failure::Usage(format!("nothing was sent\n{problems}")))?;
    if let Some(wait) = wait::asked(global) {
        requests.iter_mut().for_each(|request| request.set_wait(wait));
    }
    if global.dry_run {
        return print(&requests, screen);
    }
    match (Agent::connect(global).await, screen.format.data()) {
        (Ok(mut agent), _) => send_all(global, &requests, &mut agent, screen).await,
        (Err(refusal), Some(format)) => none_sent(&requests, &refusal, format, screen),
        (Err(refusal), None) => Err(Failure::Refused { what: "apply".to_owned(), refusal: Box::new(refusal) }),
    }
}

/// Tells a program what became of each request: the first found nobody, the others were not sent.
fn none_sent(requests: &[Request], refusal: &Refusal, format: DataFormat, screen: Screen) -> Result<(), Failure> {
    for (nth, request) in requests.iter().enumerate() {
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

async fn send_all(global: &Global, requests: &[Request], agent: &mut Agent, screen: Screen) -> Result<(), Failure> {
    let mut failed = 0;
    let mut unreachable = false;
    // A reader that goes away must not keep the rest from being sent.
    let mut shown = Ok(());
    for request in requests {
        let outcome = if unreachable {
            Outcome::not_sent(request)
        } else {
            let answer = wait::shown(global, request, request.clone().send(agent)).await;
            Outcome::new(request, answer.map_err(|error| error.refusal()))
        };
        unreachable |= outcome.failure().is_some_and(|refusal| refusal.is_unreachable());
        failed += usize::from(!outcome.is_done());
        shown = shown.and_then(|()| screen.write(&text(&outcome, screen)?));
    }
    let total = requests.len();
    if screen.format.data().is_none() {
        shown = shown.and_then(|()| screen.write(&format!("{} of {total} done\n", total - failed)));
    }
    if failed > 0 { Err(Failure::Told { unreachable }) } else { shown }
}

fn text(outcome: &Outcome<'_>, screen: Screen) -> Result<String, Failure> {
    match screen.format.data() {
        Some(format) => format.one_of_many(outcome),
        None => Ok(outcome.text(screen.colour)),
    }
}
