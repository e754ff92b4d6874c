//! Whether a resource can be used: what an API server with the definitions would say of it, without one.

mod definition;
mod meaning;

use std::sync::LazyLock;

use kube::api::DynamicObject;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use definition::Definition;
pub use meaning::{advertisement, peer};

use crate::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRoutePeer};

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

/// A resource that can be looked at.
pub trait Checked: DeserializeOwned + Serialize + kube::Resource<DynamicType = ()> + 'static {
    /// Its definition.
    fn definition() -> &'static Result<Definition, String>;

    /// What neither schema nor rules can say.
    fn meaning(&self) -> Vec<Fault>;
}

macro_rules! checked {
    ($($resource:ty: $meaning:expr),*) => {$(
        impl Checked for $resource {
            fn definition() -> &'static Result<Definition, String> {
                static DEFINITION: LazyLock<Result<Definition, String>> = LazyLock::new(Definition::of::<$resource>);
                &DEFINITION
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
    let definition = R::definition().as_ref().map_err(|reason| vec![fault("kind", reason)])?;
    faults.extend(definition.faults(resource));
    let typed = serde_json::from_value::<R>(resource.clone());
    match typed {
        Ok(typed) if faults.is_empty() => {
            // As the API server has it, with what is left out filled in.
            let whole = serde_json::to_value(&typed).map_err(|error| vec![fault("spec", error.to_string())])?;
            faults.extend(definition.broken_rules(&whole));
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
