#!/bin/sh
# Installs, upgrades, removes and purges otus's Debian package as an administrator would, in a Debian 12 that has what the
# package depends on and recommends and no more. Prints what it checks and `RESULT: all passed` at the end.
#
# Usage: test-packages.sh DEB [OLDER_DEB [TARBALL [MODELS_DEB]]]: the package, one to upgrade from (else it is made of DEB), what
# install.sh is tried in, and the package of models. FOLDER is where the system is kept for the next time. Needs root, mmdebstrap and 2 GB of disk; for
# another architecture also qemu-user, registered with binfmt_misc (flag F). Detection is tried on .demo/vtest.avi if there.
set -eu

[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
deb=$1 older=${2:-} tarball=${3:-} models=${4:-} folder=${FOLDER:-/var/tmp/otus-test-packages}
here=$(cd "$(dirname "$0")" && pwd)
arch=$(dpkg-deb -f "$deb" Architecture)
root=$folder/root-$arch
mkdir -p "$folder"

# The first choice of each dependency, without versions: the package itself asks for those. Speech is alsa-utils'.
packages=$(dpkg-deb -f "$deb" Depends Recommends | sed 's/^[A-Z][a-z]*: //' | tr , '\n' | sed 's/|.*//; s/(.*//; s/ //g' \
    | paste -sd ,),alsa-utils
if [ "$(cat "$folder/$arch.packages" 2>/dev/null)" != "$packages" ]; then
    # The kernel runs another architecture's programs by whatever is registered there; mmdebstrap knows one name only.
    mmdebstrap --variant=minbase --architectures="$arch" --skip=check/qemu --include="$packages" \
        --aptopt='APT::Install-Recommends "false"' bookworm "$folder/$arch.tar"
    echo "$packages" >"$folder/$arch.packages"
fi

rm -rf "$root" && mkdir -p "$root"
tar -xf "$folder/$arch.tar" -C "$root"
mkdir -p "$root/opt/test"
cp "$here/test-packages-inside.sh" "$root/opt/"
cp "$here/../tests/rigs/words.toml" "$root/opt/test/"

# Another version of the package, with another pipeline file, so that dpkg must choose between it and the administrator's.
again() { # VERSION TO
    rm -rf "$folder/again" && dpkg-deb -R "$deb" "$folder/again"
    sed -i "s/^Version: .*/Version: $1/" "$folder/again/DEBIAN/control"
    echo "# of $1" >>"$folder/again/etc/otus/pipeline.toml"
    dpkg-deb --root-owner-group -Znone -b "$folder/again" "$2" >/dev/null
    rm -rf "$folder/again"
}
cp "$deb" "$root/opt/test/this.deb"
if [ -n "$older" ]; then cp "$older" "$root/opt/test/older.deb"; else again 0.0.9 "$root/opt/test/older.deb"; fi
again 99.0.0 "$root/opt/test/newer.deb"
[ -z "$tarball" ] || cp "$tarball" "$root/opt/test/linux.tar.gz"
[ -z "$models" ] || cp "$models" "$root/opt/test/models.deb"
video=$here/../.demo/vtest.avi
[ ! -f "$video" ] || cp -L "$video" "$root/opt/test/"

# A name space of its own, so that nothing stays mounted.
timeout 3600 unshare --mount --pid --fork --mount-proc="$root/proc" \
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root /opt/test-packages-inside.sh </dev/null \
    | tee "$folder/log"
grep -q 'RESULT: all passed' "$folder/log"
