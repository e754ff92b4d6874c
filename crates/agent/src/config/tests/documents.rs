//! The documentation and the example agree with what is read.

use super::*;
use crate::config::{bgp, owners, peer, policy};

const DOCUMENT: &str = include_str!("../../../../../docs/configuration.md");
const EXAMPLE: &str = include_str!("../../../../../docs/config.example.json");

#[test]
fn every_key_is_documented() {
    let sections = ["socket_dir", "connect_timeout", "retry_interval", "mode", "group", "timeout", "ring"];
    let keys =
        [KEYS, bgp::KEYS, peer::KEYS, owners::KEYS, policy::PREFIX_KEYS, policy::FAMILY_KEYS, &sections].concat();
    let missing: Vec<_> = keys.into_iter().filter(|key| !DOCUMENT.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "not in the document: {missing:?}");
}

#[test]
fn the_example_is_a_configuration() {
    let variables = [("NODE_IP", "10.0.0.11"), ("NOVAEDGE_TOKEN", "a"), ("NOVANET_TOKEN", "b")];
    let config = parse_with(EXAMPLE, &variables);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(config.settings, Settings::default(), "the example shows the defaults");
    assert!(config.config_intents.len() > 1 && config.owners.len() > 2);
}
