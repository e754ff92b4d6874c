//! Sessions of owners.

use novaroute_core::intent::Change;

use super::request;

request!(RegisterRequest, |_, message| Ok(Change::Register { reassert_intents: message.reassert_intents }));
request!(DeregisterRequest, |_, message| Ok(Change::Deregister { withdraw_all: message.withdraw_all }));
