#!/bin/sh
# Boots a machine that otus's package is installed in: Debian 12 with its own systemd in a container of systemd-nspawn,
# or on a kernel of its own in QEMU, which then also has a webcam and a microphone as the kernel gives them. The service
# must start at boot, write its first event, and outlive what test-systemd-inside.sh does to it. Prints what it checks and
# `RESULT: all passed` at the end.
#
# Usage: test-systemd.sh nspawn|kvm|tcg DEB [FOLDER]: in what, the amd64 package, and where the system is kept for the next
# time. Needs root, mmdebstrap, openssl, alsa-utils, systemd-container or ffmpeg, e2fsprogs and qemu-system-x86; 6 GB of
# disk. The webcam shows .demo/vtest.avi, which `make demo` fetches.
# `tcg` is QEMU without the processor's help, and takes many minutes.
set -eu

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
where=$1 deb=$2 folder=${3:-/var/tmp/otus-test-systemd}
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/root
mkdir -p "$folder"

# The first choice of each dependency, and what a machine boots with.
packages=$(dpkg-deb -f "$deb" Depends Recommends | sed 's/^[A-Z][a-z]*: //' | tr , '\n' | sed 's/|.*//; s/(.*//; s/ //g' \
    | paste -sd ,)
packages=$packages,systemd-sysv,dbus,udev,zstd
[ "$where" = nspawn ] || packages=$packages,linux-image-amd64,initramfs-tools,linux-headers-amd64,v4l2loopback-dkms,kmod,alsa-utils
kept=$folder/$([ "$where" = nspawn ] && echo container || echo machine)
if [ "$(cat "$kept.packages" 2>/dev/null)" != "$packages" ]; then
    mmdebstrap --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' bookworm "$kept.tar"
    echo "$packages" >"$kept.packages"
fi

rm -rf "$root" && mkdir "$root"
tar -xf "$kept.tar" -C "$root" --exclude='./dev/*'
: >"$root/etc/machine-id"
cp "$deb" "$root/opt/otus.deb"
chroot "$root" dpkg -i /opt/otus.deb
chroot "$root" systemctl enable otus
# Somebody speaks, then there are twenty minutes of silence, as long as the machine will run; 48 kHz, mono.
mkdir "$root/opt/sound"
cp /usr/share/sounds/alsa/Front_Center.wav "$root/opt/sound/"
{
    printf 'RIFF\044\000\000\200WAVEfmt \020\000\000\000\001\000\001\000\200\273\000\000\000\167\001\000\002\000\020\000data\000\000\000\200'
    head -c 115200000 /dev/zero
} >"$root/opt/sound/silence.wav"
secrets=$root/etc/otus/secrets
printf 'hunter2-systemd\n' >"$secrets/PORCH_PASSWORD"
openssl rand -hex 32 >"$secrets/token"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$secrets/key" -out "$root/etc/otus/cert.pem" -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE 2>/dev/null
chmod 600 "$secrets"/*
cat >"$root/etc/otus/pipeline.toml" <<'END'
[status]
token_file = "/run/credentials/otus.service/otus_token"
tls_cert = "/etc/otus/cert.pem"
tls_key = "/run/credentials/otus.service/otus_key"
[sources.mic]
type = "audio_file"
path = "/opt/sound/*.wav"
pace = "realtime"
[sources.porch]
type = "camera"
uri = "rtsp://admin:${PORCH_PASSWORD}@127.0.0.1:9/stream"
[transforms.speech]
type = "vad"
inputs = ["mic"]
[transforms.words]
type = "transcribe"
inputs = ["speech"]
model = "otus-words"
[sinks.log]
type = "jsonl"
inputs = ["speech", "words", "mic", "porch"]
path = "/var/lib/otus/events.jsonl"
END
if [ "$where" != nspawn ]; then
    # What webcams send, one JPEG picture after the other.
    ffmpeg -v error -ss 20 -i "$here/../.demo/vtest.avi" -t 20 -r 5 -c:v mjpeg -q:v 3 "$root/opt/webcam.avi"
    cat >>"$root/etc/otus/pipeline.toml" <<'END'
[sources.webcam]
type = "camera"
uri = "/dev/video0"
fps = 1
[transforms.people]
type = "detect"
inputs = ["webcam"]
model = "otus-person"
[sinks.people_log]
type = "jsonl"
inputs = ["people"]
path = "/var/lib/otus/people.jsonl"
[sources.microphone]
type = "microphone"
[transforms.heard]
type = "vad"
inputs = ["microphone"]
[sinks.heard_log]
type = "jsonl"
inputs = ["heard"]
path = "/var/lib/otus/heard.jsonl"
END
fi
install -m 755 "$here/test-systemd-inside.sh" "$root/opt/"
cat >"$root/etc/systemd/system/test.service" <<'END'
[Service]
Type=oneshot
TimeoutStartSec=infinity
StandardOutput=append:/opt/log
StandardError=append:/opt/log
ExecStart=/opt/test-systemd-inside.sh
ExecStopPost=/bin/sh -c 'cat /opt/log >/dev/console'
ExecStopPost=/bin/systemctl poweroff --force --force
END
ln -s ../test.service "$root/etc/systemd/system/multi-user.target.wants/test.service"
# They would write between the lines.
ln -s /dev/null "$root/etc/systemd/system/serial-getty@ttyS0.service"
ln -s /dev/null "$root/etc/systemd/system/console-getty.service"

in_container() {
    timeout 900 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network \
        --machine=otus-test --boot systemd.show_status=no </dev/null
}

in_machine() {
    rm -f "$folder/image"
    truncate -s 4G "$folder/image"
    mke2fs -q -t ext4 -d "$root" "$folder/image"
    timeout 3600 qemu-system-x86_64 -accel "$where" -cpu max,-arch-capabilities -m 2G -smp 2 -nographic -no-reboot \
        -net none -kernel "$root"/boot/vmlinuz-* -initrd "$root"/boot/initrd.img-* \
        -append "root=/dev/vda rw console=ttyS0 quiet loglevel=3 systemd.show_status=no" \
        -drive "file=$folder/image,format=raw,if=virtio" </dev/null
}

case $where in
    nspawn) in_container ;;
    kvm | tcg) in_machine ;;
esac | tee "$folder/log"
grep -q 'RESULT: all passed' "$folder/log"
