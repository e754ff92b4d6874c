//! IPAddressPools: which addresses advertisements are about.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::import::{
    document::Object,
    draft::Families,
    report::{Fate, Report},
    selector::Selector,
};

/// All pools, by name.
#[derive(Debug, Default)]
pub(super) struct Pools(BTreeMap<String, Pool>);

#[derive(Debug)]
struct Pool {
    labels: BTreeMap<String, String>,
    ranges: Vec<Range>,
}

/// First and last address, of one family.
type Range = (IpAddr, IpAddr);

/// Too many prefixes.
#[derive(Debug)]
pub(super) struct TooMany;

impl Pools {
    pub(super) fn add(&mut self, mut object: Object, report: &mut Report) {
        let mut fields = object.fields(report);
        let mut ranges = Vec::new();
        for (at, text) in fields.texts("addresses", report) {
            match range(&text) {
                Some(range) => ranges.push(range),
                None => {
                    report.problem(&at, format!("expected a CIDR or two addresses, found `{}`", text.escape_debug()))
                }
            }
        }
        let text = "addresses are not assigned here: keep MetalLB's controller, or another one, for that; the addresses \
                    that a Service has in its status are announced";
        report.note(Fate::ToDo, &object.at.key("spec"), "", text);
        self.0.insert(object.name, Pool { labels: object.labels, ranges });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// The pools that a selector takes.
    pub(super) fn that_match(&self, selector: &Selector) -> impl Iterator<Item = String> {
        self.0.iter().filter(|(_, pool)| selector.takes(&pool.labels)).map(|(name, _)| name.clone())
    }

    /// The families of the addresses in some pools.
    pub(super) fn families(&self, names: &BTreeSet<String>) -> Families {
        let ranges = || self.ranges(names);
        Families { ipv4: ranges().any(|(first, _)| first.is_ipv4()), ipv6: ranges().any(|(first, _)| first.is_ipv6()) }
    }

    /// The prefixes of this length that hold the addresses of some pools, at most `most`.
    ///
    /// # Errors
    /// There are more.
    pub(super) fn aggregates(
        &self,
        names: &BTreeSet<String>,
        (ipv6, length): (bool, u8),
        most: usize,
    ) -> Result<BTreeSet<IpNet>, TooMany> {
        let mut prefixes = BTreeSet::new();
        for (first, last) in self.ranges(names).filter(|(first, _)| first.is_ipv6() == ipv6) {
            let mut next = IpNet::new(*first, length).ok().map(|prefix| prefix.trunc());
            while let Some(prefix) = next.filter(|prefix| prefix.network() <= *last) {
                prefixes.insert(prefix);
                if prefixes.len() > most {
                    return Err(TooMany);
                }
                next = following(prefix);
            }
        }
        Ok(prefixes)
    }

    fn ranges(&self, names: &BTreeSet<String>) -> impl Iterator<Item = &Range> {
        names.iter().filter_map(|name| self.0.get(name)).flat_map(|pool| &pool.ranges)
    }
}

/// The prefix of the same length behind this one.
fn following(prefix: IpNet) -> Option<IpNet> {
    match prefix {
        IpNet::V4(prefix) => {
            let next = u32::from(prefix.broadcast()).checked_add(1)?;
            Ipv4Net::new(next.into(), prefix.prefix_len()).ok().map(IpNet::V4)
        }
        IpNet::V6(prefix) => {
            let next = u128::from(prefix.broadcast()).checked_add(1)?;
            Ipv6Net::new(next.into(), prefix.prefix_len()).ok().map(IpNet::V6)
        }
    }
}

fn range(text: &str) -> Option<Range> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (first.trim().parse::<IpAddr>().ok()?, last.trim().parse::<IpAddr>().ok()?);
        return (first.is_ipv4() == last.is_ipv4() && first <= last).then_some((first, last));
    }
    let prefix = text.parse::<IpNet>().ok()?;
    Some((prefix.network(), prefix.broadcast()))
}
