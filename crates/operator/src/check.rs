//! Whether a resource can be used: what an API server with the definitions would say of it, without one.

mod meaning;

use kube::api::DynamicObject;
use kube::core::cel::ValidationErrors;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use meaning::{advertisement, peer};

use crate::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRoutePeer, definitions};

/// What is wrong with a field of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Fault {
    /// Path of the field, such as `spec.agent.owners[0].name`.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Most faults that a message names; a message has 32768 characters at most.
const TOLD_MAX: usize = 32;

/// A resource whose definition has rules beside its schema.
pub trait Checked: DeserializeOwned + kube::Resource<DynamicType = ()> + 'static {
    /// What the rules say.
    ///
    /// # Errors
    /// The rules that do not hold.
    fn rules(&self) -> Result<(), ValidationErrors>;

    /// What neither schema nor rules can say.
    fn meaning(&self) -> Vec<Fault>;
}

macro_rules! checked {
    ($($resource:ty: $meaning:expr),*) => {$(
        impl Checked for $resource {
            fn rules(&self) -> Result<(), ValidationErrors> {
                self.validate_cel()
            }

            fn meaning(&self) -> Vec<Fault> {
                $meaning(&self.spec)
            }
        }
    )*};
}

checked!(NovaRouteCluster: |_| Vec::new(), NovaRoutePeer: peer, NovaRouteAdvertisement: advertisement);

/// Reads a resource.
///
/// # Errors
/// Everything that is wrong with it: another kind, fields that the definition does not have or whose values it does not
/// allow, and fields that contradict each other.
pub fn read<R: Checked>(resource: &Value) -> Result<R, Vec<Fault>> {
    let mut faults = kind_faults::<R>(resource);
    if !faults.is_empty() {
        return Err(faults);
    }
    let schema = schema(&R::plural(&())).map_err(|reason| vec![fault("kind", reason)])?;
    unknown_fields(resource, &schema, "", &mut faults);
    faults.extend(schema_faults(resource, &schema));
    let typed = serde_json::from_value::<R>(resource.clone());
    match typed {
        Ok(typed) if faults.is_empty() => {
            let broken = typed.rules().err().into_iter().flat_map(ValidationErrors::into_vec);
            faults.extend(broken.map(|rule| fault(&rule.field_path, rule.message)));
            faults.extend(typed.meaning());
            if faults.is_empty() { Ok(typed) } else { Err(faults) }
        }
        Err(error) if faults.is_empty() => Err(vec![fault("spec", error.to_string())]),
        _ => Err(faults),
    }
}

/// Reads a resource as the API server has it. Its status is not what is asked for, and is not looked at.
///
/// # Errors
/// See [`read`].
pub fn read_object<R: Checked>(resource: &DynamicObject) -> Result<R, Vec<Fault>> {
    let mut value = serde_json::to_value(resource).map_err(|error| vec![fault("metadata", error.to_string())])?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    read(&value)
}

/// Faults as the message of a condition has them: all, or the first ones and how many more there are.
#[must_use]
pub fn told(faults: &[Fault]) -> String {
    let more = faults.len().saturating_sub(TOLD_MAX);
    let more = (more > 0).then(|| format!("and {more} more"));
    faults.iter().take(TOLD_MAX).map(ToString::to_string).chain(more).collect::<Vec<_>>().join("; ")
}

fn fault(field: &str, reason: impl Into<String>) -> Fault {
    Fault { field: field.to_owned(), reason: reason.into() }
}

fn kind_faults<R: Checked>(resource: &Value) -> Vec<Fault> {
    let wanted = [("apiVersion", R::api_version(&())), ("kind", R::kind(&()))];
    let wrong = wanted.into_iter().filter_map(|(key, wanted)| {
        let found = &resource[key];
        (*found != *wanted).then(|| fault(key, format!("{found} is not \"{wanted}\"")))
    });
    wrong.collect()
}

/// The schema of a definition.
fn schema(plural: &str) -> Result<Value, String> {
    let definition = definitions().into_iter().find(|(_, crd)| crd.spec.names.plural == plural);
    let version = definition.and_then(|(_, crd)| crd.spec.versions.into_iter().next());
    let schema = version.and_then(|version| version.schema?.open_api_v3_schema);
    serde_json::to_value(schema).map_err(|error| error.to_string())
}

/// Fields that an API server would drop with a warning.
fn unknown_fields(value: &Value, schema: &Value, path: &str, faults: &mut Vec<Fault>) {
    match value {
        Value::Object(fields) => {
            let Some(known) = schema["properties"].as_object() else {
                let of_each = &schema["additionalProperties"];
                return fields
                    .iter()
                    .for_each(|(key, inner)| unknown_fields(inner, of_each, &below(path, key), faults));
            };
            for (key, inner) in fields {
                let at = below(path, key);
                match known.get(key) {
                    Some(schema) => unknown_fields(inner, schema, &at, faults),
                    // What every object has besides what its definition says.
                    None if path.is_empty() && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") => {}
                    None => faults.push(fault(&at, unknown(key, known.keys().map(String::as_str)))),
                }
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                unknown_fields(item, &schema["items"], &format!("{path}[{number}]"), faults);
            }
        }
        _ => {}
    }
}

fn unknown<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|known| (strsim::damerau_levenshtein(key, known), known)).min();
    match near {
        Some((slips, near)) if slips <= 2 => format!("unknown field; did you mean \"{near}\"?"),
        _ => "unknown field".to_owned(),
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn schema_faults(resource: &Value, schema: &Value) -> Vec<Fault> {
    let options = jsonschema::options().with_format("cidr", is_cidr).should_validate_formats(true);
    match options.build(schema) {
        Ok(validator) => {
            let errors = validator.iter_errors(resource);
            errors.map(|error| fault(&dotted(error.instance_path().as_str()), error.to_string())).collect()
        }
        Err(error) => vec![fault("kind", error.to_string())],
    }
}

/// A JSON pointer as people write the path of a field.
fn dotted(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    parts.fold(String::new(), |path, part| match part.parse::<usize>() {
        Ok(number) => format!("{path}[{number}]"),
        Err(_) => below(&path, part),
    })
}

/// What an API server takes for the format `cidr`: an address and a length.
fn is_cidr(text: &str) -> bool {
    text.parse::<ipnet::IpNet>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(spec: Value) -> Vec<String> {
        let resource = json!({
            "apiVersion": "novaroute.io/v1alpha1", "kind": "NovaRoutePeer", "metadata": {"name": "rack"}, "spec": spec
        });
        let faults = read::<NovaRoutePeer>(&resource).err().unwrap_or_default();
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_resource_is_read() {
        assert_eq!(faults(json!({"address": "10.0.0.1", "remoteAs": 65_100})), Vec::<String>::new());
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let found = faults(json!({
            "adress": "10.0.0.1", "remoteAs": 0, "bfd": {"minRxMs": "fast"}, "addressFamilies": ["ipv4_unicast", "ipx"],
            "nodeSelector": {"matchLabels": {"any": "thing"}}
        }));
        for (field, words) in [
            ("spec.adress: ", "did you mean \"address\"?"),
            ("spec.remoteAs: ", "0 is less than the minimum of 1"),
            ("spec.bfd.minRxMs: ", "is not of type"),
            ("spec.addressFamilies[1]: ", "\"ipx\" is not one of"),
        ] {
            assert!(found.iter().any(|fault| fault.starts_with(field) && fault.contains(words)), "{field}: {found:#?}");
        }
        assert_eq!(found.len(), 4, "{found:#?}");
    }

    #[test]
    fn fields_that_contradict_each_other_are_named() {
        let found = faults(json!({"address": "10.0.0.1", "addressFrom": {"label": "tor"}, "remoteAs": 65_100}));
        assert_eq!(found, ["spec: set either address or addressFrom"]);
    }

    #[test]
    fn another_kind_is_no_such_resource() {
        let other = json!({"apiVersion": "v1", "kind": "Pod"});
        let found = read::<NovaRouteCluster>(&other).unwrap_err();
        let expected =
            ["apiVersion: \"v1\" is not \"novaroute.io/v1alpha1\"", "kind: \"Pod\" is not \"NovaRouteCluster\""];
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }
}
