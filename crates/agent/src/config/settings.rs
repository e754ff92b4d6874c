//! The settings of the agent itself: everything but BGP and owners.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use novaroute_core::invalid::Invalid;

use super::cursor::{Cursor, Table};

/// Longest path of a Unix socket in bytes (Linux `sun_path` less the terminating NUL).
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Longest name of a group in bytes (shadow's `GROUP_NAME_MAX_LENGTH`).
const GROUP_NAME_BYTES_MAX: usize = 32;
/// Longest time that a stop may take; whoever stops the agent waits no longer before it is killed.
const SHUTDOWN_TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// Longest grace period.
const GRACE_MAX: Duration = Duration::from_secs(86_400);
/// Fewest and most events that are kept for subscribers who resume.
const EVENTS_RING_RANGE: std::ops::RangeInclusive<u32> = 16..=1 << 20;
const MS: Duration = Duration::from_millis(1);

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Each step.
    Debug,
    /// What changed.
    Info,
    /// What somebody should look at.
    Warn,
    /// What does not work.
    Error,
}

impl LogLevel {
    /// The word in the configuration, which is also a filter directive of `tracing-subscriber`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where metrics and health are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAddress {
    /// On a port of all addresses.
    All(u16),
    /// On one address.
    One(SocketAddr),
}

impl MetricsAddress {
    /// What to bind, best first: the second is for hosts that have no IPv6.
    #[must_use]
    pub fn candidates(self) -> Vec<SocketAddr> {
        match self {
            Self::One(address) => vec![address],
            Self::All(port) => [IpAddr::from(Ipv6Addr::UNSPECIFIED), IpAddr::from(Ipv4Addr::UNSPECIFIED)]
                .map(|address| SocketAddr::new(address, port))
                .into(),
        }
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let parsed = match text.strip_prefix(':') {
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => port.parse().ok().map(Self::All),
            Some(_) => None,
            None => text.parse().ok().map(Self::One),
        };
        parsed.filter(|address| address.candidates().iter().all(|a| a.port() != 0)).ok_or_else(|| {
            Invalid::new(text, "an address such as \":9102\", \"127.0.0.1:9102\" or \"[::1]:9102\", or \"\" for none")
        })
    }
}

/// Who may connect to the socket, besides the agent's own user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// By name; looked up in `/etc/group` when the socket is made.
    Name(String),
    /// By number.
    Id(u32),
}

/// The socket that owners connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Where it is.
    pub path: PathBuf,
    /// Permission bits; read and write only.
    pub mode: u32,
    /// The group that it belongs to; `None`: the agent's own.
    pub group: Option<Group>,
}

/// How FRR's daemons are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frr {
    /// The folder of the daemons' VTY sockets.
    pub socket_dir: PathBuf,
    /// How long a daemon may take to accept a connection.
    pub connect_timeout: Duration,
    /// How long to wait before a daemon that could not be reached is tried again.
    pub retry_interval: Duration,
}

/// What a stop leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutdownMode {
    /// Everything of ours is withdrawn and removed.
    Withdraw,
    /// FRR stays as it is, for the next agent.
    Keep,
}

/// How the agent stops on SIGTERM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// What is left behind.
    pub mode: ShutdownMode,
    /// How long it may take.
    pub timeout: Duration,
}

/// The settings of the agent itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The socket that owners connect to.
    pub socket: Socket,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The form of log lines.
    pub log_format: LogFormat,
    /// Where metrics and health are served; `None`: nowhere.
    pub metrics_address: Option<MetricsAddress>,
    /// Whether the page for people is served there too.
    pub status_page: bool,
    /// How long the intents of an owner outlive its session.
    pub disconnect_grace_period: Duration,
    /// How long what was found in FRR without a journal is kept for its owners to claim it.
    pub adoption_grace: Duration,
    /// How FRR's daemons are reached.
    pub frr: Frr,
    /// The folder of the journal.
    pub state_dir: PathBuf,
    /// How the agent stops.
    pub shutdown: Shutdown,
    /// How many events are kept for subscribers who resume.
    pub events_ring: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            socket: Socket { path: "/run/novaroute/novaroute.sock".into(), mode: 0o660, group: None },
            log_level: LogLevel::Info,
            log_format: LogFormat::Text,
            metrics_address: Some(MetricsAddress::All(9102)),
            status_page: true,
            disconnect_grace_period: Duration::from_secs(30),
            adoption_grace: Duration::from_secs(120),
            frr: Frr {
                socket_dir: "/run/frr".into(),
                connect_timeout: Duration::from_secs(5),
                retry_interval: Duration::from_secs(1),
            },
            state_dir: "/run/novaroute/state".into(),
            shutdown: Shutdown { mode: ShutdownMode::Withdraw, timeout: SHUTDOWN_TIMEOUT_MAX },
            events_ring: 65_536,
        }
    }
}

/// Reads the settings out of the file's outermost table; what is missing keeps its default.
pub(super) fn read(root: &Table<'_>) -> Settings {
    let mut settings = Settings::default();
    let levels =
        [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error].map(|level| (level.as_str(), level));
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    set(&mut settings.socket.path, root.get("listen_socket"), socket_path);
    set(&mut settings.log_level, root.get("log_level"), |c| c.choice(&levels));
    set(&mut settings.log_format, root.get("log_format"), |c| c.choice(&formats));
    set(&mut settings.metrics_address, root.get("metrics_address"), metrics_address);
    set(&mut settings.status_page, root.get("status_page"), |c| c.flag());
    set(&mut settings.disconnect_grace_period, root.get("disconnect_grace_period"), grace);
    set(&mut settings.adoption_grace, root.get("adoption_grace"), grace);
    set(&mut settings.state_dir, root.get("state_dir"), |c| c.path());
    read_sections(root, &mut settings);
    settings
}

fn read_sections(root: &Table<'_>, settings: &mut Settings) {
    if let Some(socket) = section(root, "socket", &["mode", "group"]) {
        set(&mut settings.socket.mode, socket.get("mode"), mode);
        set(&mut settings.socket.group, socket.get("group"), |c| group(c).map(Some));
    }
    if let Some(frr) = section(root, "frr", &["socket_dir", "connect_timeout", "retry_interval"]) {
        set(&mut settings.frr.socket_dir, frr.get("socket_dir"), |c| c.path());
        let minute = Duration::from_secs(60);
        set(&mut settings.frr.connect_timeout, frr.get("connect_timeout"), |c| c.duration(100 * MS, minute));
        set(&mut settings.frr.retry_interval, frr.get("retry_interval"), |c| c.duration(100 * MS, minute));
    }
    if let Some(shutdown) = section(root, "shutdown", &["mode", "timeout"]) {
        let modes = [("withdraw", ShutdownMode::Withdraw), ("keep", ShutdownMode::Keep)];
        set(&mut settings.shutdown.mode, shutdown.get("mode"), |c| c.choice(&modes));
        let timeout = |c: &Cursor<'_>| c.duration(100 * MS, SHUTDOWN_TIMEOUT_MAX);
        set(&mut settings.shutdown.timeout, shutdown.get("timeout"), timeout);
    }
    if let Some(events) = section(root, "events", &["ring"]) {
        set(&mut settings.events_ring, events.get("ring"), events_ring);
    }
}

fn section<'a>(root: &Table<'a>, name: &str, known: &'static [&'static str]) -> Option<Table<'a>> {
    root.get(name).and_then(|cursor| cursor.table(known))
}

/// A value that is wrong leaves the default in place: its error keeps the configuration from being used.
fn set<T>(target: &mut T, cursor: Option<Cursor<'_>>, read: impl FnOnce(&Cursor<'_>) -> Option<T>) {
    if let Some(value) = cursor.as_ref().and_then(read) {
        *target = value;
    }
}

fn socket_path(cursor: &Cursor<'_>) -> Option<PathBuf> {
    let path = cursor.path()?;
    let bytes = path.as_os_str().len();
    if bytes > SOCKET_PATH_BYTES_MAX {
        cursor
            .fail(format!("is {bytes} bytes long and a socket's path has at most {SOCKET_PATH_BYTES_MAX}; shorten it"));
        return None;
    }
    Some(path)
}

fn metrics_address(cursor: &Cursor<'_>) -> Option<Option<MetricsAddress>> {
    match cursor.text()? {
        "" => Some(None),
        text => cursor.check(MetricsAddress::parse(text)).map(Some),
    }
}

fn grace(cursor: &Cursor<'_>) -> Option<Duration> {
    cursor.duration(Duration::ZERO, GRACE_MAX)
}

/// Digits are octal with quotes and without, since `0660`, `660` and `"0660"` can only be meant as permissions.
fn mode(cursor: &Cursor<'_>) -> Option<u32> {
    let text = cursor.word()?;
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let octal = digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
    let mode = octal.then(|| u32::from_str_radix(digits, 8).ok()).flatten();
    let fits = |mode: &u32| mode & !0o666 == 0 && mode & 0o600 == 0o600;
    if let Some(mode) = mode.filter(fits) {
        return Some(mode);
    }
    cursor.fail(Invalid::new(text, "the octal mode of a socket, \"0600\" to \"0666\" without execute bits"));
    None
}

fn group(cursor: &Cursor<'_>) -> Option<Group> {
    let text = cursor.word()?;
    let named = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && text.len() <= GROUP_NAME_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if named {
        return Some(Group::Name(text.to_owned()));
    }
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // The highest number means "no group" to the kernel.
    match digits.then(|| text.parse().ok()).flatten() {
        Some(id) if id != u32::MAX => Some(Group::Id(id)),
        _ => {
            cursor.fail(Invalid::new(text, "a group: a name, or a number from 0 to 4294967294"));
            None
        }
    }
}

fn events_ring(cursor: &Cursor<'_>) -> Option<usize> {
    let number = cursor.number()?;
    if EVENTS_RING_RANGE.contains(&number) {
        return usize::try_from(number).ok();
    }
    let (least, most) = EVENTS_RING_RANGE.into_inner();
    cursor.fail(Invalid::number(number, format!("a number of events from {least} to {most}")));
    None
}
