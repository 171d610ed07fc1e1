#!/bin/sh
# Starts otus as the service that cross/systemd makes of it, under a real systemd: Debian 12 in a container of
# systemd-nspawn, or on a kernel of its own in QEMU. Prints what it checks and `RESULT: all passed` at the end.
#
# Usage: test-systemd.sh nspawn|kvm|tcg DEB [FOLDER]: in what, the package of cross/package.sh, and where the system is
# kept for the next time. Needs root, mmdebstrap, systemd-container or e2fsprogs and qemu-system-x86; 3 GB of disk. `tcg`
# is QEMU without the processor's help, and takes many minutes.
set -eu

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
where=$1 deb=$2 folder=${3:-/var/tmp/otus-test-systemd}
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/root
mkdir -p "$folder"

# otus's libraries, and what a machine boots with.
packages=systemd,systemd-sysv,dbus,udev,libopencv-videoio406,libasound2,libgomp1,linux-image-cloud-amd64,initramfs-tools,zstd
if [ ! -f "$folder/root.tar" ]; then
    mmdebstrap --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' \
        bookworm "$folder/root.part"
    mv "$folder/root.part" "$folder/root.tar"
fi

rm -rf "$root" && mkdir "$root"
tar -xf "$folder/root.tar" -C "$root" --exclude='./dev/*'
: >"$root/etc/machine-id"
cp "$deb" "$root/opt/otus.deb"
chroot "$root" dpkg -i /opt/otus.deb
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
    truncate -s 3G "$folder/image"
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
