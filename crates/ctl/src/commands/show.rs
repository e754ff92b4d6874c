//! `status`, `peers`, `prefixes`, `bfd`, `ospf`, `owners`, `intents`: one call, shown once or again
//! and again.

use novaroute_api::v1;
use prost::Message;

use super::{connect, until_interrupted};
use crate::{
    agent::{Agent, CallError},
    cli::{Global, ShowArgs},
    exit::{self, Failure},
    output::{Format, held, screen::Screen, status, status::Part, view::View},
    schema,
};

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    /// The status, or a part of it.
    Status(Option<Part>),
    Owners,
    Intents,
}

impl Shown {
    fn what(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Owners => "owners",
            Self::Intents => "intents",
        }
    }
}

/// Shows it once, or again and again.
pub(super) async fn run(global: &Global, args: &ShowArgs, shown: Shown, screen: Screen) -> Result<(), Failure> {
    let mut agent = connect(global, shown.what()).await?;
    let owner = global.owner.clone().unwrap_or_default();
    let first = look(&mut agent, &owner, shown, screen).await?;
    if !args.watch {
        return screen.write(&first);
    }
    until_interrupted(async {
        screen.picture(0, &first)?;
        for nth in 1.. {
            tokio::time::sleep(args.interval).await;
            // An agent that restarts is what one watches for: it is reported,
            // and looked for again.
            match look(&mut agent, &owner, shown, screen).await {
                Ok(text) => screen.picture(nth, &text)?,
                Err(failure) => exit::complain(&failure.text().unwrap_or_default()),
            }
        }
        Ok(())
    })
    .await
}

async fn look(agent: &mut Agent, owner: &str, shown: Shown, screen: Screen) -> Result<String, Failure> {
    let refused = |error: CallError| error.failure(shown.what());
    match shown {
        Shown::Status(part) => status_text(&agent.status(owner).await.map_err(refused)?, part, screen),
        Shown::Owners => {
            let owners = agent.owners(owner).await.map_err(refused)?;
            held_text(&owners, "ListOwnersResponse", "owners", held::owners, screen)
        }
        Shown::Intents => {
            let intents = agent.intents(owner).await.map_err(refused)?;
            held_text(&intents, "ListIntentsResponse", "intents", held::intents, screen)
        }
    }
}

/// A list for people as a table, for programs as the field that holds it.
fn held_text<T: Message>(
    answer: &T,
    name: &str,
    field: &'static str,
    table: fn(&T, bool, bool) -> String,
    screen: Screen,
) -> Result<String, Failure> {
    match screen.format.data() {
        Some(format) => format.document(&View::only(&schema::reflect(answer, name)?, field)),
        None => Ok(table(answer, screen.format == Format::Wide, screen.colour)),
    }
}

fn status_text(status: &v1::GetStatusResponse, part: Option<Part>, screen: Screen) -> Result<String, Failure> {
    let wide = screen.format == Format::Wide;
    let Some(format) = screen.format.data() else {
        return Ok(match part {
            Some(part) => part.table(status, wide, screen.colour),
            None => status::overview(status, wide, screen.colour),
        });
    };
    let status = schema::reflect(status, "GetStatusResponse")?;
    match part {
        Some(part) => format.document(&View::only(&status, part.field())),
        None => format.document(&View::response(&status)),
    }
}
