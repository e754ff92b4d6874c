//! The BGP instance of the node.

use novaroute_core::{
    bgp::{Asn, BgpInstance},
    intent::{Change, Intent},
};

use super::request;

request!(ConfigureBgpRequest, |fields, message| {
    let local_as = fields.take("local_as", Asn::new(message.local_as));
    let router_id = fields.take("router_id", message.router_id.parse());
    Ok(Change::Put(Intent::Bgp(BgpInstance { local_as: local_as?, router_id: router_id? })))
});

#[cfg(test)]
mod tests;
