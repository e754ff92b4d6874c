//! Lists, whole or page by page.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Call;
use super::route::Target;
use super::view::View;
use crate::error::ApiError;
use crate::object;
use crate::selector::Selector;
use crate::store::Store;

/// Where a list goes on: the revision of its first page, and the last object sent.
#[derive(Debug, PartialEq, Eq)]
struct Token {
    revision: u64,
    namespace: String,
    name: String,
}

pub(super) fn list(store: &Store, call: &Call, target: &Target) -> Result<Value, ApiError> {
    let resource = &target.resource;
    let namespace = target.namespace.as_deref();
    let (labels, fields) = (call.query.get("labelSelector"), call.query.get("fieldSelector"));
    let selector = Selector::parse(resource, namespace, labels, fields)?;
    let token = Token::parse(call.query.get("continue"))?;
    let mut objects = store.list(&resource.kind, namespace);
    objects.retain(|object| selector.matches(object) && token.as_ref().is_none_or(|token| token.is_before(object)));

    let revision = token.map_or(store.revision(), |token| token.revision);
    if revision < store.history().forgotten() {
        let message = "The provided continue parameter is too old to display a consistent list result.";
        return Err(ApiError::new(410, "Expired", message));
    }
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    let limit = call.query.number("limit")?.filter(|&limit| limit > 0).and_then(|limit| usize::try_from(limit).ok());
    if let Some(limit) = limit.filter(|&limit| limit < objects.len()) {
        metadata["remainingItemCount"] = json!(objects.len() - limit);
        objects.truncate(limit);
        metadata["continue"] = json!(objects.last().map(|last| Token::after(revision, last)));
    }
    Ok(shown(target, View::of(&call.accept), metadata, &objects))
}

fn shown(target: &Target, view: View, metadata: Value, objects: &[Arc<Value>]) -> Value {
    let kind = &target.resource.kind;
    let mut items: Vec<Value> = objects.iter().map(|object| view.object(object)).collect();
    if view == View::Metadata {
        let kind = "PartialObjectMetadataList";
        return json!({"apiVersion": "meta.k8s.io/v1", "kind": kind, "metadata": metadata, "items": items});
    }
    if target.resource.builtin {
        // The API server leaves these out of lists of its own kinds.
        for item in &mut items {
            object::remove(item, "apiVersion");
            object::remove(item, "kind");
        }
    }
    let list = format!("{}List", kind.kind);
    json!({"apiVersion": kind.api_version(), "kind": list, "metadata": metadata, "items": items})
}

impl Token {
    fn after(revision: u64, last: &Value) -> String {
        let text = json!([revision, object::namespace(last), object::name(last)]).to_string();
        URL_SAFE_NO_PAD.encode(text)
    }

    fn parse(text: &str) -> Result<Option<Self>, ApiError> {
        if text.is_empty() {
            return Ok(None);
        }
        let parts = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let (revision, namespace, name) = parts.ok_or_else(|| ApiError::bad_request("continue key is not valid"))?;
        Ok(Some(Self { revision, namespace, name }))
    }

    fn is_before(&self, object: &Value) -> bool {
        (self.namespace.as_str(), self.name.as_str()) < (object::namespace(object), object::name(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_anything_else_refused() {
        let text = Token::after(7, &json!({"metadata": {"namespace": "a", "name": "b"}}));
        let token = Token { revision: 7, namespace: "a".into(), name: "b".into() };
        assert_eq!(Token::parse(&text), Ok(Some(token)));
        assert_eq!(Token::parse(""), Ok(None));
        assert_eq!(Token::parse("!").unwrap_err().code, 400);
    }
}
