//! The declarative form: what one owner wants, each kind in a list of its own.
//!
//! It upserts; what the file does not name stays as it is.

use super::item::{TOKEN_FILE, request, secret_from_file};
use crate::{
    identity::Identity,
    nearest,
    node::{Entries, Node},
    problem::{Place, Problems},
    request::{Action, Request},
    source::Source,
};

/// A kind of thing that an owner may want.
struct Kind {
    key: &'static str,
    action: Action,
    /// The node has one of it: a map, where the others are lists of maps.
    single: bool,
}

/// In the order in which they are sent: BGP first, because peers and prefixes
/// wait for it; prefixes last, so that they find the peers that take them.
const KINDS: &[Kind] = &[
    Kind { key: "bgp", action: Action::ConfigureBgp, single: true },
    Kind { key: "ospf", action: Action::EnableOspf, single: false },
    Kind { key: "bfd", action: Action::EnableBfd, single: false },
    Kind { key: "peers", action: Action::ApplyPeer, single: false },
    Kind { key: "prefixes", action: Action::AdvertisePrefix, single: false },
];

/// Keys of the identity, which stand once, at the top.
const IDENTITY: &[&str] = &["owner", "token", TOKEN_FILE[0], TOKEN_FILE[1]];

/// The requests of a description, in the order of [`KINDS`].
pub(super) fn requests(
    mut entries: Entries,
    source: &Source,
    given: &Identity,
    problems: &mut Problems,
) -> Vec<Request> {
    let identity = identity(&mut entries, source, given, problems);
    check_keys(&entries, problems);
    let mut requests = Vec::new();
    for kind in KINDS {
        let Some(at) = entries.iter().position(|(key, _)| key == kind.key) else { continue };
        for (place, fields) in kind.items(entries.remove(at).1, problems) {
            let fields =
                if kind.action == Action::ApplyPeer { vec![("peer".into(), Node::Map(fields))] } else { fields };
            requests.extend(request(kind.action, fields, &[], (source, &identity), &place, problems));
        }
    }
    requests
}

/// Takes the identity out of the description.
fn identity(entries: &mut Entries, source: &Source, given: &Identity, problems: &mut Problems) -> Identity {
    secret_from_file(entries, ("token", TOKEN_FILE), &source.folder, &Place::file(), problems);
    let mut take = |wanted: &str| {
        let at = entries.iter().position(|(key, _)| key == wanted)?;
        match entries.remove(at).1 {
            Node::Text(text) => Some(text),
            other => {
                problems.push(&Place::file().key(wanted), format!("expected text, found {}", other.kind()));
                Some(String::new())
            }
        }
    };
    let owner = take("owner").or_else(|| given.owner.clone());
    let token = take("token").map_or_else(|| given.token.clone(), |token| Some(token.into()));
    Identity { owner, token }
}

fn check_keys(entries: &Entries, problems: &mut Problems) {
    let kinds = KINDS.iter().map(|kind| kind.key);
    for (key, _) in entries.iter().filter(|(key, _)| !kinds.clone().any(|kind| kind == key)) {
        let known = kinds.clone().chain(["owner", "token", TOKEN_FILE[0]]);
        problems.push(&Place::file(), nearest::unknown("key", key, known));
    }
}

impl Kind {
    /// The items under the key with their places.
    fn items(&self, node: Node, problems: &mut Problems) -> Vec<(Place, Entries)> {
        let nodes = match node {
            Node::Map(_) if self.single => vec![(Place::item(self.key.into()), node)],
            Node::List(nodes) if !self.single => {
                let numbered = nodes.into_iter().zip(1..);
                numbered.map(|(node, number)| (Place::item(format!("{} item {number}", self.key)), node)).collect()
            }
            other => {
                let expected = if self.single { "a map" } else { "a list" };
                problems.push(&Place::item(self.key.into()), format!("expected {expected}, found {}", other.kind()));
                Vec::new()
            }
        };
        nodes.into_iter().filter_map(|(place, node)| fields(place, node, problems)).collect()
    }
}

fn fields(place: Place, node: Node, problems: &mut Problems) -> Option<(Place, Entries)> {
    let Node::Map(entries) = node else {
        problems.push(&place, format!("expected a map, found {}", node.kind()));
        return None;
    };
    for (key, _) in entries.iter().filter(|(key, _)| IDENTITY.contains(&key.as_str())) {
        problems.push(&place, format!("`{key}` stands once, at the top of the file"));
    }
    Some((place, entries))
}
