//! What a lab needs and does not find makes it fail, with the way out.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use anyhow::Result;
use novaroute_lab::{FrrRelease, NEXT_DIR_ENV};

const PROGRAM: &str = env!("CARGO_BIN_EXE_novaroute-lab");

/// User id of `nobody`.
const NOBODY: u32 = 65534;

fn assert_refused(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "accepted: {said}");
    for word in words {
        assert!(said.contains(word), "'{word}' is not in: {said}");
    }
}

#[test]
fn without_root_every_command_fails() -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    let dir = tempfile::tempdir()?;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
    let program = dir.path().join("novaroute-lab");
    std::fs::copy(PROGRAM, &program)?;
    for command in ["check", "setup", "clean", "up"] {
        let output = Command::new(&program).arg(command).uid(NOBODY).output()?;
        assert_refused(&output, &["a lab needs root"]);
    }
    Ok(())
}

#[test]
fn without_iproute2_it_says_what_to_install() -> Result<()> {
    let empty = tempfile::tempdir()?;
    let output = Command::new(PROGRAM).arg("check").env("PATH", empty.path()).output()?;
    assert_refused(&output, &["cannot run `ip`", "apt-get install iproute2"]);
    Ok(())
}

#[test]
fn without_the_next_release_it_names_the_folder_and_setup() -> Result<()> {
    let empty = tempfile::tempdir()?;
    let output = Command::new(PROGRAM).args(["up", "next"]).env(NEXT_DIR_ENV, empty.path()).output()?;
    assert_refused(&output, &["no FRR (next)", &empty.path().display().to_string(), "setup", NEXT_DIR_ENV]);
    Ok(())
}

#[test]
fn this_machine_meets_them() -> Result<()> {
    novaroute_lab::check()?;
    assert!(FrrRelease::Distribution.version()?.starts_with("8."));
    assert!(FrrRelease::Next.version()?.starts_with("10."));
    Ok(())
}
