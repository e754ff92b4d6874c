//! Files of `apply -f`: a list of requests, or a description of what one owner
//! wants. Everything that is wrong with a file is found before anything is
//! sent.

mod declarative;
mod fill;
mod item;
mod list;

use crate::{
    identity::Identity,
    node::{self, Node},
    problem::{Place, Problems},
    request::Request,
    source::Source,
};

/// The requests of a file, in the order in which they are to be sent.
///
/// Where the file names no owner or token, those of `identity` apply.
///
/// # Errors
/// All problems of the file: syntax, unknown keys, actions and words, values
/// of the wrong type, secrets that cannot be read, missing identity.
pub(crate) fn parse(source: &Source, identity: &Identity) -> Result<Vec<Request>, Problems> {
    let mut problems = Problems::new(&source.name);
    let requests = match node::parse(&source.name, &source.text) {
        Err(error) => {
            problems.push(&Place::file(), error);
            Vec::new()
        }
        Ok(Node::List(items)) => list::requests(items, source, identity, &mut problems),
        Ok(Node::Map(entries)) => declarative::requests(entries, source, identity, &mut problems),
        Ok(other) => {
            let what = other.kind();
            problems.push(
                &Place::file(),
                format!("expected a list of requests, or a map of what an owner wants, found {what}"),
            );
            Vec::new()
        }
    };
    problems.or(requests)
}

#[cfg(test)]
mod tests;
