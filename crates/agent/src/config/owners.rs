//! The section `owners`: who may connect, with which proof, and what each may ask for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use novaroute_api::from_proto::TOKEN_BYTES_MAX;
use novaroute_core::invalid::Invalid;
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;

use super::cursor::{Cursor, Table};
use super::environment::{Environment, expand};
use super::policy;
use crate::auth::{Account, Credential};

const KEYS: &[&str] = &[
    "token",
    "token_file",
    "token_sha256",
    "uids",
    "permissions",
    "can_override",
    "allow_transit",
    "allowed_prefixes",
    "max_prefixes",
    "max_peers",
    "allowed_communities",
    "allowed_interfaces",
    "allowed_peers",
    "allowed_remote_as",
];

/// Most owners; each costs time in every authentication.
const OWNERS_MAX: usize = 1024;

/// A client that may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerConfig {
    /// How it proves who it is.
    pub account: Account,
    /// What it may ask for.
    pub policy: Policy,
}

pub(super) fn read(section: Option<&Cursor<'_>>, environment: &dyn Environment) -> BTreeMap<OwnerName, OwnerConfig> {
    let mut owners = BTreeMap::new();
    let Some(table) = section.and_then(Cursor::entries) else { return owners };
    let mut shared = BTreeMap::new();
    for (name, cursor) in table.iter() {
        let name = owner_name(&table, name);
        let owner = owner(&cursor, name.as_ref(), environment);
        let (Some(name), Some(owner)) = (name, owner) else { continue };
        if let Some(other) = shared.insert(owner.account.credential.digest(), name.clone()) {
            cursor
                .report()
                .warn(format!("the owners {other} and {name} have the same token: each can act as the other"));
        }
        owners.insert(name, owner);
    }
    if owners.len() > OWNERS_MAX {
        table.fail(format!("{} owners are more than {OWNERS_MAX}; merge some of them", owners.len()));
    }
    owners
}

fn owner_name(table: &Table<'_>, name: &str) -> Option<OwnerName> {
    match name.parse() {
        Ok(name) => Some(name),
        Err(_) if name.starts_with('_') => {
            table.fail_name(name, "names that begin with '_' belong to the agent itself; choose another");
            None
        }
        Err(error) => {
            table.fail_name(name, error);
            None
        }
    }
}

/// Reads one owner. `None` when its credential is at fault; the faults of the rest show all the same.
fn owner(cursor: &Cursor<'_>, name: Option<&OwnerName>, environment: &dyn Environment) -> Option<OwnerConfig> {
    let table = cursor.table(KEYS)?;
    let uids = table.get("uids").and_then(|cursor| policy::set(&cursor, Cursor::number));
    let policy = policy::read(&table, name);
    let credential = credential(cursor, &table, environment)?;
    Some(OwnerConfig { account: Account { credential, uids }, policy })
}

fn credential(cursor: &Cursor<'_>, table: &Table<'_>, environment: &dyn Environment) -> Option<Credential> {
    match (table.get("token"), table.get("token_file"), table.get("token_sha256")) {
        (Some(token), None, None) => from_text(&token, environment),
        (None, Some(file), None) => from_file(&file),
        (None, None, Some(digest)) => from_digest(&digest),
        (None, None, None) => {
            cursor.fail("has no token; set one of token, token_file, token_sha256");
            None
        }
        _ => {
            cursor.fail("has more than one token; keep one of token, token_file, token_sha256");
            None
        }
    }
}

fn from_text(cursor: &Cursor<'_>, environment: &dyn Environment) -> Option<Credential> {
    let token = cursor.check(expand(cursor.text()?, environment))?;
    cursor.check(check_token(&token))?;
    Some(Credential::of_token(&token))
}

fn from_digest(cursor: &Cursor<'_>) -> Option<Credential> {
    let text = cursor.text()?;
    let malformed =
        || Invalid::new(text, "64 hexadecimal digits, such as `sha256sum` prints for the token without a newline");
    cursor.check(digest(text).map(Credential::of_digest).ok_or_else(malformed))
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(digest)
}

fn from_file(cursor: &Cursor<'_>) -> Option<Credential> {
    let path = cursor.path()?;
    cursor.report().note_file(&path);
    let (text, mode) = match read_token_file(&path) {
        Ok(read) => read,
        Err(error) => {
            cursor.fail(format!("{} cannot be read: {error}; the file must hold the token alone", path.display()));
            return None;
        }
    };
    let token = text.trim_end_matches(['\n', '\r']);
    cursor.check(check_token(token))?;
    if mode & 0o004 != 0 {
        cursor.report().warn(format!("{}: {} is readable by every user; use mode 0600", cursor.key(), path.display()));
    }
    Some(Credential::of_token(token))
}

/// The text of a file that is no longer than a token can be, and its mode.
fn read_token_file(path: &Path) -> std::io::Result<(String, u32)> {
    // Before opening: to open a pipe would wait for its other end.
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    // Room for the token, a newline in DOS form, and one byte more to notice what is too long.
    let bytes_max = u64::try_from(TOKEN_BYTES_MAX + 3).unwrap_or(u64::MAX);
    File::open(path)?.take(bytes_max).read_to_string(&mut text)?;
    Ok((text, metadata.permissions().mode()))
}

/// Refuses what no request could carry.
fn check_token(token: &str) -> Result<(), String> {
    if token.is_empty() {
        return Err("the token is empty; give one".to_owned());
    }
    if token.len() <= TOKEN_BYTES_MAX && !token.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Invalid::secret(format!("a token of 1 to {TOKEN_BYTES_MAX} bytes without control characters")).to_string())
}
