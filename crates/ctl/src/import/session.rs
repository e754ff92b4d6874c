//! The BGP session of a peer. MetalLB and frr-k8s say the same of it, with some
//! fields under other names.

mod password;
mod timers;

use std::net::IpAddr;

use serde_json::json;

use super::{
    bfd::Profiles,
    draft::{Families, Spec},
    fields::Fields,
    report::{Fate, Report},
};

pub(super) use password::{AGENTS_NAMESPACE, PASSWORD_KEY};

/// The port of BGP.
const BGP_PORT: u32 = 179;
/// What FRR makes of `ebgp-multihop` without a number, which is what the others write.
const HOPS_MAX: u32 = 255;

/// Names of fields that differ.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) address: &'static str,
    pub(super) remote_as: &'static str,
    pub(super) source_address: &'static str,
    pub(super) port: &'static str,
    /// A time of zero stands where none was given.
    pub(super) zero_is_unset: bool,
}

/// What is around a session.
#[derive(Debug)]
pub(super) struct Around<'a> {
    pub(super) local_as: Option<u32>,
    pub(super) profiles: &'a mut Profiles,
    /// Name of the Secret that takes a password out of the resource.
    pub(super) secret: &'a str,
    /// Namespace of the Secret that the resource names.
    pub(super) namespace: Option<&'a str>,
}

/// A session that can be had here.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) address: IpAddr,
    pub(super) families: Families,
    pub(super) spec: Spec,
}

/// Reads a session; none, and a note, where there can be none like it.
pub(super) fn read(fields: &mut Fields, dialect: &Dialect, around: Around<'_>, report: &mut Report) -> Option<Session> {
    let possible = is_possible(fields, dialect, report);
    let address = address(fields, dialect, report);
    let remote_as = remote_as(fields, dialect, around.local_as, report);
    let families = families(fields, address, report);
    let mut spec = Spec::new();
    source_address(fields, dialect, &mut spec, report);
    timers::read(fields, dialect.zero_is_unset, &mut spec, report);
    if let Some(time) = fields.text("connectTime", report) {
        report.note(Fate::Changed, &fields.at("connectTime"), time, "the agent connects again after 1 s");
    }
    password::read(fields, around.secret, around.namespace, &mut spec, report);
    if let Some(profile) = fields.text("bfdProfile", report) {
        spec.insert("bfd".into(), around.profiles.timers(&profile, &fields.at("bfdProfile"), report).into());
    }
    if fields.flag("enableGracefulRestart", report) {
        spec.insert("gracefulRestart".into(), json!("full"));
    }
    if fields.flag("ebgpMultiHop", report) {
        spec.insert("ebgpMultihop".into(), json!(HOPS_MAX));
    }
    let (address, remote_as) = (address?, remote_as?);
    spec.insert("address".into(), json!(address));
    spec.insert("remoteAs".into(), json!(remote_as));
    spec.insert("addressFamilies".into(), json!(families.words()));
    possible.then_some(Session { address, families, spec })
}

/// Tells what no peer of ours can have; without it the session would not come up, or be another one.
fn is_possible(fields: &mut Fields, dialect: &Dialect, report: &mut Report) -> bool {
    let mut possible = true;
    let port = fields.number(dialect.port, 0..=u16::MAX.into(), report);
    if let Some(port) = port.filter(|port| *port != 0 && *port != BGP_PORT) {
        report.left_out(&fields.at(dialect.port), port, format!("no peer is made: sessions go to port {BGP_PORT}"));
        possible = false;
    }
    if let Some(number) = fields.number("localASN", 1..=u32::MAX, report) {
        let text = "no peer is made: every peer sees the AS of the node; have the router expect that one";
        report.left_out(&fields.at("localASN"), number, text);
        possible = false;
    }
    if let Some(vrf) = fields.text("vrf", report) {
        report.left_out(&fields.at("vrf"), vrf, "no peer is made: sessions are in the default VRF");
        possible = false;
    }
    possible
}

fn address(fields: &mut Fields, dialect: &Dialect, report: &mut Report) -> Option<IpAddr> {
    let address = fields.text(dialect.address, report);
    if let Some(interface) = fields.text("interface", report) {
        let text = "no peer is made: there are no sessions without an address; write a NovaRoutePeer with the router's \
                    address, or with addressFrom";
        report.left_out(&fields.at("interface"), interface, text);
        return None;
    }
    let at = fields.at(dialect.address);
    let Some(address) = address else {
        report.problem(&at, "is missing");
        return None;
    };
    let parsed = address.parse();
    parsed.map_err(|_| report.problem(&at, format!("expected an address, found `{}`", address.escape_debug()))).ok()
}

fn remote_as(fields: &mut Fields, dialect: &Dialect, local_as: Option<u32>, report: &mut Report) -> Option<u32> {
    let given = fields.has(dialect.remote_as);
    let number = fields.number(dialect.remote_as, 0..=u32::MAX, report);
    let at = fields.at("dynamicASN");
    let dynamic = fields.text("dynamicASN", report);
    if given && number.is_none() {
        return None;
    }
    match (number.filter(|number| *number != 0), dynamic.as_deref()) {
        (Some(number), None) => Some(number),
        (None, Some("internal")) => local_as,
        (None, Some("external")) => {
            let text = "no peer is made: a peer has the AS that it is given; write a NovaRoutePeer with remoteAs";
            report.left_out(&at, "external", text);
            None
        }
        (None, None) => {
            report.problem(&fields.at(dialect.remote_as), "is missing");
            None
        }
        (Some(_), Some(_)) => {
            report.problem(&at, format!("stands beside {}", dialect.remote_as));
            None
        }
        (None, Some(_)) => {
            report.problem(&at, "expected internal or external");
            None
        }
    }
}

fn families(fields: &mut Fields, address: Option<IpAddr>, report: &mut Report) -> Families {
    let both = fields.flag("dualStackAddressFamily", report);
    if fields.flag("disableMP", report) && !both {
        let text = "the session has the family of its address, with and without it";
        report.note(Fate::NoEffect, &fields.at("disableMP"), true, text);
    }
    match address {
        Some(address) if !both => Families::of(address),
        _ => Families::BOTH,
    }
}

fn source_address(fields: &mut Fields, dialect: &Dialect, spec: &mut Spec, report: &mut Report) {
    let Some(source) = fields.text(dialect.source_address, report) else { return };
    match source.parse::<IpAddr>() {
        Ok(address) => {
            spec.insert("sourceAddress".into(), json!(address));
        }
        Err(_) => {
            let text = "is no address, and the address of an interface is not looked up; give each node its own by \
                        sourceAddressFrom";
            report.left_out(&fields.at(dialect.source_address), source, text);
        }
    }
}
