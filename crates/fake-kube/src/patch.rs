//! Patches that say what to change: JSON merge patch (RFC 7396) and strategic merge patch.

use serde_json::{Map, Value};

use crate::apply::shape::{ListRule, Shape};
use crate::object;

/// Applies a JSON merge patch: null removes, an object is merged, anything else replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    make_object(target);
    for (name, value) in patch {
        if value.is_null() {
            object::remove(target, name);
        } else {
            merge(&mut target[name.as_str()], value);
        }
    }
}

/// Applies a strategic merge patch: like a merge patch, but lists with keys are merged by them.
///
/// The keys are those of server-side apply. `$patch: delete` and `$patch: replace` are obeyed; other
/// directives are ignored.
pub(crate) fn strategic(shape: &Shape<'_>, target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").is_some_and(|directive| directive == "replace") {
        target.take();
    }
    make_object(target);
    for (name, value) in patch.iter().filter(|(name, _)| !name.starts_with('$')) {
        let below = shape.field(name);
        match value {
            Value::Null => object::remove(target, name),
            _ if value["$patch"] == "delete" => object::remove(target, name),
            Value::Array(items) if below.list_rule() != ListRule::Atomic => {
                strategic_list(&below, &mut target[name.as_str()], items);
            }
            _ => strategic(&below, &mut target[name.as_str()], value),
        }
    }
}

fn strategic_list(shape: &Shape<'_>, target: &mut Value, items: &[Value]) {
    let mut list = match target.take() {
        Value::Array(list) if !items.iter().any(|item| item["$patch"] == "replace") => list,
        _ => Vec::new(),
    };
    let items: Vec<Value> = items.iter().filter(|item| item["$patch"] != "replace").cloned().collect();
    for (element, item) in shape.elements(&items).unwrap_or_default() {
        let known = shape.elements(&list).unwrap_or_default();
        let place = known.iter().position(|(other, _)| *other == element);
        match place {
            Some(place) if item["$patch"] == "delete" => {
                list.remove(place);
            }
            Some(place) => strategic(&shape.item(), &mut list[place], item),
            None if item["$patch"] == "delete" => {}
            None => list.push(item.clone()),
        }
    }
    *target = Value::Array(list);
}

fn make_object(value: &mut Value) {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resource;

    #[test]
    fn a_merge_patch_removes_merges_and_replaces() {
        let mut object = json!({"a": {"b": 1, "c": 2}, "list": [1, 2], "gone": true});
        merge(&mut object, &json!({"a": {"b": null, "d": {"e": null, "f": 3}}, "list": [3], "gone": null}));
        assert_eq!(object, json!({"a": {"c": 2, "d": {"f": 3}}, "list": [3]}));
    }

    #[test]
    fn a_strategic_patch_finds_containers_by_name() {
        let daemon_set = resource::builtin().find(|resource| resource.is("DaemonSet")).unwrap();
        let mut object = json!({"containers": [{"name": "a", "image": "1", "args": ["x"]}, {"name": "b"}]});
        let patch = json!({"containers": [
            {"name": "a", "image": "2", "args": ["y"]}, {"name": "b", "$patch": "delete"}, {"name": "c"},
        ]});
        strategic(&Shape::root(&daemon_set), &mut object, &patch);
        assert_eq!(object, json!({"containers": [{"name": "a", "image": "2", "args": ["y"]}, {"name": "c"}]}));
    }
}
