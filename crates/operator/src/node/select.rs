//! What a label selector selects.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt as _};

use super::view::Labels;

/// Whether an object with these labels is meant; a selector that is left out means all.
///
/// # Errors
/// The selector is none, in words.
pub(super) fn selects(selector: Option<&LabelSelector>, labels: &Labels) -> Result<bool, String> {
    let Some(selector) = selector else { return Ok(true) };
    let selector = Selector::try_from(selector.clone()).map_err(|error| error.to_string())?;
    Ok(selector.matches(labels))
}
