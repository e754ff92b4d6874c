use proptest::prelude::*;

use super::*;

/// The tree as text, values with their positions.
fn shown(node: &Node) -> String {
    let Position { line, column } = node.at;
    match &node.value {
        Value::Scalar { text, plain } => format!("{line}:{column}{}{text}", if *plain { "=" } else { "~" }),
        Value::List(items) => format!("{line}:{column}[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Value::Table(entries) => {
            let shown_entry = |(name, node): &(Name, Node)| format!("{}@{}:{}", name.text, name.at.line, shown(node));
            format!("{line}:{column}{{{}}}", entries.iter().map(shown_entry).collect::<Vec<_>>().join(" "))
        }
    }
}

fn shown_text(text: &str) -> String {
    shown(&parse(text).unwrap_or_else(|error| panic!("{error:?}\n{text}")))
}

#[test]
fn nodes_know_where_they_stand() {
    assert_eq!(shown_text("{\n  \"a\": \"x\",\n  \"b\": [1, true]\n}\n"), "1:1{a@2:2:8~x b@3:3:8[3:9=1 3:12=true]}");
    assert_eq!(shown_text("a: x\nb:\n  - 1\n  - 'y z'\n"), "1:1{a@1:1:4=x b@2:3:3[3:5=1 4:5~y z]}");
}

#[test]
fn json_as_people_and_machines_write_it() {
    assert_eq!(
        shown_text("{\n\t\"a\": {\n\t\t\"b\": \"x\\/\\u00e9\\ud83d\\ude00\"\n\t}\n}"),
        "1:1{a@2:2:7{b@3:3:8~x/é😀}}"
    );
    assert_eq!(shown_text("\u{feff}{\"a\":1,\"b\":\"c:d\"}\r\n"), "1:1{a@1:1:6=1 b@1:1:12~c:d}");
    assert_eq!(shown_text("{}"), "1:1{}");
}

#[test]
fn what_is_no_single_plain_document_is_refused_where_it_stands() {
    for (text, line, column, words) in [
        ("", 1, 1, "empty"),
        ("# only words\n", 2, 1, "empty"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("a: &x 1\n", 1, 7, "anchors"),
        ("a: *x\n", 1, 4, "aliases"),
        ("a: !secret x\n", 1, 4, "tag"),
        ("? [a]\n: 1\n", 1, 3, "a key is a word"),
        ("{\"a\": 1", 1, 1, "neither JSON nor YAML"),
        ("a: 1\n b: 2\n", 2, 3, "neither JSON nor YAML"),
        ("%YAML 1.2\n---\na: 1\n", 1, 1, "neither JSON nor YAML"),
    ] {
        let error = parse(text).err().unwrap_or_else(|| panic!("taken: {text:?}"));
        assert!(error.message.contains(words), "{text:?}: {}", error.message);
        assert_eq!((error.at.line, error.at.column), (line, column), "{text:?}: {}", error.message);
    }
}

#[test]
fn nesting_has_a_limit() {
    for deep in [format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "- ".repeat(100_000)] {
        assert!(parse(&deep).is_err());
    }
}

#[test]
fn syntax_errors_do_not_repeat_what_may_be_a_secret() {
    for text in [
        "token: *s3cret",
        "token: !s3cret",
        "token: !s3cret!x y",
        "token: \"s3cret",
        "token: @s3cret",
        "{token: [s3cret}",
    ] {
        let error = parse(text).err().unwrap_or_else(|| panic!("taken: {text:?}"));
        assert!(!error.message.contains("s3cret"), "{text:?}: {}", error.message);
    }
}

proptest! {
    #[test]
    fn it_never_panics(text in "[\\PC\\n\\t]{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn it_never_panics_on_what_looks_like_yaml(text in "[-ab:\\[\\]{},&*!|>'\"%#? \\n\\t]{0,60}") {
        let _ = parse(&text);
    }
}
