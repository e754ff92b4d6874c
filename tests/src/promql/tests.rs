use super::*;

fn metrics(expression: &str) -> Vec<String> {
    selectors(expression).unwrap().into_iter().map(|selector| selector.metric).collect()
}

/// The labels of the groupings that the first selector stands in.
fn grouped(expression: &str) -> Vec<String> {
    let first = selectors(expression).unwrap().swap_remove(0);
    first.groupings.into_iter().flat_map(|grouping| grouping.labels).collect()
}

#[test]
fn metrics_are_told_from_functions_keywords_labels_and_texts() {
    let expression = r#"histogram_quantile(0.99, sum by (le, novaroute_x) (rate(novaroute_a_seconds_bucket{novaroute_b="novaroute_c"}[5m])))
        > 2.5 and on (instance) novaroute:d:p99 != bool up or absent(ALERTS) # novaroute_e"#;
    assert_eq!(metrics(expression), ["novaroute_a_seconds_bucket", "novaroute:d:p99", "up", "ALERTS"]);
    assert_eq!(metrics("rate(novaroute_a[$__rate_interval]) * $factor offset 5m"), ["novaroute_a"]);
    assert_eq!(metrics("max_over_time(novaroute_a[30m:1m])"), ["novaroute_a"]);
    assert!(metrics("vector(0)").is_empty());
}

#[test]
fn matchers_have_their_operator_and_value() {
    let found = selectors(r#"novaroute_a{x="1", y!="2,}",z=~"$job", w!~'a"b\\'}"#).unwrap().swap_remove(0);
    let matchers = found.matchers.iter().map(|m| (m.label.as_str(), m.operator.as_str(), m.value.as_str()));
    let wanted = [("x", "=", "1"), ("y", "!=", "2,}"), ("z", "=~", "$job"), ("w", "!~", r#"a"b\"#)];
    assert_eq!(matchers.collect::<Vec<_>>(), wanted);
}

#[test]
fn a_grouping_is_about_what_it_takes_together() {
    assert_eq!(grouped("sum by (a, b) (rate(novaroute_x[5m]))"), ["a", "b"]);
    assert_eq!(grouped("sum(rate(novaroute_x[5m])) without (a)"), ["a"]);
    assert_eq!(grouped("max by (a) (sum by (b) (novaroute_x))"), ["a", "b"]);
    assert_eq!(grouped("novaroute_y / sum by (a) (novaroute_x)"), [""; 0]);
    assert_eq!(grouped("novaroute_x unless on (a) novaroute_y"), ["a"]);
    assert_eq!(grouped("(novaroute_x) + (novaroute_y and ignoring (a) novaroute_z)"), [""; 0]);
}

#[test]
fn a_series_of_an_exposition_is_a_selector() {
    let found = selectors(r#"novaroute_a_bucket{le="0.001",owner="a\"b"} 1.5e-3"#).unwrap();
    let [series] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((series.matchers[0].value.as_str(), series.matchers[1].value.as_str()), ("0.001", "a\"b"));
    assert_eq!(metrics("novaroute_a +Inf"), ["novaroute_a"]);
}

#[test]
fn what_is_not_understood_is_an_error() {
    for expression in [
        "novarote_peers == 0",
        "rate(up",
        "up)",
        r#"{__name__="up"}"#,
        r#"up{job"#,
        r#"up{job="a}"#,
        r#"up{job>"a"}"#,
        "up[5m",
        "by (a)",
        "sum by (a)",
        "sum by a (up)",
        "up * on (a) group_left (b) novaroute_x",
    ] {
        assert!(selectors(expression).is_err(), "{expression}");
    }
}
