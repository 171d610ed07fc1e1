#!/bin/sh
# Has the kernel start 64-bit ARM programs through QEMU, until the machine is started again.
#
# Usage: binfmt.sh QEMU: the statically linked qemu-aarch64. Needs root, and a kernel with binfmt_misc.
set -eu

[ $# = 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
formats=/proc/sys/fs/binfmt_misc
[ -e $formats/register ] || mount -t binfmt_misc binfmt_misc $formats
[ ! -e $formats/otus-aarch64 ] || echo -1 >$formats/otus-aarch64
# The header of an ELF program or library for machine 183 (0xb7). F: QEMU is opened now, so that a chroot has it too.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":otus-aarch64:M::$magic:$mask:$1:F" >$formats/register
