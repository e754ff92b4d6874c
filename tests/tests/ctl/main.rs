//! `novaroutectl` against a real agent on real FRR: what it does shows at the peer.

mod apply;
mod exit_codes;
mod following;
mod session;
mod shells;
mod support_bundle;
mod top;
