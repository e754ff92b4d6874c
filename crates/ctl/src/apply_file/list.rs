//! The list form: one request an item, named by its `action`.

use super::item::{TOKEN_FILE, request};
use crate::{
    identity::Identity,
    nearest,
    node::{Entries, Node},
    problem::{Place, Problems},
    request::{Action, Request},
    source::Source,
};

/// Key of an item that says what it asks for.
const ACTION: &str = "action";
/// Keys of an item that are not fields of its request.
const EXTRA: &[&str] = &[ACTION, TOKEN_FILE[0]];

/// The requests of a list, in its order.
pub(super) fn requests(
    items: Vec<Node>,
    source: &Source,
    identity: &Identity,
    problems: &mut Problems,
) -> Vec<Request> {
    let numbered = items.into_iter().zip(1..);
    numbered
        .filter_map(|(item, number)| {
            let place = Place::item(format!("item {number}"));
            let (action, entries) = action(item, &place, problems)?;
            let place = Place::item(format!("item {number} ({})", action.command()));
            request(action, entries, EXTRA, (source, identity), &place, problems)
        })
        .collect()
}

/// Takes the action out of an item.
fn action(item: Node, place: &Place, problems: &mut Problems) -> Option<(Action, Entries)> {
    let words = || Action::ALL.iter().map(|action| action.command());
    let found = match item {
        Node::Map(mut entries) => match entries.iter().position(|(key, _)| key == ACTION) {
            Some(at) => match entries.remove(at).1 {
                Node::Text(word) => match Action::from_word(&word) {
                    Some(action) => Ok((action, entries)),
                    None => Err(nearest::unknown("action", &word, words())),
                },
                other => Err(format!("`action`: expected text, found {}", other.kind())),
            },
            None => Err(format!("no `action`; known: {}", words().collect::<Vec<_>>().join(", "))),
        },
        other => Err(format!("expected a map, found {}", other.kind())),
    };
    found.map_err(|text| problems.push(place, text)).ok()
}
