//! FRR's running configuration into slots.

use std::collections::BTreeSet;

use crate::config::{Config, Context};
use crate::daemon::Daemon;

/// Reads the running configuration of one daemon, as `show running-config` prints it, into `config`.
///
/// FRR indents each context by one column more than the one around it. Lines that no rule knows are kept apart
/// ([`Config::unknown`]); no text makes this fail.
pub fn parse(daemon: Daemon, running: &str, config: &mut Config) {
    config.add_daemon(daemon);
    let mut open = Open::default();
    for line in running.lines() {
        let text = line.trim();
        if text.is_empty() || text.starts_with('!') || matches!(text, "exit" | "exit-address-family" | "end") {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let context = open.context_at(indent);
        let normal = config.insert(daemon, context, text, &BTreeSet::new());
        open.last = Some((indent, normal));
    }
}

/// The contexts that are open where the reader is.
#[derive(Default)]
struct Open {
    top: Context,
    inner: Vec<(usize, Context)>,
    /// The line before, and its indentation: whether it opens a context is seen by the line after it.
    last: Option<(usize, String)>,
}

impl Open {
    /// The context of a line that is indented so far.
    fn context_at(&mut self, indent: usize) -> &Context {
        if let Some((at, line)) = self.last.take().filter(|(at, _)| *at < indent) {
            let inside = self.current().child(line);
            self.inner.push((at, inside));
        }
        while self.inner.last().is_some_and(|(at, _)| *at >= indent) {
            self.inner.pop();
        }
        self.current()
    }

    fn current(&self) -> &Context {
        self.inner.last().map_or(&self.top, |(_, context)| context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Slot;
    use crate::rules::LineKind;

    const BGPD: &str = "\
frr version 8.4.4
frr defaults traditional
!
hostname vm
!
router bgp 65001
 bgp router-id 1.1.1.1
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.2 password s3cret
 !
 address-family ipv4 unicast
  network 203.0.113.1/32 route-map NR-A-1
 exit-address-family
exit
!
router bgp 65009 vrf red
 bgp router-id 9.9.9.9
exit
!
route-map NR-A-1 permit 10
 set tag 5
exit
";

    #[test]
    fn contexts_follow_the_indentation() {
        let mut config = Config::default();
        parse(Daemon::Bgpd, BGPD, &mut config);
        let unicast = Context::top().child("router bgp 65001").child("address-family ipv4 unicast");
        let slot = Slot { kind: LineKind::Network, id: "203.0.113.1/32".into() };
        let line = config.get(Daemon::Bgpd, &unicast, &slot).unwrap();
        assert_eq!(line.text.reveal(), "network 203.0.113.1/32 route-map NR-A-1");
        let unknown: Vec<_> = config.unknown().iter().map(|line| line.text.as_str()).collect();
        assert_eq!(unknown, ["router bgp 65009 vrf red", "bgp router-id 9.9.9.9"]);
        assert_eq!(config.len(), 7);
    }

    #[test]
    fn a_password_does_not_print() {
        let mut config = Config::default();
        parse(Daemon::Bgpd, BGPD, &mut config);
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "\\PC*( *(neighbor|network|peer|!|\\n| )*\\PC*)*") {
            for daemon in Daemon::ALL {
                parse(daemon, &text, &mut Config::default());
            }
        }
    }
}
