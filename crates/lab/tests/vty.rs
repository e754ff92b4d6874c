//! `novaroute-lab vty`: FRR's own words on the command line. Needs what `routers.rs` needs.

use std::process::Output;

use anyhow::Result;
use novaroute_lab::{Daemon, FrrRelease, Lab, Router};
use tokio::process::Command;

async fn vty(router: &Router, commands: &[&str]) -> Result<Output> {
    let socket = router.socket_dir().join("bgpd.vty");
    Ok(Command::new(env!("CARGO_BIN_EXE_novaroute-lab")).arg("vty").arg(socket).args(commands).output().await?)
}

#[tokio::test]
async fn commands_run_in_one_session_and_a_refusal_ends_it() -> Result<()> {
    let lab = Lab::new("vty")?;
    let router = lab.router("r1", FrrRelease::Distribution).await?;
    router.start(&[Daemon::Zebra, Daemon::Bgpd]).await?;

    let commands = ["configure terminal", "router bgp 65001", "bgp router-id 192.0.2.1", "end", "show running-config"];
    let done = vty(&router, &commands).await?;
    assert!(done.status.success(), "{done:?}");
    assert!(String::from_utf8(done.stdout)?.contains("bgp router-id 192.0.2.1"));

    let refused = vty(&router, &["configure terminal", "no such line", "router bgp 65002"]).await?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr)?.contains("refused 'no such line'"));
    assert!(!router.running_config(Daemon::Bgpd).await?.contains("65002"), "nothing runs after a refusal");
    Ok(())
}
