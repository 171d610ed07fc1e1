#!/bin/sh
# Starts otus as the service that cross/systemd makes of it, under a real systemd on a real kernel: Debian in QEMU,
# with KVM where there is one. Prints what it checks and `RESULT: all passed` at the end.
#
# Usage: test-systemd.sh OTUS ONNXRUNTIME SILERO [FOLDER]: the program, the library and the VAD model to install, and
# where the system's image is kept for the next time. Needs root and mmdebstrap, e2fsprogs, qemu-system-x86; takes
# 3 GB and, the first time, some minutes. Debian packages only.
set -eu

[ $# -ge 3 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
otus=$1 runtime=$2 silero=$3 folder=${4:-/var/tmp/otus-test-systemd}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"

# otus's libraries, and what a machine boots with.
packages=systemd,systemd-sysv,dbus,udev,libopencv-videoio406,libasound2,libgomp1,linux-image-cloud-amd64,initramfs-tools,zstd
if [ ! -f "$folder/image" ]; then
    [ -f "$folder/root.tar" ] ||
        mmdebstrap --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' \
            bookworm "$folder/root.tar"
    rm -rf "$folder/root" && mkdir "$folder/root"
    tar -xf "$folder/root.tar" -C "$folder/root" --exclude='./dev/*'
    cp "$folder"/root/boot/vmlinuz-* "$folder/kernel"
    cp "$folder"/root/boot/initrd.img-* "$folder/initrd"
    # The second disk is a tar file: what is under test, unpacked at every start.
    cat >"$folder/root/etc/systemd/system/test.service" <<'END'
[Service]
Type=oneshot
TimeoutStartSec=infinity
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/sh -c 'tar -xf /dev/vdb -C / && systemctl daemon-reload && sh /opt/test.sh'
ExecStopPost=/bin/systemctl poweroff --force --force
END
    ln -sf ../test.service "$folder/root/etc/systemd/system/multi-user.target.wants/test.service"
    truncate -s 3G "$folder/image.part"
    mke2fs -q -t ext4 -d "$folder/root" "$folder/image.part"
    mv "$folder/image.part" "$folder/image"
    rm -rf "$folder/root"
fi

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
units=$new/usr/lib/systemd/system
mkdir -p "$units" "$new/usr/bin" "$new/usr/lib/otus" "$new/usr/lib/tmpfiles.d" "$new/etc/otus" "$new/opt"
cp "$otus" "$new/usr/bin/otus"
cp "$runtime" "$new/usr/lib/otus/libonnxruntime.so"
cp "$silero" "$new/usr/lib/otus/silero_vad.onnx"
cp "$here/systemd/otus.service" "$units/"
cp "$here/systemd/otus.tmpfiles" "$new/usr/lib/tmpfiles.d/otus.conf"
cp "$here/test-systemd-inside.sh" "$new/opt/test.sh"
chown -R root:root "$new" && chmod -R go+rX "$new"
tar -C "$new" -cf "$folder/payload" .

timeout 900 qemu-system-x86_64 -accel kvm -accel tcg -cpu max,-arch-capabilities -m 2G -smp 2 -nographic -no-reboot -net none \
    -kernel "$folder/kernel" -initrd "$folder/initrd" \
    -append "root=/dev/vda rw console=ttyS0 quiet loglevel=3 systemd.show_status=no" \
    -drive "file=$folder/image,format=raw,if=virtio,snapshot=on" \
    -drive "file=$folder/payload,format=raw,if=virtio,readonly=on" </dev/null | tee "$folder/log"
grep -q 'RESULT: all passed' "$folder/log"
