//! Finding the Debian mirror that the system uses, in either form of sources.list(5).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Keys of Debian's releases, where a source names none.
const DEBIAN_KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A mirror and the file of keys that its releases are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    uri: String,
    keyring: String,
}

impl Source {
    fn new(uri: &str, keyring: Option<&str>) -> Self {
        // A key may also be given in full or by its fingerprint: then Debian's own file it is.
        let keyring = keyring.filter(|keyring| keyring.starts_with('/')).unwrap_or(DEBIAN_KEYRING);
        Self { uri: uri.to_owned(), keyring: keyring.to_owned() }
    }

    /// A line of sources.list(5) for another suite of the same mirror.
    pub(super) fn line(&self, suite: &str) -> String {
        format!("deb [signed-by={}] {} {suite} main\n", self.keyring, self.uri)
    }
}

/// The first mirror in `/etc/apt` that has `suite`.
pub(super) fn find(suite: &str) -> Result<Source> {
    find_in(Path::new("/etc/apt"), suite)
}

fn find_in(apt: &Path, suite: &str) -> Result<Source> {
    for path in source_files(apt) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let deb822 = path.extension().is_some_and(|extension| extension == "sources");
        let found = if deb822 { in_stanzas(&text, suite) } else { in_lines(&text, suite) };
        if let Some(source) = found {
            return Ok(source);
        }
    }
    None.with_context(|| format!("no 'deb' source of suite {suite}, component main, under {}", apt.display()))
}

/// Files that apt reads, in its order.
fn source_files(apt: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = fs::read_dir(apt.join("sources.list.d"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sources" || extension == "list"))
        .collect();
    parts.sort();
    parts.insert(0, apt.join("sources.list"));
    parts
}

/// The one-line form: `deb [options] uri suite component…`.
fn in_lines(text: &str, suite: &str) -> Option<Source> {
    text.lines().find_map(|line| {
        let line = line.split('#').next()?.trim();
        let rest = line.strip_prefix("deb")?;
        let rest = rest.strip_prefix(|c: char| c.is_whitespace())?.trim_start();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", rest),
        };
        let mut words = rest.split_whitespace();
        let uri = words.next().filter(|uri| is_mirror(uri))?;
        if words.next()? != suite || !words.any(|component| component == "main") {
            return None;
        }
        let keyring = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
        Some(Source::new(uri, keyring))
    })
}

/// The deb822 form: stanzas of `Key: value` fields.
fn in_stanzas(text: &str, suite: &str) -> Option<Source> {
    let text: String =
        text.lines().filter(|line| !line.starts_with('#')).flat_map(|line| [line.trim_end(), "\n"]).collect();
    text.split("\n\n").find_map(|stanza| {
        let has = |key: &str, wanted: &str| {
            field(stanza, key).is_some_and(|value| value.split_whitespace().any(|word| word == wanted))
        };
        let disabled = has("Enabled", "no") || has("Enabled", "false");
        if disabled || !has("Types", "deb") || !has("Suites", suite) || !has("Components", "main") {
            return None;
        }
        let uris = field(stanza, "URIs")?;
        let uri = uris.split_whitespace().find(|uri| is_mirror(uri))?;
        Some(Source::new(uri, field(stanza, "Signed-By").as_deref().map(str::trim)))
    })
}

/// A field's value, with its continuation lines; keys ignore case.
fn field(stanza: &str, key: &str) -> Option<String> {
    let mut lines = stanza.lines();
    let first = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(key).then(|| value.to_owned())
    })?;
    let more = lines.take_while(|line| line.starts_with([' ', '\t'])).map(str::to_owned);
    Some(std::iter::once(first).chain(more).collect::<Vec<_>>().join("\n"))
}

/// A disc or a folder has one release only.
fn is_mirror(uri: &str) -> bool {
    ["http:", "https:", "mirror+"].iter().any(|scheme| uri.starts_with(scheme))
}

#[cfg(test)]
mod tests;
