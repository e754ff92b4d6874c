//! A veth pair between two routers.

use anyhow::Result;

use crate::Router;
use crate::ip::{ip, tc};

/// A link between router `a` and router `b`.
#[derive(Clone, Debug)]
pub struct Link {
    a: LinkEnd,
    b: LinkEnd,
}

/// One end of a [`Link`].
#[derive(Clone, Debug)]
pub struct LinkEnd {
    namespace: String,
    interface: String,
}

impl Link {
    pub(crate) fn new(a: LinkEnd, b: LinkEnd) -> Self {
        Self { a, b }
    }

    /// The end in the router that was named first.
    #[must_use]
    pub fn a(&self) -> &LinkEnd {
        &self.a
    }

    /// The end in the router that was named second.
    #[must_use]
    pub fn b(&self) -> &LinkEnd {
        &self.b
    }

    /// Breaks the link as `a` sees a pulled cable: its interface stays administratively up and
    /// loses the carrier, as `b`'s end is set down.
    ///
    /// # Errors
    /// When `ip` refuses.
    pub async fn set_down(&self) -> Result<()> {
        self.b.set_down().await
    }

    /// Drops every packet, both ways, while both ends keep their carrier: as a fault somewhere between, of which only
    /// time tells.
    ///
    /// # Errors
    /// When `tc` refuses.
    pub async fn go_silent(&self) -> Result<()> {
        self.a.queue("add").await?;
        self.b.queue("add").await
    }

    /// Ends [`Self::go_silent`].
    ///
    /// # Errors
    /// When it was not silent.
    pub async fn speak(&self) -> Result<()> {
        self.a.queue("delete").await?;
        self.b.queue("delete").await
    }

    /// Sets both ends up. Addresses, IPv6 too, have been kept.
    ///
    /// # Errors
    /// When `ip` refuses.
    pub async fn set_up(&self) -> Result<()> {
        self.a.set_up().await?;
        self.b.set_up().await
    }
}

impl LinkEnd {
    pub(crate) fn new(router: &Router, interface: String) -> Self {
        Self { namespace: router.namespace().to_owned(), interface }
    }

    /// The interface's name in its router.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Sets this end administratively down; the other end loses the carrier.
    ///
    /// # Errors
    /// When `ip` refuses.
    pub async fn set_down(&self) -> Result<()> {
        self.set("down").await
    }

    /// Sets this end administratively up.
    ///
    /// # Errors
    /// When `ip` refuses.
    pub async fn set_up(&self) -> Result<()> {
        self.set("up").await
    }

    async fn queue(&self, action: &str) -> Result<()> {
        tc(&["-n", &self.namespace, "qdisc", action, "dev", &self.interface, "root", "blackhole"]).await
    }

    async fn set(&self, state: &str) -> Result<()> {
        ip(&["-n", &self.namespace, "link", "set", "dev", &self.interface, state]).await
    }
}
