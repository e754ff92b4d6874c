//! The password of a session: our peers have it in a Secret.

use serde_json::json;

use super::{Fields, Report, Spec};
use crate::import::report::Fate;

/// Where the agents are, when nothing says otherwise; Secrets must be there.
pub(in crate::import) const AGENTS_NAMESPACE: &str = "novaroute";
/// Key of a password in its Secret, which is that of the type `kubernetes.io/basic-auth`.
pub(in crate::import) const PASSWORD_KEY: &str = "password";

/// Reads both forms: the password itself, which is never shown, and the name of a Secret.
pub(super) fn read(fields: &mut Fields, secret: &str, namespace: Option<&str>, spec: &mut Spec, report: &mut Report) {
    let plain = fields.text("password", report);
    let named = fields.map("passwordSecret", report).and_then(|mut reference| {
        let name = reference.text("name", report);
        let namespace = reference.text("namespace", report).or_else(|| namespace.map(str::to_owned));
        reference.finish(report);
        Some((name?, namespace))
    });
    if plain.is_some() && named.is_some() {
        report.problem(&fields.at("password"), "stands beside passwordSecret");
    }
    let name = match (named, plain) {
        (Some((name, namespace)), _) => {
            let from = namespace.map(|namespace| format!(" from namespace {namespace}")).unwrap_or_default();
            let text = format!("copy this Secret{from} to the namespace of the agents ({AGENTS_NAMESPACE})");
            report.note(Fate::ToDo, &fields.at("passwordSecret"), &name, text);
            name
        }
        (None, Some(_)) => {
            let text = format!(
                "the password is in a Secret now: kubectl -n {AGENTS_NAMESPACE} create secret generic {secret} \
                 --from-file={PASSWORD_KEY}=FILE"
            );
            report.note(Fate::ToDo, &fields.at("password"), "", text);
            secret.to_owned()
        }
        (None, None) => return,
    };
    spec.insert("passwordSecretRef".into(), json!({"name": name, "key": PASSWORD_KEY}));
}
