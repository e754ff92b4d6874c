//! The agent's configuration file: what it says, without its secrets, and what secrets it leads to.

use std::{env, net::SocketAddr, path::Path};

use serde_json::Value;

use super::known::{KnownSecrets, MASK};
use crate::{secret::Secret, source::Source};

/// Words in the key of a secret.
const SECRET_WORDS: &[&str] = &["token", "password", "secret", "key"];
/// Ends of keys that lead to a secret and are none.
const LEADS: &[&str] = &["_file", "_env"];
/// Where the agent serves HTTP unless its configuration says otherwise.
const DEFAULT_HTTP: &str = "127.0.0.1:9102";

/// A configuration file that was read.
#[derive(Debug)]
pub(crate) struct Config(Value);

impl Config {
    /// Reads the file, and takes note of the secrets that it has or leads to.
    ///
    /// # Errors
    /// It cannot be read, or is neither JSON nor YAML.
    pub(crate) fn read(path: &Path, secrets: &mut KnownSecrets) -> Result<Self, String> {
        let source = Source::read(path).map_err(|failure| failure.text().unwrap_or_default())?;
        // What is wrong with it might be shown with a piece of it.
        let mut value: Value =
            serde_saphyr::from_str(&source.text).map_err(|_| format!("{} is neither JSON nor YAML", source.name))?;
        mask(&mut value, &source.folder, secrets);
        Ok(Self(value))
    }

    /// The file without its secrets.
    pub(crate) fn text(&self) -> String {
        format!("{:#}\n", self.0)
    }

    /// Where on this machine the agent serves HTTP; `None`: nowhere.
    pub(crate) fn http(&self) -> Option<String> {
        let address = self.0.get("metrics_address").and_then(Value::as_str).unwrap_or(DEFAULT_HTTP);
        match (address.strip_prefix(':'), address.parse::<SocketAddr>()) {
            (Some(port), _) => Some(format!("127.0.0.1:{port}")),
            (None, Ok(address)) => Some(address.to_string()),
            (None, Err(_)) => None,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self(Value::Object(serde_json::Map::default()))
    }
}

fn mask(value: &mut Value, folder: &Path, secrets: &mut KnownSecrets) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                mask_entry(key, value, folder, secrets);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| mask(value, folder, secrets)),
        _ => {}
    }
}

fn mask_entry(key: &str, value: &mut Value, folder: &Path, secrets: &mut KnownSecrets) {
    let key = key.to_ascii_lowercase();
    // A table of that name is one of owners or peers, and has its own keys.
    if !SECRET_WORDS.iter().any(|word| key.contains(word)) || value.is_object() {
        return mask(value, folder, secrets);
    }
    let text = value.as_str().map(str::to_owned).unwrap_or_default();
    if !LEADS.iter().any(|end| key.ends_with(end)) {
        secrets.add(&text);
        variables(&text).for_each(|secret| secrets.add(&secret));
        *value = MASK.into();
    } else if key.ends_with("_file")
        && let Ok(secret) = Secret::from_file(&folder.join(&text))
    {
        secrets.add(secret.reveal());
        secrets.add(secret.reveal().trim());
    } else {
        env::var(&text).iter().for_each(|secret| secrets.add(secret));
    }
}

/// The values of the variables that `text` refers to as `${NAME}`.
fn variables(text: &str) -> impl Iterator<Item = String> {
    text.split("${").skip(1).filter_map(|rest| env::var(rest.split_once('}')?.0).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_are_and_are_known_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("edge.token"), "from-a-file\n").unwrap();
        let path = folder.path().join("config.yaml");
        let text = "bgp: {local_as: 65001, peers: [{neighbor_address: 192.0.2.1, password: in-a-list}]}\n\
                    owners: {token: {token: in-a-table}, edge: {token_file: edge.token}, a: {token_sha256: 'abcdef'}}\n\
                    metrics_address: ':9200'\n";
        std::fs::write(&path, text).unwrap();
        let mut secrets = KnownSecrets::default();
        let config = Config::read(&path, &mut secrets).unwrap();
        let shown = config.text();
        for kept in ["65001", "192.0.2.1", "\"token_file\": \"edge.token\"", "\"token_sha256\": \"***\""] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert!(!shown.contains("in-a-") && !shown.contains("abcdef"), "{shown}");
        assert_eq!(secrets.scrub("from-a-file in-a-list in-a-table"), "*** *** ***");
        assert_eq!(config.http().as_deref(), Some("127.0.0.1:9200"));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, "owners: {edge: {token: s3cret-token\n").unwrap();
        let told = Config::read(&path, &mut KnownSecrets::default()).unwrap_err();
        assert!(told.contains("config.yaml") && !told.contains("s3cret"), "{told}");
    }

    #[test]
    fn where_http_is_served() {
        let http = |address: &str| Config(serde_json::json!({"metrics_address": address})).http();
        assert_eq!(Config::default().http().as_deref(), Some("127.0.0.1:9102"));
        assert_eq!(http("[::1]:9102").as_deref(), Some("[::1]:9102"));
        assert_eq!(http(""), None);
    }
}
