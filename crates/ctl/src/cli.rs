//! The command line: every command and every flag.

mod examples;
mod exchange;
mod explain;
mod peer;
mod read;
mod values;
mod write;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::{import::Origin, output::Format, secret::Secret};
use values::EnumWord;

pub(crate) use explain::{ExplainArgs, ExplainSubject};
pub(crate) use read::{EventsArgs, ShowArgs, TopArgs};
pub(crate) use write::{
    AdvertiseArgs, ApplyPeerArgs, DisableBfdArgs, DrainArgs, DrainedArgs, EnableBfdArgs, EnableOspfArgs, WithdrawArgs,
    WriteCommand,
};

/// Where the agent listens unless it is told otherwise.
pub(crate) const DEFAULT_SOCKET: &str = "/run/novaroute/novaroute.sock";
/// Environment variable with the socket.
pub(crate) const SOCKET_VARIABLE: &str = "NOVAROUTE_SOCKET";
/// Where the agent's configuration is unless it is told otherwise.
const DEFAULT_CONFIG: &str = "/etc/novaroute/config.json";

const GLOBAL: &str = "Global options";

/// Declares and shows what one node announces.
///
/// Talks to the agent of this node over its Unix socket. A command that changes
/// something needs an owner and its token; a command that shows something needs
/// neither.
#[derive(Parser)]
#[command(name = "novaroutectl", version, max_term_width = 100, after_help = examples::ALL)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// Socket of the agent
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = SOCKET_VARIABLE,
        hide_env_values = true,
        default_value = DEFAULT_SOCKET,
        help_heading = GLOBAL
    )]
    pub(crate) socket: PathBuf,

    /// Who asks [env: NOVAROUTE_OWNER]; in commands that show something: only
    /// what this owner holds (never from the environment)
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    pub(crate) owner: Option<String>,

    /// The owner's token [env: NOVAROUTE_TOKEN]; every user of the machine can
    /// see it here, so prefer --token-file
    #[arg(long, global = true, value_name = "TOKEN", conflicts_with = "token_file", help_heading = GLOBAL)]
    pub(crate) token: Option<Secret>,

    /// File with the owner's token
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub(crate) token_file: Option<PathBuf>,

    /// How long one call may take: seconds, or with a unit (500ms, 10s, 2m)
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        default_value = "10s",
        value_parser = values::duration,
        help_heading = GLOBAL
    )]
    pub(crate) timeout: Duration,

    /// In commands that change something: answer when FRR runs it (programmed), or
    /// when a prefix was also sent to a peer (advertised, the default of a bare
    /// --wait); --timeout is the limit
    #[arg(
        long,
        global = true,
        value_name = "STATE",
        value_parser = EnumWord("Wait"),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "advertised",
        help_heading = GLOBAL
    )]
    pub(crate) wait: Option<i32>,

    /// In commands that change something: check all that the real call checks, show
    /// what FRR would be sent, and change nothing
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) dry_run: bool,

    /// Form of the output
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_default_value = true,
        help_heading = GLOBAL
    )]
    pub(crate) output: Format,
}

/// A command.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show everything: FRR, peers, prefixes, BFD sessions, OSPF interfaces
    #[command(after_help = examples::STATUS)]
    Status(ShowArgs),
    /// Show the BGP peers
    #[command(after_help = examples::PEERS)]
    Peers(ShowArgs),
    /// Show the prefixes
    #[command(after_help = examples::PREFIXES)]
    Prefixes(ShowArgs),
    /// Show the BFD sessions
    #[command(after_help = examples::BFD)]
    Bfd(ShowArgs),
    /// Show the OSPF interfaces
    #[command(after_help = examples::OSPF)]
    Ospf(ShowArgs),
    /// Show the owners: session, lease, how much they hold
    #[command(after_help = examples::OWNERS)]
    Owners(ShowArgs),
    /// Show all intents, as an owner asked for them
    ///
    /// With -o yaml or json each has the request that would ask for it, without
    /// its password.
    #[command(after_help = examples::INTENTS)]
    Intents(ShowArgs),
    /// Follow the events until Ctrl-C
    #[command(after_help = examples::EVENTS)]
    Events(EventsArgs),
    /// Tell why something is, or is not, announced or up, and what to do about it
    ///
    /// Goes from the policy to the wire, step by step, and asks FRR now. It need not be held by
    /// anybody. With --owner the rights of that owner count, else those of each.
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Check this node: the agent, FRR, the kernel, port 179, what was negotiated
    ///
    /// Run it on the node, in the network namespace of the agent; as root it also sees who
    /// listens. A warning is what works now and may not when something else goes wrong.
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Watch the node on a full screen: peers, prefixes, events, FRR, latency
    ///
    /// Needs a terminal of any size from 80x24 on. `?` shows the keys, `q` quits. Where
    /// the agent is away, the screen says so and goes on when it is back.
    #[command(after_help = examples::TOP)]
    Top(TopArgs),
    #[command(flatten)]
    Write(WriteCommand),
    /// Send all requests of a file
    ///
    /// The file is JSON or YAML, either a list of requests or a description of
    /// what one owner wants. It is read and checked as a whole before anything
    /// is sent. The intents of one owner are one decision and one batch for FRR; one
    /// that is refused does not stop the others.
    #[command(after_help = examples::APPLY)]
    Apply(ApplyArgs),
    /// Show what `apply` of a file would have FRR sent
    ///
    /// Nothing is changed. The file is that of `apply`, with the intents of one owner.
    #[command(after_help = examples::DIFF)]
    Diff(DiffArgs),
    /// Translate resources of MetalLB, frr-k8s or an earlier NovaRoute
    ///
    /// Prints NovaRouteCluster, NovaRoutePeer and NovaRouteAdvertisement as YAML, or as a
    /// List with -o json, and asks no agent. On stderr there is a line for each thing that
    /// has no equivalent or is not the same. No secret is printed. Where it is in doubt
    /// who would be announced what, nothing is.
    #[command(after_help = examples::IMPORT)]
    Import(ImportArgs),
    /// Gather what somebody needs who is asked for help, without secrets
    ///
    /// Writes an archive with the status, the last events, the metrics, the configuration, and
    /// versions. Tokens and passwords are left out wherever they stand. What cannot be had is
    /// told on stderr and in the archive, which is written all the same.
    #[command(name = "support-bundle", after_help = examples::SUPPORT_BUNDLE)]
    SupportBundle(BundleArgs),
    /// Write the man pages into a folder
    #[command(after_help = examples::MAN)]
    Man {
        /// The folder; it is made if it is not there
        folder: PathBuf,
    },
    /// Print the completion script of a shell
    ///
    /// The shell then asks this program for words, and this program asks the agent for
    /// owners, peers, prefixes, BFD peers and OSPF interfaces.
    #[command(after_help = examples::COMPLETION)]
    Completion {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Arguments of `apply`.
#[derive(Args)]
pub(crate) struct ApplyArgs {
    /// The file; `-` is stdin
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Print the requests, without their secrets, and send none
    #[arg(long)]
    pub(crate) print: bool,

    /// The file is all that its owner wants: remove what it does not name
    #[arg(long)]
    pub(crate) prune: bool,

    /// All of an owner's intents or none of them
    #[arg(long)]
    pub(crate) atomic: bool,

    /// Go back to what was before unless `confirm` comes within this time: seconds, or
    /// with a unit (90s, 2m)
    #[arg(long, value_name = "TIME", value_parser = values::whole_seconds)]
    pub(crate) confirm_within: Option<u32>,

    /// With --prune: remove also more than half of what the owner holds
    #[arg(short, long, requires = "prune")]
    pub(crate) yes: bool,
}

/// Arguments of `doctor`.
#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// Where the node's /proc, /sys and /run are, such as /host in a container
    #[arg(long, value_name = "DIR", default_value = "/", hide_default_value = true)]
    pub(crate) root: PathBuf,
}

/// Arguments of `support-bundle`.
#[derive(Args)]
pub(crate) struct BundleArgs {
    /// The archive to write, a .tar.gz that is not there yet
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Configuration of the agent
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub(crate) config: PathBuf,
}

/// Arguments of `diff`.
#[derive(Args)]
pub(crate) struct DiffArgs {
    /// The file; `-` is stdin
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The file is all that its owner wants: what it does not name would go
    #[arg(long)]
    pub(crate) prune: bool,
}

/// Arguments of `import`.
#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Files with resources in YAML or JSON, also lists; `-` is stdin
    #[arg(short, long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) file: Vec<PathBuf>,

    /// Read resources of this system only; left out: of all, by their apiVersion
    #[arg(long, value_name = "SYSTEM", value_enum)]
    pub(crate) from: Option<Origin>,

    /// Print nothing if anything must be left out
    #[arg(long)]
    pub(crate) strict: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let call = format!("novaroutectl {}", command.get_name());
            assert!(help.starts_with("Examples:\n") && help.contains(&call), "{}: {help}", command.get_name());
        }
    }

    #[test]
    fn every_example_parses() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().filter_map(|line| line.strip_prefix("  novaroutectl ")) {
                let call = line.split(['|', '>']).next().unwrap_or_default();
                let words = ["novaroutectl"].into_iter().chain(call.split_whitespace());
                assert!(Cli::try_parse_from(words).is_ok(), "{line}");
            }
        }
    }
}
