#!/bin/sh
# Makes the icons for telephones of icon.svg: the same without round corners. Needs Chromium.
set -e
cd "$(dirname "$0")"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
for size in 192 512; do
    { echo "<!doctype html><style>body { margin: 0 } svg { display: block; width: ${size}px; height: ${size}px }</style>"
      sed 's/ rx="14"//' icon.svg; } > "$profile/icon.html"
    chromium --headless --no-sandbox --disable-gpu --no-first-run --user-data-dir="$profile/chromium" \
        --window-size=$size,$size --screenshot="$PWD/icon-$size.png" "file://$profile/icon.html"
done
