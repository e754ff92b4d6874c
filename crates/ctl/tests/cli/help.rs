//! Help, version and completion.

use crate::ctl::alone;

/// The commands and their flags; scripts depend on each of them.
const FLAGS: &[(&str, &str)] = &[
    ("status", "--owner --watch -w --interval --output -o"),
    ("peers", "--owner --watch -w --interval --output -o"),
    ("prefixes", "--owner --watch -w --interval --output -o"),
    ("bfd", "--owner --watch -w --interval --output -o"),
    ("ospf", "--owner --watch -w --interval --output -o"),
    ("owners", "--owner --watch -w --interval --output -o"),
    ("intents", "--owner --watch -w --interval --output -o"),
    ("events", "--owner --types -o"),
    ("top", "--interval --owner"),
    ("explain", "prefix peer bfd ospf --owner --output -o"),
    ("doctor", "--root --output -o"),
    ("register", "--reassert --lease --instance --owner --token --token-file --socket --timeout --wait --dry-run"),
    ("deregister", "--withdraw-all"),
    ("renew", "--session-id"),
    ("end-of-replay", "--session-id --confirm-removals"),
    ("configure-bgp", "--local-as --router-id"),
    (
        "apply-peer",
        "--neighbor --remote-as --peer-type --keepalive --hold-time --bfd --bfd-min-rx --bfd-min-tx \
         --bfd-detect-multiplier --ebgp-multihop --password --password-file --source-address --max-prefix \
         --address-families --description --max-prefix-action --max-prefix-restart-min --import --import-prefixes \
         --refuse-default-route --export --export-communities --next-hop-self --allowas-in --graceful-restart --interface \
         --local-as --ttl-security --passive --connect-retry --advertisement-interval --shutdown --shutdown-message",
    ),
    ("remove-peer", "--neighbor --interface"),
    (
        "advertise",
        "--prefix --protocol --local-pref --communities --med --next-hop --large-communities \
         --extended-communities --as-path-prepend --origin --peers",
    ),
    ("withdraw", "--prefix --protocol"),
    ("enable-bfd", "--peer --min-rx --min-tx --detect-multiplier --interface --multihop --source-address"),
    ("disable-bfd", "--peer --interface --multihop"),
    (
        "enable-ospf",
        "--interface --area --passive --cost --hello-interval --dead-interval --network-type --priority --area-type \
         --authentication --authentication-key-id --authentication-key --authentication-key-file --bfd --bfd-min-rx \
         --bfd-min-tx --bfd-detect-multiplier",
    ),
    ("disable-ospf", "--interface"),
    ("handoff", "--owner --token-file"),
    ("drain", "--node --of-owner --delay-s --keep-announced --shut-sessions --shutdown-message"),
    ("undrain", "--node --of-owner"),
    ("diff", "--file -f --prune --output -o"),
    ("apply", "--file -f --print --dry-run --prune --atomic --confirm-within --yes -y"),
    ("confirm", "--owner --token-file --wait"),
    ("rollback", "--owner --token-file --wait"),
    ("import", "--file -f --from metallb frr-k8s novaroute --strict --output -o"),
    ("support-bundle", "--file -f --config"),
    ("man", "FOLDER"),
    ("completion", "bash zsh fish"),
];

/// `text` as words, without the punctuation of help texts.
fn words(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect()
}

#[test]
fn every_command_explains_its_flags() {
    let all = alone("--help");
    assert_eq!(all.code, 0);
    for (command, flags) in FLAGS {
        assert!(words(&all.stdout).contains(command), "{command} is not in the list of commands");
        let help = alone(&format!("{command} --help"));
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{command}");
        let words = words(&help.stdout);
        for flag in flags.split_whitespace() {
            assert!(words.contains(&flag), "{command}: {flag} is not in\n{}", help.stdout);
        }
        assert!(help.stdout.contains("\nExamples:\n  novaroutectl "), "{command}: no examples");
    }
}

#[test]
fn enum_words_are_in_the_help() {
    for (line, words) in [
        ("advertise -h", "[possible values: bgp, ospf]"),
        ("apply-peer -h", "[possible values: external, internal]"),
        ("apply-peer -h", "[possible values: ipv4-unicast, ipv6-unicast]"),
        ("events -h", "PEER_UP, PEER_DOWN"),
    ] {
        let help = alone(line).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(words), "{line}: {help}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = alone("--version");
    assert_eq!((ran.code, ran.stdout), (0, format!("novaroutectl {}\n", env!("CARGO_PKG_VERSION"))));
}
