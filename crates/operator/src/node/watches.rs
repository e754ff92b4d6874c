//! What is watched at the API server: always the node and the custom resources, the rest when one of these speaks of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, Node, Secret, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{ApiResource, DynamicObject};
use kube::core::object::HasSpec;
use kube::runtime::watcher::Config;
use kube::{Api, Client, Resource};
use tokio::sync::Notify;

use super::mirror::Mirror;
use super::select::selects;
use super::view::{
    Custom, Labels, NodeFacts, Objects, SecretFacts, ServiceFacts, SliceFacts, View, custom, namespace, node, secret,
    service, slice,
};
use crate::check::Checked;
use crate::crd::{NovaRouteAdvertisement, NovaRoutePeer, ServiceSource};

/// The watches of a node.
#[derive(Debug)]
pub(super) struct Watches {
    from: Source,
    node: Mirror<NodeFacts>,
    peers: Mirror<Custom<NovaRoutePeer>>,
    advertisements: Mirror<Custom<NovaRouteAdvertisement>>,
    services: Option<(Mirror<ServiceFacts>, Mirror<SliceFacts>)>,
    namespaces: Option<Mirror<Labels>>,
    secrets: BTreeMap<String, Mirror<SecretFacts>>,
}

/// Where it all comes from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) client: Client,
    /// This node.
    pub(super) node: String,
    /// Where the Secrets are.
    pub(super) namespace: String,
    /// Told of every change.
    pub(super) changed: Arc<Notify>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("node", &self.node).field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Watches {
    /// Begins to watch.
    pub(super) fn start(from: Source) -> Self {
        let this = named(&from.node);
        Self {
            node: from.follow(Api::all(from.client.clone()), this, |object: Node| Some(node(object))),
            peers: from.customs(),
            advertisements: from.customs(),
            services: None,
            namespaces: None,
            secrets: BTreeMap::new(),
            from,
        }
    }

    /// What is known now. Watches that have become needed begin with this, and those that nobody needs any more end.
    pub(super) fn view(&mut self) -> View {
        let view = View {
            node: self.node.objects().and_then(|nodes| nodes.get(&self.from.node).cloned()),
            peers: self.peers.objects(),
            advertisements: self.advertisements.objects(),
            ..View::default()
        };
        self.follow_needed(&view);
        let of_services = self.services.as_ref();
        View {
            services: of_services.and_then(|(services, _)| services.objects()),
            slices: of_services.and_then(|(_, slices)| slices.objects()),
            namespaces: self.namespaces.as_ref().and_then(Mirror::objects),
            secrets: self.secrets.iter().filter_map(|(name, secret)| Some((name.clone(), only(secret)?))).collect(),
            ..view
        }
    }

    fn follow_needed(&mut self, view: &View) {
        let from = &self.from;
        let sources: Vec<&ServiceSource> = service_sources(view).collect();
        if sources.is_empty() {
            self.services = None;
        } else if self.services.is_none() {
            self.services = Some((from.services(), from.slices()));
        }
        if !sources.iter().any(|source| source.namespace_selector.is_some()) {
            self.namespaces = None;
        } else if self.namespaces.is_none() {
            let all = Api::<Namespace>::all(from.client.clone());
            self.namespaces = Some(from.follow(all, Config::default(), |object| Some(namespace(object))));
        }
        let wanted: BTreeSet<&str> = secrets(view).collect();
        self.secrets.retain(|name, _| wanted.contains(name.as_str()));
        for name in wanted {
            self.secrets.entry(name.to_owned()).or_insert_with(|| from.secret(name));
        }
    }
}

impl Source {
    fn follow<K, T>(&self, api: Api<K>, config: Config, reduce: impl Fn(K) -> Option<T> + Send + 'static) -> Mirror<T>
    where
        K: Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
        T: std::fmt::Debug + Clone + PartialEq + Send + Sync + 'static,
    {
        Mirror::follow(api, config, Arc::clone(&self.changed), reduce)
    }

    /// Untyped: one that cannot be read must not hold up the others.
    fn customs<R>(&self) -> Mirror<Custom<R>>
    where
        R: Checked + std::fmt::Debug + Clone + PartialEq + Send + Sync + 'static,
    {
        let resource = ApiResource::erase::<R>(&());
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource);
        Mirror::follow(api, Config::default(), Arc::clone(&self.changed), |object: DynamicObject| Some(custom(&object)))
    }

    fn services(&self) -> Mirror<ServiceFacts> {
        self.follow(Api::<Service>::all(self.client.clone()), Config::default(), service)
    }

    fn slices(&self) -> Mirror<SliceFacts> {
        let here = self.node.clone();
        let all = Api::<EndpointSlice>::all(self.client.clone());
        self.follow(all, Config::default(), move |object| slice(&object, &here))
    }

    fn secret(&self, name: &str) -> Mirror<SecretFacts> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &self.namespace);
        self.follow(api, named(name), |object| Some(secret(object)))
    }
}

/// The one object of this name: what may be read can be limited to it.
fn named(name: &str) -> Config {
    Config::default().fields(&format!("metadata.name={name}"))
}

/// `None`: not known yet. `Some(None)`: there is none.
fn only(secret: &Mirror<SecretFacts>) -> Option<Option<Arc<SecretFacts>>> {
    secret.objects().map(|objects| objects.values().next().cloned())
}

fn service_sources(view: &View) -> impl Iterator<Item = &ServiceSource> {
    let of_this_node = view.advertisements.iter().flat_map(move |all| for_node(view, all, |spec| &spec.node_selector));
    of_this_node.filter_map(|spec| spec.services.as_ref())
}

fn secrets(view: &View) -> impl Iterator<Item = &str> {
    let of_this_node = view.peers.iter().flat_map(move |all| for_node(view, all, |spec| &spec.node_selector));
    of_this_node.filter_map(|spec| Some(spec.password_secret_ref.as_ref()?.name.as_str()))
}

/// What resources ask of this node.
fn for_node<'a, R: HasSpec + 'a>(
    view: &'a View,
    all: &'a Objects<Custom<R>>,
    selector: impl Fn(&R::Spec) -> &Option<LabelSelector> + 'a,
) -> impl Iterator<Item = &'a R::Spec> {
    let specs = all.values().filter_map(|one| one.as_ref().as_ref().ok()).map(HasSpec::spec);
    specs.filter(move |spec| {
        let labels = view.node.as_ref().map(|node| &node.labels);
        labels.is_some_and(|labels| selects(selector(spec).as_ref(), labels).is_ok_and(|selects| selects))
    })
}
