//! A definition, made ready for looking at many resources: a node looks at each one again whenever it changes.

use jsonschema::Validator;
use kube::CustomResourceExt;
use kube::core::cel::{CompiledSchema, compile_schema, validate_compiled};
use serde_json::Value;

use super::{Fault, fault};

/// What a definition says of its resources.
#[derive(Debug)]
pub struct Definition {
    schema: Value,
    validator: Validator,
    rules: CompiledSchema,
}

impl Definition {
    /// The definition of a type.
    ///
    /// # Errors
    /// Its schema is none.
    pub(super) fn of<R: CustomResourceExt>() -> Result<Self, String> {
        let version = R::crd().spec.versions.into_iter().next();
        let schema = version.and_then(|version| version.schema?.open_api_v3_schema);
        let schema = serde_json::to_value(schema).map_err(|error| error.to_string())?;
        let options = jsonschema::options().with_format("cidr", is_cidr).should_validate_formats(true);
        let validator = options.build(&schema).map_err(|error| error.to_string())?;
        Ok(Self { rules: compile_schema(&schema), validator, schema })
    }

    /// Fields that it does not have, and values that it does not allow.
    pub(super) fn faults(&self, resource: &Value) -> Vec<Fault> {
        let mut faults = Vec::new();
        unknown_fields(resource, &self.schema, "", &mut faults);
        let errors = self.validator.iter_errors(resource);
        faults.extend(errors.map(|error| fault(&dotted(error.instance_path().as_str()), error.to_string())));
        faults
    }

    /// Fields that contradict each other.
    pub(super) fn broken_rules(&self, resource: &Value) -> Vec<Fault> {
        let errors = validate_compiled(&self.rules, resource, None).err();
        let errors = errors.into_iter().flat_map(|errors| errors.into_vec());
        errors.map(|error| fault(&error.field_path, error.message)).collect()
    }
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
