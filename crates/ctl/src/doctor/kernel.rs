//! Settings of the kernel that decide what becomes of traffic to announced prefixes.

use std::{collections::BTreeSet, fs, path::Path};

use super::Check;

/// `rp_filter` that drops what comes over another interface than the answer would take (RFC 3704, strict).
const STRICT: &str = "1";

/// A setting under `/proc/sys/net`.
fn setting(root: &Path, name: &str) -> Option<String> {
    fs::read_to_string(root.join("proc/sys/net").join(name)).ok().map(|value| value.trim().to_owned())
}

/// Without forwarding, traffic to a prefix ends here unless its address is the node's own.
pub(super) fn forwarding(root: &Path, ipv6: bool) -> Check {
    let (name, family, key) = match ipv6 {
        false => ("ipv4_forwarding", "IPv4", "ipv4/ip_forward"),
        true => ("ipv6_forwarding", "IPv6", "ipv6/conf/all/forwarding"),
    };
    match setting(root, key).as_deref() {
        None => Check::unknown(
            name,
            format!("/proc/sys/net/{key} cannot be read"),
            "run it on the node itself, or give --root",
        ),
        Some("0") => Check::warn(
            name,
            format!(
                "this node announces {family} prefixes and forwards no {family}: only its own addresses can be reached"
            ),
            format!("where they are not its own: sysctl -w net.{}=1", key.replace('/', ".")),
        ),
        Some(_) => Check::ok(name, format!("{family} is forwarded")),
    }
}

/// Where several links lead to peers, an answer may take another link than what it answers.
pub(super) fn rp_filter(root: &Path, links: &BTreeSet<String>) -> Option<Check> {
    if links.len() < 2 {
        return None;
    }
    // The larger of the two values counts (networking/ip-sysctl of the kernel).
    let is_strict = |link: &&String| {
        let values = ["all", link.as_str()].map(|name| setting(root, &format!("ipv4/conf/{name}/rp_filter")));
        values.into_iter().flatten().max().as_deref() == Some(STRICT)
    };
    let strict: Vec<&str> = links.iter().filter(is_strict).map(String::as_str).collect();
    Some(match strict.first() {
        None => Check::ok("rp_filter", "traffic may come over another link than its answer takes"),
        Some(first) => Check::warn(
            "rp_filter",
            format!(
                "strict on {}: what comes over one link while the answer takes another is dropped",
                strict.join(", ")
            ),
            format!("sysctl -w net.ipv4.conf.{first}.rp_filter=2"),
        ),
    })
}

/// Links of different MTU to the same places lose large packets on one of them only.
pub(super) fn mtu(root: &Path, links: &BTreeSet<String>) -> Option<Check> {
    let all: Vec<(&String, u32)> = links.iter().filter_map(|link| Some((link, mtu_of(root, link)?))).collect();
    let different: BTreeSet<u32> = all.iter().map(|(_, mtu)| *mtu).collect();
    let listed: Vec<String> = all.iter().map(|(link, mtu)| format!("{link} {mtu}")).collect();
    match different.len() {
        0 => None,
        1 => Some(Check::ok("mtu", format!("to peers: {}", listed.join(", ")))),
        _ => Some(Check::warn(
            "mtu",
            format!("links to peers differ: {}", listed.join(", ")),
            "give them one MTU, that of the other side: OSPF comes up with no other, and large packets get lost",
        )),
    }
}

fn mtu_of(root: &Path, link: &str) -> Option<u32> {
    fs::read_to_string(root.join("sys/class/net").join(link).join("mtu")).ok()?.trim().parse().ok()
}

/// The load of the last minute for each CPU.
pub(super) fn load_per_cpu(root: &Path) -> Option<f64> {
    let load = fs::read_to_string(root.join("proc/loadavg")).ok()?;
    let load: f64 = load.split(' ').next()?.parse().ok()?;
    let cpus = fs::read_to_string(root.join("proc/stat")).ok()?.lines().filter(|line| is_cpu(line)).count();
    u32::try_from(cpus).ok().filter(|cpus| *cpus > 0).map(|cpus| load / f64::from(cpus))
}

/// `cpu0 …`, and not the sum in `cpu …`.
fn is_cpu(line: &str) -> bool {
    line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    fn node(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn links(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn forwarding_is_on_or_off() {
        let root = node(&[("proc/sys/net/ipv4/ip_forward", "0\n"), ("proc/sys/net/ipv6/conf/all/forwarding", "1\n")]);
        assert_eq!(forwarding(root.path(), false).health, Health::Warn);
        assert_eq!(forwarding(root.path(), false).next, "where they are not its own: sysctl -w net.ipv4.ip_forward=1");
        assert_eq!(forwarding(root.path(), true).health, Health::Ok);
        assert_eq!(forwarding(Path::new("/nonexistent"), true).health, Health::Unknown);
    }

    #[test]
    fn the_larger_rp_filter_counts() {
        let root = node(&[
            ("proc/sys/net/ipv4/conf/all/rp_filter", "1\n"),
            ("proc/sys/net/ipv4/conf/a/rp_filter", "2\n"),
            ("proc/sys/net/ipv4/conf/b/rp_filter", "0\n"),
        ]);
        let check = rp_filter(root.path(), &links(&["a", "b"])).unwrap();
        assert_eq!((check.health, check.next.as_str()), (Health::Warn, "sysctl -w net.ipv4.conf.b.rp_filter=2"));
        assert_eq!(rp_filter(root.path(), &links(&["b"])), None, "one link is its own way back");
    }

    #[test]
    fn links_of_one_mtu() {
        let root = node(&[("sys/class/net/a/mtu", "1500\n"), ("sys/class/net/b/mtu", "9000\n")]);
        assert_eq!(mtu(root.path(), &links(&["a"])), Some(Check::ok("mtu", "to peers: a 1500")));
        assert_eq!(mtu(root.path(), &links(&["a", "b"])).unwrap().health, Health::Warn);
        assert_eq!(mtu(root.path(), &links(&["c"])), None);
    }

    #[test]
    fn load_is_counted_by_cpu() {
        let root = node(&[("proc/loadavg", "3.00 1 1 1/1 1\n"), ("proc/stat", "cpu  1\ncpu0 1\ncpu1 1\nintr 1\n")]);
        assert_eq!(load_per_cpu(root.path()), Some(1.5));
        assert_eq!(load_per_cpu(Path::new("/nonexistent")), None);
    }
}
