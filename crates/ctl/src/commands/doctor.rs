//! `doctor`: all checks, also where no agent answers.

use crate::{
    agent::Agent,
    cli::{DoctorArgs, Global},
    doctor::{Check, Report, agent, node},
    exit::Failure,
    output::{report, screen::Screen},
};

/// Checks the node.
pub(super) async fn run(global: &Global, args: &DoctorArgs, screen: Screen) -> Result<(), Failure> {
    let mut checks = vec![node::socket(&global.socket)];
    match ask(global).await {
        Ok(status) => {
            checks.extend(agent::checks(&status, node::load_per_cpu(&args.root)));
            checks.extend(node::checks_of_use(&args.root, &status));
        }
        Err(why) => checks.push(Check::fail("agent", why, "start the agent, and look at its log")),
    }
    checks.extend(node::checks(&args.root));
    let report = Report::new(checks);
    match screen.format.data() {
        Some(format) => screen.write(&format.document(&report)?)?,
        None => screen.write(&report::text(&report, screen.colour))?,
    }
    if report.healthy { Ok(()) } else { Err(Failure::Told { unreachable: false }) }
}

async fn ask(global: &Global) -> Result<novaroute_api::v1::GetStatusResponse, String> {
    let mut agent = Agent::connect(global).await.map_err(|refusal| refusal.to_string())?;
    agent.status("").await.map_err(|error| error.refusal().to_string())
}
