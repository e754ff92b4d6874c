//! What is wanted, as a plain map; it knows nothing of how the agent gets there.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::dice::Dice;
use crate::agent::Client;
use crate::config::LB;
use crate::ospf::{DEAD_S, HELLO_S};
use crate::tor::NODE_AS;
use crate::{request, v1};

/// Prefixes that may be announced by BGP.
const BGP_POOL: [&str; 9] = [
    "10.66.0.1/32",
    "10.66.0.2/32",
    "10.66.0.3/32",
    "10.66.0.4/32",
    "10.66.8.0/24",
    "10.66.9.0/24",
    "fd66::1/128",
    "fd66::2/128",
    "fd66:8::/64",
];
/// Prefixes that may be announced by OSPF.
const OSPF_POOL: [&str; 4] = ["10.77.0.1/32", "10.77.0.2/32", "fd77::1/128", "fd77::2/128"];
/// Communities that a prefix may carry; empty: none.
const COMMUNITIES: [&str; 3] = ["", "65001:1", "65001:2"];
/// What the peer may be called; empty: nothing.
const DESCRIPTIONS: [&str; 4] = ["", "router of the rack", "rack 7", "50% off"];
const COSTS: [u32; 4] = [10, 20, 77, 300];

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Model {
    /// Announced by BGP, each with its community.
    pub(super) bgp: BTreeMap<&'static str, &'static str>,
    /// Announced by OSPF.
    pub(super) ospf: BTreeMap<&'static str, ()>,
    /// Of the peer.
    pub(super) description: &'static str,
    /// Of the OSPF interface.
    pub(super) cost: u32,
}

/// A change that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Announce by BGP with a community.
    Advertise(&'static str, &'static str),
    /// Announce by OSPF.
    AdvertiseOspf(&'static str),
    /// Withdraw from BGP.
    Withdraw(&'static str),
    /// Withdraw from OSPF.
    WithdrawOspf(&'static str),
    /// Call the peer something else.
    Describe(&'static str),
    /// Give the OSPF interface another cost.
    Cost(u32),
}

impl Model {
    /// Where every run begins.
    #[must_use]
    pub(super) fn first() -> Self {
        let bgp = [(BGP_POOL[0], ""), (BGP_POOL[6], "")].into();
        let ospf = [(OSPF_POOL[0], ()), (OSPF_POOL[2], ())].into();
        Self { bgp, ospf, description: DESCRIPTIONS[1], cost: COSTS[0] }
    }

    /// A change that makes a difference to what is wanted.
    #[must_use]
    pub(super) fn change(&self, dice: &mut Dice) -> Change {
        loop {
            let change = self.candidate(dice);
            let mut changed = self.clone();
            changed.take(change);
            if changed != *self {
                return change;
            }
        }
    }

    fn candidate(&self, dice: &mut Dice) -> Change {
        match dice.below(8) {
            0..=2 => Change::Advertise(dice.pick(&BGP_POOL), dice.pick(&COMMUNITIES)),
            3 => Change::Withdraw(dice.pick(&BGP_POOL)),
            4 => Change::AdvertiseOspf(dice.pick(&OSPF_POOL)),
            5 => Change::WithdrawOspf(dice.pick(&OSPF_POOL)),
            6 => Change::Describe(dice.pick(&DESCRIPTIONS)),
            _ => Change::Cost(dice.pick(&COSTS)),
        }
    }

    /// Takes in a change that was acknowledged.
    pub(super) fn take(&mut self, change: Change) {
        match change {
            Change::Advertise(prefix, community) => drop(self.bgp.insert(prefix, community)),
            Change::AdvertiseOspf(prefix) => drop(self.ospf.insert(prefix, ())),
            Change::Withdraw(prefix) => drop(self.bgp.remove(prefix)),
            Change::WithdrawOspf(prefix) => drop(self.ospf.remove(prefix)),
            Change::Describe(description) => self.description = description,
            Change::Cost(cost) => self.cost = cost,
        }
    }

    /// Asks for everything.
    ///
    /// # Errors
    /// The agent refuses something.
    pub(super) async fn ask_for_all(&self, client: &mut Client, peer: &v1::BgpPeer) -> Result<()> {
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        let bgp = self.bgp.iter().map(|(prefix, community)| Change::Advertise(prefix, community));
        let ospf = self.ospf.keys().map(|prefix| Change::AdvertiseOspf(prefix));
        for change in [Change::Describe(self.description), Change::Cost(self.cost)].into_iter().chain(bgp).chain(ospf) {
            change.ask(client, peer).await?;
        }
        Ok(())
    }
}

impl Change {
    /// Asks the agent for it. `peer` is the peer but for its description. To withdraw what is withdrawn is no error:
    /// this may be asked for a second time, since the first answer got lost.
    ///
    /// # Errors
    /// The agent refuses it, or is gone.
    pub(super) async fn ask(self, client: &mut Client, peer: &v1::BgpPeer) -> Result<()> {
        let answer = match self {
            Self::Advertise(prefix, community) => {
                let communities = Some(community.to_owned()).filter(|text| !text.is_empty()).into_iter().collect();
                let attributes = v1::PrefixAttributes { communities, ..Default::default() };
                client.advertise_prefix(request::advertise_with(LB, prefix, attributes)).await.map(drop)
            }
            Self::AdvertiseOspf(prefix) => client.advertise_prefix(request::advertise_ospf(LB, prefix)).await.map(drop),
            Self::Withdraw(prefix) => withdraw(client, prefix, v1::Protocol::Bgp).await,
            Self::WithdrawOspf(prefix) => withdraw(client, prefix, v1::Protocol::Ospf).await,
            Self::Describe(description) => {
                let peer = v1::BgpPeer { description: description.to_owned(), ..peer.clone() };
                client.apply_peer(request::apply_peer(LB, peer)).await.map(drop)
            }
            Self::Cost(cost) => {
                let interface = v1::EnableOspfRequest {
                    interface_name: "tor1".to_owned(),
                    area_id: "0".to_owned(),
                    hello_interval: HELLO_S,
                    dead_interval: DEAD_S,
                    cost,
                    ..Default::default()
                };
                client.enable_ospf(request::enable_ospf(LB, interface)).await.map(drop)
            }
        };
        if let Err(status) = answer {
            bail!("{self:?}: {status}");
        }
        Ok(())
    }
}

async fn withdraw(client: &mut Client, prefix: &str, protocol: v1::Protocol) -> Result<(), tonic::Status> {
    match client.withdraw_prefix(request::withdraw(LB, prefix, protocol)).await {
        Err(status) if status.code() == tonic::Code::NotFound => Ok(()),
        answer => answer.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_makes_a_difference_and_all_kinds_come() {
        let (mut model, mut dice) = (Model::first(), Dice::new(1));
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let change = model.change(&mut dice);
            let before = model.clone();
            model.take(change);
            assert_ne!(model, before, "{change:?}");
            kinds.insert(format!("{change:?}").split('(').next().unwrap_or_default().to_owned());
        }
        assert_eq!(kinds.len(), 6, "{kinds:?}");
    }
}
