//! What an agent exposes, and whether an expression asks for something that is there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use crate::promql::{Matcher, Selector, selectors};

/// Labels that a scrape adds to every series.
pub const OF_TARGET: [&str; 2] = ["job", "instance"];
/// Metrics that Prometheus itself makes, with their labels.
const OF_PROMETHEUS: [(&str, &[&str]); 2] = [("up", &[]), ("ALERTS", &["alertname", "alertstate", "severity"])];

/// The labels of a metric, each with the values that were seen; none where they are not known.
type Labels = BTreeMap<String, BTreeSet<String>>;

/// Metrics with their labels.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    metrics: BTreeMap<String, Labels>,
}

impl Catalog {
    /// The series of a text in the format of OpenMetrics, and what Prometheus adds.
    ///
    /// # Errors
    /// A line is neither a comment nor a series of the agent.
    pub fn of(exposition: &str) -> Result<Self> {
        let mut catalog = Self::default();
        for (name, labels) in OF_PROMETHEUS {
            let labels = labels.iter().map(|label| ((*label).to_owned(), BTreeSet::new()));
            catalog.metrics.insert(name.to_owned(), labels.collect());
        }
        for line in exposition.lines().filter(|line| !line.starts_with('#')) {
            let [Selector { metric, matchers, .. }] = <[Selector; 1]>::try_from(selectors(line)?)
                .map_err(|found| anyhow::anyhow!("{line:?} is {} series", found.len()))?;
            let labels = catalog.metrics.entry(metric).or_default();
            for Matcher { label, value, .. } in matchers {
                labels.entry(label).or_default().insert(value);
            }
        }
        Ok(catalog)
    }

    /// Adds what a recording rule makes: the labels of what it is made of stay, those that it takes together go.
    ///
    /// # Errors
    /// The name does not say that it is recorded, or the expression does not stand the check, or has `by`, which
    /// would drop labels that tell targets apart.
    pub fn record(&mut self, name: &str, expression: &str) -> Result<()> {
        ensure!(name.starts_with("novaroute:"), "{name} does not begin with novaroute:");
        self.check(expression)?;
        let mut labels = self.labels(expression)?;
        if expression.contains("histogram_quantile") {
            labels.remove("le");
        }
        for grouping in selectors(expression)?.into_iter().flat_map(|selector| selector.groupings) {
            ensure!(grouping.word != "by", "{name} drops labels of its targets: {expression}");
            labels.retain(|label| grouping.word != "without" || !grouping.labels.contains(label));
        }
        let labels = labels.into_iter().map(|label| (label, BTreeSet::new()));
        ensure!(self.metrics.insert(name.to_owned(), labels.collect()).is_none(), "{name} is recorded twice");
        Ok(())
    }

    /// An expression names what is there: its metrics, on each of them the labels of its matchers and groupings, and the
    /// values that are asked for literally.
    ///
    /// # Errors
    /// Something is not there; the error names it.
    pub fn check(&self, expression: &str) -> Result<()> {
        for selector in selectors(expression)? {
            self.check_selector(&selector).with_context(|| format!("in {expression:?}"))?;
        }
        Ok(())
    }

    fn check_selector(&self, selector: &Selector) -> Result<()> {
        let metric = &selector.metric;
        let labels = self.metrics.get(metric).with_context(|| format!("no metric {metric}"))?;
        let has = |label: &str| labels.contains_key(label) || OF_TARGET.contains(&label);
        for Matcher { label, operator, value } in &selector.matchers {
            ensure!(has(label), "no label {label} on {metric}");
            let values = labels.get(label).filter(|values| !values.is_empty());
            let literal = !operator.ends_with('~') && !value.contains('$');
            let seen = values.is_none_or(|values| values.contains(value));
            ensure!(!literal || seen, "no series {metric} with {label}=\"{value}\"");
        }
        let mut grouped = selector.groupings.iter().flat_map(|grouping| &grouping.labels);
        grouped.try_for_each(|label| {
            ensure!(has(label), "no label {label} on {metric}");
            Ok(())
        })
    }

    /// The labels of all metrics of an expression, without those of the target.
    ///
    /// # Errors
    /// A metric is not there.
    pub fn labels(&self, expression: &str) -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for Selector { metric, .. } in selectors(expression)? {
            let labels = self.metrics.get(&metric).with_context(|| format!("no metric {metric}"))?;
            all.extend(labels.keys().cloned());
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPOSITION: &str = "# TYPE novaroute_states gauge\n\
        novaroute_states{owner=\"a\",state=\"stale\"} 1\n\
        novaroute_states{owner=\"a\",state=\"refused\"} 1\n\
        novaroute_time_seconds_bucket{le=\"+Inf\",method=\"a\"} 3\n\
        # EOF\n";

    fn catalog() -> Catalog {
        Catalog::of(EXPOSITION).unwrap()
    }

    #[test]
    fn what_is_there_may_be_asked_for() {
        for expression in [
            r#"sum by (instance, owner) (novaroute_states{state="stale", job=~"$job"})"#,
            r#"novaroute_states{state!="refused", state=~"any.*"}"#,
            r#"up{job="novaroute"} == 0 unless on (instance) novaroute_states"#,
            r#"count by (alertname) (ALERTS{alertstate="firing"})"#,
        ] {
            catalog().check(expression).unwrap();
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        for (expression, missing) in [
            ("novaroute_states_total", "no metric novaroute_states_total"),
            ("novaroute_time_seconds", "no metric novaroute_time_seconds"),
            ("novaroute:states", "no metric novaroute:states"),
            (r#"novaroute_states{peer="a"}"#, "no label peer on novaroute_states"),
            (r#"novaroute_states{state="lost"}"#, "no series novaroute_states with state=\"lost\""),
            ("sum by (method) (novaroute_states)", "no label method on novaroute_states"),
            ("novaroute_states and on (owner) up", "no label owner on up"),
        ] {
            let error = catalog().check(expression).unwrap_err();
            assert_eq!(error.root_cause().to_string(), missing);
        }
    }

    #[test]
    fn a_recorded_metric_has_the_labels_that_are_left() {
        let mut catalog = catalog();
        let quantile = "histogram_quantile(0.9, sum without (method) (rate(novaroute_time_seconds_bucket[5m])))";
        catalog.record("novaroute:time:p90", quantile).unwrap();
        assert!(catalog.labels("novaroute:time:p90").unwrap().is_empty());
        catalog.record("novaroute:states:max", "max without (state) (novaroute_states)").unwrap();
        catalog.check("novaroute:states:max{owner=\"anybody\"}").unwrap();
        assert!(catalog.check("novaroute:states:max{state=\"stale\"}").is_err());
    }

    #[test]
    fn a_recording_rule_keeps_its_targets_apart_and_its_name_to_itself() {
        let mut catalog = catalog();
        assert!(catalog.record("novaroute:states:sum", "sum by (owner) (novaroute_states)").is_err());
        assert!(catalog.record("states:sum", "sum without (owner) (novaroute_states)").is_err());
        catalog.record("novaroute:states:sum", "sum without (owner) (novaroute_states)").unwrap();
        assert!(catalog.record("novaroute:states:sum", "sum without (owner) (novaroute_states)").is_err());
    }

    #[test]
    fn a_line_that_is_no_series_is_an_error() {
        assert!(Catalog::of("some words").is_err());
    }
}
