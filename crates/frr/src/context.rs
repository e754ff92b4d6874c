//! Where a line of a configuration stands.

use novaroute_core::prefix::Family;

/// A family as bgpd names it in contexts and commands.
pub(crate) const fn family_word(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ipv4",
        Family::Ipv6 => "ipv6",
    }
}

/// A family as commands about addresses, routes and lists name it.
pub(crate) const fn ip_word(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ip",
        Family::Ipv6 => "ipv6",
    }
}

/// Where a line stands: the lines that lead there from FRR's `configure terminal`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Context(Vec<String>);

impl Context {
    /// The configuration node itself.
    #[must_use]
    pub fn top() -> Self {
        Self::default()
    }

    /// The context that `line` opens in this one.
    #[must_use]
    pub fn child(&self, line: impl Into<String>) -> Self {
        let mut path = self.0.clone();
        path.push(line.into());
        Self(path)
    }

    /// The lines that lead here, outermost first.
    #[must_use]
    pub fn path(&self) -> &[String] {
        &self.0
    }

    /// The context around this one and the line that opens this one in it.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &str)> {
        let (last, path) = self.0.split_last()?;
        Some((Self(path.to_vec()), last))
    }

    /// This context and those around it, innermost first, without the configuration node.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).rev().map(|depth| Self(self.0[..depth].to_vec()))
    }

    /// Whether this is `outer` or lies inside it.
    #[must_use]
    pub fn is_inside(&self, outer: &Self) -> bool {
        self.0.starts_with(&outer.0)
    }
}
