//! How own prefixes are told apart where they go out: by a tag, which stays inside bgpd.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::bgp::{Community, PrefixAttributes, Prepend};
use novaroute_core::intent::{IntentKey, Protocol};
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::Prefix;
use sha2::{Digest, Sha256};

use super::Sources;
use crate::own;

/// The communities (RFC 1997) that ask the receiver of a route not to send it on. bgpd heeds them itself when a route
/// has them before the outbound policy, and would not announce the prefix at all; so it is there that they are added.
pub(super) const FOR_THE_RECEIVER: [Community; 3] =
    [Community::NO_EXPORT, Community::NO_ADVERTISE, Community::LOCAL_AS];

/// What is left to the outbound policy: who is sent a prefix, and what is only added on the way to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class<'a> {
    /// The only peers that are sent it; empty: all.
    audience: &'a BTreeSet<PeerKey>,
    /// The own AS in front of the path would be a loop for internal peers, so it is there for external ones only.
    prepend: Prepend,
    receiver: u32,
}

impl<'a> Class<'a> {
    /// What goes to all peers with the path as it is, one for each set of communities to add.
    fn plain() -> impl Iterator<Item = Self> {
        let new = |receiver| Self { audience: const { &BTreeSet::new() }, prepend: Prepend::default(), receiver };
        (0..1 << FOR_THE_RECEIVER.len()).map(new)
    }

    fn of(attributes: &'a PrefixAttributes) -> Self {
        let PrefixAttributes { peers, as_path_prepend, communities, .. } = attributes;
        Self { audience: peers, prepend: *as_path_prepend, receiver: receiver_bits(communities) }
    }

    /// Whether it is one of [`Class::plain`].
    pub(super) fn is_plain(self) -> bool {
        self.audience.is_empty() && self.prepend == Prepend::default()
    }

    /// Whether a peer is sent what is of this class.
    pub(super) fn is_for(self, peer: PeerKey) -> bool {
        self.audience.is_empty() || self.audience.contains(&peer)
    }

    /// How often the own AS is put in front of the path for external peers.
    pub(super) fn prepend(self) -> usize {
        self.prepend.times().into()
    }

    /// The communities that are added.
    pub(super) fn added(self) -> BTreeSet<Community> {
        let added = FOR_THE_RECEIVER.into_iter().enumerate().filter(|(bit, _)| self.receiver & (1 << bit) != 0);
        added.map(|(_, community)| community).collect()
    }
}

/// Which of [`FOR_THE_RECEIVER`] are in a set, as bits; added to a number, it tells the eight cases apart.
fn receiver_bits(communities: &BTreeSet<Community>) -> u32 {
    let asked = FOR_THE_RECEIVER.iter().enumerate().filter(|(_, community)| communities.contains(community));
    asked.map(|(bit, _)| 1 << bit).sum()
}

/// The classes of all own prefixes.
#[derive(Debug)]
pub(super) struct Classes<'a> {
    audiences: BTreeMap<&'a BTreeSet<PeerKey>, u32>,
    special: BTreeMap<Class<'a>, Sources>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(prefixes: &'a BTreeMap<Prefix, PrefixAttributes>) -> Self {
        let mut classes = Self { audiences: BTreeMap::new(), special: BTreeMap::new() };
        let special = prefixes.iter().map(|(prefix, attributes)| (prefix, Class::of(attributes)));
        for (prefix, class) in special.filter(|(_, class)| !class.is_plain()) {
            classes.special.entry(class).or_default().insert(IntentKey::Prefix(Protocol::Bgp, *prefix));
        }
        let audiences: BTreeSet<_> = classes.special.keys().map(|class| class.audience).collect();
        let mut taken = BTreeSet::from([own::EVERYBODY]);
        for audience in audiences.into_iter().filter(|audience| !audience.is_empty()) {
            let free = (number(audience)..=own::AUDIENCE_MAX).chain(0..).find(|number| taken.insert(*number));
            classes.audiences.extend(free.map(|number| (audience, number)));
        }
        classes
    }

    /// The tag of a prefix with these attributes.
    pub(super) fn tag(&self, attributes: &PrefixAttributes) -> u32 {
        self.tag_of(Class::of(attributes))
    }

    fn tag_of(&self, class: Class<'_>) -> u32 {
        if class.is_plain() {
            return own::TAG + class.receiver;
        }
        let audience = self.audiences.get(class.audience).copied().unwrap_or(own::EVERYBODY);
        own::special_tag(audience, class.prepend.times(), class.receiver)
    }

    /// The plain classes and those that prefixes are of, with their tags and those prefixes.
    pub(super) fn all(&self) -> impl Iterator<Item = (Class<'a>, u32, Option<&Sources>)> {
        let plain = Class::plain().map(|class| (class, None));
        let special = self.special.iter().map(|(class, sources)| (*class, Some(sources)));
        plain.chain(special).map(|(class, sources)| (class, self.tag_of(class), sources))
    }
}

/// The number of an audience follows from who is in it, so that it stays what it is whatever else is announced; only if
/// two have the same one does the later of them get another.
fn number(audience: &BTreeSet<PeerKey>) -> u32 {
    let names: Vec<_> = audience.iter().map(ToString::to_string).collect();
    let hash = Sha256::digest(names.join(" "));
    hash.iter().take(size_of::<u32>()).fold(0, |number: u32, byte| number << 8 | u32::from(*byte)) & own::AUDIENCE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(peers: &[&str], times: u32, communities: &[&str]) -> PrefixAttributes {
        PrefixAttributes {
            peers: peers.iter().map(|text| text.parse().unwrap()).collect(),
            as_path_prepend: Prepend::new(times).unwrap(),
            communities: communities.iter().map(|text| text.parse().unwrap()).collect(),
            ..PrefixAttributes::default()
        }
    }

    #[test]
    fn every_class_has_a_tag_of_its_own_that_depends_on_nothing_else() {
        let audiences: [&[&str]; 4] = [&[], &["10.0.0.1"], &["10.0.0.2"], &["10.0.0.1", "10.0.0.2"]];
        let mut all = Vec::new();
        for peers in audiences {
            for times in [0, 1, 10] {
                all.extend(
                    [&[][..], &["no-export"], &["local-AS", "no-advertise"]].map(|c| attributes(peers, times, c)),
                );
            }
        }
        let prefix = |at: usize| format!("10.0.{at}.0/24").parse().unwrap();
        let prefixes: BTreeMap<Prefix, _> = all.iter().cloned().enumerate().map(|(at, a)| (prefix(at), a)).collect();
        let classes = Classes::new(&prefixes);
        let tags: BTreeSet<u32> = all.iter().map(|attributes| classes.tag(attributes)).collect();
        assert_eq!(tags.len(), all.len());
        for (prefix, attributes) in &prefixes {
            let alone = BTreeMap::from([(*prefix, attributes.clone())]);
            assert_eq!(Classes::new(&alone).tag(attributes), classes.tag(attributes), "{attributes:?}");
        }
    }
}
