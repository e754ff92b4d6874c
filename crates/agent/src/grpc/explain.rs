//! Explain: what FRR says of one thing now, and what that means.

use novaroute_api::error::to_status;
use novaroute_api::{from_proto, to_proto, v1};
use novaroute_core::explain::{Asked, Explanation, Subject, bfd, ospf, ospf_prefix, peer, prefix};
use novaroute_core::intent::Protocol;
use tonic::Status;

use super::Service;
use crate::frr::Look;
use crate::owner::shutting_down;

/// Explanations that are looked for at once; each reads a daemon's configuration, and nobody needs a token for it.
pub const EXPLAINED_AT_ONCE_MAX: usize = 4;

impl Service {
    /// Looks at FRR for the subject, and explains.
    pub(super) async fn explain_subject(&self, request: &v1::ExplainRequest) -> Result<v1::ExplainResponse, Status> {
        let call = from_proto::explain_call(request)?;
        let _place = self.explaining.acquire().await.map_err(|_| to_status(&shutting_down()))?;
        let view = self.view.borrow().clone();
        let asked = Asked { snapshot: &view.snapshot, policies: &view.policies, owner: call.owner.as_ref() };
        let explanation = self.explain_now(&asked, &call.subject).await;
        Ok(to_proto::explanation(&call.subject, explanation))
    }

    async fn explain_now(&self, asked: &Asked<'_>, subject: &Subject) -> Explanation {
        let look = Look::new(&self.frr, asked.snapshot);
        match subject {
            Subject::Prefix(Protocol::Bgp, of) => prefix(asked, *of, &look.at_prefix(*of).await),
            Subject::Peer(address) => peer(asked, *address, &look.at_peer(*address).await),
            Subject::Bfd(of) => {
                let key = of.key(asked.snapshot);
                bfd(asked, &key, &look.at_bfd(&key).await)
            }
            Subject::Ospf(of) => ospf(asked, of, &look.at_ospf(of, self.refused_packets.on(of)).await),
            Subject::Prefix(Protocol::Ospf, of) => ospf_prefix(asked, *of, &look.at_ospf_prefix(*of).await),
        }
    }
}
