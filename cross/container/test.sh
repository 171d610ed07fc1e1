#!/bin/sh
# Tries the image: as a user would start it, with a read-only root, no rights and a volume, on a film and on the pipeline of
# compose.yml, with a camera and a broker that stand in for MediaMTX and Mosquitto. Prints what it checks and
# `RESULT: all passed` at the end.
#
# Usage: test.sh IMAGE. Needs podman, root, curl, alsa-utils and .demo/vtest.avi, which `make setup-demo` fetches; for the
# pipeline of compose.yml mosquitto, mosquitto-clients, and what tests/rigs/rtsp_server.py needs. In a sandbox
# CONTAINERS_CONF=sandbox.conf may help.
set -eu

[ $# = 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
image=$1
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
work=$(mktemp -d /var/tmp/otus-image-XXXX)
chmod 755 "$work"
failed=0 helpers=

name() { echo "otus-trial-$$-$1"; }
finish() {
    [ -z "$helpers" ] || kill $helpers 2>/dev/null || true
    for it in film house; do
        podman rm --force --time 1 "$(name $it)" >/dev/null 2>&1 || true
        podman volume rm --force "$(name $it)" >/dev/null 2>&1 || true
    done
    podman secret rm "$(name secret)" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

check() { # WHAT COMMAND...: is it so?
    what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "ok: $what"
    else
        echo "NOT SO: $what"
        sed 's/^/   /' "$work/said" | tail -n 20
        failed=1
    fi
}
within() { # SECONDS COMMAND...
    patience=$1
    shift
    until "$@"; do
        patience=$((patience - 1))
        [ "$patience" -gt 0 ] || return 1
        sleep 1
    done
}
# As guides/containers.md says: nothing of root's, nothing writable but the volume; of podman's own folder of secrets
# read-only would make a read-only one that no secret gets into.
run() { # OPTIONS AND COMMAND...
    podman run --read-only --tmpfs /run/secrets --cap-drop ALL --security-opt no-new-privileges "$@"
}
inside() { # TRIAL COMMAND...
    it=$(name "$1")
    shift
    podman exec "$it" "$@"
}
events() { inside "$1" cat "/var/lib/otus/$2" 2>/dev/null; } # TRIAL FILE
sees() { events "$1" events.jsonl | grep -q "$2"; }          # TRIAL PATTERN
healthy() { podman healthcheck run "$(name "$1")" >/dev/null 2>&1; }
unhealthy() { ! healthy "$1"; }
stops() { # TRIAL: in time, and by itself
    before=$(date +%s)
    podman stop --time 15 "$(name "$1")"
    took=$(($(date +%s) - before))
    code=$(podman inspect --format '{{.State.ExitCode}}' "$(name "$1")")
    echo "exit code $code after $took s"
    [ "$code" = 0 ] && [ "$took" -lt 10 ]
}

image_itself() {
    check "it says its version" sh -c "podman run --rm $image --version | grep '^otus '"
    check "nobody is root in it" sh -c "podman run --rm --entrypoint id $image | grep '^uid=9860(otus)'"
    check "it has a health check" sh -c "podman image inspect $image | grep -q otus-health"
    check "it holds no secret folder of root's" sh -c "! podman run --rm --entrypoint ls $image /etc/otus/secrets"
    check "its models are right" run --rm "$image" models verify silero-vad otus-person otus-words
    check "the doctor finds ONNX Runtime" sh -c "podman run --rm $image doctor | grep '^ok .*ONNX Runtime.*/usr/lib/otus'"
    check "it checks a pipeline file that it is given" sh -c \
        "podman run --rm -i --env PORCH_PASSWORD=x $image check - <$top/cross/pipelines/network-camera.toml"
}

film() {
    mkdir "$work/otus" "$work/films"
    cp -L "$top/.demo/vtest.avi" "$work/films/"
    cp /usr/share/sounds/alsa/Front_*.wav "$work/films/"
    cat >"$work/otus/pipeline.toml" <<'END'
[sources.street]
type = "camera"
uri  = "/films/vtest.avi"
pace = "realtime"
fps  = 5

[sources.voice]
type = "audio_file"
path = "/films/*.wav"

[transforms.people]
type   = "detect"
inputs = ["street"]
model  = "otus-person"

[transforms.speech]
type   = "vad"
inputs = ["voice"]

[transforms.words]
type   = "transcribe"
inputs = ["speech"]
model  = "otus-words"

[sinks.log]
type   = "jsonl"
inputs = ["people", "words"]
path   = "/var/lib/otus/events.jsonl"
END
    cp "$work/otus/pipeline.toml" "$work/film.toml"
    check "a container starts" run --detach --name "$(name film)" --volume "$(name film):/var/lib/otus" \
        --volume "$work/otus:/etc/otus:ro" --volume "$work/films:/films:ro" "$image"
    check "it becomes healthy" within 60 healthy film
    check "it sees people" within 60 sees film '"label":"person"'
    check "it hears words" within 60 sees film '"kind":"transcript"'
    check "everything in it is otus's" sh -c "! podman top $(name film) user | grep -v -e USER -e otus"
    check "its root cannot be written" sh -c "! podman exec $(name film) touch /etc/otus/x /usr/x"
    check "its page is there, inside" inside film sh -c 'curl --silent --fail http://127.0.0.1:9860/ | grep -q "<title>otus"'
    podman kill --signal STOP "$(name film)" >/dev/null
    check "it is not healthy while it hangs" unhealthy film
    podman kill --signal CONT "$(name film)" >/dev/null
    check "and is again when it goes on" within 20 healthy film
    sed 's/fps  = 5/fps  = 4/' "$work/film.toml" >"$work/otus/pipeline.toml"
    podman kill --signal HUP "$(name film)" >/dev/null
    check "a hangup has it read its pipeline file again" within 30 sh -c "podman logs $(name film) 2>&1 | grep 'the new graph runs'"
    check "it leaves no dead children" sh -c "! podman exec $(name film) sh -c 'cat /proc/[0-9]*/stat' | grep ') Z '"
    check "it stops when it is told to" stops film
    count=$(wc -l <"$(podman volume inspect --format '{{.Mountpoint}}' "$(name film)")/events.jsonl")
    podman start "$(name film)" >/dev/null
    check "a second start goes on in the same file" within 60 sh -c \
        "[ \$(podman exec $(name film) cat /var/lib/otus/events.jsonl | wc -l) -gt $count ]"
    check "and stops" stops film
}

house() {
    rig="/usr/bin/python3 $top/tests/rigs/rtsp_server.py --port 8554 --path /camera1 --file $work/street.mp4"
    command -v mosquitto >/dev/null && /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null \
        || { echo "SKIPPED: the pipeline of compose.yml, as mosquitto or GStreamer's RTSP server is not here"; return; }
    ffmpeg -v error -i "$top/.demo/vtest.avi" -t 60 -c:v libx264 -preset ultrafast "$work/street.mp4"
    mkdir "$work/broker"
    mosquitto_passwd -b -c "$work/broker/passwords" otus hunter2-container
    # That of compose.yml, in other folders, and on this machine's own address only.
    sed -e "s|/run/secrets/mosquitto|$work/broker/passwords|; s|/mosquitto/data/|$work/broker/|; s|^listener 1883|& 127.0.0.1|" \
        "$here/mosquitto.conf" >"$work/mosquitto.conf"
    chown -R mosquitto "$work/broker"
    mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
    helpers=$!
    $rig >"$work/rig.log" 2>&1 &
    helpers="$helpers $!"
    printf hunter2-container | podman secret create "$(name secret)" - >/dev/null
    mosquitto_sub -u otus -P hunter2-container -t '#' -v >"$work/told" 2>/dev/null &
    helpers="$helpers $!"
    check "compose's pipeline starts" run --detach --name "$(name house)" --network host --volume "$(name house):/var/lib/otus" \
        --volume "$here/otus:/etc/otus:ro" --secret "$(name secret),target=MQTT_PASSWORD" "$image"
    check "it becomes healthy" within 60 healthy house
    check "Home Assistant is told what there is" within 60 grep -q '^homeassistant/.*/config' "$work/told"
    check "and of people" within 90 grep -q '/events/track' "$work/told"
    check "and of pictures" within 90 grep -q '/events/saved' "$work/told"
    check "its page is there, on this machine" sh -c 'curl --silent --fail http://127.0.0.1:9860/ | grep -q "<title>otus"'
    check "Prometheus would find it" sh -c 'curl --silent --fail http://127.0.0.1:9860/metrics | grep -q "^otus_node_up{node=\"porch\"} 1"'
    check "the password is in no description of it" sh -c \
        "! podman inspect $(name house) | grep hunter2 && ! podman logs $(name house) 2>&1 | grep hunter2"
    check "it stops when it is told to" stops house
}

image_itself
film
house
[ $failed = 0 ] && echo "RESULT: all passed" || { echo "RESULT: failed"; exit 1; }
