use std::os::unix::fs::PermissionsExt as _;

use novaroute_core::intent::Kind;
use novaroute_core::policy::PrefixType;
use novaroute_core::prefix::Family;

use super::*;
use crate::auth::Credential;

const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn owner(text: &str) -> OwnerConfig {
    parse(&format!("owners: {{edge: {{token: abc, {text}}}}}")).owners.remove(&"edge".parse().unwrap()).unwrap()
}

#[test]
fn without_restrictions_an_owner_may_do_all_but_override() {
    let owner = owner("");
    assert_eq!(owner.policy, Policy::default());
    assert_eq!(owner.account, Account { credential: Credential::of_token("abc"), uids: None });
}

#[test]
fn only_the_owner_named_admin_overrides_by_default() {
    let config = parse(
        "owners: {admin: {token: a}, edge: {token: b}, net: {token: c, can_override: true}, \
         ops: {token: d, can_override: false}}",
    );
    let overriding: Vec<_> =
        config.policies().into_iter().filter(|(_, p)| p.can_override).map(|(name, _)| name).collect();
    assert_eq!(overriding.iter().map(OwnerName::as_str).collect::<Vec<_>>(), ["admin", "net"]);
    let admin = parse("owners: {admin: {token: a, can_override: false}}");
    assert!(admin.policies().values().all(|policy| !policy.can_override));
}

#[test]
fn every_restriction_is_read() {
    let OwnerConfig { account, policy } = owner(
        "uids: [0, 1000], permissions: [peers, prefixes, bgp_global], max_prefixes: 10, max_peers: 2, \
         allowed_communities: [\"65000:1\", no-export, \"65000:0:1\", \"rt:65000:1\"], allow_transit: true, allowed_interfaces: [eth0], allowed_peers: [10.0.0.9/24], \
         allowed_remote_as: [65000, 4200000000], allowed_prefixes: {type: any, allowed_cidrs: [10.0.0.0/8, \"fd00::/8\"], \
         allow_default_route: true, min_length: {ipv4: 24}, max_length: {ipv4: 28, ipv6: 64}}",
    );
    assert_eq!(account.uids, Some([0, 1000].into()));
    assert_eq!(policy.permissions, [Kind::BgpGlobal, Kind::Peers, Kind::Prefixes].into());
    assert_eq!((policy.max_prefixes, policy.max_peers), (Some(10), Some(2)));
    assert!(policy.allow_transit);
    let communities = ["65000:1", "no-export", "65000:0:1", "rt:65000:1"].map(|text| text.parse().unwrap());
    assert_eq!(policy.allowed_communities, Some(communities.into()));
    assert_eq!(policy.allowed_interfaces, Some(["eth0".parse().unwrap()].into()));
    assert_eq!(policy.allowed_peers, ["10.0.0.0/24".parse().unwrap()]);
    assert_eq!(policy.allowed_remote_as.unwrap().len(), 2);
    assert_eq!(policy.prefix_type, PrefixType::Any);
    assert_eq!(policy.allowed_cidrs, ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap()));
    assert!(policy.allow_default_route);
    assert_eq!(policy.lengths, [(Family::Ipv4, 24..=28), (Family::Ipv6, 0..=64)].into());
}

#[test]
fn prefix_types_are_read_and_an_empty_list_of_cidrs_restricts_nothing() {
    for (word, kind) in [("host_only", PrefixType::HostOnly), ("subnet", PrefixType::Subnet), ("any", PrefixType::Any)]
    {
        let policy = owner(&format!("allowed_prefixes: {{type: {word}, allowed_cidrs: []}}")).policy;
        assert_eq!((policy.prefix_type, policy.allowed_cidrs), (kind, vec![]));
    }
}

#[test]
fn bad_restrictions_are_refused_by_name() {
    for (fields, words) in [
        ("uids: []", "uids: is an empty list; name what is allowed, or leave the key out"),
        ("uids: [-1]", "uids[0]: \"-1\" is not a whole number from 0 to 4294967295"),
        ("uids: [root]", "uids[0]: is text where a number belongs"),
        ("uids: 0", "uids: is a number where a list belongs"),
        (
            "permissions: [peers, routes]",
            "permissions[1]: \"routes\" is not one of bgp_global, peers, prefixes, bfd, ospf",
        ),
        ("permissions: []", "permissions: is an empty list"),
        ("permissions: [bfd, bfd]", "permissions[1]: is in the list twice"),
        ("max_prefixes: 0", "max_prefixes: 0 is not a number from 1 to 1000000"),
        ("max_peers: -5", "max_peers: \"-5\" is not a whole number"),
        ("allowed_communities: [\"1:2:3:4\"]", "allowed_communities[0]: \"1:2:3:4\" is not a community"),
        ("allowed_communities: []", "allowed_communities: is an empty list"),
        ("allowed_interfaces: [\"eth0 x\"]", "allowed_interfaces[0]: \"eth0 x\" is not an interface name"),
        ("allowed_peers: [10.0.0.1]", "allowed_peers[0]: \"10.0.0.1\" is not a prefix"),
        ("allowed_remote_as: [0]", "allowed_remote_as[0]: 0 is not an AS number"),
        ("can_override: maybe", "can_override: is text where true or false belongs"),
        ("allowed_prefixes: {type: hosts}", "allowed_prefixes.type: \"hosts\" is not one of host_only, subnet, any"),
        ("allowed_prefixes: {allowed_cidrs: [10.0.0.0/33]}", "allowed_cidrs[0]: \"10.0.0.0/33\" is not a prefix"),
        ("allowed_prefixes: {allowed_cidrs: [10.0.0.1/8, 10.0.0.2/8]}", "allowed_cidrs[1]: is in the list twice"),
        ("allowed_prefixes: {type: subnet, allow_default_route: true}", "has no effect with the type subnet"),
        ("allowed_prefixes: {min_length: 24}", "min_length: is a number where a table of keys belongs"),
        ("allowed_prefixes: {max_length: {ipv4: 33}}", "max_length.ipv4: 33 is not a length from 0 to 32"),
        ("allowed_prefixes: {min_length: {ipv6: 65}, max_length: {ipv6: 64}}", "min_length.ipv6 65 is more than"),
        ("allowed_prefixes: {min_length: {v4: 8}}", "min_length.v4: unknown key; did you mean \"ipv4\"?"),
        ("allowed_prefixs: {}", "allowed_prefixs: unknown key; did you mean \"allowed_prefixes\"?"),
    ] {
        let errors = errors(&format!("owners: {{edge: {{token: abc, {fields}}}}}"));
        let key = "owners.edge.";
        assert!(errors.len() == 1 && errors[0].contains(key) && errors[0].contains(words), "{fields}: {errors:#?}");
    }
}

#[test]
fn the_number_of_owners_has_a_limit() {
    let many: String = (0..1025).map(|number| format!("  o{number}: {{token: t{number}}}\n")).collect();
    assert_each_refused(&[(&format!("owners:\n{many}"), "owners: 1025 owners are more than 1024")]);
}

#[test]
fn names_are_checked() {
    assert_each_refused(&[
        ("owners: {_config: {token: a}}", "1:10: owners._config: names that begin with '_' belong to the agent itself"),
        ("owners: {\"a b\": {token: a}}", "owners.\"a b\": \"a b\" is not an owner name"),
        ("owners: {\"\": {token: a}}", "owners.\"\": \"\" is not an owner name"),
    ]);
}

#[test]
fn a_token_comes_in_exactly_one_form() {
    let credential = Credential::of_token("abc");
    for form in [
        "token: abc".to_owned(),
        format!("token_sha256: {ABC_SHA256}"),
        format!("token_sha256: {}", ABC_SHA256.to_uppercase()),
    ] {
        let config = parse(&format!("owners: {{edge: {{{form}}}}}"));
        assert_eq!(
            config.accounts().values().map(|account| &account.credential).collect::<Vec<_>>(),
            [&credential],
            "{form}"
        );
    }
    let both = format!("owners: {{edge: {{token: abc, token_sha256: {ABC_SHA256}}}}}");
    let short = format!("owners: {{edge: {{token_sha256: {}}}}}", &ABC_SHA256[1..]);
    let wide = format!("owners: {{edge: {{token_sha256: {}é}}}}", &ABC_SHA256[2..]);
    assert_each_refused(&[
        ("owners: {edge: {}}", "owners.edge: has no token; set one of token, token_file, token_sha256"),
        (&both, "owners.edge: has more than one token; keep one of"),
        (&short, "owners.edge.token_sha256: "),
        (&wide, "owners.edge.token_sha256: "),
        ("owners: {edge: {token: \"\"}}", "owners.edge.token: the token is empty; give one"),
        ("owners: {edge: {token: \"a\\nb\"}}", "owners.edge.token: the given secret is not a token"),
        ("owners: {edge: {token: 123}}", "owners.edge.token: is a number where text belongs; put it in quotes"),
    ]);
}

#[test]
fn variables_expand_in_tokens() {
    let text = "owners: {edge: {token: \"${EDGE_TOKEN}\"}}";
    let config = parse_with(text, &[("EDGE_TOKEN", "abc")]);
    assert_eq!(config.accounts().values().next().unwrap().credential, Credential::of_token("abc"));
    assert_each_refused(&[(text, "1:24: owners.edge.token: the variable EDGE_TOKEN is not set; set it")]);
    let empty = errors_with(text, &[("EDGE_TOKEN", "")]);
    assert!(empty[0].contains("owners.edge.token: ") && empty[0].contains("the token is empty"), "{empty:?}");
}

#[test]
fn a_token_file_is_read_without_its_last_newline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let text = format!("owners: {{edge: {{token_file: {}}}}}", path.display());
    for content in ["abc", "abc\n", "abc\r\n"] {
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let config = parse(&text);
        assert_eq!(config.accounts().values().next().unwrap().credential, Credential::of_token("abc"));
        assert_eq!(config.files, [PathBuf::from("c"), path.clone()].into());
        assert!(config.warnings.is_empty());
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let warnings = parse(&text).warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("owners.edge.token_file: "), "{warnings:?}");
    for content in ["", "\n"] {
        std::fs::write(&path, content).unwrap();
        assert_each_refused(&[(&text, "owners.edge.token_file: the token is empty")]);
    }
    for content in ["a\nb\n", &"x".repeat(5000)] {
        std::fs::write(&path, content).unwrap();
        assert_each_refused(&[(&text, "owners.edge.token_file: the given secret is not a token")]);
    }
    std::fs::write(&path, b"\xff").unwrap();
    assert_each_refused(&[(&text, "owners.edge.token_file: ")]);
    std::fs::remove_file(&path).unwrap();
    assert_each_refused(&[(&text, "cannot be read: No such file or directory")]);
    let missing = Config::parse(Path::new("c"), &text, &Variables::new()).unwrap_err();
    assert!(missing.files().contains(&path), "to be watched: the file may still come");
    assert_each_refused(&[
        ("owners: {edge: {token_file: /dev/null}}", "/dev/null cannot be read: not a regular file"),
        ("owners: {edge: {token_file: token}}", "\"token\" is not an absolute path"),
    ]);
}

#[test]
fn owners_with_one_token_are_warned_about() {
    let config = parse(&format!("owners: {{a: {{token: abc}}, b: {{token_sha256: {ABC_SHA256}}}, c: {{token: d}}}}"));
    assert_eq!(config.warnings, ["the owners a and b have the same token: each can act as the other"]);
}

#[test]
fn a_configuration_never_prints_a_secret() {
    let text = "{owners: {edge: {token: t0psecret}}, \
                bgp: {peers: [{neighbor_address: 10.0.0.2, remote_as: 1, password: md5secret}]}}";
    let printed = format!("{:?}", parse(text));
    assert!(!printed.contains("t0psecret") && !printed.contains("md5secret"), "{printed}");
    for bad in [
        "owners: {edge: {token: [t0psecret]}}",
        "owners: {edge: {token: \"t0psecret\\n\"}}",
        "owners: {edge: {token: t0psecret, token_sha256: t0psecret}}",
        "bgp: {peers: [{password: \"t0psecret \", neighbor_address: 10.0.0.2, remote_as: 1}]}",
        "bgp: {peers: [{password: [t0psecret], neighbor_address: 10.0.0.2, remote_as: 1}]}",
    ] {
        assert!(!errors(bad).join("\n").contains("t0psecret"), "{bad}");
    }
}
