#!/bin/sh
# Unpacks Debian 12's packages for 64-bit ARM, and what they depend on, to link against and to run in QEMU.
#
# Usage: sysroot.sh FOLDER PACKAGE[=VERSION]...: writes FOLDER anew, and FOLDER/packages, which names each with its
# version. Needs root and mmdebstrap; 1.4 GB. Packages are unpacked, not configured: no ARM code runs.
set -eu

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
folder=$1
shift
if [ -d "$folder" ] && [ ! -e "$folder/packages" ]; then
    echo "sysroot.sh: $folder was made by somebody else and is left alone: \`touch $folder/ready\` if it is complete, \
or take it away" >&2
    exit 1
fi
rm -rf "$folder" "$folder.part"
mkdir -p "$(dirname "$folder")"
packages=$(IFS=,; echo "$*")
mmdebstrap --quiet --variant=extract --arch=arm64 --include="$packages" --aptopt='APT::Install-Recommends "false"' \
    --skip=download/empty,essential/unlink,cleanup/apt bookworm "$folder.part" || {
    echo "a package is not to be had: if Debian has replaced versions that cross/sysroot.lock names, \
\`make -C cross update-lock\` takes the new ones" >&2
    exit 1
}
cd "$folder.part"
# apt's names of archives, name_version_architecture.deb, with colons as %3a.
ls var/cache/apt/archives | sed -n 's/%3a/:/; s/^\([^_]*\)_\([^_]*\)_[^_]*\.deb$/\1=\2/p' | LC_ALL=C sort >packages
# QEMU would show ARM programs these instead of the machine's own.
rm -rf dev etc tmp var
# Debian's alternatives would have made these links.
libraries=usr/lib/aarch64-linux-gnu
for library in blas/libblas.so.3 lapack/liblapack.so.3; do
    [ ! -e "$libraries/$library" ] || ln -sf "$library" "$libraries/"
done
cd - >/dev/null
mv "$folder.part" "$folder"
