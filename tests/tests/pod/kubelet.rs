//! A pod as the kubelet hands it to a runtime. podman reads pods too, but its release in Debian 12 does not know projected
//! volumes, Secrets as volumes, parts of volumes, and what a variable takes from the node; and a folder that is empty at first is
//! not everybody's to write.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, DownwardAPIVolumeFile, EnvVar, HostPathVolumeSource, KeyToPath, Pod, Secret, Volume,
    VolumeProjection,
};
use novaroute_e2e::chart::object;
use serde_json::Value;

/// Mode of a file of a volume that has none of its own.
const MODE: i32 = 0o644;
/// Mode of a folder that is empty at first.
const EMPTY_MODE: u32 = 0o777;

/// The kubelet of a node.
#[derive(Debug)]
pub(crate) struct Kubelet<'a> {
    /// What the API server has.
    pub(crate) objects: &'a [Value],
    /// Where volumes are, and what is on the node.
    pub(crate) folder: &'a Path,
    /// The node's name.
    pub(crate) node: &'a str,
    /// The node's address.
    pub(crate) address: IpAddr,
}

/// A file of a volume: its path in it, what is in it, its mode.
type VolumeFile = (String, Vec<u8>, i32);

impl Kubelet<'_> {
    /// The pod of the one DaemonSet, for this node.
    ///
    /// # Errors
    /// It names what is not there, or asks for what is not known here.
    pub(crate) fn pod(&self) -> Result<Pod> {
        let daemon_set: DaemonSet = serde_json::from_value(object(self.objects, "DaemonSet")?.clone())?;
        let template = daemon_set.spec.context("a DaemonSet without spec")?.template;
        let mut metadata = template.metadata.unwrap_or_default();
        metadata.name = daemon_set.metadata.name;
        let mut spec = template.spec.context("a template without spec")?;
        let volumes = spec.volumes.get_or_insert_default();
        for volume in &mut *volumes {
            self.make(volume).with_context(|| format!("volume {}", volume.name))?;
        }
        for container in spec.init_containers.iter_mut().flatten().chain(&mut spec.containers) {
            self.prepare(container, volumes).with_context(|| format!("container {}", container.name))?;
        }
        Ok(Pod { metadata, spec: Some(spec), status: None })
    }

    /// Where a path of the node is.
    pub(crate) fn on_node(&self, path: &str) -> PathBuf {
        self.folder.join("root").join(path.trim_start_matches('/'))
    }

    /// Makes a volume, and says where it is.
    fn make(&self, volume: &mut Volume) -> Result<()> {
        let path = match &volume.host_path {
            Some(host) => self.on_node(&host.path),
            None => self.folder.join("volumes").join(&volume.name),
        };
        fs::create_dir_all(&path)?;
        if volume.empty_dir.is_some() {
            fs::set_permissions(&path, Permissions::from_mode(EMPTY_MODE))?;
        } else if volume.host_path.is_none() {
            for (name, content, mode) in self.files(volume)? {
                fs::write(path.join(&name), content)?;
                fs::set_permissions(path.join(&name), Permissions::from_mode(mode.cast_unsigned()))?;
            }
        }
        *volume = of_node(&volume.name, &path, "Directory");
        Ok(())
    }

    fn files(&self, volume: &Volume) -> Result<Vec<VolumeFile>> {
        if let Some(projected) = &volume.projected {
            let mode = projected.default_mode.unwrap_or(MODE);
            let sources = projected.sources.iter().flatten();
            let files = sources.map(|source| self.projected(source, mode)).collect::<Result<Vec<_>>>()?;
            return Ok(files.concat());
        }
        if let Some(secret) = &volume.secret {
            let name = secret.secret_name.as_deref().unwrap_or_default();
            return pick(&self.secret(name)?, secret.items.as_deref(), secret.default_mode.unwrap_or(MODE));
        }
        if let Some(map) = &volume.config_map {
            return pick(&self.config_map(&map.name)?, map.items.as_deref(), map.default_mode.unwrap_or(MODE));
        }
        bail!("of a kind that is not known here: {volume:?}")
    }

    fn projected(&self, source: &VolumeProjection, mode: i32) -> Result<Vec<VolumeFile>> {
        if let Some(secret) = &source.secret {
            return pick(&self.secret(&secret.name)?, secret.items.as_deref(), mode);
        }
        if let Some(map) = &source.config_map {
            return pick(&self.config_map(&map.name)?, map.items.as_deref(), mode);
        }
        if let Some(token) = &source.service_account_token {
            return Ok(vec![(token.path.clone(), b"a token".to_vec(), mode)]);
        }
        let fields = source.downward_api.as_ref().and_then(|api| api.items.as_deref());
        let file = |item: &DownwardAPIVolumeFile| {
            let field = item.field_ref.as_ref().context("of no field")?;
            Ok((item.path.clone(), self.field(&field.field_path)?.into_bytes(), mode))
        };
        fields.with_context(|| format!("of a source that is not known here: {source:?}"))?.iter().map(file).collect()
    }

    fn secret(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let secret: Secret = serde_json::from_value(self.named("Secret", name)?)?;
        Ok(secret.data.into_iter().flatten().map(|(key, bytes)| (key, bytes.0)).collect())
    }

    fn config_map(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let map: ConfigMap = serde_json::from_value(self.named("ConfigMap", name)?)?;
        Ok(map.data.into_iter().flatten().map(|(key, text)| (key, text.into_bytes())).collect())
    }

    fn named(&self, kind: &str, name: &str) -> Result<Value> {
        let mut objects = self.objects.iter();
        let found = objects.find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.cloned().with_context(|| format!("there is no {kind} {name}"))
    }

    fn prepare(&self, container: &mut Container, volumes: &mut Vec<Volume>) -> Result<()> {
        for variable in container.env.iter_mut().flatten() {
            self.expand(variable)?;
        }
        for mount in container.volume_mounts.iter_mut().flatten() {
            let Some(part) = mount.sub_path.take() else { continue };
            let path = self.folder.join("volumes").join(&mount.name).join(part);
            mount.name = format!("{}-{}", container.name, volumes.len());
            volumes.push(of_node(&mount.name, &path, "File"));
        }
        // In the node's network a port is only told. The probes are asked by the test: the runtime does not ask over HTTP.
        container.ports = None;
        [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe]
            .into_iter()
            .for_each(|probe| *probe = None);
        Ok(())
    }

    fn expand(&self, variable: &mut EnvVar) -> Result<()> {
        let Some(source) = variable.value_from.take() else { return Ok(()) };
        let field = source.field_ref.with_context(|| format!("{} of no field", variable.name))?;
        variable.value = Some(self.field(&field.field_path)?);
        Ok(())
    }

    /// A field of the pod.
    fn field(&self, path: &str) -> Result<String> {
        let metadata = &object(self.objects, "DaemonSet")?["metadata"];
        Ok(match path {
            "spec.nodeName" => self.node.to_owned(),
            "status.hostIP" => self.address.to_string(),
            "metadata.name" | "metadata.namespace" => {
                let named = metadata[path.trim_start_matches("metadata.")].as_str();
                named.with_context(|| format!("the DaemonSet has no {path}"))?.to_owned()
            }
            other => bail!("the field {other} is not known here"),
        })
    }
}

fn of_node(name: &str, path: &Path, kind: &str) -> Volume {
    let source = HostPathVolumeSource { path: path.to_string_lossy().into_owned(), type_: Some(kind.to_owned()) };
    Volume { name: name.to_owned(), host_path: Some(source), ..Volume::default() }
}

/// The files that a volume has of an object.
fn pick(data: &BTreeMap<String, Vec<u8>>, items: Option<&[KeyToPath]>, mode: i32) -> Result<Vec<VolumeFile>> {
    let items = items.context("without the names of its files")?;
    let file = |item: &KeyToPath| {
        let content = data.get(&item.key).with_context(|| format!("there is no key {}", item.key))?;
        Ok((item.path.clone(), content.clone(), item.mode.unwrap_or(mode)))
    };
    items.iter().map(file).collect()
}
