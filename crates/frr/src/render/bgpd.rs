//! bgpd: instance, prefixes, peers.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use novaroute_core::bgp::PrefixAttributes;
use novaroute_core::desired::DesiredBgp;
use novaroute_core::exchange::MaxPrefixAction;
use novaroute_core::intent::{IntentKey, Protocol};
use novaroute_core::peer::{GracefulRestart, Peer, PeerKey, PeerSettings};
use novaroute_core::prefix::Family;

use super::class::Classes;
use super::inbound::Inbound;
use super::outbound::Outbound;
use super::{Block, Sources, bfdd, one, policy};
use crate::config::Config;
use crate::context::family_word;
use crate::daemon::{Daemon, Dialect, Profile};

/// Seconds between attempts to connect. FRR's default of 120 s would let a session that could be up stay down.
const CONNECT_RETRY_S: u16 = 1;

pub(super) fn render(bgp: &DesiredBgp, dialect: Dialect, config: &mut Config) {
    let instance = one(IntentKey::Bgp);
    let mut top = Block::top(config, Daemon::Bgpd);
    let inbound = Inbound::new(bgp);
    inbound.render(&mut top, &instance);
    let classes = Classes::new(&bgp.prefixes);
    let outbound = Outbound::new(bgp, &classes, &instance);
    outbound.render(&mut top);
    let maps = maps(bgp, &classes);
    for map in maps.values() {
        policy::of_attributes(&mut top, &map.name, &map.lines, &map.sources);
    }
    let mut router = top.open(format!("router bgp {}", bgp.instance.local_as), &instance);
    router.line(format!("bgp router-id {}", bgp.instance.router_id), &instance);
    if dialect.profile == Profile::Traditional {
        router.line("bgp log-neighbor-changes", &instance);
    }
    router.line("no bgp default ipv4-unicast", &instance);
    router.line("no bgp network import-check", &instance);
    graceful_restart(&mut router, bgp);
    for peer in bgp.peers.values() {
        session(&mut router, bgp, peer);
    }
    for family in Family::ALL {
        unicast(&mut router, bgp, dialect, (&maps, &inbound, &outbound), family);
    }
}

/// A route-map that several prefixes may use.
struct Map {
    name: String,
    lines: Vec<String>,
    sources: Sources,
}

type Maps<'a> = BTreeMap<&'a PrefixAttributes, Map>;

fn maps<'a>(bgp: &'a DesiredBgp, classes: &Classes<'_>) -> Maps<'a> {
    let mut maps = Maps::new();
    for (prefix, attributes) in &bgp.prefixes {
        let new = || {
            let lines = policy::attribute_lines(attributes, classes.tag(attributes));
            Map { name: policy::attributes_name(&lines), lines, sources: Sources::new() }
        };
        maps.entry(attributes).or_insert_with(new).sources.insert(IntentKey::Prefix(Protocol::Bgp, *prefix));
    }
    maps
}

/// bgpd says that it forwards on while it restarts (the F bit, RFC 4724 §3): it does, since the kernel keeps the routes.
/// Without it a peer drops what it kept when the session is back.
fn graceful_restart(router: &mut Block<'_>, bgp: &DesiredBgp) {
    let asks = |peer: &&Peer| peer.graceful_restart == GracefulRestart::Full;
    let sources: Sources = bgp.peers.values().filter(asks).map(|peer| IntentKey::Peer(peer.key)).collect();
    if !sources.is_empty() {
        router.line("bgp graceful-restart preserve-fw-state", &sources);
    }
}

/// What the session with a peer is made of, whatever is exchanged over it.
fn session(router: &mut Block<'_>, bgp: &DesiredBgp, peer: &Peer) {
    let sources = one(IntentKey::Peer(peer.key));
    let neighbor = format!("neighbor {}", peer.key);
    let mut line = |text: String| router.line(format!("{neighbor} {text}"), &sources);
    line(match peer.key {
        PeerKey::Address(_) => format!("remote-as {}", peer.remote_as),
        PeerKey::Interface(_) => format!("interface remote-as {}", peer.remote_as),
    });
    if let Some(description) = &peer.description {
        line(format!("description {description}"));
    }
    if let Some(timers) = peer.timers {
        line(format!("timers {} {}", timers.keepalive_s(), timers.hold_s()));
    }
    settings(&mut line, bgp, &peer.settings);
    match peer.graceful_restart {
        // FRR's own default.
        GracefulRestart::Helper => {}
        GracefulRestart::Full => line("graceful-restart".to_owned()),
        GracefulRestart::Off => line("graceful-restart-disable".to_owned()),
    }
    if let Some(address) = peer.source_address {
        line(format!("update-source {address}"));
    }
    if let Some(hops) = multihop(bgp, peer) {
        line(format!("ebgp-multihop {hops}"));
    }
    if let Some(password) = &peer.password {
        line(format!("password {}", password.reveal()));
    }
    if let Some(timers) = peer.bfd {
        line("bfd".to_owned());
        line(format!("bfd profile {}", bfdd::profile_name(timers)));
    }
}

/// How the session comes about and behaves.
fn settings(line: &mut impl FnMut(String), bgp: &DesiredBgp, settings: &PeerSettings) {
    let PeerSettings { local_as, ttl_security, passive, connect_retry_s, advertisement_interval, shutdown } = settings;
    line(format!("timers connect {}", connect_retry_s.map_or(CONNECT_RETRY_S, NonZeroU16::get)));
    // FRR refuses the AS that the node is in already.
    if let Some(local_as) = local_as.filter(|local_as| *local_as != bgp.instance.local_as) {
        line(format!("local-as {local_as} no-prepend replace-as"));
    }
    if let Some(ttl) = ttl_security {
        line(format!("ttl-security hops {}", ttl.hops()));
    }
    if *passive {
        line("passive".to_owned());
    }
    if let Some(interval) = advertisement_interval {
        line(format!("advertisement-interval {}", interval.seconds()));
    }
    if let Some(shutdown) = shutdown {
        line(shutdown.message.as_ref().map_or("shutdown".to_owned(), |text| format!("shutdown message {text}")));
    }
}

/// FRR accepts the line for an internal peer and forgets it, and takes one hop for none at all.
fn multihop(bgp: &DesiredBgp, peer: &Peer) -> Option<u8> {
    let hops = peer.ebgp_multihop.map(std::num::NonZeroU8::get);
    hops.filter(|hops| *hops > 1 && !peer.is_internal(bgp.instance.local_as))
}

/// The prefixes of a family and what is exchanged with its peers.
fn unicast(
    router: &mut Block<'_>,
    bgp: &DesiredBgp,
    dialect: Dialect,
    (maps, inbound, outbound): (&Maps<'_>, &Inbound, &Outbound),
    family: Family,
) {
    let mut block = router.open(format!("address-family {} unicast", family_word(family)), &Sources::new());
    for (prefix, attributes) in bgp.prefixes.iter().filter(|(prefix, _)| prefix.family() == family) {
        if let Some(Map { name, .. }) = maps.get(attributes) {
            let sources = one(IntentKey::Prefix(Protocol::Bgp, *prefix));
            block.line(format!("network {prefix} route-map {name}"), &sources);
        }
    }
    for peer in bgp.peers.values().filter(|peer| peer.families.contains(&family)) {
        exchange(&mut block, bgp, peer, [inbound.name(peer.key), outbound.name(peer.key)]);
        let numbered = peer.key.address().is_some();
        if family == Family::Ipv6 && numbered && dialect.version.can_leave_out_link_local() {
            // A receiver prefers a link-local next hop (RFC 2545), and that would be the node's own, whatever was asked for.
            // On an interface it may be the only one there is.
            block.line(format!("neighbor {} nexthop-local unchanged", peer.key), &one(IntentKey::Peer(peer.key)));
        }
    }
}

fn exchange(block: &mut Block<'_>, bgp: &DesiredBgp, peer: &Peer, [map_in, map_out]: [&str; 2]) {
    let sources = one(IntentKey::Peer(peer.key));
    let neighbor = format!("neighbor {}", peer.key);
    let mut line = |text: String| block.line(format!("{neighbor} {text}"), &sources);
    line("activate".to_owned());
    line(format!("maximum-prefix {}{}", peer.max_prefix, when_exceeded(peer.exchange.max_prefix_action)));
    line(format!("route-map {map_in} in"));
    line(format!("route-map {map_out} out"));
    if let Some(allowed) = peer.exchange.allowas_in {
        // FRR's default, which it does not print.
        let times = Some(allowed.times()).filter(|times| *times != 3).map(|times| format!(" {times}"));
        line(format!("allowas-in{}", times.unwrap_or_default()));
    }
    // A next hop that an owner asked for reaches an external peer too, which FRR would otherwise replace by
    // its own address. Prefixes without one still get the own address.
    if peer.exchange.next_hop_self {
        line("next-hop-self".to_owned());
    } else if !peer.is_internal(bgp.instance.local_as) {
        line("attribute-unchanged next-hop".to_owned());
    }
}

/// The end of the line that limits a peer's prefixes.
fn when_exceeded(action: MaxPrefixAction) -> String {
    match action {
        MaxPrefixAction::Warn => " warning-only".to_owned(),
        MaxPrefixAction::Restart(minutes) => format!(" restart {minutes}"),
        MaxPrefixAction::ShutDown => String::new(),
    }
}
