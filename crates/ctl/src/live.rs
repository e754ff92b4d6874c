//! Words that the agent knows now, for shells that complete them.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    time::Duration,
};

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, ValueCompleter};
use novaroute_api::{client, v1};

use crate::{
    cli::{Cli, DEFAULT_SOCKET, SOCKET_VARIABLE},
    output::style::printable,
};

/// Set by the script of a shell that wants words.
pub(crate) const VARIABLE: &str = "NOVAROUTECTL_COMPLETE";
/// How long a shell may be kept waiting. Without an agent there are no words, and no error.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a flag's value names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Owner,
    Peer,
    Prefix,
    BfdPeer,
    Interface,
}

/// The command line, whose flags know what the agent has.
pub(crate) fn command() -> Command {
    let known = |arg: Arg| match Named::by(arg.get_id().as_str()) {
        Some(named) => arg.add(ArgValueCompleter::new(named)),
        None => arg,
    };
    Cli::command().mut_args(known).mut_subcommands(|command| command.mut_args(known))
}

impl Named {
    /// What the flag of this name takes.
    fn by(flag: &str) -> Option<Self> {
        match flag {
            "owner" => Some(Self::Owner),
            "neighbor" => Some(Self::Peer),
            "prefix" => Some(Self::Prefix),
            "peer" => Some(Self::BfdPeer),
            "interface" => Some(Self::Interface),
            _ => None,
        }
    }

    /// The words, each with what to say about it.
    fn words(self, status: &v1::GetStatusResponse) -> BTreeMap<String, String> {
        let v1::GetStatusResponse { peers, prefixes, bfd_sessions, ospf_interfaces, .. } = status;
        let told = |state: &str, owner: &str| format!("{state}, {owner}");
        let bfd = bfd_sessions.iter().map(|row| (row.peer_address.clone(), told(&row.state, &row.owner)));
        match self {
            Self::Owner => owners(status),
            Self::Peer => {
                peers.iter().map(|row| (row.neighbor_address.clone(), told(&row.state, &row.owner))).collect()
            }
            Self::Prefix => prefixes.iter().map(|row| (row.prefix.clone(), told(&row.state, &row.owner))).collect(),
            Self::BfdPeer => bfd.collect(),
            Self::Interface => {
                ospf_interfaces.iter().map(|row| (row.interface_name.clone(), told(&row.state, &row.owner))).collect()
            }
        }
    }
}

/// Each owner that holds something, with how much.
fn owners(status: &v1::GetStatusResponse) -> BTreeMap<String, String> {
    let peers = status.peers.iter().map(|row| &row.owner);
    let prefixes = status.prefixes.iter().map(|row| &row.owner);
    let bfd = status.bfd_sessions.iter().map(|row| &row.owner);
    let ospf = status.ospf_interfaces.iter().map(|row| &row.owner);
    let mut held = BTreeMap::<String, usize>::new();
    for owner in peers.chain(prefixes).chain(bfd).chain(ospf).filter(|owner| !owner.is_empty()) {
        *held.entry(owner.clone()).or_default() += 1;
    }
    held.into_iter().map(|(owner, count)| (owner, format!("holds {count}"))).collect()
}

impl ValueCompleter for Named {
    fn complete(&self, begun: &OsStr) -> Vec<CompletionCandidate> {
        let begun = begun.to_string_lossy();
        let Some(status) = ask(&socket(env::args_os(), env::var_os(SOCKET_VARIABLE))) else { return Vec::new() };
        let words = self.words(&status).into_iter().filter(|(word, _)| word.starts_with(&*begun));
        words.map(|(word, told)| CompletionCandidate::new(word).help(Some(printable(&told).into()))).collect()
    }
}

/// The socket that the line so far names, or the environment, or nobody.
fn socket(words: impl Iterator<Item = OsString>, variable: Option<OsString>) -> PathBuf {
    let words: Vec<OsString> = words.collect();
    let flag = words.iter().zip(words.iter().skip(1)).find_map(|(flag, value)| (flag == "--socket").then_some(value));
    let joined = words.iter().find_map(|word| word.to_str()?.strip_prefix("--socket=").map(OsString::from));
    let variable = variable.filter(|value| !value.is_empty());
    flag.cloned().or(joined).or(variable).unwrap_or_else(|| DEFAULT_SOCKET.into()).into()
}

fn ask(socket: &PathBuf) -> Option<v1::GetStatusResponse> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let call = async {
        let mut client = client::connect(socket).await.ok()?;
        client.get_status(v1::GetStatusRequest::default()).await.ok()
    };
    let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, call).await });
    Some(answer.ok()??.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_word_has_a_flag() {
        let command = command();
        let ids: Vec<String> = command
            .get_subcommands()
            .flat_map(|command| command.get_arguments().map(|arg| arg.get_id().to_string()))
            .chain(command.get_arguments().map(|arg| arg.get_id().to_string()))
            .collect();
        for flag in ["owner", "neighbor", "prefix", "peer", "interface"] {
            assert!(Named::by(flag).is_some() && ids.iter().any(|id| id == flag), "{flag}");
        }
    }

    #[test]
    fn the_line_names_the_socket_before_the_environment_does() {
        let socket = |line: &str, variable: &str| {
            socket(line.split(' ').map(OsString::from), Some(variable.into())).display().to_string()
        };
        assert_eq!(socket("novaroutectl -- novaroutectl --socket /a peers", "/b"), "/a");
        assert_eq!(socket("novaroutectl -- novaroutectl --socket=/a peers", "/b"), "/a");
        assert_eq!(socket("novaroutectl -- novaroutectl peers", "/b"), "/b");
        assert_eq!(socket("novaroutectl -- novaroutectl peers --socket", ""), DEFAULT_SOCKET);
    }
}
