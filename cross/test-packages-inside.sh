#!/bin/sh
# The part of test-packages.sh that runs inside the Debian system.
set -u

failed=0
check() { # WHAT COMMAND...: is it so?
    what=$1
    shift
    if "$@" >/opt/test/said 2>&1; then
        echo "ok: $what"
    else
        echo "NOT SO: $what"
        sed 's/^/   /' /opt/test/said
        failed=1
    fi
}
version() { [ "$(dpkg-query -W -f '${Status} ${Version}' otus)" = "install ok installed $1" ]; }
# What a package has left, beside what was there before it. The user otus stays in the lists of users.
files() { find / -xdev \( -path /proc -o -path /opt -o -path /tmp \) -prune -o -iname '*otus*' -print | sort; }
pipeline=/etc/otus/pipeline.toml
newest=$(dpkg-deb -f /opt/test/this.deb Version)
older=$(dpkg-deb -f /opt/test/older.deb Version)
cd /opt/test

installs() {
    files >before
    check "it installs" dpkg -i this.deb
    check "everything that it needs is there" sh -c '! ldd /usr/bin/otus /usr/lib/otus/libonnxruntime.so | grep "not found"'
    check "the files are those of the package" sh -c '[ -z "$(dpkg -V otus)" ]'
    check "it runs" otus --version
    check "the user otus is there, in the groups of devices" sh -c 'id otus | grep audio | grep video | grep -q render'
    check "secrets are root's alone" [ "$(stat -c '%a %U' /etc/otus/secrets)" = "700 root" ]
    check "the service is not enabled" sh -c '! ls /etc/systemd/system/*.wants/otus.service'
    check "systemd's presets leave it so" sh -c 'systemctl preset otus && ! ls /etc/systemd/system/*.wants/otus.service'
    check "the unit can be read" systemd-analyze verify --man=no /usr/lib/systemd/system/otus.service
}

# What the doctor finds depends on the machine: it must get to its end, and find the library and the models.
works() {
    check "the doctor finds ONNX Runtime in the package" sh -c 'otus doctor | grep "^ok .*ONNX Runtime.*/usr/lib/otus"'
    check "the voice activity model is right" otus models verify silero-vad otus-person otus-words
    for file in $pipeline /etc/otus/examples/*.toml; do
        check "otus check $file" env PORCH_PASSWORD=secret otus check "$file"
    done
    mkdir -p try/sounds try/photos
    cp /usr/share/sounds/alsa/Front_Center.wav try/sounds/
    cp words.toml try/
    check "it hears speech" sh -c 'otus run try/words.toml && grep -q "\"kind\":\"speech\"" try/words.jsonl'
    check "and the words" grep '"text":"front center' try/words.jsonl
    # ONNX Runtime's makers build it so that it does, unless it is told not to.
    check "nothing numbers this machine" sh -c '! find / -xdev -name deviceid | grep .'
    [ -f vtest.avi ] || { echo "SKIPPED: people in a video, as .demo/vtest.avi is not there; \`make demo\` fetches it"; return; }
    ffmpeg -v error -ss 20 -i vtest.avi -frames:v 2 try/photos/%d.jpg
    sees photos otus-person person "uri = \"photos/*.jpg\""
    if [ -f models.deb ]; then
        check "the models install" dpkg -i models.deb
        check "and are right" otus models verify ssd-mobilenet-oid whisper-tiny.en whisper-base-q8_0
        sees photos-by-more ssd-mobilenet-oid Person "uri = \"photos/*.jpg\""
        check "and go again" dpkg --purge otus-models
    fi
    for backend in opencv ffmpeg; do
        sees video-by-$backend otus-person person "uri = \"../vtest.avi\"
backend = \"$backend\"
fps = 0.2"
    done
}
sees() { # WHAT MODEL LABEL OPTIONS
    cat >try/"$1".toml <<END
[sources.street]
type = "camera"
$4
[transforms.people]
type = "detect"
inputs = ["street"]
model = "$2"
[sinks.log]
type = "jsonl"
inputs = ["people"]
path = "$1.jsonl"
END
    check "it sees people in $1" sh -c "otus run try/$1.toml && grep -q '\"label\":\"$3\"' try/$1.jsonl"
}

changes() {
    check "it can be installed again" dpkg -i this.deb
    check "an older version installs over it" dpkg -i --force-confnew older.deb
    check "and is the one that is there" version "$older"
    echo 'nonsense = 1  # the administrator wrote this' >>$pipeline
    check "the upgrade passes, with a wrong pipeline file" dpkg -i --force-confold this.deb
    check "and is the one that is there" version "$newest"
    check "the administrator's pipeline file stays" grep -q 'the administrator wrote this' $pipeline
    check "the next upgrade passes" dpkg -i --force-confold newer.deb
    check "the pipeline file still stays" grep -q 'the administrator wrote this' $pipeline
    check "and the one of the package is beside it" grep -q '# of 99.0.0' $pipeline.dpkg-dist
    check "the way back passes" dpkg -i --force-confold this.deb
    check "and is the one that is there" version "$newest"
    check "it still runs" otus --version
}

goes() {
    mkdir -p /var/lib/private/otus /var/cache/private/otus
    ln -s private/otus /var/lib/otus
    ln -s private/otus /var/cache/otus
    touch /var/lib/private/otus/events.jsonl /etc/otus/secrets/NAME
    check "an administrator enables it" systemctl enable otus
    check "removing passes" dpkg --remove otus
    check "the pipeline file stays" test -e $pipeline
    check "what it wrote stays" test -e /var/lib/otus/events.jsonl
    check "the program has gone" sh -c '! [ -e /usr/bin/otus ] && ! [ -e /usr/lib/otus ]'
    check "it comes back, with the administrator's pipeline file" \
        sh -c "dpkg -i --force-confold this.deb && grep -q 'the administrator wrote this' $pipeline"
    check "purging passes" dpkg --purge otus
    files >after
    check "and leaves nothing" diff before after
    check "it can be installed after that" sh -c "dpkg -i this.deb && ! grep 'the administrator' $pipeline && dpkg --purge otus"
}

tarball() {
    tar -xzf linux.tar.gz
    check "the tarball installs" sh -c 'otus-*-linux/install.sh'
    check "and finds its library" sh -c 'otus doctor | grep "^ok .*ONNX Runtime.*/usr/lib/otus"'
    check "and its models" otus models verify silero-vad
    [ ! -f vtest.avi ] || sees video-without-opencv otus-person person "uri = \"../vtest.avi\"
fps = 0.2"
    check "and can be removed" sh -c 'otus-*-linux/install.sh remove'
    rm -r /etc/otus
    files >after
    check "which leaves nothing but /etc/otus" diff before after
}

installs
works
changes
goes
[ ! -f linux.tar.gz ] || tarball
[ $failed = 0 ] && echo "RESULT: all passed" || echo "RESULT: failed"
