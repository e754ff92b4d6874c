#!/bin/sh
# What Cargo calls in place of rustc for the crates of this workspace: `static-rustc.sh rustc ARGUMENT...`. Binaries are linked
# with the C library inside and without symbols. As a flag of Cargo this would be asked of every crate: all dependencies would be
# compiled once more, and those that run inside the compiler refused.
set -eu
[ -z "${CARGO_BIN_NAME:-}" ] || set -- "$@" -C target-feature=+crt-static -C strip=symbols
exec "$@"
