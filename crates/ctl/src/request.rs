//! The calls that change something, each with its command, its RPC and its
//! messages.

use novaroute_api::v1::{self, intent_item::Change};
use prost_reflect::DynamicMessage;

use crate::{
    agent::{Agent, CallError},
    schema::{self, SchemaError},
};

/// One row a call; everything that is the same for all of them comes from here.
macro_rules! calls {
    ($($action:ident $command:literal $rpc:literal $method:ident($message:ident);)+) => {
        /// What a request asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Action { $($action),+ }

        impl Action {
            pub(crate) const ALL: &[Self] = &[$(Self::$action),+];

            /// The word of the command line.
            pub(crate) fn command(self) -> &'static str {
                match self { $(Self::$action => $command),+ }
            }

            /// The name of the RPC; its messages are named after it.
            pub(crate) fn rpc(self) -> &'static str {
                match self { $(Self::$action => $rpc),+ }
            }
        }

        /// A request of a call that changes something.
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum Request { $($action(v1::$message)),+ }

        impl Request {
            pub(crate) fn action(&self) -> Action {
                match self { $(Self::$action(_) => Action::$action),+ }
            }

            pub(crate) fn owner(&self) -> &str {
                match self { $(Self::$action(message) => &message.owner),+ }
            }

            /// Has the call answer when what it asks for has come about.
            pub(crate) fn set_wait(&mut self, wait: v1::Wait) {
                match self { $(Self::$action(message) => message.set_wait(wait)),+ }
            }

            /// Has the call say what it would do, and do nothing.
            pub(crate) fn set_dry_run(&mut self) {
                match self { $(Self::$action(message) => message.dry_run = true),+ }
            }

            pub(crate) fn is_dry_run(&self) -> bool {
                match self { $(Self::$action(message) => message.dry_run),+ }
            }

            /// The token that goes with the owner.
            pub(crate) fn token(&self) -> &str {
                match self { $(Self::$action(message) => &message.token),+ }
            }

            /// The request without who sends it.
            fn unsigned(self) -> Self {
                match self {
                    $(Self::$action(message) => Self::$action(v1::$message {
                        owner: String::new(),
                        token: String::new(),
                        ..message
                    })),+
                }
            }

            /// Whether the request says itself when it wants to be answered.
            pub(crate) fn waits(&self) -> bool {
                match self { $(Self::$action(message) => message.wait() != v1::Wait::None),+ }
            }

            /// The request through its descriptor.
            pub(crate) fn reflect(&self) -> Result<DynamicMessage, SchemaError> {
                let name = self.action().request_name();
                match self { $(Self::$action(message) => schema::reflect(message, &name)),+ }
            }

            /// The request of `action` from a message built through its
            /// descriptor.
            pub(crate) fn unreflect(action: Action, message: &DynamicMessage) -> Result<Self, SchemaError> {
                match action { $(Action::$action => schema::unreflect(message).map(Self::$action)),+ }
            }

            /// Sends the request and waits for the response.
            pub(crate) async fn send(self, agent: &mut Agent) -> Result<DynamicMessage, CallError> {
                let name = self.action().response_name();
                let waits = self.waits();
                match self {
                    $(Self::$action(message) => {
                        let mut request = tonic::Request::new(message);
                        if waits {
                            // The agent answers before that, and says how far it is.
                            request.set_timeout(agent.timeout.0);
                        }
                        let call = agent.client.$method(request);
                        let response = agent.timeout.apply(call).await?.into_inner();
                        Ok(schema::reflect(&response, &name)?)
                    })+
                }
            }
        }
    };
}

calls! {
    Register "register" "Register" register(RegisterRequest);
    Deregister "deregister" "Deregister" deregister(DeregisterRequest);
    ConfigureBgp "configure-bgp" "ConfigureBGP" configure_bgp(ConfigureBgpRequest);
    ApplyPeer "apply-peer" "ApplyPeer" apply_peer(ApplyPeerRequest);
    RemovePeer "remove-peer" "RemovePeer" remove_peer(RemovePeerRequest);
    AdvertisePrefix "advertise" "AdvertisePrefix" advertise_prefix(AdvertisePrefixRequest);
    WithdrawPrefix "withdraw" "WithdrawPrefix" withdraw_prefix(WithdrawPrefixRequest);
    EnableBfd "enable-bfd" "EnableBFD" enable_bfd(EnableBfdRequest);
    DisableBfd "disable-bfd" "DisableBFD" disable_bfd(DisableBfdRequest);
    EnableOspf "enable-ospf" "EnableOSPF" enable_ospf(EnableOspfRequest);
    DisableOspf "disable-ospf" "DisableOSPF" disable_ospf(DisableOspfRequest);
    EndOfReplay "end-of-replay" "EndOfReplay" end_of_replay(EndOfReplayRequest);
    Renew "renew" "Renew" renew(RenewRequest);
    Handoff "handoff" "Handoff" handoff(HandoffRequest);
    Drain "drain" "Drain" drain(DrainRequest);
    Undrain "undrain" "Undrain" undrain(UndrainRequest);
    Confirm "confirm" "Confirm" confirm(ConfirmRequest);
}

impl Action {
    /// The action of a command's word or of an RPC's name.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.command() == word || action.rpc() == word)
    }

    /// The name of the request's message.
    pub(crate) fn request_name(self) -> String {
        format!("{}Request", self.rpc())
    }

    fn response_name(self) -> String {
        format!("{}Response", self.rpc())
    }
}

impl Request {
    /// The request as one of many in a call; `None`: it is about the owner's session, and stands alone.
    pub(crate) fn item(self) -> Option<v1::IntentItem> {
        let change = match self.unsigned() {
            Self::ConfigureBgp(message) => Change::ConfigureBgp(message),
            Self::ApplyPeer(message) => Change::ApplyPeer(message),
            Self::RemovePeer(message) => Change::RemovePeer(message),
            Self::AdvertisePrefix(message) => Change::AdvertisePrefix(message),
            Self::WithdrawPrefix(message) => Change::WithdrawPrefix(message),
            Self::EnableBfd(message) => Change::EnableBfd(message),
            Self::DisableBfd(message) => Change::DisableBfd(message),
            Self::EnableOspf(message) => Change::EnableOspf(message),
            Self::DisableOspf(message) => Change::DisableOspf(message),
            Self::Register(_)
            | Self::Deregister(_)
            | Self::EndOfReplay(_)
            | Self::Renew(_)
            | Self::Handoff(_)
            | Self::Drain(_)
            | Self::Undrain(_)
            | Self::Confirm(_) => {
                return None;
            }
        };
        Some(v1::IntentItem { change: Some(change) })
    }

    /// What the request is about, as a person would name it.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Register(message) => message.owner.clone(),
            Self::Deregister(message) => message.owner.clone(),
            Self::EndOfReplay(message) => message.owner.clone(),
            Self::Renew(message) => message.owner.clone(),
            Self::ConfigureBgp(message) => format!("AS {} router-id {}", message.local_as, message.router_id),
            Self::ApplyPeer(message) => message
                .peer
                .as_ref()
                .map(|peer| set_one([&peer.neighbor_address, &peer.interface_name]))
                .unwrap_or_default(),
            Self::RemovePeer(message) => set_one([&message.neighbor_address, &message.interface_name]),
            Self::AdvertisePrefix(message) => prefix(&message.prefix, message.protocol),
            Self::WithdrawPrefix(message) => prefix(&message.prefix, message.protocol),
            Self::EnableBfd(message) => message.peer_address.clone(),
            Self::DisableBfd(message) => message.peer_address.clone(),
            Self::EnableOspf(message) => message.interface_name.clone(),
            Self::DisableOspf(message) => message.interface_name.clone(),
            Self::Handoff(_) => String::new(),
            Self::Drain(message) => drained(message.node, &message.of_owner, &message.owner),
            Self::Undrain(message) => drained(message.node, &message.of_owner, &message.owner),
            Self::Confirm(message) if message.rollback => format!("--rollback {}", message.change_id),
            Self::Confirm(message) => message.change_id.clone(),
        }
    }

    /// Command and subject: `advertise 203.0.113.7/32 (bgp)`.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.action().command(), self.subject()).trim_end().to_owned()
    }
}

/// Whose prefixes a drain is about.
fn drained(node: bool, of_owner: &str, caller: &str) -> String {
    if node { "node".to_owned() } else { format!("owner {}", if of_owner.is_empty() { caller } else { of_owner }) }
}

/// The field that is set, of those that name a peer.
fn set_one<const N: usize>(fields: [&String; N]) -> String {
    fields.into_iter().find(|text| !text.is_empty()).cloned().unwrap_or_default()
}

fn prefix(prefix: &str, protocol: i32) -> String {
    let words = schema::enum_words("Protocol");
    let protocol = words.map_or_else(|| protocol.to_string(), |words| words.word(protocol));
    format!("{prefix} ({protocol})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_messages_in_the_schema() {
        for action in Action::ALL {
            assert!(schema::message(&action.request_name()).is_ok(), "{action:?}");
            assert!(schema::message(&action.response_name()).is_ok(), "{action:?}");
            assert_eq!(Action::from_word(action.command()), Some(*action));
            assert_eq!(Action::from_word(action.rpc()), Some(*action));
        }
        assert_eq!(Action::from_word("advertize"), None);
    }

    #[test]
    fn a_request_survives_reflection() {
        let attributes = v1::PrefixAttributes { local_pref: Some(0), ..Default::default() };
        let request = Request::AdvertisePrefix(v1::AdvertisePrefixRequest {
            owner: "edge".into(),
            token: "t".into(),
            prefix: "203.0.113.7/32".into(),
            protocol: 1,
            attributes: Some(attributes),
            ..Default::default()
        });
        assert_eq!(Request::unreflect(request.action(), &request.reflect().unwrap()).unwrap(), request);
        assert_eq!(request.title(), "advertise 203.0.113.7/32 (bgp)");
    }
}
