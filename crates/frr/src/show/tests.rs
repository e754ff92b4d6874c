use proptest::prelude::*;
use serde_json::{Map, Value};

use novaroute_core::explain::facts::TableEntry;

use super::*;

/// The same answer as FRR 8.4 and as FRR 10.3 gave it. The path is seen from a folder below this one.
macro_rules! both_versions {
    ($file:literal) => {
        [include_str!(concat!("../testdata/8.4/", $file)), include_str!(concat!("../testdata/10.3/", $file))]
    };
}
pub(super) use both_versions;

/// Answers that a daemon gives while its protocol is not configured (FRR 8.4 and 10.3).
const NOTHING: [&str; 8] = [
    "",
    "\r\n",
    "{}\n",
    "{\n}\n",
    "% OSPF is not enabled on vrf default\n",
    "% OSPFv3 instance not found\n",
    "% BGP instance not found\n",
    "{\n  \"warning\":\"Default BGP instance not found\"\n}\n",
];

/// Reads an answer and tells whether nothing was in it.
type Reader = fn(&str) -> Result<bool, ShowError>;

/// Every reader of a JSON object.
fn readers() -> Vec<(&'static str, Reader)> {
    vec![
        (bgp::NEIGHBORS, |text| bgp::peers(text).map(|seen| seen.is_empty())),
        ("prefix", |text| bgp::table_entry(text).map(|seen| seen == TableEntry::default())),
        (ospf::INTERFACES, |text| ospf::interfaces(text, "").map(|seen| seen.is_empty())),
        (ospf::NEIGHBORS, |text| ospf::interfaces("", text).map(|seen| seen.is_empty())),
        (ospf::EXTERNAL_LSAS, |text| ospf::external_lsas(text).map(|seen| seen.is_empty())),
        (ospf6::INTERFACES, |text| ospf6::interfaces(text, "").map(|seen| seen.is_empty())),
        (ospf6::NEIGHBORS, |text| ospf6::interfaces("", text).map(|seen| seen.is_empty())),
        (ospf6::EXTERNAL_LSAS, |text| ospf6::external_lsas(text).map(|seen| seen.is_empty())),
    ]
}

#[test]
fn nothing_configured_is_nothing_seen() {
    for (command, read) in readers() {
        for text in NOTHING {
            assert_eq!(read(text), Ok(true), "{command}: {text:?}");
        }
    }
    for text in ["", "[]\n", "[\n]\n"] {
        assert_eq!(bfd::sessions(text), Ok(std::collections::BTreeMap::new()), "{text:?}");
    }
}

#[test]
fn what_is_no_answer_is_an_error() {
    let no_json = ["% [BFD] Unknown command: show bfd peers json", "{\"a\":", "no", "{} {}", "\0"];
    for (command, read) in readers() {
        for text in no_json {
            assert!(matches!(read(text), Err(ShowError::NotJson { .. })), "{command}: {text:?}");
        }
        for text in ["[]", "1", "null", "\"% not found\""] {
            assert!(matches!(read(text), Err(ShowError::Shape { expected: "an object", .. })), "{command}: {text:?}");
        }
    }
    for text in no_json {
        assert!(matches!(bfd::sessions(text), Err(ShowError::NotJson { .. })), "{text:?}");
    }
    assert!(matches!(bfd::sessions("{}"), Err(ShowError::Shape { expected: "an array", .. })));
}

#[test]
fn errors_say_what_was_asked_and_what_came() {
    let error = bfd::sessions("% [BFD] Unknown command: show bfd peers json\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "'show bfd peers json' was answered with no JSON (expected value at line 1 column 1): \
         \"% [BFD] Unknown command: show bfd peers json\"; does this FRR know the command?"
    );
    let long = format!("[{}]", "1,".repeat(500));
    assert!(bgp::peers(&long).unwrap_err().to_string().len() < 300);
}

/// Reads the text with every reader; that none panics is the point.
fn read_with_all(text: &str) {
    for (_, read) in readers() {
        let _: Result<bool, ShowError> = read(text);
    }
    let _: Result<_, ShowError> = bfd::sessions(text);
    let _: Option<&str> = version::version(text);
}

/// Real answers, for mutation.
const REAL: [&str; 9] = [
    include_str!("testdata/8.4/bgp_neighbors.json"),
    include_str!("testdata/10.3/bgp_prefix_own_best.json"),
    include_str!("testdata/10.3/bfd_peers.json"),
    include_str!("testdata/8.4/ospf_interface.json"),
    include_str!("testdata/8.4/ospf_neighbor.json"),
    include_str!("testdata/8.4/ospf_external.json"),
    include_str!("testdata/10.3/ospf_external.json"),
    include_str!("testdata/10.3/ospf6_interface.json"),
    include_str!("testdata/10.3/ospf6_external.json"),
];

/// Any JSON value, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Replaces the value that is reached after `steps` steps in depth-first order.
fn mutate(value: &mut Value, steps: &mut usize, with: &Value) {
    let children: Vec<&mut Value> = match value {
        Value::Array(values) => values.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => Vec::new(),
    };
    for child in children {
        if *steps == 0 {
            *child = with.clone();
        }
        *steps = steps.wrapping_sub(1);
        mutate(child, steps, with);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        read_with_all(&text);
    }

    #[test]
    fn any_json_is_read_without_panic(value in any_json()) {
        read_with_all(&value.to_string());
    }

    #[test]
    fn mutated_answers_are_read_without_panic(real in 0..REAL.len(), mut steps in 0..80_usize, with in any_json()) {
        let mut value: Value = serde_json::from_str(REAL[real]).unwrap();
        mutate(&mut value, &mut steps, &with);
        read_with_all(&value.to_string());
    }

    #[test]
    fn cut_answers_are_errors(real in 0..REAL.len(), part in 1..1000_usize) {
        let whole = REAL[real].trim_end();
        let end = (whole.len() * part / 1000).max(1);
        prop_assert!(bgp::peers(&whole[..end]).is_err());
        read_with_all(&whole[..end]);
    }
}
