//! `diff`, and `apply --dry-run`: what a file would have FRR sent.

use novaroute_api::v1;

use super::apply::{self, Batch, Step};
use crate::{
    cli::{ApplyArgs, DiffArgs, Global},
    exit::Failure,
    output::{
        outcome::{self, Outcome},
        plan,
        screen::Screen,
        view::View,
    },
    schema,
};

/// Shows the difference that `apply` of a file would make; ends as diff tools do.
pub(super) async fn run(global: &Global, args: &DiffArgs, screen: Screen) -> Result<(), Failure> {
    let DiffArgs { file, prune } = args;
    // What would go is to be seen, however much it is: nothing does.
    let args =
        ApplyArgs { file: file.clone(), print: false, prune: *prune, atomic: false, confirm_within: None, yes: true };
    let answer = show(global, &args, screen, "diff").await?;
    let differs = answer.results.iter().any(|result| result.outcome() != v1::ItemOutcome::Unchanged);
    if differs || !answer.removed.is_empty() { Err(Failure::Told { unreachable: false }) } else { Ok(()) }
}

/// Shows what `apply` with these arguments would do; only what would be refused is a failure.
pub(super) async fn dry_run(global: &Global, args: &ApplyArgs, screen: Screen) -> Result<(), Failure> {
    let answer = show(global, args, screen, "apply").await?;
    let refused = answer.results.iter().any(|result| result.outcome() == v1::ItemOutcome::Refused);
    if refused { Err(Failure::Told { unreachable: false }) } else { Ok(()) }
}

async fn show(
    global: &Global,
    args: &ApplyArgs,
    screen: Screen,
    what: &str,
) -> Result<v1::ApplyIntentsResponse, Failure> {
    let steps = apply::steps_of(global, args)?;
    let batch = only(&steps)?;
    let mut agent = super::connect(global, what).await?;
    let wait = v1::Wait::None.into();
    let request = v1::ApplyIntentsRequest { dry_run: true, wait, ..apply::call(global, args, batch) };
    let answer = agent.apply(request).await.map_err(|error| error.failure(what))?;
    let shown = match screen.format.data() {
        Some(format) => format.document(&View::response(&schema::reflect(&answer, "ApplyIntentsResponse")?))?,
        None => text(batch, &answer, screen.colour),
    };
    screen.write(&shown)?;
    Ok(answer)
}

/// What is planned by itself is not in the plan of another call: a file that needs several has no plan.
fn only(steps: &[Step]) -> Result<&Batch, Failure> {
    match steps {
        [Step::Batch(batch)] => Ok(batch),
        [] => Err(Failure::Usage("the file names nothing".into())),
        _ => Err(Failure::Usage(format!(
            "the file needs {} calls, and what one of them does is not in the plan of another: split it into files \
             with the intents of one owner, without `wait` and without requests about a session",
            steps.len()
        ))),
    }
}

/// What is refused and what goes, before what FRR would be sent.
fn text(batch: &Batch, answer: &v1::ApplyIntentsResponse, colour: bool) -> String {
    let outcomes = Outcome::of_items(&batch.requests, answer);
    let failed: String =
        outcomes.iter().filter(|outcome| !outcome.is_done()).map(|outcome| outcome.text(colour)).collect();
    let removed: String = outcome::removed(batch.owner(), &answer.removed).iter().map(ToString::to_string).collect();
    let head = failed + &removed + &outcome::kept(answer.kept);
    let plan = answer.plan.as_ref().map(|plan| plan::text(plan, colour)).unwrap_or_default();
    if head.is_empty() { plan } else { format!("{head}\n{plan}") }
}
