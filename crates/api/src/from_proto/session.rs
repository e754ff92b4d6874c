//! Sessions of owners.

use novaroute_core::{
    intent::Change,
    name::{InstanceName, SessionId},
    session::{Lease, Registration, SessionCall, SessionTerms},
};

use super::{BadFields, Call, Fields, Refused, both, credentials, finish, request};
use crate::{journal::SessionOpened, v1};

/// The gRPC metadata in which a call names the session that it belongs to.
pub const SESSION_METADATA: &str = "novaroute-session-id";

request!(RegisterRequest, |fields, message| {
    let lease = fields.take("lease_s", Lease::new(message.lease_s));
    let instance = instance(fields, &message.instance);
    let (lease, instance) = both(lease, instance)?;
    let (reassert_intents, bind_to_connection) = (message.reassert_intents, message.bind_to_connection);
    Ok(Change::Register(Registration { reassert_intents, lease, instance, bind_to_connection }))
});
request!(DeregisterRequest, |_, message| Ok(Change::Deregister { withdraw_all: message.withdraw_all }));

fn instance(fields: &mut Fields, text: &str) -> Result<Option<InstanceName>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    fields.take("instance", text.parse()).map(Some)
}

/// A request about a session that is open already.
pub trait SessionRequest {
    /// Parses it.
    ///
    /// # Errors
    /// [`BadFields`] with every field that is malformed.
    fn session_call(&self) -> Result<Call<SessionCall>, BadFields>;
}

impl SessionRequest for v1::RenewRequest {
    fn session_call(&self) -> Result<Call<SessionCall>, BadFields> {
        let mut fields = Fields::default();
        let credentials = credentials::parse(&mut fields, &self.owner, &self.token);
        let session = fields.take("session_id", self.session_id.parse());
        let call = session.map(|session| SessionCall::Renew { session });
        finish(fields, credentials, call, self.wait, self.dry_run)
    }
}

impl SessionRequest for v1::EndOfReplayRequest {
    fn session_call(&self) -> Result<Call<SessionCall>, BadFields> {
        let mut fields = Fields::default();
        let credentials = credentials::parse(&mut fields, &self.owner, &self.token);
        let session = match self.session_id.as_str() {
            "" => Ok(None),
            text => fields.take("session_id", text.parse()).map(Some),
        };
        let confirm_removals = self.confirm_removals;
        let call = session.map(|session| SessionCall::EndOfReplay { session, confirm_removals });
        finish(fields, credentials, call, self.wait, self.dry_run)
    }
}

/// The session that the metadata of a call names; `None`: the call belongs to none.
///
/// # Errors
/// [`BadFields`] naming [`SESSION_METADATA`] when it cannot be a session, or is given more than once.
pub fn session_metadata(metadata: &tonic::metadata::MetadataMap) -> Result<Option<SessionId>, BadFields> {
    let mut given = metadata.get_all(SESSION_METADATA).iter();
    let Some(first) = given.next() else { return Ok(None) };
    let mut fields = Fields::default();
    let session = match given.next() {
        Some(_) => Err(fields.refuse(SESSION_METADATA, "is given more than once: a call belongs to one session")),
        // What is no text has none of the letters that a session's name has.
        None => fields.take(SESSION_METADATA, first.to_str().unwrap_or("?").parse()),
    };
    fields.finish(session.map(Some))
}

/// A session as the journal kept it.
pub(super) fn session_opened(fields: &mut Fields, opened: &SessionOpened) -> Result<Change, Refused> {
    let id = fields.take("session_id", opened.session_id.parse());
    let lease = fields.take("lease_s", Lease::new(opened.lease_s));
    let instance = instance(fields, &opened.instance);
    let (id, (lease, instance)) = both(id, both(lease, instance))?;
    Ok(Change::Reopen(SessionTerms { id, epoch: opened.epoch, lease, instance, bound: opened.bound }))
}

#[cfg(test)]
mod tests {
    use tonic::metadata::{MetadataMap, MetadataValue};

    use super::*;
    use crate::from_proto::testing::{fields_at_fault, parsed};

    fn register(lease_s: u32, instance: &str) -> v1::RegisterRequest {
        v1::RegisterRequest { lease_s, instance: instance.into(), bind_to_connection: true, ..Default::default() }
    }

    #[test]
    fn what_old_clients_send_asks_for_nothing_new() {
        assert_eq!(parsed(&v1::RegisterRequest::default()), Change::Register(Registration::default()));
    }

    #[test]
    fn leases_and_instances_within_their_bounds() {
        for (seconds, lease) in [(0, None), (1, Some(1)), (86_400, Some(86_400))] {
            let Change::Register(registration) = parsed(&register(seconds, "edge-0/1")) else { panic!() };
            assert_eq!(registration.lease.map(Lease::seconds), lease);
            assert_eq!(registration.instance.map(|name| name.to_string()).as_deref(), Some("edge-0/1"));
            assert!(registration.bind_to_connection && !registration.reassert_intents);
        }
        assert_eq!(fields_at_fault(&register(86_401, "a b")), ["lease_s", "instance"]);
    }

    #[test]
    fn a_renew_names_its_session_and_the_end_of_a_replay_may() {
        let (owner, token) = ("edge".to_owned(), "t".to_owned());
        let renew = v1::RenewRequest {
            owner: owner.clone(),
            token: token.clone(),
            session_id: "s-1".into(),
            ..Default::default()
        };
        let session: SessionId = "s-1".parse().unwrap();
        assert_eq!(renew.session_call().unwrap().change, SessionCall::Renew { session });
        let bad = v1::RenewRequest::default().session_call().unwrap_err();
        let named: Vec<_> = bad.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(named, ["owner", "token", "session_id"]);
        let end = v1::EndOfReplayRequest { owner, token, confirm_removals: true, ..Default::default() };
        assert_eq!(
            end.session_call().unwrap().change,
            SessionCall::EndOfReplay { session: None, confirm_removals: true }
        );
        let end = v1::EndOfReplayRequest { session_id: "a b".into(), ..end };
        assert_eq!(end.session_call().unwrap_err().violations()[0].field, "session_id");
    }

    #[test]
    fn a_call_belongs_to_at_most_one_session() {
        let mut metadata = MetadataMap::new();
        assert_eq!(session_metadata(&metadata).unwrap(), None);
        metadata.insert(SESSION_METADATA, MetadataValue::from_static("s-1"));
        assert_eq!(session_metadata(&metadata).unwrap().unwrap().as_str(), "s-1");
        metadata.append(SESSION_METADATA, MetadataValue::from_static("s-1"));
        assert_eq!(session_metadata(&metadata).unwrap_err().violations()[0].field, SESSION_METADATA);
        metadata.insert(SESSION_METADATA, MetadataValue::from_static(""));
        assert!(session_metadata(&metadata).is_err());
    }
}
