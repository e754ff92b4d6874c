use super::*;

#[test]
fn the_nearest_known_key_is_named() {
    let known = &["listen_socket", "log_level", "log_format"];
    for (wrong, words) in [
        ("log_levl", "did you mean \"log_level\"?"),
        ("LogLevel", "did you mean \"log_level\"?"),
        ("listen-socket", "did you mean \"listen_socket\"?"),
        ("colour", "known here: listen_socket, log_level, log_format"),
        ("", "known here: listen_socket, log_level, log_format"),
    ] {
        assert_eq!(unknown_key(wrong, known), format!("unknown key; {words}"), "{wrong}");
    }
}

#[test]
fn a_name_is_printed_as_it_is_only_when_it_is_a_word() {
    assert_eq!(child_key("", "frr"), "frr");
    assert_eq!(child_key("owners", "edge-1"), "owners.edge-1");
    assert_eq!(child_key("owners", "a\nb"), "owners.\"a\\nb\"");
    assert!(child_key("", &"x".repeat(100_000)).len() < 100);
}

#[test]
fn plain_text_that_could_be_something_else_is_no_text() {
    for number in ["0", "-1", "+1", "1.5", "1e3", "0x1f", "0o17", "017", ".5", "1_000", ".inf", "-.INF", ".nan"] {
        assert!(is_number(number) && !is_text(number), "{number}");
    }
    for text in ["10.0.0.1", "a", "5s", "1e", "fe80::1", "inf", "nan", "infinity", "-", ":9102", "65000:100", "yes"] {
        assert!(is_text(text), "{text}");
    }
    for other in ["", "~", "null", "true", "False"] {
        assert!(!is_text(other), "{other}");
    }
}
