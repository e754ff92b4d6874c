//! What a schema cannot say of a resource: whether its texts are what they stand for, and whether they fit each other.
//!
//! Values that a node has for itself (`addressFrom` …) are not known here.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::Selector;
use novaroute_core::bgp::Community;
use novaroute_core::invalid::Invalid;
use novaroute_core::name::Description;
use novaroute_core::peer::PeerAddress;
use novaroute_core::prefix::{Prefix, parse_next_hop, parse_source_address};

use super::{Fault, fault};
use crate::crd::{Attributes, Cidr, NovaRouteAdvertisementSpec, NovaRoutePeerSpec};

/// What is wrong with a peer on every node.
#[must_use]
pub fn peer(spec: &NovaRoutePeerSpec) -> Vec<Fault> {
    let address = spec.address.as_deref().map(str::parse::<PeerAddress>);
    let known = address.as_ref().and_then(|address| address.as_ref().ok());
    let of = known.map(|address| address.get());
    let source = spec.source_address.as_deref().map(|text| parse_source_address(text, of).map(drop));
    let description = spec.description.as_deref().filter(|text| !text.is_empty()).map(str::parse::<Description>);
    let faults = [
        selector("spec.nodeSelector", spec.node_selector.as_ref()),
        invalid("spec.address", address),
        invalid("spec.sourceAddress", source),
        invalid("spec.description", description),
    ];
    faults.into_iter().flatten().collect()
}

/// What is wrong with an advertisement on every node.
#[must_use]
pub fn advertisement(spec: &NovaRouteAdvertisementSpec) -> Vec<Fault> {
    let services = spec.services.as_ref();
    let selectors = [
        ("spec.nodeSelector", spec.node_selector.as_ref()),
        ("spec.services.selector", services.and_then(|services| services.selector.as_ref())),
        ("spec.services.namespaceSelector", services.and_then(|services| services.namespace_selector.as_ref())),
    ];
    let mut faults: Vec<Fault> = selectors.into_iter().filter_map(|(field, given)| selector(field, given)).collect();
    let mut prefixes = Vec::new();
    for (number, given) in spec.prefixes.iter().flatten().enumerate() {
        match prefix(given) {
            Ok(prefix) => prefixes.push(prefix),
            Err(reason) => faults.push(fault(&format!("spec.prefixes[{number}]"), reason.to_string())),
        }
    }
    faults.extend(spec.attributes.iter().flat_map(|given| attributes(given, &prefixes)));
    faults
}

/// Bits behind the length are a mistake of one or the other.
fn prefix(given: &Cidr) -> Result<Prefix, Invalid> {
    let prefix = given.0.parse::<Prefix>()?.check_routable()?;
    let address = given.0.split_once('/').and_then(|(address, _)| address.parse().ok());
    if address == Some(prefix.address()) {
        return Ok(prefix);
    }
    Err(Invalid::new(&given.0, format!("a prefix of {} bits, which is {prefix}", prefix.length())))
}

fn attributes(given: &Attributes, prefixes: &[Prefix]) -> Vec<Fault> {
    let communities = given.communities.iter().enumerate().filter_map(|(number, text)| {
        invalid(&format!("spec.attributes.communities[{number}]"), Some(text.parse::<Community>()))
    });
    let next_hop = given.next_hop.as_deref().map(|text| {
        parse_next_hop(text, None)?;
        prefixes.iter().try_for_each(|prefix| parse_next_hop(text, Some(*prefix)).map(drop))
    });
    communities.chain(invalid("spec.attributes.nextHop", next_hop)).collect()
}

fn selector(field: &str, given: Option<&LabelSelector>) -> Option<Fault> {
    let error = Selector::try_from(given?.clone()).err()?;
    Some(fault(field, error.to_string()))
}

fn invalid<T>(field: &str, parsed: Option<Result<T, Invalid>>) -> Option<Fault> {
    Some(fault(field, parsed?.err()?.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::read;
    use super::*;
    use crate::crd::{NovaRouteAdvertisement, NovaRoutePeer};

    /// The fields at fault, as reading the whole resource finds them.
    fn fields(kind: &str, spec: &Value) -> Vec<String> {
        let metadata = json!({"name": "one"});
        let resource = json!({"apiVersion": "novaroute.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec});
        let faults = match kind {
            "NovaRoutePeer" => read::<NovaRoutePeer>(&resource).err(),
            _ => read::<NovaRouteAdvertisement>(&resource).err(),
        };
        faults.unwrap_or_default().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_peer_that_no_node_can_have_is_refused() {
        for (changed, expected) in [
            (json!({}), ""),
            (json!({"description": ""}), ""),
            (json!({"sourceAddress": "10.0.0.9"}), ""),
            (json!({"address": "2001:DB8::1", "sourceAddress": "2001:db8::2"}), ""),
            (json!({"address": "rack-1"}), "spec.address"),
            (json!({"address": "10.0.0.1/32"}), "spec.address"),
            (json!({"address": "127.0.0.1"}), "spec.address"),
            (json!({"address": "fe80::1"}), "spec.address"),
            (json!({"sourceAddress": "10.0.0"}), "spec.sourceAddress"),
            (json!({"sourceAddress": "2001:db8::2"}), "spec.sourceAddress"),
            (json!({"description": "two  spaces"}), "spec.description"),
            (json!({"nodeSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}), "spec.nodeSelector"),
            (json!({"address": "x1", "sourceAddress": "y1"}), "spec.address spec.sourceAddress"),
        ] {
            let mut spec = json!({"address": "10.0.0.1", "remoteAs": 65_100});
            spec.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            assert_eq!(fields("NovaRoutePeer", &spec).join(" "), expected, "{changed}");
        }
    }

    #[test]
    fn a_source_without_a_known_peer_has_any_family() {
        let of = |source: &str| json!({"addressFrom": {"label": "tor"}, "remoteAs": 65_100, "sourceAddress": source});
        assert_eq!(fields("NovaRoutePeer", &of("2001:db8::2")), Vec::<String>::new());
        assert_eq!(fields("NovaRoutePeer", &of("::")), ["spec.sourceAddress"]);
    }

    #[test]
    fn an_advertisement_that_no_node_can_make_is_refused() {
        let odd = json!({"matchExpressions": [{"key": "a", "operator": "in", "values": ["b"]}]});
        for (spec, expected) in [
            (json!({"prefixes": ["203.0.113.0/24", "2001:DB8:0::/48"]}), ""),
            (json!({"prefixes": ["0.0.0.0/0"]}), ""),
            (json!({"prefixes": ["203.0.113.0/24", "203.0.113.7/24"]}), "spec.prefixes[1]"),
            (json!({"prefixes": ["2001:db8::1/64"]}), "spec.prefixes[0]"),
            (json!({"prefixes": ["127.0.0.0/8", "224.0.0.0/24"]}), "spec.prefixes[0] spec.prefixes[1]"),
            (
                json!({"services": {"selector": odd, "namespaceSelector": odd}}),
                "spec.services.selector spec.services.namespaceSelector",
            ),
            (json!({"podCIDRs": {}, "nodeSelector": odd}), "spec.nodeSelector"),
            (
                json!({"podCIDRs": {}, "attributes": {"communities": ["65000:1", "65536:1", "no-export", "x"]}}),
                "spec.attributes.communities[1] spec.attributes.communities[3]",
            ),
            (json!({"podCIDRs": {}, "attributes": {"nextHop": "2001:db8::1"}}), ""),
            (json!({"podCIDRs": {}, "attributes": {"nextHop": "fe80::1"}}), "spec.attributes.nextHop"),
            (json!({"prefixes": ["203.0.113.0/24"], "attributes": {"nextHop": "10.0.0.1"}}), ""),
            (
                json!({"prefixes": ["203.0.113.0/24", "2001:db8::/48"], "attributes": {"nextHop": "10.0.0.1"}}),
                "spec.attributes.nextHop",
            ),
        ] {
            assert_eq!(fields("NovaRouteAdvertisement", &spec).join(" "), expected, "{spec}");
        }
    }

    #[test]
    fn a_fault_says_what_would_do() {
        let spec: NovaRouteAdvertisementSpec = serde_json::from_value(json!({"prefixes": ["203.0.113.7/24"]})).unwrap();
        let told = advertisement(&spec)[0].to_string();
        assert_eq!(told, "spec.prefixes[0]: \"203.0.113.7/24\" is not a prefix of 24 bits, which is 203.0.113.0/24");
    }
}
