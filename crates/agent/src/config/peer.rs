//! The peers of the section `bgp`: tables with the field names of the message `BGPPeer`, which also parses them.

use std::collections::BTreeMap;

use novaroute_api::from_proto;
use novaroute_api::journal::{JournalRecord, journal_record};
use novaroute_api::v1;
use novaroute_core::bgp::Asn;
use novaroute_core::intent::{Change, Intent};
use novaroute_core::invalid::Invalid;
use novaroute_core::name::CONFIG_OWNER;
use novaroute_core::peer::{Peer, PeerKey};

use super::cursor::{Cursor, Table};

const KEYS: &[&str] = &[
    "neighbor_address",
    "interface_name",
    "remote_as",
    "peer_type",
    "keepalive",
    "hold_time",
    "bfd_enabled",
    "description",
    "address_families",
    "source_address",
    "ebgp_multihop",
    "password",
    "max_prefix",
    "bfd_min_rx_ms",
    "bfd_min_tx_ms",
    "bfd_detect_multiplier",
    "graceful_restart",
    "local_as",
    "ttl_security_hops",
    "passive",
    "connect_retry_s",
    "advertisement_interval_s",
    "shutdown",
    "shutdown_message",
    "max_prefix_action",
    "max_prefix_restart_min",
    "import_policy",
    "export_policy",
    "next_hop_self",
    "allowas_in",
];
const IMPORT_KEYS: &[&str] = &["accept", "prefixes", "refuse_default_route"];
const RANGE_KEYS: &[&str] = &["prefix", "ge", "le"];
const EXPORT_KEYS: &[&str] = &["announce", "communities"];

/// All peers of the list. Two with one address are an error: they are one peer with two sets of values.
pub(super) fn read_all(cursor: &Cursor<'_>, local_as: Option<Asn>) -> Vec<Peer> {
    let mut first = BTreeMap::new();
    let items = cursor.list().unwrap_or_default();
    items.iter().filter_map(|item| read(item, local_as, &mut first)).collect()
}

/// One peer. What makes it clash with others is looked at whatever else is wrong with it; `first` tells where each
/// address was given first.
fn read(cursor: &Cursor<'_>, local_as: Option<Asn>, first: &mut BTreeMap<PeerKey, String>) -> Option<Peer> {
    let table = cursor.table(KEYS)?;
    let complete = is_complete(cursor, &table);
    let (message, readable) = message(&table);
    check_key(cursor, &message, first);
    check_type(cursor, &message, local_as);
    if !complete || !readable {
        return None;
    }
    parse(message).map_err(|bad| report(cursor, &table, &bad)).ok().flatten()
}

/// The parse of what the built-in owner wants: there is no token to show.
fn parse(peer: v1::BgpPeer) -> Result<Option<Peer>, from_proto::BadFields> {
    let request = v1::ApplyPeerRequest { peer: Some(peer), ..v1::ApplyPeerRequest::default() };
    let change = Some(journal_record::Change::ApplyPeer(request));
    let record = JournalRecord { owner: CONFIG_OWNER.to_owned(), change, ..JournalRecord::default() };
    Ok(match from_proto::record(&record)?.changes.pop() {
        Some(Change::Put(Intent::Peer(peer))) => Some(peer),
        _ => None,
    })
}

fn is_complete(cursor: &Cursor<'_>, table: &Table<'_>) -> bool {
    let has = |key| table.get(key).is_some();
    let place = has("neighbor_address") || has("interface_name");
    if !place {
        cursor.fail("neighbor_address is missing; set it, or interface_name");
    }
    let remote_as = has("remote_as");
    if !remote_as {
        cursor.fail("remote_as is missing; set it");
    }
    place && remote_as
}

fn check_key(cursor: &Cursor<'_>, message: &v1::BgpPeer, first: &mut BTreeMap<PeerKey, String>) {
    let by_address = message.neighbor_address.parse().map(PeerKey::Address);
    let Ok(key) = by_address.or_else(|_| message.interface_name.parse().map(PeerKey::Interface)) else { return };
    match first.get(&key) {
        Some(earlier) => {
            cursor.fail(format!("{key} is already the peer of {earlier}; leave one of them out"));
        }
        None => drop(first.insert(key, cursor.key().to_owned())),
    }
}

fn check_type(cursor: &Cursor<'_>, message: &v1::BgpPeer, local_as: Option<Asn>) {
    let v1::BgpPeer { neighbor_address, interface_name, remote_as, peer_type, .. } = message.clone();
    let peer = v1::BgpPeer { neighbor_address, interface_name, remote_as, peer_type, ..v1::BgpPeer::default() };
    let peer = parse(peer).ok().flatten();
    let Some((local_as, peer)) = local_as.zip(peer).filter(|(local_as, peer)| !peer.type_fits(*local_as)) else {
        return;
    };
    let kind = if peer.is_internal(local_as) { "internal" } else { "external" };
    cursor.fail(format!(
        "with the remote AS {remote_as} and the local AS {local_as} the peer is {kind}; correct peer_type or remote_as"
    ));
}

/// The message as the file has it; `false` when a value was not even of the right kind.
fn message(table: &Table<'_>) -> (v1::BgpPeer, bool) {
    let mut fields = Fields { table, complete: true };
    let message = v1::BgpPeer {
        neighbor_address: fields.text("neighbor_address"),
        interface_name: fields.text("interface_name"),
        remote_as: fields.number("remote_as"),
        peer_type: fields.read("peer_type", peer_type),
        keepalive: fields.number("keepalive"),
        hold_time: fields.number("hold_time"),
        bfd_enabled: fields.read("bfd_enabled", Cursor::flag),
        description: fields.text("description"),
        address_families: fields.read("address_families", families),
        source_address: fields.text("source_address"),
        ebgp_multihop: fields.number("ebgp_multihop"),
        password: fields.read("password", password),
        max_prefix: fields.number("max_prefix"),
        bfd_min_rx_ms: fields.number("bfd_min_rx_ms"),
        bfd_min_tx_ms: fields.number("bfd_min_tx_ms"),
        bfd_detect_multiplier: fields.number("bfd_detect_multiplier"),
        graceful_restart: fields.read("graceful_restart", graceful_restart),
        max_prefix_action: fields.read("max_prefix_action", max_prefix_action),
        max_prefix_restart_min: fields.number("max_prefix_restart_min"),
        import_policy: fields.read("import_policy", |cursor| import_policy(cursor).map(Some)),
        export_policy: fields.read("export_policy", |cursor| export_policy(cursor).map(Some)),
        next_hop_self: fields.read("next_hop_self", Cursor::flag),
        allowas_in: fields.number("allowas_in"),
        ..settings(&mut fields)
    };
    (message, fields.complete)
}

/// How the session comes about and behaves.
fn settings(fields: &mut Fields<'_, '_>) -> v1::BgpPeer {
    v1::BgpPeer {
        local_as: fields.number("local_as"),
        ttl_security_hops: fields.number("ttl_security_hops"),
        passive: fields.read("passive", Cursor::flag),
        connect_retry_s: fields.number("connect_retry_s"),
        advertisement_interval_s: fields.number("advertisement_interval_s"),
        shutdown: fields.read("shutdown", Cursor::flag),
        shutdown_message: fields.text("shutdown_message"),
        ..v1::BgpPeer::default()
    }
}

struct Fields<'t, 'a> {
    table: &'t Table<'a>,
    complete: bool,
}

impl<'a> Fields<'_, 'a> {
    fn text(&mut self, key: &str) -> String {
        self.read(key, |cursor| cursor.text().map(str::to_owned))
    }

    fn number(&mut self, key: &str) -> u32 {
        self.read(key, Cursor::number)
    }

    fn read<T: Default>(&mut self, key: &str, read: impl FnOnce(&Cursor<'a>) -> Option<T>) -> T {
        let Some(cursor) = self.table.get(key) else { return T::default() };
        let value = read(&cursor);
        self.complete &= value.is_some();
        value.unwrap_or_default()
    }
}

/// An empty password is somebody's missing secret, not a wish for none.
fn password(cursor: &Cursor<'_>) -> Option<String> {
    let text = cursor.text()?;
    if text.is_empty() {
        cursor.fail("is empty; give a password, or leave the key out for none");
        return None;
    }
    Some(text.to_owned())
}

fn peer_type(cursor: &Cursor<'_>) -> Option<i32> {
    let text = cursor.text()?;
    let found = v1::PeerType::from_str_name(&enum_name("PEER_TYPE_", text));
    cursor.check(found.map(i32::from).ok_or_else(|| Invalid::new(text, "one of external, internal")))
}

fn graceful_restart(cursor: &Cursor<'_>) -> Option<i32> {
    let text = cursor.text()?;
    let found = v1::GracefulRestart::from_str_name(&enum_name("GRACEFUL_RESTART_", text));
    cursor.check(found.map(i32::from).ok_or_else(|| Invalid::new(text, "one of helper, full, off")))
}

fn max_prefix_action(cursor: &Cursor<'_>) -> Option<i32> {
    let text = cursor.text()?;
    let found = v1::MaxPrefixAction::from_str_name(&enum_name("MAX_PREFIX_ACTION_", text));
    cursor.check(found.map(i32::from).ok_or_else(|| Invalid::new(text, "one of warn, restart, shut_down")))
}

fn import_policy(cursor: &Cursor<'_>) -> Option<v1::ImportPolicy> {
    let table = cursor.table(IMPORT_KEYS)?;
    let mut fields = Fields { table: &table, complete: true };
    let message = v1::ImportPolicy {
        accept: fields.read("accept", import_accept),
        prefixes: fields.read("prefixes", ranges),
        refuse_default_route: fields.read("refuse_default_route", Cursor::flag),
    };
    fields.complete.then_some(message)
}

fn import_accept(cursor: &Cursor<'_>) -> Option<i32> {
    let text = cursor.text()?;
    let found = v1::ImportAccept::from_str_name(&enum_name("IMPORT_ACCEPT_", text));
    cursor.check(found.map(i32::from).ok_or_else(|| Invalid::new(text, "one of all, listed, nothing")))
}

fn ranges(cursor: &Cursor<'_>) -> Option<Vec<v1::PrefixRange>> {
    // All of them are read before the first fault counts.
    let ranges: Vec<_> = cursor.list()?.iter().map(range).collect();
    ranges.into_iter().collect()
}

fn range(cursor: &Cursor<'_>) -> Option<v1::PrefixRange> {
    let table = cursor.table(RANGE_KEYS)?;
    let mut fields = Fields { table: &table, complete: true };
    let message = v1::PrefixRange { prefix: fields.text("prefix"), ge: fields.number("ge"), le: fields.number("le") };
    fields.complete.then_some(message)
}

fn export_policy(cursor: &Cursor<'_>) -> Option<v1::ExportPolicy> {
    let table = cursor.table(EXPORT_KEYS)?;
    let mut fields = Fields { table: &table, complete: true };
    let message = v1::ExportPolicy {
        announce: fields.read("announce", export_announce),
        communities: fields.read("communities", texts),
    };
    fields.complete.then_some(message)
}

fn export_announce(cursor: &Cursor<'_>) -> Option<i32> {
    let text = cursor.text()?;
    let found = v1::ExportAnnounce::from_str_name(&enum_name("EXPORT_ANNOUNCE_", text));
    cursor.check(found.map(i32::from).ok_or_else(|| Invalid::new(text, "one of own, own_with_communities, transit")))
}

fn texts(cursor: &Cursor<'_>) -> Option<Vec<String>> {
    let texts: Vec<_> = cursor.list()?.iter().map(|item| item.text().map(str::to_owned)).collect();
    texts.into_iter().collect()
}

fn families(cursor: &Cursor<'_>) -> Option<Vec<i32>> {
    // All of them are read before the first fault counts.
    let families: Vec<_> = cursor.list()?.iter().map(family).collect();
    families.into_iter().collect()
}

fn family(cursor: &Cursor<'_>) -> Option<i32> {
    let text = cursor.text()?;
    let found = v1::AddressFamily::from_str_name(&enum_name("ADDRESS_FAMILY_", text));
    cursor.check(found.map(i32::from).ok_or_else(|| Invalid::new(text, "one of ipv4_unicast, ipv6_unicast")))
}

/// The proto's name of a value from its name with or without the prefix, in any case, `-` for `_`.
fn enum_name(prefix: &str, text: &str) -> String {
    let upper = text.to_ascii_uppercase().replace('-', "_");
    if upper.starts_with(prefix) { upper } else { format!("{prefix}{upper}") }
}

/// Puts each violation on the key that it names, or on the peer when the key is not there.
fn report(cursor: &Cursor<'_>, table: &Table<'_>, bad: &from_proto::BadFields) {
    for violation in bad.violations() {
        let field = violation.field.strip_prefix("peer.").unwrap_or(&violation.field);
        let key = field.split(['[', '.']).next().unwrap_or(field);
        match table.get(key) {
            Some(found) => found.fail(&violation.description),
            None => cursor.fail(format!("{field}: {}", violation.description)),
        }
    }
}
