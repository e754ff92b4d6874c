//! The section `bgp`: the node's BGP instance and the peers that the file declares.

use std::net::IpAddr;

use novaroute_core::bgp::{Asn, BgpInstance, RouterId};
use novaroute_core::intent::Intent;
use novaroute_core::invalid::Invalid;

use super::cursor::{Cursor, Table};
use super::environment::{Environment, expand};
use super::error::{Place, Report};
use super::peer;

/// The node's address: `auto_router_id` and `as_base` take theirs from it.
const NODE_IP: &str = "NODE_IP";
/// Overrides `bgp.local_as` and `bgp.as_base`.
const LOCAL_AS: &str = "NOVAROUTE_BGP_LOCAL_AS";
/// Overrides `bgp.router_id` and `bgp.auto_router_id`.
const ROUTER_ID: &str = "NOVAROUTE_BGP_ROUTER_ID";

const KEYS: &[&str] = &["local_as", "as_base", "router_id", "auto_router_id", "peers"];

/// The intents that the section declares. Without a section the environment alone may still give an instance.
pub(super) fn read(section: Option<&Cursor<'_>>, environment: &dyn Environment, report: &Report) -> Vec<Intent> {
    let table = section.and_then(|cursor| cursor.table(KEYS));
    let reader = Reader { table: table.as_ref(), variables: Variables { environment, report } };
    let (local_as, router_id) = (reader.local_as(), reader.router_id());
    reader.check_complete(&local_as, &router_id);
    let (local_as, router_id) = (local_as.value(), router_id.value());
    let peers = table.as_ref().and_then(|table| table.get("peers"));
    let peers = peers.map(|cursor| peer::read_all(&cursor, local_as)).unwrap_or_default();
    let instance =
        local_as.zip(router_id).map(|(local_as, router_id)| Intent::Bgp(BgpInstance { local_as, router_id }));
    instance.into_iter().chain(peers.into_iter().map(Intent::Peer)).collect()
}

/// A value that may come from several places. `Bad` has been reported: nothing more is said about it.
enum Source<T> {
    Absent,
    Bad,
    Given(T),
}

impl<T: Copy> Source<T> {
    fn of(read: Option<T>) -> Self {
        read.map_or(Self::Bad, Self::Given)
    }

    fn value(&self) -> Option<T> {
        match self {
            Self::Given(value) => Some(*value),
            Self::Absent | Self::Bad => None,
        }
    }
}

struct Reader<'r, 'a> {
    table: Option<&'r Table<'a>>,
    variables: Variables<'r>,
}

impl<'a> Reader<'_, 'a> {
    fn get(&self, key: &str) -> Option<Cursor<'a>> {
        self.table.and_then(|table| table.get(key))
    }

    /// All is read in any case, so that its faults show before an override, or one key too many, is taken away.
    fn local_as(&self) -> Source<Asn> {
        let (plain, base) = (self.get("local_as"), self.get("as_base"));
        let both = base.as_ref().filter(|_| plain.is_some());
        both.inspect(|base| base.fail("cannot be together with bgp.local_as; leave one of them out"));
        let both = both.is_some();
        let plain = plain.map(|cursor| Source::of(cursor.number().and_then(|number| cursor.check(Asn::new(number)))));
        let base = base.map(|cursor| cursor.number().map(|number| (number, cursor)));
        match (self.variables.read(LOCAL_AS, parse_as), plain, base) {
            _ if both => Source::Bad,
            (Source::Absent, Some(plain), _) => plain,
            (Source::Absent, None, Some(Some((number, cursor)))) => Source::of(self.as_from_base(number, &cursor)),
            (Source::Absent, None, Some(None)) => Source::Bad,
            (overriding, ..) => overriding,
        }
    }

    fn as_from_base(&self, base: u32, cursor: &Cursor<'_>) -> Option<Asn> {
        let low_bits = match self.node_ip(cursor)? {
            IpAddr::V4(address) => u32::from(address) & 0xffff,
            IpAddr::V6(address) => u32::from(address.segments()[7]),
        };
        let Some(number) = base.checked_add(low_bits) else {
            cursor.fail(format!(
                "{base} plus {low_bits}, the low 16 bits of {NODE_IP}, is more than 4294967295; choose a lower base"
            ));
            return None;
        };
        cursor.check(Asn::new(number))
    }

    fn router_id(&self) -> Source<RouterId> {
        let (plain, auto) = (self.get("router_id"), self.get("auto_router_id"));
        let wanted = auto.as_ref().and_then(Cursor::flag);
        let both = auto.as_ref().filter(|_| plain.is_some() && wanted == Some(true));
        both.inspect(|auto| auto.fail("cannot be together with bgp.router_id; leave one of them out"));
        let both = both.is_some();
        let plain = plain.map(|cursor| Source::of(self.expanded_router_id(&cursor)));
        match (self.variables.read(ROUTER_ID, str::parse), plain, auto, wanted) {
            _ if both => Source::Bad,
            (Source::Absent, Some(plain), ..) => plain,
            (Source::Absent, None, Some(auto), Some(true)) => Source::of(self.router_id_from_node(&auto)),
            (Source::Absent, None, Some(_), None) => Source::Bad,
            (overriding, ..) => overriding,
        }
    }

    fn expanded_router_id(&self, cursor: &Cursor<'_>) -> Option<RouterId> {
        let text = cursor.check(expand(cursor.text()?, self.variables.environment))?;
        cursor.check(text.parse())
    }

    fn router_id_from_node(&self, cursor: &Cursor<'_>) -> Option<RouterId> {
        match self.node_ip(cursor)? {
            IpAddr::V4(address) => cursor.check(RouterId::new(address)),
            IpAddr::V6(address) => {
                cursor.fail(format!("{NODE_IP} is {address}, and a router id is an IPv4 address; set bgp.router_id"));
                None
            }
        }
    }

    fn node_ip(&self, cursor: &Cursor<'_>) -> Option<IpAddr> {
        let address = self.variables.read(NODE_IP, parse_node_ip);
        if matches!(address, Source::Absent) {
            cursor.fail(format!("needs the node's address, and the environment variable {NODE_IP} is not set; set it"));
        }
        address.value()
    }

    fn check_complete(&self, local_as: &Source<Asn>, router_id: &Source<RouterId>) {
        let message = match (local_as, router_id) {
            (Source::Given(_), Source::Absent) => {
                format!("the AS is set and the router id is not; set bgp.router_id, bgp.auto_router_id or {ROUTER_ID}")
            }
            (Source::Absent, Source::Given(_)) => {
                format!("the router id is set and the AS is not; set bgp.local_as, bgp.as_base or {LOCAL_AS}")
            }
            _ => return,
        };
        match self.table {
            Some(table) => table.fail(message),
            None => self.variables.report.error(Place::File, "bgp", message),
        }
    }
}

/// The variables that stand for keys.
struct Variables<'r> {
    environment: &'r dyn Environment,
    report: &'r Report,
}

impl Variables<'_> {
    fn read<T: Copy>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Source<T> {
        let parsed = match self.environment.get(name) {
            Ok(None) => return Source::Absent,
            Ok(Some(value)) => parse(&value).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match parsed {
            Ok(value) => Source::Given(value),
            Err(message) => {
                let place = Place::Variable(name.to_owned());
                self.report.error(place, "", format!("{message}; correct the variable, or do not set it"));
                Source::Bad
            }
        }
    }
}

fn parse_as(text: &str) -> Result<Asn, Invalid> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number
        .and_then(|number| Asn::new(number).ok())
        .ok_or_else(|| Invalid::new(text, "an AS number from 1 to 4294967295"))
}

fn parse_node_ip(text: &str) -> Result<IpAddr, Invalid> {
    novaroute_core::prefix::parse_host_address(text)
}
