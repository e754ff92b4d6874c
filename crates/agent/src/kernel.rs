//! What the kernel tells of the node's network, as the agent sees it.

use std::net::{IpAddr, UdpSocket};

/// The counters of TCP beyond those of the standard MIB, a line of names above a line of values.
const NETSTAT: &str = "/proc/net/netstat";
/// Segments that were dropped for their MD5 signature (RFC 2385): it was expected, not expected, or wrong.
const MD5_COUNTERS: [&str; 3] = ["TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure"];

/// Whether a session can be made from this address: it is one of the node, and usable.
pub(crate) fn is_local(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// Segments that were dropped for their MD5 signature since the node started; 0 where the kernel does not tell.
pub(crate) fn md5_dropped() -> u64 {
    std::fs::read_to_string(NETSTAT).map(|text| sum(&text, &MD5_COUNTERS)).unwrap_or_default()
}

fn sum(netstat: &str, names: &[&str]) -> u64 {
    let lines: Vec<&str> = netstat.lines().collect();
    let pairs = lines.chunks_exact(2).flat_map(|two| two[0].split(' ').zip(two[1].split(' ')));
    pairs.filter(|(name, _)| names.contains(name)).filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_by_their_names() {
        let text = "TcpExt: A TCPMD5NotFound TCPMD5Failure\nTcpExt: 9 2 40\nIpExt: A TCPMD5Failure\nIpExt: 7 -1\n";
        assert_eq!(sum(text, &MD5_COUNTERS), 42);
        assert_eq!(sum("TcpExt: A", &MD5_COUNTERS), 0);
    }

    #[test]
    fn an_address_of_the_node_is_told_from_another() {
        assert!(is_local("127.0.0.1".parse().unwrap()));
        assert!(!is_local("203.0.113.1".parse().unwrap()));
    }
}
