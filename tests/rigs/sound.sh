#!/bin/sh
# A sound card without hardware for tests: what is played into the sink `otus_test` is what the default source hears.
#
# Usage: sound.sh DIR. Starts a PulseAudio daemon of its own under DIR, needs no session, may run as root, and several
# may run side by side. Prints `export NAME=value` lines for PulseAudio's and ALSA's clients, then `ready`, and cleans
# up on SIGTERM. Needs Debian's pulseaudio, pulseaudio-utils (paplay), libasound2-plugins (ALSA's `pulse` plugin).
set -eu

dir=${1:?usage: sound.sh DIR}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
socket=$dir/pulse.socket
# A Unix socket's path may have 107 bytes at most; PulseAudio's own message about it does not say so.
[ ${#socket} -le 107 ] || { echo "sound.sh: $socket is too long for a socket" >&2; exit 2; }
daemon=

stop() {
    trap - EXIT INT TERM
    [ -z "$daemon" ] || { kill "$daemon" 2>/dev/null && wait "$daemon"; } || true
    rm -rf "$dir/home" "$dir/run" "$dir/asound.conf" "$socket"
    exit "$1"
}
trap 'stop 0' INT TERM
trap 'stop $?' EXIT

rm -rf "$dir/home" "$dir/run" "$socket"
mkdir -p -m 700 "$dir/home" "$dir/run"

# The system's file first: it brings the plugins and the standard names.
cat >"$dir/asound.conf" <<END
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse server "unix:$socket" }
ctl.!default { type pulse server "unix:$socket" }
pcm.otus_test { type pulse server "unix:$socket" hint { show on description "otus test sound" } }
END

# -n: only the modules named here. setpriv: a test that kills this script outright leaves no daemon behind.
# norewinds: the sink then works in steps of 50 ms; otherwise its first sound may come two seconds late.
# env: nothing of the caller's session leaks in, and nothing of ours leaks out.
setpriv --pdeathsig TERM env -i PATH="$PATH" HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run" \
    pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --disable-shm=yes --log-level=error \
    --load="module-native-protocol-unix socket=$socket auth-anonymous=1" \
    --load="module-null-sink sink_name=otus_test rate=48000 channels=2 norewinds=1" 2>"$dir/pulse.log" &
daemon=$!

export PULSE_SERVER="unix:$socket"
tries=0
until [ "$(pactl get-default-source 2>/dev/null)" = otus_test.monitor ]; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 "$daemon" 2>/dev/null; then
        echo "sound.sh: PulseAudio did not start:" >&2
        cat "$dir/pulse.log" >&2
        exit 1
    fi
    sleep 0.1
done

echo "export PULSE_SERVER=unix:$socket"
echo "export ALSA_CONFIG_PATH=$dir/asound.conf"
echo ready
wait "$daemon"
