//! `status`, `peers`, `prefixes`, `bfd`, `ospf`: one call, shown once or again
//! and again.

use novaroute_api::v1;

use super::{connect, until_interrupted};
use crate::{
    agent::Agent,
    cli::{Global, ShowArgs},
    exit::{self, Failure},
    output::{Format, screen::Screen, status, status::Part, view::View},
    schema,
};

/// Shows `part` of the status, or all of it.
pub(super) async fn run(global: &Global, args: &ShowArgs, part: Option<Part>, screen: Screen) -> Result<(), Failure> {
    let mut agent = connect(global, "status").await?;
    let owner = global.owner.clone().unwrap_or_default();
    let first = look(&mut agent, &owner, part, screen).await?;
    if !args.watch {
        return screen.write(&first);
    }
    until_interrupted(async {
        screen.picture(0, &first)?;
        for nth in 1.. {
            tokio::time::sleep(args.interval).await;
            // An agent that restarts is what one watches for: it is reported,
            // and looked for again.
            match look(&mut agent, &owner, part, screen).await {
                Ok(text) => screen.picture(nth, &text)?,
                Err(failure) => exit::complain(&failure.text().unwrap_or_default()),
            }
        }
        Ok(())
    })
    .await
}

async fn look(agent: &mut Agent, owner: &str, part: Option<Part>, screen: Screen) -> Result<String, Failure> {
    let status = agent.status(owner).await.map_err(|error| error.failure("status"))?;
    text(&status, part, screen)
}

fn text(status: &v1::GetStatusResponse, part: Option<Part>, screen: Screen) -> Result<String, Failure> {
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
