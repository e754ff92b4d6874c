//! The FRR daemons that a lab can run.

use std::fmt;

/// An FRR daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Daemon {
    /// Configuration front end of FRR 10: must run before the others. Absent in FRR 8.
    Mgmtd,
    /// Kernel routes and interfaces; every protocol daemon needs it.
    Zebra,
    /// Static routes.
    Staticd,
    /// BFD.
    Bfdd,
    /// BGP.
    Bgpd,
    /// `OSPFv2`.
    Ospfd,
    /// `OSPFv3`.
    Ospf6d,
}

impl Daemon {
    /// Every daemon, in start order.
    pub const ALL: [Self; 7] =
        [Self::Mgmtd, Self::Zebra, Self::Staticd, Self::Bfdd, Self::Bgpd, Self::Ospfd, Self::Ospf6d];

    /// The program's name, which is also the stem of its socket, log and configuration file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mgmtd => "mgmtd",
            Self::Zebra => "zebra",
            Self::Staticd => "staticd",
            Self::Bfdd => "bfdd",
            Self::Bgpd => "bgpd",
            Self::Ospfd => "ospfd",
            Self::Ospf6d => "ospf6d",
        }
    }

    /// Daemons of one stage may start side by side once the stage before is ready.
    ///
    /// A daemon that finds no zebra tries again only after up to 10 s (FRR 8 `lib/zclient.c`), so
    /// mgmtd and then zebra go first.
    pub(crate) const fn start_stage(self) -> u8 {
        match self {
            Self::Mgmtd => 0,
            Self::Zebra => 1,
            _ => 2,
        }
    }

    /// Options that this daemon always gets in a lab.
    pub(crate) const fn standard_args(self) -> &'static [&'static str] {
        match self {
            // Netlink receive buffer in bytes: bursts of routes must not overrun it.
            Self::Zebra => &["-s", "90000000"],
            _ => &[],
        }
    }
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
