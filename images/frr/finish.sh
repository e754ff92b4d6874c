#!/usr/bin/env bash
# Finishes the root of the FRR image in the folder $1, in which mmdebstrap has unpacked the packages.
set -euo pipefail

# Tells scanners which packages these are: a file for each, as distroless images have it.
note_packages() {
    local package
    mkdir -p "$1/var/lib/dpkg/status.d"
    for package in "$1"/var/cache/apt/archives/*.deb; do
        dpkg-deb -f "$package" >"$1/var/lib/dpkg/status.d/$(dpkg-deb -f "$package" Package)"
    done
}

# Licences stay.
remove_documentation() {
    find "$1/usr/share/doc" ! -type d ! -name copyright -delete
    find "$1/usr/share/doc" -type d -empty -delete
    rm -rf "$1"/usr/share/{bash-completion,info,locale,man}
}

main() {
    note_packages "$1"
    remove_documentation "$1"
    # No program of the image gives its caller more rights.
    find "$1" -xdev -type f -perm /6000 -exec chmod ug-s {} +
    rm -f "$1"/etc/{hostname,resolv.conf} # of the machine that builds
    rmdir "$1/var/run"
    ln -s /run "$1/var/run"
    # Mounted over, where the root is read-only.
    mkdir -p "$1"/{dev,proc,sys,tmp,run/frr,var/lib/frr,var/tmp}
    cp -r --no-preserve=ownership "$(dirname "$0")/rootfs/." "$1"
    # Where no volume is mounted; frr and frrvty of rootfs/etc, by number because the builder has others.
    chown 92:85 "$1"/{run,var/lib}/frr
    chmod 775 "$1"/{run,var/lib}/frr
}

main "$@"
