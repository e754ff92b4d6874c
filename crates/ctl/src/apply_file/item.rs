//! One request of a file.

use std::path::Path;

use prost_reflect::DynamicMessage;

use super::fill::{ExtraKeys, fill};
use crate::{
    identity::Identity,
    node::{Entries, Node},
    problem::{Place, Problems},
    request::{Action, Request},
    schema,
    secret::Secret,
    source::Source,
};

/// Keys of a request, and of a description, for the owner's token in a file.
pub(super) const TOKEN_FILE: &[&str] = &["token_file", "tokenFile"];
/// Keys of a peer for its password in a file.
const PASSWORD_FILE: &[&str] = &["password_file", "passwordFile"];

/// Keys of an OSPF interface for its key in a file.
const AUTHENTICATION_KEY_FILE: &[&str] = &["authentication_key_file", "authenticationKeyFile"];

/// Keys that the map of a field takes beside the fields of its message.
pub(super) fn extra_keys(field: &str) -> ExtraKeys {
    if field == "peer" { PASSWORD_FILE } else { &[] }
}

/// Builds the request `action` from its fields.
pub(super) fn request(
    action: Action,
    mut entries: Entries,
    extra: ExtraKeys,
    (source, identity): (&Source, &Identity),
    place: &Place,
    problems: &mut Problems,
) -> Option<Request> {
    secret_from_file(&mut entries, ("token", TOKEN_FILE), &source.folder, place, problems);
    if let Some((_, Node::Map(peer))) = entries.iter_mut().find(|(key, _)| key == "peer") {
        secret_from_file(peer, ("password", PASSWORD_FILE), &source.folder, &place.key("peer"), problems);
    }
    if action == Action::EnableOspf {
        let key = ("authentication_key", AUTHENTICATION_KEY_FILE);
        secret_from_file(&mut entries, key, &source.folder, place, problems);
    }
    identify(&mut entries, identity, place, problems);
    let descriptor = schema::message(&action.request_name());
    let built = descriptor.and_then(|descriptor| {
        let mut message = DynamicMessage::new(descriptor);
        fill(&mut message, entries, extra, place, problems);
        Request::unreflect(action, &message)
    });
    built.map_err(|error| problems.push(place, error.to_string())).ok()
}

/// Puts the secret of a file in the place of the key that names the file.
pub(super) fn secret_from_file(
    entries: &mut Entries,
    (key, file_keys): (&str, &[&str]),
    folder: &Path,
    place: &Place,
    problems: &mut Problems,
) {
    let Some(at) = entries.iter().position(|(key, _)| file_keys.contains(&key.as_str())) else { return };
    let (file_key, node) = entries.remove(at);
    let read = match node {
        _ if entries.iter().any(|(other, _)| other == key || file_keys.contains(&other.as_str())) => {
            Err(format!("give `{key}` or `{file_key}`, and once"))
        }
        Node::Text(path) => Secret::from_file(&folder.join(path)),
        other => Err(format!("expected the path of a file, found {}", other.kind())),
    };
    match read {
        Ok(secret) => entries.push((key.to_owned(), Node::Text(secret.reveal().to_owned()))),
        Err(text) => {
            problems.push(&place.key(&file_key), text);
            // It was given, so it must not count as missing as well.
            if !entries.iter().any(|(other, _)| other == key) {
                entries.push((key.to_owned(), Node::Text(String::new())));
            }
        }
    }
}

/// Adds the owner and the token of the command line where there are none.
fn identify(entries: &mut Entries, identity: &Identity, place: &Place, problems: &mut Problems) {
    let token = identity.token.as_ref().map(|token| token.reveal().to_owned());
    let defaults = [
        ("owner", identity.owner.clone(), "write `owner` here, or give --owner"),
        ("token", token, "write `token_file` here, or give --token-file"),
    ];
    for (key, value, way_out) in defaults {
        if entries.iter().any(|(other, _)| other == key) {
            continue;
        }
        match value {
            Some(value) => entries.push((key.to_owned(), Node::Text(value))),
            None => problems.push(place, format!("no {key}: {way_out}")),
        }
    }
}
