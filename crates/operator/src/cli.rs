//! The commands.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use novaroute_operator::check::{Fault, read};
use novaroute_operator::crd::{NovaRouteCluster, definitions};
use novaroute_operator::manifest::{Objects, access, objects};
use serde::Serialize;
use serde_json::Value;

use crate::serve::companion::Node;
use crate::serve::operator::{COMPANION_ROLE, Run};
use crate::token::make;

/// NovaRoute on Kubernetes.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the definitions of the custom resources, as YAML.
    #[command(after_help = "Example:\n  novaroute-operator crds | kubectl apply --server-side -f -")]
    Crds,
    /// Keep what NovaRouteCluster resources ask for, until SIGTERM.
    ///
    /// Of several that run, one acts. In a pod the API server is known; elsewhere KUBECONFIG names it.
    #[command(
        after_help = "Example:\n  KUBECONFIG=~/.kube/config novaroute-operator run --namespace novaroute --bind 127.0.0.1:8080"
    )]
    Run(Run),
    /// Ask the agent of this node for what NovaRoutePeer and NovaRouteAdvertisement resources say of it, until SIGTERM.
    ///
    /// What it asked for stays when it ends. In a pod the API server is known; elsewhere KUBECONFIG names it.
    #[command(after_help = "Example:\n  KUBECONFIG=~/.kube/config novaroute-operator node --node worker-1 \\\n    \
        --token-file ./token --bind 127.0.0.1:9103")]
    Node(Node),
    /// Print the objects that NovaRouteCluster resources become, as YAML; needs no API server.
    ///
    /// A resource that cannot be used is told with every field that is wrong, and nothing is printed. Tokens and passwords
    /// that stand in a resource are printed in a Secret.
    #[command(after_help = "Examples:\n  novaroute-operator manifests -f cluster.yaml\n  \
        kubectl get nrc novaroute -o yaml | novaroute-operator manifests -f -")]
    Manifests {
        /// File with the resources, one or more YAML documents; `-`: standard input.
        #[arg(short, long, value_name = "FILE")]
        filename: PathBuf,
        /// The ClusterRole that the companion of each node gets.
        #[arg(long, value_name = "NAME", default_value = COMPANION_ROLE)]
        companion_role: String,
        /// A Secret that peers refer to, which the companions may read; repeated for each.
        #[arg(long, value_name = "NAME")]
        password_secret: Vec<String>,
    },
    /// Write a new random token into a file, unless there is one in it.
    ///
    /// The agent and the companion of a pod know each other by it. It never leaves the node.
    Token {
        /// The file; its user and its group may read it (0440).
        #[arg(long, value_name = "PATH")]
        file: PathBuf,
    },
}

/// What was asked cannot be done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or a file that it names is wrong; a line for each reason.
    Usage(Vec<String>),
    /// The operator or the companion cannot run.
    Run(String),
}

/// Does what was asked, and returns what is to be printed.
///
/// # Errors
/// What is wrong.
pub(crate) fn run(cli: Cli) -> Result<String, Failure> {
    match cli.command {
        Command::Crds => {
            let definitions = definitions().into_iter().map(|(_, definition)| document(&definition));
            definitions.collect::<Result<_, _>>().map_err(|error| Failure::Usage(vec![error]))
        }
        Command::Manifests { filename, companion_role, password_secret } => {
            let grants = Grants { role: companion_role, secrets: password_secret.into_iter().collect() };
            manifests(&filename, &grants).map_err(Failure::Usage)
        }
        Command::Token { file } => {
            make(&file).map(|()| String::new()).map_err(|error| Failure::Run(format!("{}: {error}", file.display())))
        }
        Command::Run(arguments) => arguments.serve().map(|()| String::new()).map_err(Failure::Run),
        Command::Node(arguments) => arguments.serve().map(|()| String::new()).map_err(Failure::Run),
    }
}

fn manifests(filename: &Path, grants: &Grants) -> Result<String, Vec<String>> {
    let shown = if filename == Path::new("-") { "standard input".to_owned() } else { filename.display().to_string() };
    let told = |reason: String| format!("{shown}: {reason}");
    let text = load(filename).map_err(|error| vec![told(error.to_string())])?;
    let resources: Vec<Value> = serde_saphyr::from_multiple(&text).map_err(|error| vec![told(error.to_string())])?;
    if resources.is_empty() {
        return Err(vec![told("there is no resource in it".to_owned())]);
    }
    let (mut printed, mut wrong) = (String::new(), Vec::new());
    for (number, resource) in resources.iter().enumerate() {
        let name =
            resource["metadata"]["name"].as_str().map_or_else(|| format!("document {}", number + 1), str::to_owned);
        match rendered(resource, grants) {
            Ok(documents) => printed += &documents,
            Err(reasons) => wrong.extend(reasons.into_iter().map(|reason| told(format!("{name}: {reason}")))),
        }
    }
    if wrong.is_empty() { Ok(printed) } else { Err(wrong) }
}

fn load(filename: &Path) -> std::io::Result<String> {
    if filename != Path::new("-") {
        return std::fs::read_to_string(filename);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

/// What the companions get that does not stand in a resource.
struct Grants {
    /// A ClusterRole.
    role: String,
    /// Secrets.
    secrets: BTreeSet<String>,
}

fn rendered(resource: &Value, grants: &Grants) -> Result<String, Vec<String>> {
    let cluster: NovaRouteCluster =
        read(resource).map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let unusable = |fault: Fault| vec![fault.to_string()];
    let Objects { service_account, config_map, secret, daemon_set, metrics } = objects(&cluster).map_err(unusable)?;
    let access = access(&cluster, &grants.role, Some(&grants.secrets)).map_err(unusable)?;
    let passwords = access.as_ref().and_then(|access| access.passwords.as_ref());
    let documents = [
        Some(document(&service_account)),
        Some(document(&config_map)),
        secret.as_ref().map(document),
        access.as_ref().map(|access| document(&access.binding)),
        passwords.map(|passwords| document(&passwords.role)),
        passwords.map(|passwords| document(&passwords.binding)),
        Some(document(&daemon_set)),
        Some(document(&metrics)),
    ];
    documents.into_iter().flatten().collect::<Result<_, _>>().map_err(|error| vec![error])
}

/// An object as a YAML document of its own.
fn document(object: &impl Serialize) -> Result<String, String> {
    let value = serde_json::to_value(object).map_err(|error| error.to_string())?;
    Ok(format!("---\n{}", serde_saphyr::to_string(&value).map_err(|error| error.to_string())?))
}
