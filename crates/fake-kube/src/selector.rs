//! Label and field selectors.

use serde_json::Value;

use crate::error::ApiError;
use crate::object;
use crate::resource::Resource;

/// What a list or a watch is narrowed down to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    namespace: Option<String>,
    labels: Vec<Label>,
    /// Path, value, whether the value must be equal.
    fields: Vec<(Vec<String>, String, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Label {
    Exists(String),
    Missing(String),
    In(String, Vec<String>),
    /// Also true where the label is missing.
    NotIn(String, Vec<String>),
}

impl Selector {
    /// Reads the selectors of a request.
    ///
    /// # Errors
    /// 400 for a text that is no selector, or a field that objects of the kind cannot be selected by.
    pub(crate) fn parse(
        resource: &Resource,
        namespace: Option<&str>,
        labels: &str,
        fields: &str,
    ) -> Result<Self, ApiError> {
        let labels = split(labels).into_iter().map(label).collect::<Result<_, _>>()?;
        let fields = fields.split(',').filter(|text| !text.trim().is_empty());
        let fields = fields.map(|text| field(resource, text.trim())).collect::<Result<_, _>>()?;
        Ok(Self { namespace: namespace.map(str::to_owned), labels, fields })
    }

    pub(crate) fn matches(&self, value: &Value) -> bool {
        let in_namespace = self.namespace.as_ref().is_none_or(|namespace| object::namespace(value) == namespace);
        let found = |path: &[String]| path.iter().fold(value, |value, name| &value[name.as_str()]).as_str();
        in_namespace
            && self.labels.iter().all(|label| label.matches(&value["metadata"]["labels"]))
            && self.fields.iter().all(|(path, wanted, equal)| (found(path).unwrap_or_default() == wanted) == *equal)
    }
}

impl Label {
    fn matches(&self, labels: &Value) -> bool {
        let get = |key: &str| labels[key].as_str();
        match self {
            Self::Exists(key) => get(key).is_some(),
            Self::Missing(key) => get(key).is_none(),
            Self::In(key, values) => get(key).is_some_and(|found| values.iter().any(|value| value == found)),
            Self::NotIn(key, values) => !get(key).is_some_and(|found| values.iter().any(|value| value == found)),
        }
    }
}

/// Splits at commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn label(text: &str) -> Result<Label, ApiError> {
    let refused = || ApiError::bad_request(format!("unable to parse requirement: {text:?}"));
    if let Some(values) = text.strip_suffix(')') {
        let (head, values) = values.split_once('(').ok_or_else(refused)?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => Ok(Label::In(key.to_owned(), values)),
            (Some(key), Some("notin"), None) => Ok(Label::NotIn(key.to_owned(), values)),
            _ => Err(refused()),
        };
    }
    let pair = |key: &str, value: &str| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    let parsed = if let Some((key, value)) = text.split_once("!=") {
        let (key, values) = pair(key, value);
        Label::NotIn(key, values)
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        let (key, values) = pair(key, value);
        Label::In(key, values)
    } else if let Some(key) = text.strip_prefix('!') {
        Label::Missing(key.trim().to_owned())
    } else {
        Label::Exists(text.to_owned())
    };
    let key = match &parsed {
        Label::Exists(key) | Label::Missing(key) | Label::In(key, _) | Label::NotIn(key, _) => key,
    };
    if key.is_empty() || key.contains(char::is_whitespace) { Err(refused()) } else { Ok(parsed) }
}

fn field(resource: &Resource, text: &str) -> Result<(Vec<String>, String, bool), ApiError> {
    let unequal = text.split_once("!=").map(|(path, value)| (path, value, false));
    let equal = || text.split_once("==").or_else(|| text.split_once('=')).map(|(path, value)| (path, value, true));
    let (path, value, equal) = unequal
        .or_else(equal)
        .ok_or_else(|| ApiError::bad_request(format!("invalid field selector: {text:?}; can't understand it")))?;
    let is_known = match path {
        "metadata.name" | "metadata.namespace" => true,
        "spec.nodeName" | "status.phase" => resource.is("Pod"),
        "type" => resource.is("Secret"),
        _ => resource.is("Event") && (path.starts_with("involvedObject.") || path.starts_with("regarding.")),
    };
    if !is_known {
        return Err(ApiError::bad_request(format!("field label not supported: {path}")));
    }
    Ok((path.split('.').map(str::to_owned).collect(), value.to_owned(), equal))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resource;

    fn selects(kind: &str, labels: &str, fields: &str, object: &Value) -> bool {
        let resource = resource::builtin().find(|resource| resource.is(kind)).unwrap();
        Selector::parse(&resource, None, labels, fields).unwrap().matches(object)
    }

    #[test]
    fn every_form_of_a_label_selector_selects() {
        let object = json!({"metadata": {"labels": {"app": "a", "tier": "x"}}});
        let yes = ["", "app=a", "app==a,tier", "app!=b", "other!=b", "app in (a, b)", "app notin (b),!other"];
        for text in yes {
            assert!(selects("Pod", text, "", &object), "{text}");
        }
        for text in ["app=b", "app!=a", "!app", "other", "app in (b,c)", "app notin (a)", "app=a,tier=y"] {
            assert!(!selects("Pod", text, "", &object), "{text}");
        }
    }

    #[test]
    fn fields_select_where_the_kind_knows_them() {
        let object = json!({"metadata": {"name": "n", "namespace": "s"}, "spec": {"nodeName": "node-1"}});
        assert!(selects("Pod", "", "metadata.name=n,spec.nodeName==node-1,metadata.namespace!=other", &object));
        assert!(!selects("Pod", "", "spec.nodeName=node-2", &object));
        let secret = resource::builtin().find(|resource| resource.is("Secret")).unwrap();
        assert_eq!(Selector::parse(&secret, None, "", "spec.nodeName=a").unwrap_err().code, 400);
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        let pod = resource::builtin().find(|resource| resource.is("Pod")).unwrap();
        for text in ["a b", "=a", "a in b)", "a with (b)"] {
            assert_eq!(Selector::parse(&pod, None, text, "").unwrap_err().code, 400, "{text}");
        }
    }
}
