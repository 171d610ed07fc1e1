#!/bin/sh
# The part of test-systemd.sh that runs inside the machine: asks systemd, as an operator would.
set -u

failed=0
check() { # WHAT COMMAND...: is it so?
    what=$1
    shift
    if "$@"; then echo "ok: $what"; else echo "NOT SO: $what"; failed=1; fi
}
property() { systemctl show -P "$1" otus; }
now() { cut -d. -f1 /proc/uptime; }
within() { # SECONDS COMMAND...: does it become so in time? Prints how long it took.
    limit=$(($(now) + $1)) since=$(now)
    shift
    until "$@"; do
        [ "$(now)" -lt "$limit" ] || return 1
        sleep 0.2
    done
    echo "   after $(($(now) - since)) s"
}
is() { [ "$(property "$1")" = "$2" ]; }
# Active again as another process than the one given; for a moment after a death there is none.
replaced() {
    is ActiveState active || return 1
    case $(property MainPID) in 0 | "$1") return 1 ;; esac
}
journal() { journalctl -q -u otus -o cat "$@"; }

echo "systemd $(systemctl --version | head -n 1), $(uname -r)"
check "the package starts at boot" within 300 is ActiveState active
events=/var/lib/otus/events.jsonl
for kind in speech transcript; do
    check "and writes its first $kind" within 300 grep -qs "\"kind\":\"$kind\"" $events
    echo "   $(now) s after the kernel: $(grep -m 1 "\"kind\":\"$kind\"" $events)"
done

# Both are plugged in while the service runs, as its user finds them in /dev.
plug() {
    ffmpeg -nostdin -v error -re -stream_loop -1 -i /opt/webcam.avi -c copy -f v4l2 /dev/video0 &
    webcam=$!
}
speak() { while aplay -q -D plughw:Loopback,1 /opt/sound/Front_Center.wav; do sleep 1; done; }
lines() { wc -l <$people; }
sees_more_than() { [ "$(lines)" -gt "$1" ]; }
if [ -e /opt/webcam.avi ]; then
    people=/var/lib/otus/people.jsonl
    modprobe v4l2loopback exclusive_caps=1
    plug
    check "a webcam that is plugged in later shows people" within 180 grep -qs '"label":"person"' $people
    echo "   $(grep -m 1 '"label":"person"' $people)"
    check "OpenCV's library for picture files decodes its MJPEG" grep -q libopencv_imgcodecs "/proc/$(property MainPID)/maps"
    kill $webcam
    wait $webcam
    check "a webcam that stops is missed" within 120 sh -c 'systemctl show -P StatusText otus | grep -q "webcam is being retried"'
    seen=$(lines)
    plug
    check "and read again when it is back" within 120 sees_more_than "$seen"

    modprobe snd-aloop
    speak &
    speaker=$!
    check "a microphone that is plugged in later hears speech" within 300 grep -qs '"kind":"speech"' /var/lib/otus/heard.jsonl
    echo "   $(grep -m 1 '"kind":"speech"' /var/lib/otus/heard.jsonl)"
    kill $speaker $webcam
else
    echo "SKIPPED: a webcam and a microphone, which a kernel of its own has to make up"
fi
systemctl stop otus

# A hang is to be noticed sooner here.
mkdir -p /run/systemd/system/otus.service.d
printf '[Service]\nWatchdogSec=20\n' >/run/systemd/system/otus.service.d/test.conf
systemctl daemon-reload

since=$(now)
check "the unit starts and becomes ready" systemctl start otus
echo "   after $(($(now) - since)) s"
check "it is active" is ActiveState active
sleep 10
systemctl --no-pager status otus
check "its status is a readable line" sh -c 'systemctl show -P StatusText otus | grep -q "^running.*porch is being retried"'
# DynamicUser takes the user that the package has made.
check "it runs as a user of its own" test "$(stat -c %U "/proc/$(property MainPID)")" = otus
check "it sees the credential" sh -c "! journalctl -q -u otus -o cat | grep -q 'PORCH_PASSWORD.* is not set'"
check "what one node said can be asked for" sh -c 'journalctl -q -u otus OTUS_NODE=porch -o json | grep -q "\"PRIORITY\":\"4\""'
journal OTUS_NODE=porch -n 1
check "no secret is in the journal" sh -c "! journalctl -o export | grep -q hunter2"

check "it answers with the token and the key of its credentials" within 60 otus status --url https://127.0.0.1:9860 \
    --token-file /etc/otus/secrets/token --ca /etc/otus/cert.pem

pid=$(property MainPID)
kill -9 "$pid"
check "after kill -9 it runs again" within 60 replaced "$pid"

pid=$(property MainPID)
kill -STOP "$pid"
check "stopped by SIGSTOP, the watchdog replaces it" within 120 replaced "$pid"
check "the watchdog did it" sh -c 'journalctl -q -u otus -o cat | grep -q "Watchdog timeout"'

pid=$(property MainPID)
memory=$(property MemoryCurrent)
if [ "$memory" = "[not set]" ]; then
    echo "SKIPPED: MemoryMax, as systemd has no memory controller here"
else
    # F18
    echo "   it used $((memory / 1048576)) MiB"
    systemctl set-property --runtime otus MemoryMax=8M MemorySwapMax=0
    check "beyond MemoryMax it is killed" within 60 sh -c 'journalctl -q -u otus -o cat | grep -q "oom-kill"'
    systemctl set-property --runtime otus MemoryMax=1G
    check "and runs again with enough" within 120 replaced "$pid"
fi

pid=$(property MainPID)
check "a package that is installed over it" dpkg -i /opt/otus.deb
check "starts it anew" within 60 replaced "$pid"

since=$(now)
check "it stops" systemctl stop otus
echo "   after $(($(now) - since)) s"
check "cleanly" is Result success

echo 'nonsense = 1' >>/etc/otus/pipeline.toml
check "a wrong pipeline file is refused" sh -c '! systemctl start otus 2>/dev/null'
sleep 6
check "and not tried again" is NRestarts 0
systemctl stop otus
journal -n 8

sed -i '/^nonsense/d' /etc/otus/pipeline.toml
systemctl start otus
echo 'nonsense = 1' >>/etc/otus/pipeline.toml
check "an upgrade passes although the new version refuses the file" dpkg -i --force-confold /opt/otus.deb
sed -i '/^nonsense/d' /etc/otus/pipeline.toml
check "and the service starts when that is mended" systemctl start otus
check "removing the package stops it" sh -c 'dpkg --remove otus && ! systemctl is-active otus'
check "purging it leaves nothing that it wrote" sh -c 'dpkg --purge otus && ! ls -d /var/lib/private/otus /var/lib/otus /etc/otus'
[ $failed = 0 ] && echo "RESULT: all passed" || { echo "RESULT: failed"; journalctl -q -u otus -o short-monotonic | tail -n 60; }
