#!/bin/sh
# Packs the models that otus's examples use as a Debian package for every architecture, so that a board needs neither a
# network nor Python for them. The same files give the same bytes.
#
# Usage: package-models.sh OTUS CACHE OUT_DIR MODEL...: a program of this machine, which fetches the models into CACHE and looks
# whether they are right; their ids in models/manifest.toml. VERSION, MAINTAINER and SOURCE_DATE_EPOCH as in package.sh.
set -eu
umask 022
export LC_ALL=C TZ=UTC

[ $# -ge 4 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
otus=$1 out=$3
export XDG_CACHE_HOME="$2"
shift 3
here=$(cd "$(dirname "$0")" && pwd)
git() { command git -C "$here" log -1 --format="$1"; }
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../Cargo.toml" | head -n 1)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git %ct)} maintainer=${MAINTAINER:-$(git '%an <%ae>')}
export SOURCE_DATE_EPOCH

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
doc=$root/usr/share/doc/otus-models
"$otus" models pull "$@" >&2
for model in "$@"; do
    file=$("$otus" models verify --json "$model" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["place"])')
    install -D -m 644 "$file" "$root/usr/lib/otus/${file##*/}"
done
install -D -m 644 "$here/debian/models.copyright" "$doc/copyright"
printf 'otus-models (%s) stable; urgency=medium\n\n  * See the history of the source.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
size=$(find "$root" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
mkdir "$root/DEBIAN"
(cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
sed -e "s/@VERSION@/$version/" -e "s/@MAINTAINER@/$maintainer/" -e "s/@SIZE@/$size/" \
    "$here/debian/models.control" >"$root/DEBIAN/control"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$out/.part-models" >/dev/null
mv "$out/.part-models" "$out/otus-models_${version}_all.deb"
echo "$out/otus-models_${version}_all.deb"
