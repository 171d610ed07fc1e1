#!/bin/sh
# Installs otus from the unpacked tarball that this stands in, as root: `./install.sh`; `./install.sh remove` takes it away
# again and leaves /etc/otus and /var/lib/otus. With DESTDIR set, into that folder, and nothing is started.
#
# It goes to /usr, because otus looks for its library and models in /usr/lib/otus. To try it without installing:
#   ORT_DYLIB_PATH=lib/otus/libonnxruntime.so OTUS_MODELS=lib/otus bin/otus doctor
set -eu
umask 022
cd "$(dirname "$0")"
to=${DESTDIR:-}
[ -n "$to" ] || [ "$(id -u)" = 0 ] || { echo "install.sh: run it as root, or set DESTDIR" >&2; exit 1; }

files() { find bin lib share -type f | sort; }
on_systemd() { [ -z "$to" ] && [ -d /run/systemd/system ]; }
drop_in=/etc/systemd/system/otus.service.d/secrets.conf
# JetPack 5 has systemd 245, JetPack 6 has 249.
without_folders_of_credentials() { [ "$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')" -lt 251 ]; }

case ${1:-install} in
    install)
        files | while read -r file; do
            mode=644
            [ ! -x "$file" ] || mode=755
            install -D -m $mode "$file" "$to/usr/$file"
        done
        # What the administrator has written stays.
        find etc -type f | while read -r file; do
            [ -e "$to/$file" ] || install -D -m 644 "$file" "$to/$file"
        done
        if on_systemd; then
            systemd-sysusers otus.conf
            systemd-tmpfiles --create otus.conf
            if without_folders_of_credentials; then
                install -D -m 644 share/doc/otus/examples/secrets.conf $drop_in
                [ -e /etc/otus/secrets.env ] || install -m 600 /dev/null /etc/otus/secrets.env
                echo "secrets go into /etc/otus/secrets.env, as lines NAME=..., because systemd is older than 251"
            fi
            systemctl daemon-reload
            systemctl try-restart otus || echo "the service does not run: see \`journalctl -u otus\`" >&2
        fi
        echo "installed; \`otus doctor\` looks at the machine, \`systemctl enable --now otus\` starts the service"
        ;;
    remove)
        ! on_systemd || systemctl disable --now otus
        files | while read -r file; do rm -f "$to/usr/$file"; done
        for folder in lib/otus share/otus share/doc/otus/examples share/doc/otus; do
            [ ! -d "$to/usr/$folder" ] || rmdir --ignore-fail-on-non-empty "$to/usr/$folder"
        done
        if on_systemd; then
            rm -f $drop_in
            rmdir --ignore-fail-on-non-empty "${drop_in%/*}" 2>/dev/null || true
            systemctl daemon-reload
        fi
        ;;
    *) echo "install.sh: \`${1}\` is neither install nor remove" >&2; exit 2 ;;
esac
