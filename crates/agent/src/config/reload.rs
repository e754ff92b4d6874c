//! What a changed file can change in a running agent.

use super::{Config, Settings};

/// The keys whose change has no effect before the agent is started again.
///
/// Owners with their policies, `log_level` and the section `bgp` take effect at once; all other keys are settings
/// that the agent reads when it starts.
#[must_use]
pub fn restart_needed(old: &Config, new: &Config) -> Vec<&'static str> {
    let (old, new) = (&old.settings, &new.settings);
    // Names every field: a new one does not compile before somebody has said here what its change does.
    let Settings {
        socket,
        log_level: _,
        log_format,
        metrics_address,
        status_page,
        disconnect_grace_period,
        adoption_grace,
        frr,
        state_dir,
        shutdown,
        events_ring,
    } = new;
    let changed = [
        ("listen_socket", socket.path != old.socket.path),
        ("socket.mode", socket.mode != old.socket.mode),
        ("socket.group", socket.group != old.socket.group),
        ("log_format", *log_format != old.log_format),
        ("metrics_address", *metrics_address != old.metrics_address),
        ("status_page", *status_page != old.status_page),
        ("disconnect_grace_period", *disconnect_grace_period != old.disconnect_grace_period),
        ("adoption_grace", *adoption_grace != old.adoption_grace),
        ("frr.socket_dir", frr.socket_dir != old.frr.socket_dir),
        ("frr.connect_timeout", frr.connect_timeout != old.frr.connect_timeout),
        ("frr.retry_interval", frr.retry_interval != old.frr.retry_interval),
        ("state_dir", *state_dir != old.state_dir),
        ("shutdown.mode", shutdown.mode != old.shutdown.mode),
        ("shutdown.timeout", shutdown.timeout != old.shutdown.timeout),
        ("events.ring", *events_ring != old.events_ring),
    ];
    changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    fn config(text: &str) -> Config {
        let environment: BTreeMap<String, String> = BTreeMap::new();
        Config::parse(Path::new("c"), text, &environment).unwrap()
    }

    #[test]
    fn only_owners_log_level_and_bgp_act_at_once() {
        let old = config("{}");
        for text in [
            "{log_level: debug}",
            "{owners: {edge: {token: abc}}}",
            "{bgp: {local_as: 65000, router_id: 10.0.0.1, peers: [{neighbor_address: 10.0.0.2, remote_as: 1}]}}",
        ] {
            assert!(restart_needed(&old, &config(text)).is_empty(), "{text}");
        }
        for (text, keys) in [
            ("{listen_socket: /a}", &["listen_socket"][..]),
            ("{socket: {mode: \"0600\", group: frr}}", &["socket.mode", "socket.group"]),
            ("{log_format: json, metrics_address: \"\"}", &["log_format", "metrics_address"]),
            ("{disconnect_grace_period: 1, adoption_grace: 1}", &["disconnect_grace_period", "adoption_grace"]),
            (
                "{frr: {socket_dir: /a, connect_timeout: 9, retry_interval: 9}}",
                &["frr.socket_dir", "frr.connect_timeout", "frr.retry_interval"],
            ),
            ("{state_dir: /a, events: {ring: 100}}", &["state_dir", "events.ring"]),
            ("{shutdown: {mode: keep, timeout: 1}}", &["shutdown.mode", "shutdown.timeout"]),
        ] {
            assert_eq!(restart_needed(&old, &config(text)), keys, "{text}");
        }
    }
}
