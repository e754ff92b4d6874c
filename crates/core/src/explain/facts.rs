//! What was found when FRR was looked at, as plain data.

use std::collections::BTreeSet;

use crate::live::PeerLive;
use crate::peer::PeerKey;
use crate::prefix::Family;

/// What somebody answered; or why there is no answer, for people.
pub type Found<T> = Result<T, String>;

/// A line that an intent needs in FRR's running configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The daemon that should have it.
    pub daemon: String,
    /// The line without its secret, behind the lines of the contexts around it.
    pub wanted: String,
    /// What stands in its place.
    pub running: Running,
}

/// What FRR's running configuration has in the place of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Running {
    /// The line.
    Same,
    /// Another line, without its secret.
    Other(String),
    /// Nothing.
    Missing,
}

/// The path that this node originates for a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum OwnPath {
    /// There is none.
    #[default]
    Absent,
    /// It is in the table but not valid: the import check found no route for it.
    Invalid,
    /// It is valid, but a path that was learned from a peer is preferred.
    NotBest,
    /// It is the one that is announced.
    Best,
}

/// What the BGP table has for a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableEntry {
    /// The own path.
    pub own: OwnPath,
    /// Where the best path comes from and why it is the best, in FRR's words, where it is not the own.
    pub best: String,
    /// Peers that were sent the own path.
    pub sent_to: BTreeSet<PeerKey>,
}

/// A NOTIFICATION that ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// The peer sent it, and not this node.
    pub by_peer: bool,
    /// One side is in another AS than the other expects (OPEN Message Error, Bad Peer AS).
    pub bad_peer_as: bool,
}

/// A session as bgpd sees it when it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Neighbor {
    /// What the status tells of it too.
    pub live: PeerLive,
    /// Families that both sides exchange.
    pub exchanged: BTreeSet<Family>,
    /// The NOTIFICATION that ended the last session, or the last attempt, if it was one (RFC 4271 section 4.5).
    pub notification: Option<Notification>,
    /// How long ago the session went down last, or an attempt failed, in seconds.
    pub reset_ago_s: u64,
    /// The own address of the connection; empty without one.
    pub local: String,
    /// The hold time that runs, in seconds.
    pub hold_s: u64,
    /// The interval of keepalives that runs, in seconds.
    pub keepalive_s: u64,
}

/// A route that the node uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// Where it leads.
    pub prefix: String,
    /// Where it comes from, in zebra's words (`connected`, `static`, `kernel`, `ospf` …).
    pub protocol: String,
    /// Interfaces over which it leads, with the next hop where there is one.
    pub via: Vec<String>,
    /// It leads to a link of this node, and not to a router behind one.
    pub connected: bool,
}

/// An interface of the node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// It is set up and has a carrier.
    pub up: bool,
    /// Its addresses with their lengths.
    pub addresses: Vec<String>,
}

/// What a daemon said of packets that it would not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The daemon.
    pub daemon: String,
    /// Its words.
    pub text: String,
    /// How long ago, in seconds.
    pub ago_s: u64,
}
