//! `explain`: one call, shown as steps; the exit code says whether it is announced, or up.

use std::net::IpAddr;

use novaroute_api::v1::{self, explain_request::Subject};
use tonic::Response;

use super::connect;
use crate::{
    cli::{ExplainArgs, ExplainSubject, Global},
    exit::Failure,
    output::{explanation, screen::Screen, view::View},
    schema,
};

/// Asks for an explanation and shows it.
pub(super) async fn run(global: &Global, args: ExplainArgs, screen: Screen) -> Result<(), Failure> {
    let mut agent = connect(global, "explain").await?;
    let owner = global.owner.clone().unwrap_or_default();
    let request = v1::ExplainRequest { subject: Some(subject(args.subject)), owner };
    let call = agent.client.explain(request);
    let answer = agent.timeout.apply(call).await.map(Response::into_inner).map_err(|error| error.failure("explain"))?;
    match screen.format.data() {
        Some(format) => {
            screen.write(&format.document(&View::response(&schema::reflect(&answer, "ExplainResponse")?))?)?;
        }
        None => screen.write(&explanation::text(&answer, screen.colour))?,
    }
    if answer.in_effect { Ok(()) } else { Err(Failure::Told { unreachable: false }) }
}

fn subject(asked: ExplainSubject) -> Subject {
    match asked {
        ExplainSubject::Prefix { prefix, protocol } => Subject::Prefix(v1::ExplainPrefix { prefix, protocol }),
        ExplainSubject::Bfd { peer, interface, multihop } => {
            Subject::Bfd(v1::ExplainBfd { peer_address: peer, interface_name: interface, multihop })
        }
        ExplainSubject::Ospf { interface } => Subject::Ospf(v1::ExplainOspf { interface_name: interface }),
        ExplainSubject::Peer { neighbor } => Subject::Peer(match neighbor.parse::<IpAddr>() {
            Ok(_) => v1::ExplainPeer { neighbor_address: neighbor, ..Default::default() },
            Err(_) => v1::ExplainPeer { interface_name: neighbor, ..Default::default() },
        }),
    }
}
