//! FRR's daemons and what differs between its versions.

use std::fmt;
use std::str::FromStr;

/// The processes of an FRR that are watched; which of them there are depends on its version and on what it is to do.
pub const PROCESSES: [&str; 7] = ["zebra", "bgpd", "bfdd", "ospfd", "ospf6d", "staticd", "mgmtd"];

/// The daemons that are written to, by the configuration they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Daemon {
    /// BFD sessions and profiles.
    Bfdd,
    /// BGP, with its own copy of the route-maps it uses.
    Bgpd,
    /// OSPF for IPv4.
    Ospfd,
    /// OSPF for IPv6.
    Ospf6d,
    /// Static routes: staticd, or mgmtd since FRR 10.
    Staticd,
}

impl Daemon {
    /// All of them, in the order in which a plan visits them.
    pub const ALL: [Self; 5] = [Self::Bfdd, Self::Bgpd, Self::Ospfd, Self::Ospf6d, Self::Staticd];

    /// The name of the process that takes the lines in `version`; its socket is `<name>.vty`.
    #[must_use]
    pub fn process(self, version: FrrVersion) -> &'static str {
        match self {
            Self::Bfdd => "bfdd",
            Self::Bgpd => "bgpd",
            Self::Ospfd => "ospfd",
            Self::Ospf6d => "ospf6d",
            Self::Staticd if version.has_mgmtd() => "mgmtd",
            Self::Staticd => "staticd",
        }
    }

    /// Whether several commands may be on the way at once. mgmtd answers a command before it is done with it.
    #[must_use]
    pub fn takes_pipelined(self, version: FrrVersion) -> bool {
        self != Self::Staticd || !version.has_mgmtd()
    }
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bfdd => "bfdd",
            Self::Bgpd => "bgpd",
            Self::Ospfd => "ospfd",
            Self::Ospf6d => "ospf6d",
            Self::Staticd => "staticd",
        })
    }
}

/// A version of FRR; what follows the numbers (`-dev`, a vendor's suffix) is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrrVersion {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number, 0 where FRR prints none.
    pub patch: u16,
}

impl FrrVersion {
    /// Whether static routes are taken by mgmtd.
    #[must_use]
    pub fn has_mgmtd(self) -> bool {
        self.major >= 10
    }

    /// Whether `nexthop-local unchanged` leaves the link-local address out of what a peer is sent; before, it does nothing.
    #[must_use]
    pub fn can_leave_out_link_local(self) -> bool {
        self.major >= 10
    }

    /// Whether ospfd authenticates by key chains, without which it has no HMAC.
    #[must_use]
    pub fn has_key_chains_of_ospfd(self) -> bool {
        (self.major, self.minor) >= (9, 1)
    }

    /// Whether ospf6d hears of new routes from a zebra that was restarted: FRR before 9.1 forgets for good what it asked
    /// zebra for (`lib/vrf.c`, `vrf_bitmap_set`).
    #[must_use]
    pub fn ospf6d_hears_a_new_zebra(self) -> bool {
        (self.major, self.minor) >= (9, 1)
    }

    /// Whether a withdrawal may get lost in the first second of a session (see [`crate::kept`]).
    #[must_use]
    pub fn loses_withdrawals(self) -> bool {
        (self.major, self.minor) < (10, 3)
    }

    /// The version in the first line of `show version` (`FRRouting 8.4.4 (host) on …`).
    #[must_use]
    pub fn from_show_version(text: &str) -> Option<Self> {
        text.lines().find_map(|line| line.trim().strip_prefix("FRRouting "))?.split(' ').next()?.parse().ok()
    }
}

impl FromStr for FrrVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = text[..end].split('.').map(|n| n.parse::<u16>().map_err(|_| ()));
        let major = numbers.next().ok_or(())??;
        let minor = numbers.next().unwrap_or(Ok(0))?;
        let patch = numbers.next().unwrap_or(Ok(0))?;
        Ok(Self { major, minor, patch })
    }
}

impl fmt::Display for FrrVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

/// The set of defaults that a daemon runs with (`frr defaults …`): a line that says the default is not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// FRR's own defaults.
    #[default]
    Traditional,
    /// Defaults for data centres; of the lines rendered here only `bgp log-neighbor-changes` is one of them.
    Datacenter,
}

/// What rendering has to know about the FRR that it renders for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Version.
    pub version: FrrVersion,
    /// Defaults that bgpd runs with.
    pub profile: Profile,
    /// Whether ospf6d runs; without it there is no OSPFv3 on the node.
    pub ospf6d: bool,
}

impl Dialect {
    /// Reads version and profile from the head of bgpd's running configuration.
    ///
    /// A head without a version gives `None`: it is no running configuration.
    #[must_use]
    pub fn from_running(bgpd: &str, ospf6d: bool) -> Option<Self> {
        let word_after = |prefix: &str| bgpd.lines().find_map(|line| line.strip_prefix(prefix)).map(str::trim);
        let version = word_after("frr version ")?.parse().ok()?;
        let profile = match word_after("frr defaults ") {
            Some("datacenter") => Profile::Datacenter,
            _ => Profile::Traditional,
        };
        Some(Self { version, profile, ospf6d })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_both_places() {
        let show = "FRRouting 8.4.4 (vm) on Linux(6.18).\nCopyright 1996";
        let eight = FrrVersion { major: 8, minor: 4, patch: 4 };
        assert_eq!(FrrVersion::from_show_version(show), Some(eight));
        assert_eq!(FrrVersion::from_show_version("FRRouting 10.3-dev (x)").map(|v| v.to_string()), Some("10.3".into()));
        assert_eq!(FrrVersion::from_show_version("% Unknown command"), None);
        let dialect = Dialect::from_running("frr version 10.3\nfrr defaults datacenter\n!\n", true).unwrap();
        assert_eq!(dialect.profile, Profile::Datacenter);
        assert_eq!(Daemon::Staticd.process(dialect.version), "mgmtd");
        assert_eq!(Daemon::Staticd.process(eight), "staticd");
        assert_eq!(Dialect::from_running("", false), None);
    }
}
