use std::time::Duration;

use super::*;

#[test]
fn each_setting_is_read() {
    let settings = parse(
        r#"{
        "listen_socket": "/tmp/n.sock", "log_level": "warn", "log_format": "json", "metrics_address": "127.0.0.1:9200",
        "status_page": false,
        "disconnect_grace_period": "2m", "adoption_grace": 0, "state_dir": "/var/lib/n",
        "frr": {"socket_dir": "/var/run/frr", "connect_timeout": "500ms", "retry_interval": 0.25},
        "socket": {"mode": "0666", "group": "novaroute"}, "shutdown": {"mode": "keep", "timeout": "3s"},
        "events": {"ring": 1000}
    }"#,
    )
    .settings;
    assert_eq!(
        settings,
        Settings {
            socket: Socket { path: "/tmp/n.sock".into(), mode: 0o666, group: Some(Group::Name("novaroute".into())) },
            log_level: LogLevel::Warn,
            log_format: LogFormat::Json,
            metrics_address: Some(MetricsAddress::One("127.0.0.1:9200".parse().unwrap())),
            status_page: false,
            disconnect_grace_period: Duration::from_secs(120),
            adoption_grace: Duration::ZERO,
            frr: Frr {
                socket_dir: "/var/run/frr".into(),
                connect_timeout: Duration::from_millis(500),
                retry_interval: Duration::from_millis(250),
            },
            state_dir: "/var/lib/n".into(),
            shutdown: Shutdown { mode: ShutdownMode::Keep, timeout: Duration::from_secs(3) },
            events_ring: 1000,
        }
    );
}

#[test]
fn the_metrics_address_has_four_forms() {
    let address = |text: &str| parse(&format!("metrics_address: \"{text}\"")).settings.metrics_address;
    assert_eq!(address(""), None);
    assert_eq!(address(":9102"), Some(MetricsAddress::All(9102)));
    assert_eq!(address("[::1]:80"), Some(MetricsAddress::One("[::1]:80".parse().unwrap())));
    let candidates = MetricsAddress::All(9102).candidates();
    assert_eq!(candidates.iter().map(ToString::to_string).collect::<Vec<_>>(), ["[::]:9102", "0.0.0.0:9102"]);
    for bad in ["9102", ":", ":0", ":65536", ":+1", "localhost:9102", "127.0.0.1", "127.0.0.1:0", "::1:9102x"] {
        let errors = errors(&format!("metrics_address: \"{bad}\""));
        assert!(errors[0].contains("is not an address such as"), "{errors:?}");
    }
}

#[test]
fn socket_modes_are_octal_however_they_are_written() {
    for text in ["\"0660\"", "0660", "660", "\"660\"", "0o660"] {
        assert_eq!(parse(&format!("socket: {{mode: {text}}}")).settings.socket.mode, 0o660, "{text}");
    }
    for bad in ["432", "\"0777\"", "\"0060\"", "\"0o\"", "\"\"", "rw", "\"4660\"", "66600", "6_0", "-660", "0x1b0"] {
        let errors = errors(&format!("socket: {{mode: {bad}}}"));
        assert!(errors[0].contains("socket.mode: ") && errors[0].contains("octal mode"), "{errors:?}");
    }
}

#[test]
fn groups_are_names_or_numbers() {
    let group = |text: &str| parse(&format!("socket: {{group: {text}}}")).settings.socket.group;
    assert_eq!(group("frr"), Some(Group::Name("frr".into())));
    assert_eq!(group("_x-1.y"), Some(Group::Name("_x-1.y".into())));
    assert_eq!(group("0"), Some(Group::Id(0)));
    assert_eq!(group("\"92\""), Some(Group::Id(92)));
    for bad in ["\"\"", "-x", "4294967295", "4294967296", "\"a b\"", "\"a:b\"", "1.5", "1a", &"g".repeat(33)] {
        assert!(errors(&format!("socket: {{group: {bad}}}"))[0].contains("is not a group"), "{bad}");
    }
}

#[test]
fn bad_settings_are_refused_by_name() {
    let long = format!("listen_socket: /{}", "x".repeat(107));
    assert_each_refused(&[
        ("listen_socket: run/x.sock", "listen_socket: \"run/x.sock\" is not an absolute path; begin it with '/'"),
        ("listen_socket: \"/run/x\\n\"", "listen_socket: \"/run/x\\n\" is not an absolute path"),
        ("listen_socket: \"\"", "listen_socket: \"\" is not an absolute path"),
        (&long, "is 108 bytes long and a socket's path has at most 107"),
        ("log_level: trace", "log_level: \"trace\" is not one of debug, info, warn, error"),
        ("log_level: INFO", "log_level: \"INFO\" is not one of"),
        ("log_format: xml", "log_format: \"xml\" is not one of text, json"),
        ("disconnect_grace_period: -1", "disconnect_grace_period: \"-1\" is not a duration from 0s to 86400s"),
        ("disconnect_grace_period: 86401", "is not a duration from 0s to 86400s"),
        ("adoption_grace: soon", "adoption_grace: \"soon\" is not a duration"),
        ("frr: {connect_timeout: 0}", "frr.connect_timeout: \"0\" is not a duration from 100ms to 60s"),
        ("frr: {retry_interval: 1e9}", "frr.retry_interval: \"1e9\" is not a duration"),
        ("frr: {socket_dir: frr}", "frr.socket_dir: \"frr\" is not an absolute path"),
        ("frr: {socketdir: /a}", "frr.socketdir: unknown key; did you mean \"socket_dir\"?"),
        ("state_dir: ./state", "state_dir: \"./state\" is not an absolute path"),
        ("shutdown: {mode: flush}", "shutdown.mode: \"flush\" is not one of withdraw, keep"),
        ("shutdown: {timeout: 11}", "shutdown.timeout: \"11\" is not a duration from 100ms to 10s"),
        ("events: {ring: 0}", "events.ring: 0 is not a number of events from 16 to 1048576"),
        ("events: {ring: 2000000}", "events.ring: 2000000 is not a number of events"),
        ("events: {ring: 1.5}", "events.ring: \"1.5\" is not a whole number"),
        ("loglevel: info", "loglevel: unknown key; did you mean \"log_level\"?"),
    ]);
}
