//! `support-bundle`.

use std::{fs, time::Duration};

use novaroute_api::v1;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    agent::{Agent, CallError},
    bundle::{Bundle, Config, KnownSecrets},
    cli::{BundleArgs, Global},
    exit::{self, Failure},
    history::{beginning, next},
    identity::Identity,
    output::{DataFormat, screen::Screen, view::View},
    schema,
};

/// Most events that are taken, the newest.
const EVENTS_MAX: u64 = 10_000;
/// Most bytes of one answer over HTTP.
const HTTP_BYTES_MAX: u64 = 16 << 20;
/// What tells of the machine, and has no secrets.
const SYSTEM: &[&str] = &[
    "/etc/os-release",
    "/proc/sys/kernel/osrelease",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
];

/// Gathers what there is; says what there is not.
pub(super) async fn run(global: &Global, args: &BundleArgs, screen: Screen) -> Result<(), Failure> {
    let mut secrets = KnownSecrets::default();
    if let Some(token) = Identity::resolve(global)?.token {
        secrets.add(token.reveal());
    }
    let mut bundle = Bundle::default();
    let config = Config::read(&args.config, &mut secrets);
    bundle.add("config.json", config.as_ref().map(Config::text).map_err(Clone::clone));
    bundle.add("system.txt", Ok(system()));
    ask_agent(global, &mut bundle).await;
    ask_http(&config.unwrap_or_default(), global.timeout, &mut bundle).await;
    let path = args.file.display();
    bundle.write(&args.file, &secrets).map_err(|error| Failure::Failed(format!("cannot write {path}: {error}")))?;
    screen.write(&format!("{path}\n"))?;
    bundle.missing.iter().for_each(|missing| exit::complain(&format!("missing: {missing}")));
    if bundle.missing.is_empty() { Ok(()) } else { Err(Failure::Incomplete) }
}

fn system() -> String {
    let file =
        |path: &&str| format!("== {path}\n{}\n", fs::read_to_string(path).unwrap_or_else(|error| error.to_string()));
    format!("novaroutectl {}\n\n", env!("CARGO_PKG_VERSION")) + &SYSTEM.iter().map(file).collect::<String>()
}

async fn ask_agent(global: &Global, bundle: &mut Bundle) {
    let mut agent = match Agent::connect(global).await {
        Ok(agent) => agent,
        Err(refusal) => return bundle.add("status.json", Err(refusal.to_string())),
    };
    bundle.add("status.json", status(&mut agent).await);
    let events = timeout(global.timeout, events(&mut agent)).await;
    bundle.add(
        "events.jsonl",
        events.unwrap_or_else(|_| Err("they do not come in time; allow more with --timeout".into())),
    );
}

async fn status(agent: &mut Agent) -> Result<String, String> {
    let status = agent.status("").await.map_err(|error| told(&error))?;
    let status = schema::reflect(&status, "GetStatusResponse").map_err(|error| error.to_string())?;
    DataFormat::Json.document(&View::response(&status)).map_err(|failure| failure.text().unwrap_or_default())
}

/// The last events, an object a line.
async fn events(agent: &mut Agent) -> Result<String, String> {
    let Some((place, last)) = beginning(agent, EVENTS_MAX).await.map_err(|error| told(&error))? else {
        return Ok(String::new());
    };
    let request =
        v1::StreamEventsRequest { from_sequence: Some(place.next), boot_id: place.boot_id, ..Default::default() };
    let mut stream = agent.events(request).await.map_err(|error| told(&error))?;
    let (mut text, mut read) = (String::new(), place.next - 1);
    while read < last
        && let Some(event) = next(&mut stream).await.map_err(|error| told(&error))?
    {
        read = event.sequence;
        let event = schema::reflect(&event, "RouteEvent").map_err(|error| error.to_string())?;
        let line = DataFormat::Json.one_of_many(&View::response(&event));
        text += &line.map_err(|failure| failure.text().unwrap_or_default())?;
    }
    Ok(text)
}

async fn ask_http(config: &Config, limit: Duration, bundle: &mut Bundle) {
    for (name, path) in [("metrics.txt", "/metrics"), ("readyz.txt", "/readyz")] {
        let answer = match config.http() {
            Some(address) => {
                timeout(limit, get(&address, path)).await.unwrap_or_else(|_| Err("no answer in time".into()))
            }
            None => Err("metrics_address is empty: the agent serves no HTTP".into()),
        };
        bundle.add(name, answer);
    }
}

/// The body of what the agent answers, whatever its code.
async fn get(address: &str, path: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("cannot ask {address}: {error}");
    let mut stream = TcpStream::connect(address).await.map_err(failed)?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut answer = String::new();
    stream.take(HTTP_BYTES_MAX).read_to_string(&mut answer).await.map_err(failed)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("{address} does not speak HTTP"))?;
    Ok(body.to_owned())
}

fn told(error: &CallError) -> String {
    error.refusal().to_string()
}
