//! The peer that a NovaRoutePeer asks for.

use novaroute_api::client::Intent;
use novaroute_api::v1;

use super::{Outcome, fault, faults};
use crate::check::Fault;
use crate::crd::{AddressFamily, GracefulRestart, NodeValue, NovaRoutePeerSpec, SecretKey};
use crate::node::view::{NodeFacts, View};

/// Why there is no peer.
enum Unfit {
    /// The node, or a Secret, does not have what the peer needs: it asks for none here.
    Missing(Fault),
    /// It is wrong.
    Wrong(Vec<Fault>),
    /// This is not known yet.
    NotHeard(Fault),
}

pub(super) fn wishes(view: &View, node: &NodeFacts, spec: &NovaRoutePeerSpec) -> Outcome {
    match peer(view, node, spec).map(Intent::peer).and_then(|intent| match intent.key() {
        Ok(key) => Ok((key, intent)),
        Err(bad) => Err(Unfit::Wrong(faults(&bad, &fields(spec)))),
    }) {
        Ok(wanted) => Outcome::Wanted(vec![wanted], Vec::new()),
        Err(Unfit::Missing(fault)) => Outcome::Wanted(Vec::new(), vec![fault]),
        Err(Unfit::Wrong(faults)) => Outcome::Wrong(faults),
        Err(Unfit::NotHeard(fault)) => Outcome::NotHeard(fault),
    }
}

fn peer(view: &View, node: &NodeFacts, spec: &NovaRoutePeerSpec) -> Result<v1::BgpPeer, Unfit> {
    let own = |field, from: &Option<NodeValue>| of_node(node, field, from.as_ref());
    let text = |value: &Option<String>, field, from| match value {
        Some(value) => Ok(value.clone()),
        None => own(field, from).map(|value| value.unwrap_or_default().to_owned()),
    };
    let bfd = spec.bfd.unwrap_or_default();
    Ok(v1::BgpPeer {
        neighbor_address: text(&spec.address, "spec.addressFrom", &spec.address_from)?,
        remote_as: match spec.remote_as {
            Some(remote_as) => u32::try_from(remote_as).unwrap_or_default(),
            None => number(own("spec.remoteAsFrom", &spec.remote_as_from)?, "spec.remoteAsFrom")?,
        },
        source_address: text(&spec.source_address, "spec.sourceAddressFrom", &spec.source_address_from)?,
        description: spec.description.clone().unwrap_or_default(),
        address_families: spec.address_families.iter().map(|family| wire_family(*family).into()).collect(),
        keepalive: unsigned(spec.keepalive),
        hold_time: unsigned(spec.hold_time),
        bfd_enabled: spec.bfd.is_some(),
        bfd_min_rx_ms: unsigned(bfd.min_rx_ms),
        bfd_min_tx_ms: unsigned(bfd.min_tx_ms),
        bfd_detect_multiplier: unsigned(bfd.detect_multiplier),
        ebgp_multihop: unsigned(spec.ebgp_multihop),
        max_prefix: spec.max_prefixes.and_then(|most| most.try_into().ok()).unwrap_or_default(),
        password: spec.password_secret_ref.as_ref().map(|key| password(view, key)).transpose()?.unwrap_or_default(),
        graceful_restart: spec.graceful_restart.map_or(0, |mode| wire_restart(mode).into()),
        ..Default::default()
    })
}

/// What the node has under a name; `None`: no name is given.
fn of_node<'a>(node: &'a NodeFacts, field: &str, from: Option<&NodeValue>) -> Result<Option<&'a str>, Unfit> {
    let Some(from) = from else { return Ok(None) };
    let (kind, of, name) = match (&from.label, &from.annotation) {
        (Some(label), _) => ("label", &node.labels, label),
        (None, Some(annotation)) => ("annotation", &node.annotations, annotation),
        (None, None) => return Ok(None),
    };
    let missing = || Unfit::Missing(fault(field, format!("the node has no {kind} {name:?}")));
    of.get(name).map(|value| Some(value.as_str())).ok_or_else(missing)
}

fn number(text: Option<&str>, field: &str) -> Result<u32, Unfit> {
    let text = text.unwrap_or_default();
    text.parse().map_err(|_| Unfit::Wrong(vec![fault(field, format!("{text:?} is no AS number, 1 to 4294967295"))]))
}

fn password(view: &View, SecretKey { name, key }: &SecretKey) -> Result<String, Unfit> {
    let field = "spec.passwordSecretRef";
    let unheard = || fault(field, format!("nothing is heard of the Secret \"{name}\": may the companion read it?"));
    let secret = view.secrets.get(name).ok_or_else(|| Unfit::NotHeard(unheard()))?;
    // A session without the password that is asked for would be none, or one that nobody wanted.
    let wrong = |reason| Unfit::Wrong(vec![fault(field, reason)]);
    let secret = secret.as_ref().ok_or_else(|| wrong(format!("there is no Secret \"{name}\"")))?;
    let value = secret.get(key).ok_or_else(|| wrong(format!("the Secret \"{name}\" has no key \"{key}\"")))?;
    let text = std::str::from_utf8(&value.0).map_err(|_| wrong(format!("\"{key}\" of \"{name}\" is no text")))?;
    // A line end behind it comes with a file that the Secret was made from.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Fields of the request and those of the resource that they come from.
fn fields(spec: &NovaRoutePeerSpec) -> [(&'static str, &'static str); 13] {
    let either = |given, from, is_from| if is_from { from } else { given };
    [
        ("peer.neighbor_address", either("spec.address", "spec.addressFrom", spec.address_from.is_some())),
        ("peer.remote_as", either("spec.remoteAs", "spec.remoteAsFrom", spec.remote_as_from.is_some())),
        (
            "peer.source_address",
            either("spec.sourceAddress", "spec.sourceAddressFrom", spec.source_address_from.is_some()),
        ),
        ("peer.keepalive", "spec.keepalive"),
        ("peer.hold_time", "spec.holdTime"),
        ("peer.description", "spec.description"),
        ("peer.address_families", "spec.addressFamilies"),
        ("peer.ebgp_multihop", "spec.ebgpMultihop"),
        ("peer.password", "spec.passwordSecretRef"),
        ("peer.max_prefix", "spec.maxPrefixes"),
        ("peer.bfd_min_rx_ms", "spec.bfd.minRxMs"),
        ("peer.bfd_min_tx_ms", "spec.bfd.minTxMs"),
        ("peer.bfd_detect_multiplier", "spec.bfd.detectMultiplier"),
    ]
}

/// The definition has the range; what is left out is 0 on the wire.
fn unsigned(value: Option<i32>) -> u32 {
    value.and_then(|value| value.try_into().ok()).unwrap_or_default()
}

fn wire_family(family: AddressFamily) -> v1::AddressFamily {
    match family {
        AddressFamily::Ipv4Unicast => v1::AddressFamily::Ipv4Unicast,
        AddressFamily::Ipv6Unicast => v1::AddressFamily::Ipv6Unicast,
    }
}

fn wire_restart(mode: GracefulRestart) -> v1::GracefulRestart {
    match mode {
        GracefulRestart::Helper => v1::GracefulRestart::Helper,
        GracefulRestart::Full => v1::GracefulRestart::Full,
        GracefulRestart::Off => v1::GracefulRestart::Off,
    }
}
