//! What somebody wants explained.

use novaroute_core::{
    bfd::Hop,
    explain::{BfdSubject, Subject},
    name::OwnerName,
    prefix::parse_host_address,
};

use super::{BadFields, Fields, Refused, both, peer, prefix::protocol, query::owner};
use crate::v1::{self, explain_request};

/// A request for an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainCall {
    /// What is asked about.
    pub subject: Subject,
    /// Whose rights count for what nobody holds; `None`: every owner's.
    pub owner: Option<OwnerName>,
}

/// Parses the request.
///
/// # Errors
/// [`BadFields`] with every field that is malformed, or `subject` when it is not set.
pub fn explain_call(request: &v1::ExplainRequest) -> Result<ExplainCall, BadFields> {
    let mut fields = Fields::default();
    let subject = subject(&mut fields, request.subject.as_ref());
    let owner = owner(&mut fields, "owner", &request.owner);
    fields.finish(both(subject, owner).map(|(subject, owner)| ExplainCall { subject, owner }))
}

fn bfd(fields: &mut Fields, given: &v1::ExplainBfd) -> Result<Subject, Refused> {
    let peer = fields.take("bfd.peer_address", parse_host_address(&given.peer_address));
    let interface = match given.interface_name.as_str() {
        "" => Ok(None),
        name => fields.take("bfd.interface_name", name.parse()).map(Some),
    };
    let hop = given.multihop.map(|multihop| if multihop { Hop::Multi } else { Hop::Single });
    Ok(Subject::Bfd(BfdSubject { peer: peer?, interface: interface?, hop }))
}

fn subject(fields: &mut Fields, given: Option<&explain_request::Subject>) -> Result<Subject, Refused> {
    match given {
        None => Err(fields.refuse("subject", "is not set: set prefix, peer, bfd or ospf")),
        Some(explain_request::Subject::Peer(given)) => {
            let names = [given.neighbor_address.as_str(), given.interface_name.as_str()];
            peer::key(fields, "peer.", names).map(Subject::Peer)
        }
        Some(explain_request::Subject::Bfd(given)) => bfd(fields, given),
        Some(explain_request::Subject::Ospf(given)) => {
            fields.take("ospf.interface_name", given.interface_name.parse()).map(Subject::Ospf)
        }
        Some(explain_request::Subject::Prefix(given)) => {
            let prefix = fields.take("prefix.prefix", given.prefix.parse());
            let protocol = fields.take("prefix.protocol", protocol(given.protocol));
            Ok(Subject::Prefix(protocol?, prefix?))
        }
    }
}

#[cfg(test)]
mod tests {
    use novaroute_core::intent::Protocol;

    use super::*;

    fn of(subject: Option<explain_request::Subject>, owner: &str) -> Result<ExplainCall, Vec<String>> {
        let request = v1::ExplainRequest { subject, owner: owner.into() };
        explain_call(&request).map_err(|bad| bad.violations().iter().map(|v| v.field.clone()).collect())
    }

    fn prefix(prefix: &str, protocol: i32) -> Option<explain_request::Subject> {
        Some(explain_request::Subject::Prefix(v1::ExplainPrefix { prefix: prefix.into(), protocol }))
    }

    #[test]
    fn a_prefix_in_any_spelling() {
        let call = of(prefix("10.0.0.9/24", 1), "edge").unwrap();
        assert_eq!(call.subject, Subject::Prefix(Protocol::Bgp, "10.0.0.0/24".parse().unwrap()));
        assert_eq!(call.owner, Some("edge".parse().unwrap()));
        assert_eq!(of(prefix("::/0", 2), "").unwrap().owner, None);
    }

    #[test]
    fn every_bad_field_is_named() {
        let peer = v1::ExplainPeer { neighbor_address: "fe80::1".into(), ..Default::default() };
        assert_eq!(of(Some(explain_request::Subject::Peer(peer)), ""), Err(vec!["peer.neighbor_address".into()]));
        let bfd = v1::ExplainBfd { peer_address: "x".into(), interface_name: "a b".into(), multihop: None };
        let named = vec!["bfd.peer_address".into(), "bfd.interface_name".into()];
        assert_eq!(of(Some(explain_request::Subject::Bfd(bfd)), ""), Err(named));
        let ospf = v1::ExplainOspf { interface_name: String::new() };
        assert_eq!(of(Some(explain_request::Subject::Ospf(ospf)), ""), Err(vec!["ospf.interface_name".into()]));
        assert_eq!(of(None, "a b"), Err(vec!["subject".into(), "owner".into()]));
        assert_eq!(of(prefix("10.0.0.1", 0), ""), Err(vec!["prefix.prefix".into(), "prefix.protocol".into()]));
    }
}
