//! Label selectors of Kubernetes: joined, compared, and asked whether one node
//! may match two of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{fields::Fields, report::Report};

/// A selector; without requirements it takes everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Selector {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    match_labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    match_expressions: BTreeSet<Requirement>,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Requirement {
    key: String,
    operator: Operator,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    values: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

/// What all requirements together say of one label.
#[derive(Default)]
struct Label<'a> {
    only: Option<BTreeSet<&'a str>>,
    never: BTreeSet<&'a str>,
    exists: bool,
    absent: bool,
}

impl Selector {
    /// Objects whose label `key` has one of the values.
    pub(super) fn one_of(key: &str, values: BTreeSet<String>) -> Self {
        let requirement = Requirement { key: key.to_owned(), operator: Operator::In, values };
        Self { match_labels: BTreeMap::new(), match_expressions: [requirement].into() }
    }

    /// Reads a selector.
    pub(super) fn read(mut fields: Fields, report: &mut Report) -> Self {
        let labels = fields.map("matchLabels", report).map(|labels| labels.into_texts(report));
        let expressions = fields.maps("matchExpressions", report);
        let expressions = expressions.into_iter().filter_map(|fields| Requirement::read(fields, report)).collect();
        fields.finish(report);
        Self { match_labels: labels.unwrap_or_default().into_iter().collect(), match_expressions: expressions }
    }

    /// Whether it takes everything.
    pub(super) fn is_all(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// What both take.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.match_expressions.extend(other.match_expressions.iter().cloned());
        for (key, value) in &other.match_labels {
            match both.match_labels.get(key) {
                Some(own) if own != value => {
                    both.match_expressions.extend(Self::one_of(key, [value.clone()].into()).match_expressions);
                }
                _ => {
                    both.match_labels.insert(key.clone(), value.clone());
                }
            }
        }
        both
    }

    /// Whether there may be an object that both take, as far as their requirements tell.
    pub(super) fn may_overlap(&self, other: &Self) -> bool {
        let both = self.and(other);
        both.labels().values().all(Label::is_possible)
    }

    /// Whether it asks for nothing that the other does not ask for.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.and(other) == *other
    }

    /// Whether it takes an object with these labels.
    pub(super) fn takes(&self, labels: &BTreeMap<String, String>) -> bool {
        self.labels().into_iter().all(|(key, label)| label.takes(labels.get(key).map(String::as_str)))
    }

    fn labels(&self) -> BTreeMap<&str, Label<'_>> {
        let mut labels = BTreeMap::<&str, Label<'_>>::new();
        for (key, value) in &self.match_labels {
            labels.entry(key).or_default().keep([value.as_str()].into());
        }
        for requirement in &self.match_expressions {
            let label = labels.entry(&requirement.key).or_default();
            let values = requirement.values.iter().map(String::as_str).collect();
            match requirement.operator {
                Operator::In => label.keep(values),
                Operator::NotIn => label.never.extend(values),
                Operator::Exists => label.exists = true,
                Operator::DoesNotExist => label.absent = true,
            }
        }
        labels
    }

    /// The values of the one label that the selector asks for, if that is all it does.
    fn single_label(&self) -> Option<(&str, BTreeSet<String>)> {
        let mut labels = self.match_labels.iter();
        let mut expressions = self.match_expressions.iter();
        match (labels.next(), labels.next(), expressions.next(), expressions.next()) {
            (Some((key, value)), None, None, None) => Some((key, [value.clone()].into())),
            (None, None, Some(one), None) if one.operator == Operator::In => Some((&one.key, one.values.clone())),
            _ => None,
        }
    }
}

impl<'a> Label<'a> {
    fn keep(&mut self, values: BTreeSet<&'a str>) {
        self.only = Some(match &self.only {
            Some(only) => only.intersection(&values).copied().collect(),
            None => values,
        });
    }

    fn is_possible(&self) -> bool {
        let has_value = self.exists || self.only.is_some();
        let none_left = self.only.as_ref().is_some_and(|only| only.is_subset(&self.never));
        !(none_left || self.absent && has_value)
    }

    fn takes(&self, value: Option<&str>) -> bool {
        match value {
            Some(value) => {
                !self.absent && !self.never.contains(value) && self.only.as_ref().is_none_or(|o| o.contains(value))
            }
            None => !self.exists && self.only.is_none(),
        }
    }
}

impl Requirement {
    fn read(mut fields: Fields, report: &mut Report) -> Option<Self> {
        let key = fields.text("key", report);
        if key.is_none() {
            report.problem(fields.spot(), "`key` is missing");
        }
        let operator = Operator::read(&mut fields, report);
        let values: BTreeSet<String> = fields.texts("values", report).into_iter().map(|(_, value)| value).collect();
        let at = fields.at("values");
        fields.finish(report);
        let operator = operator?;
        if values.is_empty() == matches!(operator, Operator::In | Operator::NotIn) {
            report.problem(&at, "stands with In and NotIn, and with these only");
        }
        Some(Self { key: key?, operator, values })
    }
}

impl Operator {
    fn read(fields: &mut Fields, report: &mut Report) -> Option<Self> {
        let word = fields.text("operator", report);
        let operator = match word.as_deref() {
            Some("In") => Some(Self::In),
            Some("NotIn") => Some(Self::NotIn),
            Some("Exists") => Some(Self::Exists),
            Some("DoesNotExist") => Some(Self::DoesNotExist),
            _ => None,
        };
        if operator.is_none() {
            report.problem(&fields.at("operator"), "expected In, NotIn, Exists or DoesNotExist");
        }
        operator
    }
}

/// Selectors of which an object needs to match one, as few as take the same. None at all take everything.
pub(super) fn any_of(selectors: Vec<Selector>) -> Vec<Selector> {
    if selectors.is_empty() || selectors.iter().any(Selector::is_all) {
        return vec![Selector::default()];
    }
    let single: Option<Vec<_>> = selectors.iter().map(Selector::single_label).collect();
    match single.as_deref() {
        Some([(key, _), rest @ ..]) if !rest.is_empty() && rest.iter().all(|(other, _)| other == key) => {
            let values = single.iter().flatten().flat_map(|(_, values)| values.clone()).collect();
            vec![Selector::one_of(key, values)]
        }
        _ => selectors.into_iter().fold(Vec::new(), |mut distinct, selector| {
            if !distinct.contains(&selector) {
                distinct.push(selector);
            }
            distinct
        }),
    }
}

/// The selectors of a list, of which one needs to match.
pub(super) fn read_any_of(fields: &mut Fields, key: &str, report: &mut Report) -> Vec<Selector> {
    let maps = fields.maps(key, report);
    any_of(maps.into_iter().map(|fields| Selector::read(fields, report)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(key: &str, value: &str) -> Selector {
        Selector { match_labels: [(key.into(), value.into())].into(), ..Selector::default() }
    }

    fn asks(key: &str, operator: Operator, values: &[&str]) -> Selector {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let requirement = Requirement { key: key.into(), operator, values };
        Selector { match_expressions: [requirement].into(), ..Selector::default() }
    }

    #[test]
    fn selectors_of_one_label_become_one() {
        let merged = any_of(vec![label("rack", "1"), asks("rack", Operator::In, &["2", "3"])]);
        assert_eq!(merged, [asks("rack", Operator::In, &["1", "2", "3"])]);
    }

    #[test]
    fn others_stay_apart_and_an_empty_one_takes_all() {
        let apart = vec![label("rack", "1"), label("row", "2")];
        assert_eq!(any_of([apart.clone(), apart.clone()].concat()), apart);
        assert_eq!(any_of(vec![label("rack", "1")]), [label("rack", "1")]);
        assert_eq!(any_of(vec![label("rack", "1"), Selector::default()]), [Selector::default()]);
        assert_eq!(any_of(Vec::new()), [Selector::default()]);
    }

    #[test]
    fn what_can_hold_at_once_overlaps() {
        use Operator::{DoesNotExist, Exists, In, NotIn};
        for (one, other, overlaps) in [
            (label("rack", "1"), label("rack", "2"), false),
            (label("rack", "1"), label("row", "2"), true),
            (label("rack", "1"), Selector::default(), true),
            (label("rack", "1"), asks("rack", In, &["1", "2"]), true),
            (label("rack", "1"), asks("rack", NotIn, &["1"]), false),
            (asks("rack", In, &["1", "2"]), asks("rack", NotIn, &["1"]), true),
            (label("rack", "1"), asks("rack", Exists, &[]), true),
            (label("rack", "1"), asks("rack", DoesNotExist, &[]), false),
            (asks("rack", Exists, &[]), asks("rack", DoesNotExist, &[]), false),
            (asks("rack", NotIn, &["1"]), asks("rack", DoesNotExist, &[]), true),
        ] {
            assert_eq!(one.may_overlap(&other), overlaps, "{one:?} and {other:?}");
            assert_eq!(other.may_overlap(&one), overlaps, "{other:?} and {one:?}");
        }
    }

    #[test]
    fn labels_are_taken_as_kubernetes_does() {
        use Operator::{DoesNotExist, Exists, In, NotIn};
        let labels = BTreeMap::from([("rack".to_owned(), "1".to_owned())]);
        for (selector, takes) in [
            (Selector::default(), true),
            (label("rack", "1"), true),
            (label("rack", "2"), false),
            (label("row", "1"), false),
            (asks("rack", In, &["1", "2"]), true),
            (asks("rack", NotIn, &["1"]), false),
            (asks("row", NotIn, &["1"]), true),
            (asks("rack", Exists, &[]), true),
            (asks("row", Exists, &[]), false),
            (asks("rack", DoesNotExist, &[]), false),
            (asks("row", DoesNotExist, &[]), true),
        ] {
            assert_eq!(selector.takes(&labels), takes, "{selector:?}");
        }
    }
}
