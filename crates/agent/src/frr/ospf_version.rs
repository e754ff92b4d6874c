//! What one of OSPF's two daemons is asked, and how its answers are read.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::live::OspfLive;
use novaroute_core::name::InterfaceName;
use novaroute_core::prefix::{Family, Prefix};
use novaroute_frr::show;

/// What was read from an answer.
type Read<T> = Result<T, show::ShowError>;

/// The words of one daemon.
pub(crate) struct OspfVersion {
    pub(crate) process: &'static str,
    pub(crate) family: Family,
    pub(crate) interfaces: &'static str,
    pub(crate) neighbors: &'static str,
    pub(crate) external_lsas: &'static str,
    pub(crate) read_interfaces: fn(&str, &str) -> Read<BTreeMap<InterfaceName, OspfLive>>,
    pub(crate) read_external_lsas: fn(&str) -> Read<BTreeSet<Prefix>>,
}

impl OspfVersion {
    pub(crate) const OSPFV2: Self = Self {
        process: "ospfd",
        family: Family::Ipv4,
        interfaces: show::ospf::INTERFACES,
        neighbors: show::ospf::NEIGHBORS,
        external_lsas: show::ospf::EXTERNAL_LSAS,
        read_interfaces: show::ospf::interfaces,
        read_external_lsas: show::ospf::external_lsas,
    };

    pub(crate) const OSPFV3: Self = Self {
        process: "ospf6d",
        family: Family::Ipv6,
        interfaces: show::ospf6::INTERFACES,
        neighbors: show::ospf6::NEIGHBORS,
        external_lsas: show::ospf6::EXTERNAL_LSAS,
        read_interfaces: show::ospf6::interfaces,
        read_external_lsas: show::ospf6::external_lsas,
    };

    /// The daemon that announces prefixes of a family.
    pub(crate) fn of(family: Family) -> Self {
        match family {
            Family::Ipv4 => Self::OSPFV2,
            Family::Ipv6 => Self::OSPFV3,
        }
    }
}
