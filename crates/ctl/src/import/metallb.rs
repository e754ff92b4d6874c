//! MetalLB: who assigns addresses stays; who announces them is replaced.

mod advertisement;
mod pool;

use std::collections::BTreeMap;

use super::{
    bfd::Profiles,
    document::Object,
    draft::{Draft, Instance, Peer},
    name::name,
    report::{Fate, Report, Spot},
    selector,
    session::{self, Around, Dialect},
};
use pool::Pools;

/// Kinds in which MetalLB says what it does.
const STATUSES: &[&str] = &["ConfigurationState", "ServiceBGPStatus", "ServiceL2Status"];

/// What the advertisements refer to.
#[derive(Debug, Default)]
struct World {
    pools: Pools,
    communities: BTreeMap<String, String>,
}

/// Reads MetalLB's resources.
pub(super) fn read(objects: Vec<Object>, draft: &mut Draft, report: &mut Report) {
    let mut world = World::default();
    let mut profiles = Profiles::default();
    let (mut peers, mut adverts) = (Vec::new(), Vec::new());
    for mut object in objects {
        match object.kind.as_str() {
            "BGPPeer" => peers.push(object),
            "BGPAdvertisement" => adverts.push(object),
            "BFDProfile" => {
                let fields = object.fields(report);
                profiles.add(object.name, fields, report);
            }
            "Community" => communities(object, &mut world.communities, report),
            "IPAddressPool" => world.pools.add(object, report),
            "L2Advertisement" => {
                let text = "addresses are announced by routing only, not by ARP and NDP: keep MetalLB's speakers for \
                            them, or have a router on the link learn them by BGP or OSPF";
                report.left_out(&object.at.key("spec"), "", text);
            }
            kind if STATUSES.contains(&kind) => {}
            _ => report.left_out(&object.at, "", "is of no kind of MetalLB that is read"),
        }
    }
    for object in peers {
        peer(object, &mut profiles, draft, report);
    }
    profiles.finish(report);
    for object in adverts {
        advertisement::read(object, &world, draft, report);
    }
}

fn peer(mut object: Object, profiles: &mut Profiles, draft: &mut Draft, report: &mut Report) {
    let mut fields = object.fields(report);
    let local_as = fields.needed_number("myASN", 1..=u32::MAX, report);
    let router_id = fields.text("routerID", report);
    let nodes = selector::read_any_of(&mut fields, "nodeSelectors", report);
    let dialect = Dialect {
        address: "peerAddress",
        remote_as: "peerASN",
        source_address: "sourceAddress",
        port: "peerPort",
        zero_is_unset: object.version == "v1beta1",
    };
    let secret = name(&object.name);
    let around = Around { local_as, profiles, secret: &secret, namespace: object.namespace.as_deref() };
    let session = session::read(&mut fields, &dialect, around, report);
    let (as_at, router_id_at) = (fields.at("myASN"), fields.at("routerID"));
    fields.finish(report);
    if draft.peers.is_empty() && session.is_some() {
        told_of_received(report);
    }
    draft.instances.extend(local_as.map(|local_as| Instance { local_as, router_id, as_at, router_id_at }));
    draft.peers.extend(session.map(|session| Peer {
        id: object.name.clone(),
        name: object.name,
        at: object.at,
        address: session.address,
        families: session.families,
        nodes,
        spec: session.spec,
    }));
}

/// Once for all peers: nothing in a BGPPeer says it.
fn told_of_received(report: &mut Report) {
    let text = "MetalLB takes no prefix from a peer; a NovaRoutePeer takes what it is sent into the node's routing \
                table, and passes nothing on: have the routers send only what the nodes should have";
    report.note(Fate::Changed, &Spot::document(0, "BGPPeer"), "", text);
}

fn communities(mut object: Object, known: &mut BTreeMap<String, String>, report: &mut Report) {
    let mut fields = object.fields(report);
    for mut alias in fields.maps("communities", report) {
        let (name, value) = (alias.text("name", report), alias.text("value", report));
        match (name, value) {
            (Some(name), Some(value)) => {
                known.insert(name, value);
            }
            _ => report.problem(alias.spot(), "expected a name and a value"),
        }
        alias.finish(report);
    }
    fields.finish(report);
}
