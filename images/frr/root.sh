#!/usr/bin/env bash
# Makes the root of the FRR image from Debian's packages, for any architecture: they are unpacked, and none of their programs is
# executed. What their installation would write is in images/frr/rootfs.
#
# usage: images/frr/root.sh ARCH TAR    ARCH in Debian's words: amd64, arm64
set -euo pipefail

readonly SUITE=trixie # FRR 10.3
readonly MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
readonly SECURITY=${DEBIAN_SECURITY_MIRROR:-http://security.debian.org/debian-security}
# frr's dependencies come by themselves. Debian takes it for granted that bash, coreutils, grep and sed are there; the standalone
# sysusers is the smallest package that satisfies frr.
readonly PACKAGES=base-files,bash,coreutils,dash,frr,grep,sed,systemd-standalone-sysusers,tini

main() {
    local here
    here=$(dirname "$(readlink -f "$0")")
    mmdebstrap --quiet --variant=extract --architectures="$1" --include="$PACKAGES" --skip=output/dev \
        --aptopt='Acquire::Retries "3"' --extract-hook="$here/finish.sh" "$SUITE" "$2" \
        "deb $MIRROR $SUITE main" "deb $MIRROR $SUITE-updates main" "deb $SECURITY $SUITE-security main"
}

main "$@"
