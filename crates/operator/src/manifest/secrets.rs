//! What must not stand in a ConfigMap.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{KeyToPath, ProjectedVolumeSource, SecretProjection, VolumeProjection};

use super::config::{self, CONFIG};
use super::names::Names;
use crate::crd::{NovaRouteClusterSpec, OwnerSpec};

/// What the names of keys with tokens begin with, so that an owner may be called as a file is.
const TOKEN: &str = "token-";

/// What the Secret of a cluster holds: the tokens that stand in the resource, and a configuration with passwords.
pub(super) fn data(spec: &NovaRouteClusterSpec, config: &str) -> BTreeMap<String, String> {
    let tokens = spec.agent.owners.iter().filter_map(|owner| Some((key(owner), owner.token.clone()?)));
    let config = config::is_confidential(spec).then(|| (CONFIG.to_owned(), config.to_owned()));
    tokens.chain(config).collect()
}

fn key(owner: &OwnerSpec) -> String {
    format!("{TOKEN}{}", owner.name)
}

/// One folder with the token of each owner in a file of the owner's name, from whichever Secret it comes. A Secret that
/// is not there holds up the pod, which says so.
pub(super) fn tokens(spec: &NovaRouteClusterSpec, names: &Names) -> ProjectedVolumeSource {
    let source = |owner: &OwnerSpec| {
        let (secret, key) = match &owner.token_secret_ref {
            Some(reference) => (reference.name.clone(), reference.key.clone()),
            None => (names.secret.clone(), key(owner)),
        };
        let item = KeyToPath { key, path: owner.name.clone(), mode: None };
        let projection = SecretProjection { name: secret, items: Some(vec![item]), optional: None };
        VolumeProjection { secret: Some(projection), ..VolumeProjection::default() }
    };
    let sources = spec.agent.owners.iter().map(source).collect();
    // For the agent alone.
    ProjectedVolumeSource { default_mode: Some(0o400), sources: Some(sources) }
}
