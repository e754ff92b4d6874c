//! The pcap file format, and TCP segments in Ethernet frames.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

const FILE_HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;
/// Magic number of a file with times in microseconds.
const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
/// `LINKTYPE_ETHERNET`.
const ETHERNET: u32 = 1;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const PROTOCOL_TCP: u8 = 6;
const FLAG_SYN: u8 = 0x02;

/// A TCP segment as it was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Since the Unix epoch.
    pub(super) time: Duration,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) sequence: u32,
    /// First of a connection: its sequence number counts one byte.
    pub(super) syn: bool,
    pub(super) payload: Vec<u8>,
}

/// The TCP segments in a file that tcpdump wrote on this machine. What is not TCP over IP is passed
/// over, and so is a record at the end that is still being written.
pub(super) fn segments(file: &[u8]) -> Result<Vec<Segment>> {
    let Some((header, mut rest)) = file.split_at_checked(FILE_HEADER_BYTES) else {
        return Ok(Vec::new());
    };
    let magic = native_u32(header, 0)?;
    ensure!(magic == MAGIC_MICROSECONDS, "not a pcap file of this machine: magic {magic:#x}");
    let link_type = native_u32(header, 20)?;
    if link_type != ETHERNET {
        bail!("link type {link_type}: only Ethernet ({ETHERNET}) can be read");
    }
    let mut segments = Vec::new();
    while let Some((record, after)) = rest.split_at_checked(RECORD_HEADER_BYTES) {
        let time =
            Duration::from_secs(native_u32(record, 0)?.into()) + Duration::from_micros(native_u32(record, 4)?.into());
        let length = usize::try_from(native_u32(record, 8)?)?;
        let Some((frame, after)) = after.split_at_checked(length) else { break };
        segments.extend(segment(time, frame));
        rest = after;
    }
    Ok(segments)
}

fn segment(time: Duration, frame: &[u8]) -> Option<Segment> {
    let packet = frame.get(14..)?;
    let (source, destination, tcp) = match u16_at(frame, 12)? {
        ETHERTYPE_IPV4 => ipv4(packet)?,
        ETHERTYPE_IPV6 => ipv6(packet)?,
        _ => return None,
    };
    let header_bytes = usize::from(tcp.get(12)? >> 4) * 4;
    Some(Segment {
        time,
        source: SocketAddr::new(source, u16_at(tcp, 0)?),
        destination: SocketAddr::new(destination, u16_at(tcp, 2)?),
        sequence: u32::from_be_bytes(tcp.get(4..8)?.try_into().ok()?),
        syn: tcp.get(13)? & FLAG_SYN != 0,
        payload: tcp.get(header_bytes..)?.to_vec(),
    })
}

/// Addresses and the TCP part (RFC 791); the total length tells Ethernet's padding from data.
fn ipv4(packet: &[u8]) -> Option<(IpAddr, IpAddr, &[u8])> {
    let header_bytes = usize::from(packet.first()? & 0x0f) * 4;
    let total = usize::from(u16_at(packet, 2)?);
    let address = |at: usize| {
        let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::V4(Ipv4Addr::from(octets)))
    };
    let tcp = packet.get(header_bytes..total)?;
    (*packet.get(9)? == PROTOCOL_TCP).then_some((address(12)?, address(16)?, tcp))
}

/// Addresses and the TCP part (RFC 8200); packets with extension headers are passed over, as BGP
/// between two routers has none.
fn ipv6(packet: &[u8]) -> Option<(IpAddr, IpAddr, &[u8])> {
    let payload = usize::from(u16_at(packet, 4)?);
    let address = |at: usize| {
        let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    let tcp = packet.get(40..40 + payload)?;
    (*packet.get(6)? == PROTOCOL_TCP).then_some((address(8)?, address(24)?, tcp))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// pcap's own numbers are in the byte order of the machine that wrote the file.
fn native_u32(bytes: &[u8], at: usize) -> Result<u32> {
    let field = bytes.get(at..at + 4).context("the file is too short")?;
    Ok(u32::from_ne_bytes(field.try_into()?))
}
