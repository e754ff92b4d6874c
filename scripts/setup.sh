#!/usr/bin/env bash
# Installs Debian packages, and only those that are missing: by default what the tests need, with the argument `demo` what the
# demo and the benchmarks need, with `images` what the images need, which the tests build too. No service is started by it: FRR's
# daemons are started by the lab alone, inside its namespaces.
set -euo pipefail

readonly DEMO=(
    ca-certificates gcc git libc6-dev # build
    frr                               # the distribution's FRR
    iproute2 iputils-ping procps      # namespaces, links, and what the demo shows
    jq tcpdump                        # look at JSON and at packets
)
readonly TESTS=(
    chromium-headless-shell fonts-dejavu-core # looks at the page of a node
    fish zsh                                  # complete what is typed
    prometheus            # promtool, which tests the alerts
    podman catatonit runc # runs the pod of the chart from the images
    python3-venv          # the Python gRPC client of the contract test
)
readonly IMAGES=(
    buildah                # builds images and manifest lists without a daemon
    debian-archive-keyring # whose signatures Debian's packages in the image have
    mmdebstrap             # FRR and what it needs, unpacked as a root of its own
    uidmap                 # a user namespace where the caller is not root
)
# What packages enable: nobody asked for FRR, a Prometheus or containers at the next boot.
readonly -A UNITS=(
    [frr]=frr.service
    [podman]='podman.service podman.socket podman-restart.service podman-auto-update.service podman-auto-update.timer'
    [prometheus]=prometheus.service
)
readonly POLICY=/usr/sbin/policy-rc.d
readonly SAVED=$POLICY.before-novaroute
readonly MARK='# Written by NovaRoute while it installs packages.'

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# as_root COMMAND...: for the few steps that write to the system.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# missing_of PACKAGE...: those that are not installed.
missing_of() {
    local package
    for package; do
        installed "$package" || echo "$package"
    done
}

# policy-rc.d answering 101 tells invoke-rc.d that no service may be started.
forbid_service_starts() {
    allow_service_starts # a run that was killed may have left its own file behind
    if [ -e "$POLICY" ]; then
        as_root mv "$POLICY" "$SAVED"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

# Puts back what was there before; leaves a file that is not ours alone.
allow_service_starts() {
    if grep -qsF "$MARK" "$POLICY"; then
        as_root rm -f "$POLICY"
    fi
    if [ -e "$SAVED" ] && [ ! -e "$POLICY" ]; then
        as_root mv "$SAVED" "$POLICY"
    fi
}

install_packages() {
    trap allow_service_starts EXIT
    forbid_service_starts
    as_root apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 update </dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 \
        install --no-install-recommends "$@" </dev/null
    allow_service_starts
    trap - EXIT
}

# disable_at_boot UNIT...
disable_at_boot() {
    if [ -d /run/systemd/system ]; then
        as_root systemctl disable "$@"
    fi
}

main() {
    local wanted missing
    case ${1:-tests} in
        tests) wanted=("${DEMO[@]}" "${TESTS[@]}" "${IMAGES[@]}") ;;
        demo) wanted=("${DEMO[@]}") ;;
        images) wanted=("${IMAGES[@]}") ;;
        *) die "usage: $0 [tests|demo|images]" ;;
    esac
    command -v apt-get >/dev/null ||
        die "no apt-get: this script knows Debian only. Install by hand what corresponds to: ${wanted[*]}"
    if [ "$(id -u)" != 0 ]; then
        say "not root: packages are installed through sudo; the tests and the demo need root for network namespaces"
    fi
    mapfile -t missing < <(missing_of "${wanted[@]}")
    if [ ${#missing[@]} = 0 ]; then
        say "all Debian packages are there"
        return
    fi
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        die "missing: ${missing[*]}; neither root nor sudo. Run as root: apt-get install ${missing[*]}"
    fi
    say "installing: ${missing[*]}"
    install_packages "${missing[@]}"
    local package
    for package in "${!UNITS[@]}"; do
        if [[ " ${missing[*]} " == *" $package "* ]]; then
            # shellcheck disable=SC2086 # a list of words
            disable_at_boot ${UNITS[$package]}
        fi
    done
}

main "$@"
