//! The interface over which the node reaches an address, by the kernel's main table.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
};

/// The interface with the longest prefix around `address`.
pub(super) fn towards(root: &Path, address: IpAddr) -> Option<String> {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    match address {
        IpAddr::V4(address) => {
            longest(read("proc/net/route").lines().skip(1).filter_map(ipv4), u32::from(address).into(), 32)
        }
        IpAddr::V6(address) => longest(read("proc/net/ipv6_route").lines().filter_map(ipv6), address.into(), 128),
    }
}

/// A route: its network, the bits that count, and the interface.
type Route = (u128, u32, String);

fn longest(routes: impl Iterator<Item = Route>, address: u128, bits: u32) -> Option<String> {
    let covers = |(network, length, _): &Route| {
        let host_bits = bits.saturating_sub(*length);
        network.checked_shr(host_bits).unwrap_or_default() == address.checked_shr(host_bits).unwrap_or_default()
    };
    routes.filter(covers).max_by_key(|(_, length, _)| *length).map(|(.., interface)| interface)
}

/// `eth0 0001000A 00000000 0001 0 0 0 00FFFFFF …`, numbers in the byte order of the machine.
fn ipv4(line: &str) -> Option<Route> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| {
        let number = u32::from_str_radix(words.get(at)?, 16).ok()?;
        Some(u32::from(Ipv4Addr::from(number.to_ne_bytes())))
    };
    let (network, mask) = (number(1)?, number(7)?);
    Some((network.into(), mask.leading_ones(), (*words.first()?).to_owned()))
}

/// `fd000001… 40 … 00000001 eth0`; what loops back is no way to a peer.
fn ipv6(line: &str) -> Option<Route> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let interface = words.last().filter(|name| **name != "lo")?;
    let network = u128::from_str_radix(words.first()?, 16).ok()?;
    let length = u32::from_str_radix(words.get(1)?, 16).ok()?;
    Some((Ipv6Addr::from(network).into(), length, (*interface).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts() {
        let root = tempfile::tempdir().unwrap();
        let net = root.path().join("proc/net");
        fs::create_dir_all(&net).unwrap();
        // 10.0.1.0/24 and the default route, as a machine of this byte order prints them.
        let hex = |address: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(address));
        let line = |name: &str, to, mask| format!("{name} {} 00000000 0001 0 0 0 {} 0 0 0\n", hex(to), hex(mask));
        let table = [
            "Iface Destination\n".to_owned(),
            line("up0", [0; 4], [0; 4]),
            line("tor1", [10, 0, 1, 0], [255, 255, 255, 0]),
        ];
        fs::write(net.join("route"), table.concat()).unwrap();
        let v6 = "fd000001000000000000000000000000 40 00 00 00 100 1 0 1 tor1\n\
            00000000000000000000000000000000 00 00 00 00 ffffffff 1 0 200200 lo\n";
        fs::write(net.join("ipv6_route"), v6).unwrap();
        let to = |address: &str| towards(root.path(), address.parse().unwrap());
        assert_eq!(to("10.0.1.2").as_deref(), Some("tor1"));
        assert_eq!(to("192.0.2.1").as_deref(), Some("up0"));
        assert_eq!(to("fd00:1::2").as_deref(), Some("tor1"));
        assert_eq!(to("2001:db8::1"), None);
    }
}
