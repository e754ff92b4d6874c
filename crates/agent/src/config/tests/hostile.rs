//! Text that would break out of FRR's lines, a log or a terminal, in every field that takes text.

use proptest::prelude::*;

use super::*;

/// In JSON strings.
const HOSTILE: &[&str] = &[
    "a\\nrouter bgp 1",
    "a\\rb",
    "a\\u0000b",
    "a\\tb",
    "a\\u001b[31mb",
    "a\\u007fb",
    "a\\u202eb",
    "a|b",
    "a! b? 50%",
    "\\\"a' `b`",
    "exit",
    "no neighbor 10.0.0.2",
    "",
    " ",
];

/// Fields where no hostile text is a value, as templates with `@` for the text.
const CLOSED: &[&str] = &[
    "{'listen_socket': '@'}",
    "{'log_level': '@'}",
    "{'log_format': '@'}",
    "{'status_page': '@'}",
    "{'disconnect_grace_period': '@'}",
    "{'adoption_grace': '@'}",
    "{'state_dir': '@'}",
    "{'frr': {'socket_dir': '@'}}",
    "{'frr': {'connect_timeout': '@'}}",
    "{'frr': {'retry_interval': '@'}}",
    "{'shutdown': {'mode': '@'}}",
    "{'shutdown': {'timeout': '@'}}",
    "{'socket': {'mode': '@'}}",
    "{'bgp': {'local_as': 1, 'router_id': '@'}}",
    "{'bgp': {'peers': [{'neighbor_address': '@', 'remote_as': 1}]}}",
    "{'bgp': {'peers': [{'neighbor_address': '10.0.0.2', 'remote_as': 1, 'peer_type': '@'}]}}",
    "{'bgp': {'peers': [{'neighbor_address': '10.0.0.2', 'remote_as': 1, 'address_families': ['@']}]}}",
    "{'owners': {'a': {'token_file': '@'}}}",
    "{'owners': {'a': {'token_sha256': '@'}}}",
    "{'owners': {'a': {'token': 'x', 'permissions': ['@']}}}",
    "{'owners': {'a': {'token': 'x', 'allowed_communities': ['@']}}}",
    "{'owners': {'a': {'token': 'x', 'allowed_peers': ['@']}}}",
    "{'owners': {'a': {'token': 'x', 'allowed_prefixes': {'type': '@'}}}}",
    "{'owners': {'a': {'token': 'x', 'allowed_prefixes': {'allowed_cidrs': ['@']}}}}",
];

/// Fields that are words: of the hostile texts only `exit` is one.
const WORDS: &[&str] = &[
    "{'socket': {'group': '@'}}",
    "{'owners': {'@': {'token': 'x'}}}",
    "{'owners': {'a': {'token': 'x', 'allowed_interfaces': ['@']}}}",
];

fn filled(template: &str, text: &str) -> String {
    template.replace('\'', "\"").replace('@', text)
}

fn parsed(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(Path::new("c"), text, &Variables::new())
}

fn assert_refused(text: &str) {
    let errors = parsed(text).err().unwrap_or_else(|| panic!("taken: {text}")).to_string();
    let unprintable = errors.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}'));
    assert!(!unprintable && errors.len() < 2000, "{text}: {errors:?}");
}

#[test]
fn hostile_text_is_refused_in_every_closed_field() {
    let long = "x".repeat(65_536);
    for template in CLOSED {
        for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
            assert_refused(&filled(template, hostile));
        }
    }
    for template in WORDS {
        for hostile in HOSTILE.iter().copied().filter(|text| *text != "exit").chain([long.as_str()]) {
            assert_refused(&filled(template, hostile));
        }
    }
}

#[test]
fn free_text_is_taken_as_it_is_or_refused() {
    let description = "{'bgp': {'peers': [{'neighbor_address': '10.0.0.2', 'remote_as': 1, 'description': '@'}]}}";
    for hostile in HOSTILE.iter().filter(|text| text.contains('\\') && !text.contains('"') || text.contains('|')) {
        assert_refused(&filled(description, hostile));
    }
    for harmless in ["a! b? 50%", "no neighbor 10.0.0.2", "exit", "\\\"a' `b`"] {
        let config = parsed(&filled(description, harmless)).unwrap();
        let Intent::Peer(peer) = &config.config_intents[0] else { panic!("no peer") };
        assert_eq!(peer.description.as_ref().unwrap().as_str(), harmless.replace("\\\"", "\""));
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,300}") {
        let _ = parsed(&text);
    }

    #[test]
    fn no_value_makes_it_panic(template in 0..CLOSED.len(), value in "[-+.\\w\\[\\]{}:,/ ]{0,20}") {
        let _ = parsed(&CLOSED[template].replace("'@'", &value).replace('\'', "\""));
    }

    #[test]
    fn what_is_refused_is_printed_in_one_line_per_fault(value in any::<String>()) {
        let quoted = serde_json::to_string(&value).unwrap();
        let text = format!("{{\"owners\": {{{quoted}: {{\"token\": \"x\", {quoted}: {quoted}}}}}}}");
        if let Err(errors) = parsed(&text) {
            prop_assert_eq!(errors.to_string().lines().count(), errors.errors().len());
        }
    }
}
