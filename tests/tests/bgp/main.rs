//! BGP, from the request of an owner to the table of the router of the rack: the instance, peers with all their
//! fields, prefixes with all their attributes.

mod audience;
mod drain;
mod edges;
mod instance;
mod kept;
mod password;
mod peer_fields;
mod peer_settings;
mod peers;
mod policies;
mod prefixes;
mod transit;
mod unnumbered;
