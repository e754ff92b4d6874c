//! Values that are wrong: both releases of Helm refuse them, and name the field.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::shared::{AGENT, OPERATOR, chart, helms};

/// Wrong values, and what names the field: its path, or the path above it and its name.
type Wrong = (&'static str, &'static [&'static str]);

const OF_THE_AGENT: &[Wrong] = &[
    ("{unknown: 1}", &["unknown"]),
    ("{bgp: {localAs: 0}}", &["bgp.localAs"]),
    ("{bgp: {localAs: 4294967296}}", &["bgp.localAs"]),
    ("{bgp: {localAs: many}}", &["bgp.localAs"]),
    ("{bgp: {localAS: 65001}}", &["bgp", "localAS"]),
    ("{bgp: {localAs: 65001, asBase: 65000}}", &["bgp.asBase"]),
    ("{bgp: {peers: [{address: 10.0.0.1}]}}", &["bgp.peers.0", "remoteAs"]),
    ("{bgp: {peers: [{address: 10.0.0.1, remoteAs: 0}]}}", &["bgp.peers.0.remoteAs"]),
    ("{bgp: {peers: [{address: 10.0.0.1, remoteAs: 1, keepalive: 3}]}}", &["bgp.peers.0", "holdTime"]),
    ("{bgp: {peers: [{address: 10.0.0.1, remoteAs: 1, bfdMinRxMs: 5}]}}", &["bgp.peers.0.bfdMinRxMs"]),
    ("{owners: [{name: two words, token: t}]}", &["owners.0.name"]),
    ("{owners: [{name: edge}]}", &["owners.0", "tokenSecretRef"]),
    ("{owners: [{name: edge, token: t, tokenSecretRef: {name: s, key: k}}]}", &["owners.0.tokenSecretRef"]),
    ("{owners: [{name: edge, tokenSecretRef: {name: s}}]}", &["owners.0.tokenSecretRef", "key"]),
    ("{owners: [{name: edge, token: t, prefixType: hosts}]}", &["owners.0.prefixType"]),
    ("{owners: [{name: edge, token: t, allowedCIDRs: [10.0.0.0]}]}", &["owners.0.allowedCIDRs.0"]),
    ("{owners: [{name: edge, token: t, permissions: [all]}]}", &["owners.0.permissions.0"]),
    ("{owners: [{name: edge, token: t, limits: {maxPrefixes: 0}}]}", &["owners.0.limits.maxPrefixes"]),
    ("{config: {listen_socket: /run/a/b.sock}}", &["config", "listen_socket"]),
    ("{config: {state_dir: /var/lib/novaroute}}", &["config", "state_dir"]),
    ("{config: {frr: {socket_dir: /run/other}}}", &["config.frr", "socket_dir"]),
    ("{config: {owners: {edge: token}}}", &["config.owners.edge"]),
    ("{agent: {metricsPort: 70000}}", &["agent.metricsPort"]),
    ("{agent: {socketPath: agent.sock}}", &["agent.socketPath"]),
    ("{agent: {logLevel: loud}}", &["agent.logLevel"]),
    ("{agent: {resources: {limit: {}}}}", &["agent.resources", "limit"]),
    ("{agent: {extraEnv: [{value: x}]}}", &["agent.extraEnv.0", "name"]),
    ("{companion: {enabled: sure}}", &["companion.enabled"]),
    ("{companion: {metricsPort: 0}}", &["companion.metricsPort"]),
    ("{companion: {prefixType: hosts}}", &["companion.prefixType"]),
    ("{companion: {allowedCIDRs: [10.0.0.0]}}", &["companion.allowedCIDRs.0"]),
    ("{companion: {limits: {maxPeers: 0}}}", &["companion.limits.maxPeers"]),
    ("{companion: {passwordSecrets: [No_Name]}}", &["companion.passwordSecrets.0"]),
    ("{companion: {drain: {cordon: true}}}", &["companion.drain", "cordon"]),
    ("{companion: {drain: {waitS: 3601}}}", &["companion.drain.waitS"]),
    ("{frr: {daemons: {ripd: true}}}", &["frr.daemons", "ripd"]),
    ("{frr: {daemons: {bgpd: \"yes\"}}}", &["frr.daemons.bgpd"]),
    ("{image: {pullPolicy: Sometimes}}", &["image.pullPolicy"]),
    ("{image: {tag: \"a b\"}}", &["image.tag"]),
    ("{nodeSelector: {gpu: true}}", &["nodeSelector.gpu"]),
    ("{tolerations: [{efect: NoSchedule}]}", &["tolerations.0", "efect"]),
    ("{updateStrategy: {type: Recreate}}", &["updateStrategy.type"]),
    ("{updateStrategy: {maxUnavailable: 0}}", &["updateStrategy.maxUnavailable"]),
    ("{metrics: {serviceMonitor: {interval: often}}}", &["metrics.serviceMonitor.interval"]),
    ("{fullnameOverride: No_Name}", &["fullnameOverride"]),
];

const OF_THE_OPERATOR: &[Wrong] = &[
    ("{unknown: 1}", &["unknown"]),
    ("{replicas: -1}", &["replicas"]),
    ("{replicas: 11}", &["replicas"]),
    ("{runAsUser: 0}", &["runAsUser"]),
    ("{port: 80}", &["port"]),
    ("{bindAddress: localhost}", &["bindAddress"]),
    ("{watchNamespace: No_Name}", &["watchNamespace"]),
    ("{logLevel: loud}", &["logLevel"]),
    ("{logFormat: xml}", &["logFormat"]),
    ("{affinity: {nodeAfinity: {}}}", &["affinity", "nodeAfinity"]),
    ("{podAnnotations: {a: 1}}", &["podAnnotations.a"]),
    ("{dashboards: {labels: {grafana_dashboard: 1}}}", &["dashboards.labels.grafana_dashboard"]),
    ("{networkPolicy: {apiServerPorts: []}}", &["networkPolicy.apiServerPorts"]),
    ("{networkPolicy: {apiServerPorts: [0]}}", &["networkPolicy.apiServerPorts.0"]),
    ("{cluster: {name: No_Name}}", &["cluster.name"]),
    ("{cluster: {spec: {agnt: {}}}}", &["cluster.spec", "agnt"]),
    ("{cluster: {spec: {companion: {drain: {waitS: -1}}}}}", &["cluster.spec.companion.drain.waitS"]),
    ("{cluster: {spec: {version: latest}}}", &["cluster.spec.version"]),
    ("{cluster: {spec: {agent: {bgp: {localAs: 0}}}}}", &["cluster.spec.agent.bgp.localAs"]),
];

/// What the schema cannot say; linting does not reach it.
const BY_THE_TEMPLATES: &[Wrong] = &[
    ("{owners: [{name: edge, token: t}, {name: edge, token: u}]}", &["owners", "edge"]),
    (
        "{bgp: {peers: [{address: 10.0.0.1, remoteAs: 1}, {address: 10.0.0.1, remoteAs: 2}]}}",
        &["bgp.peers", "10.0.0.1"],
    ),
    ("{bgp: {peers: [{address: 10.0.0.1, remoteAs: 1, keepalive: 3, holdTime: 8}]}}", &["bgp.peers", "holdTime"]),
    ("{companion: {enabled: true}, owners: [{name: kubernetes, token: t}]}", &["owners", "companion.enabled"]),
    ("{companion: {enabled: true, metricsPort: 9102}}", &["companion.metricsPort"]),
    ("{companion: {enabled: true}, config: {socket: {group: adm}}}", &["config.socket", "companion.enabled"]),
];

/// Whether something is said about `path`: Helm 3 writes it with dots, Helm 4 with slashes.
fn names(told: &str, path: &str) -> bool {
    told.contains(path) || told.contains(&path.replace('.', "/"))
}

async fn are_refused(chart_name: &str, all: &[Wrong], by_lint_too: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let values = folder.path().join("values.yaml");
    for helm in helms().await? {
        for (text, named) in all {
            fs::write(&values, text)?;
            let mut said = vec![helm.template(&chart(chart_name), &values, &[]).await];
            if by_lint_too {
                said.push(helm.lint(&chart(chart_name), &values).await);
            }
            for said in said {
                let told = format!("{:#}", said.err().with_context(|| format!("{text} was taken"))?);
                ensure!(named.iter().all(|path| names(&told, path)), "{text}: {told}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn wrong_values_of_the_agent_are_refused() -> Result<()> {
    are_refused(AGENT, OF_THE_AGENT, true).await
}

#[tokio::test]
async fn wrong_values_of_the_operator_are_refused() -> Result<()> {
    are_refused(OPERATOR, OF_THE_OPERATOR, true).await
}

#[tokio::test]
async fn values_that_contradict_each_other_are_refused() -> Result<()> {
    are_refused(AGENT, BY_THE_TEMPLATES, false).await
}
