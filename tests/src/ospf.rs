//! OSPF as the suites look at it: the router of the rack as a neighbour, its routes, and what the node's daemons run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novaroute_lab::{Daemon, wait_for};
use serde_json::Value;

use crate::scene::Scene;
use crate::v1;

/// Longest wait for an adjacency or a route. Beside the dead interval, which two routers wait before they choose, a packet
/// that comes too early for the other side is sent again after 5 s (RFC 2328 §C.3), and that may happen twice.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Seconds between hellos in the suites.
pub const HELLO_S: u32 = 1;
/// Seconds of silence after which a neighbour is down.
pub const DEAD_S: u32 = 4;
/// Router id of the router of the rack.
pub const TOR_ROUTER_ID: &str = "10.0.1.2";

/// Age in seconds of an LSA that is being withdrawn (RFC 2328 §B).
const MAX_AGE_S: u64 = 3600;

/// OSPFv2 or OSPFv3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// For IPv4 (RFC 2328).
    V2,
    /// For IPv6 (RFC 5340).
    V3,
}

impl Version {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V2, Self::V3];

    /// The daemon that speaks it.
    #[must_use]
    pub fn daemon(self) -> Daemon {
        match self {
            Self::V2 => Daemon::Ospfd,
            Self::V3 => Daemon::Ospf6d,
        }
    }

    /// What its lines of an interface begin with.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::V2 => "ip ospf",
            Self::V3 => "ipv6 ospf6",
        }
    }

    fn process(self) -> [&'static str; 2] {
        match self {
            Self::V2 => ["router ospf", "ospf router-id"],
            Self::V3 => ["router ospf6", "ospf6 router-id"],
        }
    }
}

/// A request for OSPF on the node's link with the suites' timers.
#[must_use]
pub fn on_link(scene: &Scene, area: &str) -> v1::EnableOspfRequest {
    v1::EnableOspfRequest {
        interface_name: scene.tor.link.a().interface().to_owned(),
        area_id: area.to_owned(),
        hello_interval: HELLO_S,
        dead_interval: DEAD_S,
        ..Default::default()
    }
}

/// Has the router of the rack speak a version of OSPF on its link, as a network operator would. Said again with another
/// area, the link moves there.
///
/// # Errors
/// FRR refused a line.
pub async fn speak(scene: &Scene, version: Version, area: &str) -> Result<()> {
    let [router, router_id] = version.process();
    let (interface, words) = (scene.tor.link.b().interface(), version.words());
    let mut lines = vec![
        router.to_owned(),
        format!("{router_id} {TOR_ROUTER_ID}"),
        // ospf6d of FRR 8 has an `interface` of its own inside.
        "exit".to_owned(),
        format!("interface {interface}"),
        format!("{words} hello-interval {HELLO_S}"),
        format!("{words} dead-interval {DEAD_S}"),
    ];
    let running = scene.tor.router.running_config(version.daemon()).await?;
    let old = running.lines().map(str::trim).find(|line| line.starts_with(&format!("{words} area ")));
    lines.extend(old.map(|line| format!("no {line}")));
    // Last, so that it begins with the right timers.
    lines.push(format!("{words} area {area}"));
    scene.tor.router.configure(version.daemon(), &lines).await
}

/// Has the router of the rack announce its static routes.
///
/// # Errors
/// FRR refused the line.
pub async fn redistribute_static(scene: &Scene, version: Version) -> Result<()> {
    let [router, _] = version.process();
    scene.tor.router.configure(version.daemon(), &[router, "redistribute static"]).await
}

/// The states of the neighbours of the router of the rack, by router id.
///
/// # Errors
/// The daemon does not answer.
pub async fn neighbors(scene: &Scene, version: Version) -> Result<BTreeMap<String, String>> {
    let command = match version {
        Version::V2 => "show ip ospf neighbor json",
        Version::V3 => "show ipv6 ospf6 neighbor json",
    };
    let answer = scene.tor.router.show_json(version.daemon(), command).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = &answer["neighbors"];
    Ok(match version {
        Version::V2 => {
            let each = found.as_object().into_iter().flatten();
            each.map(|(id, list)| (id.clone(), text(&list[0]["nbrState"]))).collect()
        }
        Version::V3 => {
            let each = found.as_array().into_iter().flatten();
            each.map(|neighbor| (text(&neighbor["neighborId"]), text(&neighbor["state"]))).collect()
        }
    })
}

/// Waits until the router of the rack has one neighbour, with a full adjacency; tells its router id.
///
/// # Errors
/// After 30 s, with the neighbours that it has.
pub async fn wait_full(scene: &Scene, version: Version) -> Result<String> {
    wait_for(&format!("a full adjacency ({version:?})"), TIMEOUT, async || {
        let neighbors = neighbors(scene, version).await?;
        ensure!(neighbors.len() == 1 && neighbors.values().all(|state| state.starts_with("Full")), "{neighbors:?}");
        Ok(neighbors.into_keys().next())
    })
    .await
}

/// Waits until the router of the rack has no neighbour.
///
/// # Errors
/// After 30 s, with the neighbours that it has.
pub async fn wait_alone(scene: &Scene, version: Version) -> Result<()> {
    wait_for(&format!("no neighbour ({version:?})"), TIMEOUT, async || {
        let neighbors = neighbors(scene, version).await?;
        ensure!(neighbors.is_empty(), "{neighbors:?}");
        Ok(Some(()))
    })
    .await
}

/// How the router of the rack has learned each external prefix: FRR's word for the path, such as `E2`.
///
/// # Errors
/// The daemon does not answer.
pub async fn externals(scene: &Scene, version: Version) -> Result<BTreeMap<String, String>> {
    let (command, of, word) = match version {
        Version::V2 => ("show ip ospf route json", "", "routeType"),
        Version::V3 => ("show ipv6 ospf6 route json", "routes", "pathType"),
    };
    let answer = scene.tor.router.show_json(version.daemon(), command).await?;
    let routes = if of.is_empty() { &answer } else { &answer[of] };
    let routes = routes.as_object().context("no table of routes")?;
    let path = |route: &Value| route[word].as_str().unwrap_or_default().trim_start_matches("N ").to_owned();
    let routes = routes.iter().map(|(prefix, route)| (prefix.clone(), path(route)));
    Ok(routes.filter(|(_, path)| path.starts_with('E')).collect())
}

/// Waits until the router of the rack has learned exactly these external prefixes, all as type 2.
///
/// # Errors
/// After 30 s, with those that it has.
pub async fn wait_externals(scene: &Scene, version: Version, prefixes: &[&str]) -> Result<()> {
    let wanted: BTreeMap<String, String> = prefixes.iter().map(|p| ((*p).to_owned(), "E2".to_owned())).collect();
    wait_for(&format!("the external prefixes {prefixes:?}"), TIMEOUT, async || {
        let learned = externals(scene, version).await?;
        ensure!(learned == wanted, "{learned:?}");
        Ok(Some(()))
    })
    .await
}

/// Waits until the database of the router of the rack holds an AS-external LSA of the node for exactly these prefixes,
/// whoever else announces them. [`externals`] shows one path to a prefix only.
///
/// # Errors
/// After 30 s, with those that it has.
pub async fn wait_lsas_of_node(scene: &Scene, version: Version, prefixes: &[&str]) -> Result<()> {
    let wanted: BTreeSet<String> = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    let node = wait_full(scene, version).await?;
    wait_for(&format!("LSAs of the node for {prefixes:?}"), TIMEOUT, async || {
        let found = lsas_of(scene, version, &node).await?;
        ensure!(found == wanted, "{found:?}");
        Ok(Some(()))
    })
    .await
}

/// The prefixes of a router's AS-external LSAs in the database of the router of the rack.
async fn lsas_of(scene: &Scene, version: Version, router_id: &str) -> Result<BTreeSet<String>> {
    match version {
        Version::V2 => {
            let command = format!("show ip ospf database external adv-router {router_id}");
            let text = scene.tor.router.vty(Daemon::Ospfd, &command).await?;
            let mut prefixes = BTreeSet::new();
            let (mut alive, mut address) = (false, String::new());
            for (name, value) in text.lines().filter_map(|line| line.trim().split_once(": ")) {
                match name {
                    "LS age" => alive = value.trim().parse() != Ok(MAX_AGE_S),
                    "Link State ID" => value.split(' ').next().unwrap_or_default().clone_into(&mut address),
                    "Network Mask" if alive => drop(prefixes.insert(format!("{address}{value}"))),
                    _ => {}
                }
            }
            Ok(prefixes)
        }
        Version::V3 => {
            let command = "show ipv6 ospf6 database as-external json";
            let answer = scene.tor.router.show_json(Daemon::Ospf6d, command).await?;
            let scopes = answer["asScopedLinkStateDb"].as_array().into_iter().flatten();
            let lsas = scopes.flat_map(|scope| scope["lsa"].as_array().into_iter().flatten());
            let of_router = lsas.filter(|lsa| lsa["advRouter"] == router_id && lsa["age"] != MAX_AGE_S);
            Ok(of_router.filter_map(|lsa| lsa["payload"].as_str()).map(str::to_owned).collect())
        }
    }
}

/// What a daemon of the node says of its end of the link.
///
/// # Errors
/// The daemon does not answer, or OSPF does not run there.
pub async fn interface(scene: &Scene, version: Version) -> Result<Value> {
    let name = scene.tor.link.a().interface();
    let (command, of) = match version {
        Version::V2 => (format!("show ip ospf interface {name} json"), "interfaces"),
        Version::V3 => (format!("show ipv6 ospf6 interface {name} json"), ""),
    };
    let answer = scene.node.show_json(version.daemon(), &command).await?;
    let found = if of.is_empty() { &answer[name] } else { &answer[of][name] };
    ensure!(found.is_object(), "no {name} in {answer}");
    Ok(found.clone())
}

/// The lines of an interface in the node's running configuration.
///
/// # Errors
/// The daemon does not answer.
pub async fn lines(scene: &Scene, version: Version, interface: &str) -> Result<Vec<String>> {
    let running = scene.running(version.daemon()).await?;
    let block = running.lines().skip_while(|line| *line != format!("interface {interface}")).skip(1);
    Ok(block.take_while(|line| line.starts_with(' ')).map(|line| line.trim().to_owned()).collect())
}
