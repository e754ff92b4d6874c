//! The names and numbers by which own objects are known in FRR's configuration.

/// All own names begin so.
pub const NAME_PREFIX: &str = "NR-";
/// Route-map on what every peer sends in.
pub const MAP_IN: &str = "NR-IN";
/// Route-map on what goes out to every peer; that it exists marks the BGP instance as own.
pub const MAP_OUT: &str = "NR-OUT";
/// First part of the name of a route-map on what a peer sends in, where not all is taken.
pub const MAP_IN_PREFIX: &str = "NR-IN-";
/// First part of the name of a prefix-list that such a map looks into.
pub const PREFIX_LIST_PREFIX: &str = "NR-P-";
/// First part of the name of a community list that a map on what goes out looks into.
pub const COMMUNITY_LIST_PREFIX: &str = "NR-C-";
/// First part of the name of a route-map on what goes out to a peer that is sent something else than all peers.
pub const MAP_OUT_PREFIX: &str = "NR-OUT-";
/// Route-map and prefix-list of what OSPF redistributes; that the map exists marks the OSPF process as own.
pub const OSPF: &str = "NR-OSPF";
/// First part of the name of a route-map with the attributes of prefixes.
pub const ATTRIBUTES_PREFIX: &str = "NR-A-";
/// First part of the name of a BFD profile.
pub const BFD_PROFILE_PREFIX: &str = "NR-B-";
/// First part of the name of the route-map that marks an OSPF interface.
pub const INTERFACE_PREFIX: &str = "NR-IF-";
/// First part of the name of the key chain of an OSPF interface.
pub const KEY_CHAIN_PREFIX: &str = "NR-K-";
/// Tag of own routes: on own `network` lines, where the outbound policy asks for it.
/// The bytes are `NROU`. The seven numbers after it tell the outbound policy to add communities.
pub const TAG: u32 = 0x4e52_4f55;
/// The audience of what all peers are sent.
pub const EVERYBODY: u32 = 0;
/// The highest number of an audience: 24 bits.
pub const AUDIENCE_MAX: u32 = 0x00ff_ffff;
/// Tag of own routes that some peers are sent only, or with a longer path. The highest bit tells it from the other tags;
/// what follows are the audience (24 bits), how often the own AS is prepended (4), and communities to add (3).
#[must_use]
pub const fn special_tag(audience: u32, prepend: u8, communities: u32) -> u32 {
    1 << 31 | audience << 7 | (prepend as u32) << 3 | communities
}
/// Tag that no route has: where a peer is sent nothing. The bytes are `NRON`.
pub const NOBODY_TAG: u32 = 0x4e52_4f4e;
/// Tag of what peers have sent, where some peer is sent it. The bytes are `NROL`.
pub const LEARNED_TAG: u32 = 0x4e52_4f4c;
/// Tag of own static routes. The bytes are `NROS`. It is another one, so that what OSPF announces stays out of BGP where
/// somebody redistributes static routes into it.
pub const STATIC_TAG: u32 = 0x4e52_4f53;
/// Distance of own static routes: connected and kernel routes, and those of an operator (1), are better; what another
/// router announces is not, neither by eBGP (20) nor by OSPF (110). zebra hands on the best route only, so a better one
/// that OSPF does not redistribute would take the prefix out of what OSPF announces.
pub const STATIC_DISTANCE: u8 = 19;
/// Tag and distance of the static routes of an earlier release, which are own as well.
pub const OLD_STATIC: (u32, u8) = (TAG, 254);
