mod bgp;
mod documents;
mod hostile;
mod owners;
mod settings;

use super::*;

type Variables = BTreeMap<String, String>;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse(text: &str) -> Config {
    parse_with(text, &[])
}

fn parse_with(text: &str, pairs: &[(&str, &str)]) -> Config {
    Config::parse(Path::new("c"), text, &variables(pairs)).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

/// What is said about a bad configuration, without the name of the file.
fn errors(text: &str) -> Vec<String> {
    errors_with(text, &[])
}

fn errors_with(text: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    let Err(errors) = Config::parse(Path::new("c"), text, &variables(pairs)) else { panic!("taken: {text}") };
    errors.to_string().lines().map(|line| line.strip_prefix("c:").unwrap_or(line).to_owned()).collect()
}

/// Each text has exactly one fault, which is told with these words.
fn assert_each_refused(faults: &[(&str, &str)]) {
    for (text, words) in faults {
        let errors = errors(text);
        assert!(errors.len() == 1 && errors[0].contains(words), "{text}\nwanted: {words}\ngot: {errors:#?}");
    }
}

#[test]
fn an_empty_table_is_a_configuration_with_all_defaults() {
    let config = parse("{}");
    assert_eq!(config.settings, Settings::default());
    assert!(config.owners.is_empty() && config.config_intents.is_empty() && config.warnings.is_empty());
    assert_eq!(config.files, [PathBuf::from("c")].into());
}

#[test]
fn json_and_yaml_say_the_same() {
    let json = r#"{
        "log_level": "debug", "disconnect_grace_period": 5, "socket": {"mode": "0600", "group": 107},
        "bgp": {"local_as": 65000, "router_id": "10.0.0.1", "peers": [
            {"neighbor_address": "10.0.0.2", "remote_as": 65001, "address_families": ["ipv4_unicast", "ipv6-unicast"]}]},
        "owners": {"edge": {"token": "abc", "allowed_prefixes": {"type": "host_only", "allowed_cidrs": ["10.0.0.0/8"]}}}
    }"#;
    let yaml = "\
# The same in YAML.
log_level: debug
disconnect_grace_period: 5
socket: {mode: 0600, group: 107}
bgp:
  local_as: 65000
  router_id: 10.0.0.1
  peers:
    - neighbor_address: 10.0.0.2
      remote_as: 65001
      address_families: [IPV4_UNICAST, ADDRESS_FAMILY_IPV6_UNICAST]
owners:
  edge:
    token: abc
    allowed_prefixes:
      type: host_only
      allowed_cidrs: [10.0.0.0/8]
";
    assert_eq!(parse(json), parse(yaml));
}

#[test]
fn all_faults_are_told_at_once_where_they_stand() {
    let text = r#"{
  "log_level": "loud",
  "listen_sockte": "/run/x.sock",
  "frr": {"connect_timeout": -1},
  "bgp": {
    "local_as": 0,
    "router_id": "10.0.0.256",
    "peers": [{"neighbor_address": "10.0.0.2", "remote_as": 65001, "hold_time": 9}]
  },
  "owners": {
    "_edge": {"token": "abc"},
    "net": {"token": "", "allowed_prefixes": {"allowed_cidrs": ["10.0.0.0/33", "x"]}, "can_overide": true}
  }
}"#;
    expect_test::expect![[r#"
        2:16: log_level: "loud" is not one of debug, info, warn, error
        3:3: listen_sockte: unknown key; did you mean "listen_socket"?
        4:30: frr.connect_timeout: "-1" is not a duration from 100ms to 60s: seconds as a number, or text such as "5s" or "500ms"
        6:17: bgp.local_as: 0 is not an AS number from 1 to 4294967295
        7:18: bgp.router_id: "10.0.0.256" is not a router id: an IPv4 address other than 0.0.0.0, 255.255.255.255 and multicast
        8:15: bgp.peers[0]: keepalive: is not set while peer.hold_time is 9: set both timers or neither
        11:5: owners._edge: names that begin with '_' belong to the agent itself; choose another
        12:22: owners.net.token: the token is empty; give one
        12:65: owners.net.allowed_prefixes.allowed_cidrs[0]: "10.0.0.0/33" is not a prefix with a length of 0 to 32
        12:80: owners.net.allowed_prefixes.allowed_cidrs[1]: "x" is not a prefix in CIDR form, such as 10.0.0.1/32 or 2001:db8::1/128
        12:87: owners.net.can_overide: unknown key; did you mean "can_override"?
        environment variable NOVAROUTE_BGP_LOCAL_AS: "many" is not an AS number from 1 to 4294967295; correct the variable, or do not set it"#]]
    .assert_eq(&errors_with(text, &[("NOVAROUTE_BGP_LOCAL_AS", "many")]).join("\n"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing.json");
    let text = Config::load(&path, &Variables::new()).unwrap_err().to_string();
    assert!(text.starts_with(&format!("{}: cannot be read: ", path.display())), "{text}");

    let (latin, long) = (folder.path().join("latin"), folder.path().join("long"));
    std::fs::write(&latin, b"{\"log_level\": \"\xe9\"}").unwrap();
    std::fs::write(&long, " ".repeat(FILE_BYTES_MAX + 1)).unwrap();
    for (path, words) in
        [(latin, "not UTF-8"), (long, "longer than 1048576 bytes"), (folder.path().into(), "cannot be read")]
    {
        let text = Config::load(&path, &Variables::new()).unwrap_err().to_string();
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_key_that_is_given_twice_is_refused() {
    assert_each_refused(&[
        ("log_level: info\nlog_level: debug\n", "2:1: log_level: given twice, first in line 1"),
        ("{\"owners\": {\"a\": {\"token\": \"x\"},\n\"a\": {\"token\": \"x\"}}}", "2:1: owners.a: given twice"),
        ("frr: {socket_dir: /a, socket_dir: /b}", "frr.socket_dir: given twice"),
    ]);
}

#[test]
fn the_wrong_kind_of_value_is_named_with_the_way_out() {
    assert_each_refused(&[
        ("[]", "1:1: is a list where a table of keys belongs"),
        ("text", "is text where a table of keys belongs"),
        ("log_level: 5", "1:12: log_level: is a number where text belongs; put it in quotes"),
        ("log_level: [debug]", "log_level: is a list where text belongs"),
        ("log_level: true", "log_level: is a truth value where text belongs; put it in quotes"),
        ("log_level:", "log_level: has no value; give text, or leave the key out"),
        ("owners: null", "owners: has no value; give a table of keys, or leave the key out"),
        ("owners: {edge: }", "owners.edge: has no value"),
        ("frr: /run/frr", "frr: is text where a table of keys belongs"),
        ("events: {ring: \"100\"}", "events.ring: is text where a number belongs; write it without quotes"),
        ("bgp: {auto_router_id: yes}", "is text where true or false belongs; write it without quotes"),
        ("bgp: {peers: {}}", "bgp.peers: is a table where a list belongs"),
    ]);
}

#[test]
fn a_file_full_of_faults_does_not_fill_the_log() {
    let text: String = (0..10_000).map(|number| format!("k{number}: 1\n")).collect();
    let lines = errors(&text);
    assert_eq!(lines.len(), 101);
    assert!(lines[100].contains("9900 more errors"), "{}", lines[100]);
}
