//! Bad input, through gRPC and through the configuration, against real FRR: refused with the field named, or present
//! verbatim in the one intended line, with everything else as it was.

mod config;
mod corpus;
mod free_text;
mod names;
mod numbers;
mod schema;
mod text;
mod transport;
mod wire;
