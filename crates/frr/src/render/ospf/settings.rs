//! How OSPF runs on an interface, beyond area, cost and timers. What is FRR's default is not printed, so not written.

use novaroute_core::intent::IntentKey;
use novaroute_core::ospf::{AreaType, OspfAuthentication, OspfDigest, OspfInterface, OspfNetwork, OspfSettings};

use crate::daemon::{Daemon, Dialect};
use crate::own;
use crate::render::bfdd::profile_name;
use crate::render::{Block, one};

/// The lines of the interface, without the words that they begin with.
pub(super) fn lines(daemon: Daemon, ospf: &OspfInterface) -> Vec<String> {
    let OspfSettings { network, priority, authentication, area_type: _, bfd } = &ospf.settings;
    let mut lines = Vec::new();
    lines.extend(network.map(|network| {
        let word = match network {
            OspfNetwork::PointToPoint => "point-to-point",
            OspfNetwork::PointToMultipoint => "point-to-multipoint",
        };
        format!("network {word}")
    }));
    if *priority != OspfSettings::default().priority {
        lines.push(format!("priority {priority}"));
    }
    if let Some(authentication) = authentication {
        lines.extend(match daemon {
            Daemon::Ospf6d => trailer(authentication).into_iter().collect(),
            _ => header(authentication, ospf),
        });
    }
    if let Some(timers) = bfd {
        lines.push("bfd".to_owned());
        lines.push(format!("bfd profile {}", profile_name(*timers)));
    }
    lines
}

/// OSPFv2: the header says how (RFC 2328 §D.3).
fn header(authentication: &OspfAuthentication, ospf: &OspfInterface) -> Vec<String> {
    let (id, key) = (authentication.key_id(), authentication.key().reveal());
    match authentication.digest() {
        OspfDigest::Simple => vec!["authentication".to_owned(), format!("authentication-key {key}")],
        OspfDigest::Md5 => {
            vec!["authentication message-digest".to_owned(), format!("message-digest-key {id} md5 {key}")]
        }
        OspfDigest::HmacSha256 => vec![format!("authentication key-chain {}", chain_name(ospf))],
    }
}

/// OSPFv3: behind the packet (RFC 7166).
fn trailer(authentication: &OspfAuthentication) -> Option<String> {
    let algorithm = match authentication.digest() {
        OspfDigest::Simple => return None,
        OspfDigest::Md5 => "md5",
        OspfDigest::HmacSha256 => "hmac-sha-256",
    };
    let (id, key) = (authentication.key_id(), authentication.key().reveal());
    Some(format!("authentication key-id {id} hash-algo {algorithm} key {key}"))
}

fn uses_key_chain(ospf: &OspfInterface) -> bool {
    ospf.settings.authentication.as_ref().is_some_and(|given| given.digest() == OspfDigest::HmacSha256)
}

/// Whether a daemon can authenticate the packets of the interface as asked for.
pub(super) fn can_authenticate(daemon: Daemon, dialect: Dialect, ospf: &OspfInterface) -> bool {
    daemon == Daemon::Ospf6d || dialect.version.has_key_chains_of_ospfd() || !uses_key_chain(ospf)
}

fn chain_name(ospf: &OspfInterface) -> String {
    format!("{}{}", own::KEY_CHAIN_PREFIX, ospf.interface)
}

/// What ospfd's `authentication key-chain` refers to.
pub(super) fn key_chain(top: &mut Block<'_>, ospf: &OspfInterface) {
    let Some(authentication) = ospf.settings.authentication.as_ref().filter(|_| uses_key_chain(ospf)) else { return };
    let sources = one(IntentKey::Ospf(ospf.interface));
    let mut chain = top.open(format!("key chain {}", chain_name(ospf)), &sources);
    let mut key = chain.open(format!("key {}", authentication.key_id()), &sources);
    key.line("cryptographic-algorithm hmac-sha-256", &sources);
    key.line(format!("key-string {}", authentication.key().reveal()), &sources);
}

/// The line of the process for the area of an interface.
pub(super) fn area_type(ospf: &OspfInterface) -> Option<String> {
    let words = match ospf.settings.area_type {
        AreaType::Normal => return None,
        AreaType::Stub => "stub",
        AreaType::TotallyStub => "stub no-summary",
        AreaType::Nssa => "nssa",
        AreaType::TotallyNssa => "nssa no-summary",
    };
    Some(format!("area {} {words}", ospf.area))
}
