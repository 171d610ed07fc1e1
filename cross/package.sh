#!/bin/sh
# Packs otus: a Debian package, or a tarball for other systems. The same files give the same bytes, wherever and whenever.
#
# Usage: package.sh deb|tarball amd64|arm64 OTUS ONNXRUNTIME SILERO OUT_DIR [DOCS]: the program, libonnxruntime.so.X and
# silero_vad.onnx of models/manifest.toml, where the package goes, and a folder whose files go to /usr/share/doc/otus. Needs
# binutils (binutils-aarch64-linux-gnu for the other architecture), and for a .deb the Debian release that it is for, with
# the libraries that otus was linked with. OPENCV is libotus_opencv.so, KERNELS what kernels.sh has made; VERSION, MAINTAINER
# and SOURCE_DATE_EPOCH replace those of Cargo.toml and git.
set -eu
umask 022
export LC_ALL=C TZ=UTC

die() { echo "package.sh: $*" >&2; exit 1; }
[ $# -ge 6 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
kind=$1 arch=$2 otus=$3 runtime=$4 silero=$5 out=$6 docs=${7:-}
here=$(cd "$(dirname "$0")" && pwd)
git() { command git -C "$here" log -1 --format="$1"; }
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../Cargo.toml" | head -n 1)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git %ct)} maintainer=${MAINTAINER:-$(git '%an <%ae>')}
export SOURCE_DATE_EPOCH

case $arch in
    amd64) machine=X86-64 tools=x86_64-linux-gnu ;;
    arm64) machine=AArch64 tools=aarch64-linux-gnu ;;
    *) die "$arch is neither amd64 nor arm64" ;;
esac
command -v "$tools-strip" >/dev/null || die "no $tools-strip: install binutils-$(echo $tools | tr _ -)"
for file in "$otus" "$runtime"; do
    "$tools-readelf" -h "$file" | grep -q "Machine:.*$machine" || die "$file is not for $arch"
done
for file in "$runtime" "$silero"; do
    sum=$(sha256sum <"$file")
    grep -q "${sum%% *}" "$here/../models/manifest.toml" || die "$file is not the one of models/manifest.toml: fetch it anew"
done

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
put() { install -D -m "$1" "$2" "$root/$3"; } # MODE FROM TO

# Takes away what depends on the folder of the build: symbols, and with them the linker's build id, if it writes one, which
# is also a sum of their names. In its place comes one of what is run.
stripped() {
    "$tools-strip" --remove-section=.comment --remove-section=.note "$1"
    "$tools-readelf" -SW "$1" | grep -q '\.note\.gnu\.build-id' || return 0
    "$tools-objcopy" -O binary --only-section=.text --only-section=.rodata "$1" "$root/code"
    printf '\4\0\0\0\24\0\0\0\3\0\0\0GNU\0%.20s' "$(sha256sum <"$root/code")" >"$root/id"
    "$tools-objcopy" --update-section .note.gnu.build-id="$root/id" "$1"
    rm "$root/code" "$root/id"
}

# What both have, as it lies on a Debian system.
stage() {
    share=usr/share doc=usr/share/doc/otus
    put 755 "$otus" usr/bin/otus
    stripped "$root/usr/bin/otus"
    if [ -n "${OPENCV:-}" ]; then
        put 644 "$OPENCV" usr/lib/otus/libotus_opencv.so
        stripped "$root/usr/lib/otus/libotus_opencv.so"
    fi
    put 644 "$runtime" usr/lib/otus/libonnxruntime.so
    put 644 "$silero" usr/lib/otus/silero_vad.onnx
    [ -z "${KERNELS:-}" ] || for file in "$KERNELS"/*.so*; do
        put 644 "$file" "usr/lib/otus/${file##*/}"
        "$tools-strip" --strip-unneeded --remove-section=.comment "$root/usr/lib/otus/${file##*/}"
    done
    put 644 "$here/systemd/otus.service" usr/lib/systemd/system/otus.service
    put 644 "$here/systemd/otus.preset" usr/lib/systemd/system-preset/50-otus.preset
    put 644 "$here/systemd/otus.sysusers" usr/lib/sysusers.d/otus.conf
    put 644 "$here/systemd/otus.tmpfiles" usr/lib/tmpfiles.d/otus.conf
    put 644 "$here/share/otus.1" $share/man/man1/otus.1
    gzip -9n "$root/$share/man/man1/otus.1"
    put 644 "$here/share/completions/otus.bash" $share/bash-completion/completions/otus
    put 644 "$here/share/completions/_otus" $share/zsh/vendor-completions/_otus
    put 644 "$here/share/completions/otus.fish" $share/fish/vendor_completions.d/otus.fish
    put 644 "$here/debian/copyright" $doc/copyright
    put 644 "$here/systemd/gpu.conf" $doc/examples/gpu.conf
    put 644 "$here/systemd/secrets.conf" $doc/examples/secrets.conf
    put 644 "$here/../pipelines/pipeline.schema.json" $share/otus/pipeline.schema.json
    put 644 "$here/pipelines/pipeline.toml" etc/otus/pipeline.toml
    for name in files network-camera; do
        put 644 "$here/pipelines/$name.toml" etc/otus/examples/$name.toml
    done
    [ -z "$docs" ] || for file in "$docs"/*; do
        put 644 "$file" "$doc/${file##*/}"
    done
}

# The packages that hold the libraries which FILEs name, as the installed ones say themselves: `a, b`.
holders() {
    libraries=$("$tools-objdump" -p "$@" \
        | sed -n 's/^ *NEEDED *\(.*\)\.so\.\(.*\)/\1 \2/p' | sort -u)
    echo "$libraries" | while read -r library; do
        # Any architecture's word is right: they are of one release.
        sed -n "s/^$library \(.*\)/\1/p" /var/lib/dpkg/info/*.shlibs | grep . \
            || die "no installed package has the library $library: install the one that otus was linked with"
    done >"$root/needed"
    sed 's/:[a-z0-9]*//' "$root/needed" | sort -u | paste -sd , | sed 's/,/, /g'
    rm "$root/needed"
}

# Nobody sees half a package.
whole() { mv "$out/.part" "$out/$1" && echo "$out/$1"; }

deb() {
    put 644 "$here/debian/lintian-overrides" usr/share/lintian/overrides/otus
    printf 'otus (%s) stable; urgency=medium\n\n  * See the history of the source.\n\n -- %s  %s\n' \
        "$version" "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$root/usr/share/doc/otus/changelog.gz"
    needed=$(holders "$root/usr/bin/otus" "$root/usr/lib/otus/libonnxruntime.so")
    opencv=$root/usr/lib/otus/libotus_opencv.so wanted=
    # Without these otus reads cameras by ffmpeg.
    [ ! -e "$opencv" ] || wanted=$(holders "$opencv" | grep -o 'libopencv[^,]*' | paste -sd , | sed 's|,|, |g'),
    # And without this one Whisper's encoder by kernels alone.
    [ ! -e "$root/usr/lib/otus/libggml-blas.so" ] || wanted="$wanted libopenblas0-pthread | libopenblas0,"
    size=$(find "$root" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
    mkdir "$root/DEBIAN"
    (cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
    (cd "$root" && find etc -type f | sort | sed 's,^,/,') >"$root/DEBIAN/conffiles"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@MAINTAINER@/$maintainer/" -e "s/@SIZE@/$size/" \
        -e "s/@DEPENDS@/$needed/" -e "s/@OPENCV@/$wanted/" "$here/debian/control" >"$root/DEBIAN/control"
    for script in postinst prerm postrm; do
        put 755 "$here/debian/$script" DEBIAN/$script
    done
    find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    # More threads would cut the data elsewhere.
    dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$out/.part" >/dev/null
    whole "otus_${version}_$arch.deb"
}

tarball() {
    name=otus-$version-$arch-linux
    mkdir "$root/$name"
    mv "$root"/usr/* "$root/etc" "$root/$name"
    put 755 "$here/install.sh" "$name/install.sh"
    tar -C "$root" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -cf - "$name" \
        | gzip -9n >"$out/.part"
    whole "$name.tar.gz"
}

mkdir -p "$out"
stage
case $kind in
    deb) deb ;;
    tarball) tarball ;;
    *) die "$kind is neither deb nor tarball" ;;
esac
