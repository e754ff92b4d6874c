//! Generates the Rust code of the proto files, without a protoc on the machine.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

/// A link to that of the repository: what is published takes it along.
const PROTO_ROOT: &str = "proto";
const SERVED: &str = "novaroute/v1/route_control.proto";
const INTERNAL: &str = "novaroute/journal/v1/journal.proto";

/// Answers INVALID_ARGUMENT, not INTERNAL, to what cannot be decoded.
const CODEC: &str = "crate::codec::ContractCodec";

/// Messages with a token or a password. Their `Debug` is written by hand, in
/// `src/redact.rs`, so that no log line can show a secret.
const SECRET_BEARING: &[&str] = &[
    ".novaroute.v1.BGPPeer",
    ".novaroute.v1.RegisterRequest",
    ".novaroute.v1.DeregisterRequest",
    ".novaroute.v1.EndOfReplayRequest",
    ".novaroute.v1.RenewRequest",
    ".novaroute.v1.HandoffRequest",
    ".novaroute.v1.DrainRequest",
    ".novaroute.v1.UndrainRequest",
    ".novaroute.v1.ConfigureBGPRequest",
    ".novaroute.v1.ApplyPeerRequest",
    ".novaroute.v1.RemovePeerRequest",
    ".novaroute.v1.AdvertisePrefixRequest",
    ".novaroute.v1.WithdrawPrefixRequest",
    ".novaroute.v1.EnableBFDRequest",
    ".novaroute.v1.DisableBFDRequest",
    ".novaroute.v1.EnableOSPFRequest",
    ".novaroute.v1.DisableOSPFRequest",
    ".novaroute.v1.ApplyIntentsRequest",
    ".novaroute.v1.ConfirmRequest",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO_ROOT}");

    // Reflection serves this set, so the journal is not part of it.
    let served = protox::compile([SERVED], [PROTO_ROOT])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("novaroute.v1.bin"), served.encode_to_vec())?;

    let everything = protox::compile([SERVED, INTERNAL], [PROTO_ROOT])?;
    tonic_prost_build::configure()
        .codec_path(CODEC)
        .build_server(env::var_os("CARGO_FEATURE_SERVER").is_some())
        .btree_map(".")
        .skip_debug(SECRET_BEARING)
        .compile_fds(everything)?;
    Ok(())
}
