#!/usr/bin/env bash
# Builds the container images with buildah: no container engine runs, no registry is asked. For each image a manifest list with
# the architectures that were asked for, in buildah's storage and as an OCI archive in target/images.
#
#   ARCHES      architectures, by default "amd64"; also "amd64 arm64"
#   REPOSITORY  where the images will be pulled from, by default what the charts name
#   TAG         by default the version of the workspace
#   PROFILE     how Cargo builds the binaries: "release" by default; "dev" takes what `make build` has compiled already
#   OUT         folder for all that is made, by default target/images
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."

version() { sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -1; }

readonly ARCHES=${ARCHES:-amd64}
readonly REPOSITORY=${REPOSITORY:-ghcr.io/azrtydxb/novaroute}
VERSION=$(version)
readonly VERSION
readonly TAG=${TAG:-$VERSION}
REVISION=$(git describe --always --abbrev=40 --dirty --exclude='*' 2>/dev/null || echo unknown)
readonly REVISION
# What is built of one commit has one time: the commit's. Cargo is not told: it would compile C code anew for each commit.
TIME=$(git log -1 --format=%ct 2>/dev/null || echo 0)
readonly TIME
readonly PROFILE=${PROFILE:-release}
readonly OUT=${OUT:-$PWD/target/images}
readonly IMAGES=(agent operator frr)

say() { printf 'images: %s\n' "$*"; }
die() {
    printf 'images: %s\n' "$*" >&2
    exit 1
}

# triple ARCH: what Rust calls it.
triple() {
    case $1 in
        amd64) echo x86_64-unknown-linux-gnu ;;
        arm64) echo aarch64-unknown-linux-gnu ;;
        *) die "architecture '$1': only amd64 and arm64 are known" ;;
    esac
}

# cross_compiler TRIPLE: the C compiler that links for another machine than this one.
cross_compiler() {
    [ "$(uname -m)" = "${1%%-*}" ] || echo "${1%%-*}-linux-gnu-gcc"
}

# Before anything is built: everything that was asked for, or nothing.
check_can_build() {
    local arch=$1 triple cc folder program
    for program in buildah mmdebstrap; do
        command -v "$program" >/dev/null || die "no $program: run scripts/setup.sh images"
    done
    triple=$(triple "$arch")
    cc=$(cross_compiler "$triple")
    [ -z "$cc" ] || command -v "$cc" >/dev/null ||
        die "$arch is not built: no $cc. Install Debian's gcc-${triple%%-*}-linux-gnu and libc6-dev-$arch-cross"
    folder=$("${RUSTC:-rustc}" --print target-libdir --target "$triple")
    [ -d "$folder" ] ||
        die "$arch is not built: this Rust has no standard library for $triple. Run: rustup target add $triple"
}

# build_binaries TRIPLE: static ones, with the C library inside. Their crates are compiled where the other builds of the
# machine are, for what was compiled there is not compiled again; the binaries themselves do not take the place of others.
build_binaries() {
    local cc options=() environment=(
        RUSTC_WORKSPACE_WRAPPER="$PWD/scripts/static-rustc.sh"
        CARGO_BUILD_BUILD_DIR="${CARGO_BUILD_BUILD_DIR:-${CARGO_TARGET_DIR:-$PWD/target}}"
        CARGO_TARGET_DIR="$OUT/cargo"
    )
    cc=$(cross_compiler "$1")
    if [ -n "$cc" ]; then
        environment+=("CARGO_TARGET_$(tr a-z- A-Z_ <<<"$1")_LINKER=$cc")
        options+=(--target "$1")
    fi
    # What ships has no feature of a dependency that only another crate of the workspace asks for.
    if [ "$PROFILE" = release ]; then
        options+=(-p novaroute-agent -p novaroute-ctl -p novaroute-operator)
    else
        options+=(--workspace)
    fi
    env "${environment[@]}" "${CARGO:-cargo}" build --locked --profile "$PROFILE" "${options[@]}" \
        --bin novaroute-agent --bin novaroutectl --bin novaroute-operator
}

# built TRIPLE: the folder with its binaries.
built() {
    local folder=$PROFILE
    [ "$PROFILE" != dev ] || folder=debug
    [ -z "$(cross_compiler "$1")" ] || folder=$1/$folder
    echo "$OUT/cargo/$folder"
}

# The folder of an image has what goes into it and nothing else.
put_together() {
    local arch=$1 built image
    built=$(built "$(triple "$arch")")
    for image in "${IMAGES[@]}"; do
        rm -rf "${OUT:?}/$arch/$image"
        mkdir -p "$OUT/$arch/$image"
    done
    install -m 755 "$built"/{novaroute-agent,novaroutectl} "$OUT/$arch/agent"
    install -m 755 "$built/novaroute-operator" "$OUT/$arch/operator"
    install -m 644 LICENSE "$OUT/$arch/agent"
    install -m 644 LICENSE "$OUT/$arch/operator"
    SOURCE_DATE_EPOCH=$TIME images/frr/root.sh "$arch" "$OUT/$arch/frr/root.tar"
}

# build_image IMAGE: its manifest list, and the archive.
build_image() {
    local name=$REPOSITORY/novaroute-$1:$TAG archive=$OUT/novaroute-$1.tar arch
    if buildah manifest inspect "$name" >/dev/null 2>&1; then
        buildah manifest rm "$name" >/dev/null
    fi
    buildah manifest create "$name" >/dev/null
    for arch in $ARCHES; do
        buildah bud --quiet --arch "$arch" --manifest "$name" --timestamp "$TIME" \
            --build-arg VERSION="$VERSION" --build-arg REVISION="$REVISION" \
            -f "images/$1/Containerfile" "$OUT/$arch/$1" >/dev/null
    done
    rm -f "$archive"
    buildah manifest push --quiet --all "$name" "oci-archive:$archive:$name" >/dev/null
}

main() {
    local arch image
    for arch in $ARCHES; do
        check_can_build "$arch"
    done
    for arch in $ARCHES; do
        say "binaries and FRR for $arch"
        build_binaries "$(triple "$arch")"
        put_together "$arch"
    done
    for image in "${IMAGES[@]}"; do
        build_image "$image"
        say "$(du -h --apparent-size "$OUT/novaroute-$image.tar" | cut -f1) $REPOSITORY/novaroute-$image:$TAG ($ARCHES) in $OUT/novaroute-$image.tar"
    done
}

main "$@"
