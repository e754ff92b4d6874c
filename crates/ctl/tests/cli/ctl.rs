//! Runs `novaroutectl`.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// The token of every test; no output may have it.
pub(crate) const TOKEN: &str = "t0ken-that-nobody-sees";
/// The password of every test; no output may have it.
pub(crate) const PASSWORD: &str = "passw0rd-that-nobody-sees";

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `novaroutectl` with the words of `line`, and no settings from outside.
pub(crate) fn command(socket: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_novaroutectl"));
    for variable in ["NOVAROUTE_OWNER", "NOVAROUTE_TOKEN", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.env("NOVAROUTE_SOCKET", socket).args(line.split_whitespace()).stdin(Stdio::null());
    command
}

/// Runs `command` to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    finished(command.output().unwrap())
}

/// Runs `command` to its end with `input` on stdin.
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Ran {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    finished(child.wait_with_output().unwrap())
}

/// Takes the end of a run apart.
pub(crate) fn finished(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran =
        Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) };
    for secret in [TOKEN, PASSWORD] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "a secret was printed: {ran:?}");
    }
    ran
}

/// Runs without an agent.
pub(crate) fn alone(line: &str) -> Ran {
    run(&mut command(Path::new("/nonexistent/novaroute.sock"), line))
}

/// Runs a command that changes something, without an agent.
pub(crate) fn alone_as_edge(line: &str) -> Ran {
    let mut command = command(Path::new("/nonexistent/novaroute.sock"), line);
    run(command.env("NOVAROUTE_OWNER", "edge").env("NOVAROUTE_TOKEN", TOKEN))
}

/// Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}
