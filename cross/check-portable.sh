#!/bin/sh
# Do programs and libraries run on an old system? Fails, and says why, if one needs a newer C library than given or
# other libraries than the C runtime's, ALSA's and OpenBLAS.
#
# Usage: check-portable.sh GLIBC FILE...
set -eu

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
oldest=$1
shift
for file; do
    headers=$(objdump -p "$file") symbols=$(objdump -T "$file")
    needed=$(echo "$headers" | sed -n 's/^ *NEEDED *//p')
    for library in $needed; do
        case $library in
            libc.so.6 | libm.so.6 | libdl.so.2 | libpthread.so.0 | librt.so.1 | libgcc_s.so.1 | ld-linux-*) ;;
            libasound.so.2 | libggml-base.so.*) ;;
            # Only ggml's module for it, which is left out where there is none.
            libopenblas.so.0) ;;
            *) echo "$file needs $library" >&2; exit 1 ;;
        esac
    done
    newest=$(echo "$symbols" | grep -o 'GLIBC_[A-Z0-9_.]*' | sort -Vu | tail -n 1)
    newest=${newest#GLIBC_}
    case $newest in
        [0-9]*) ;;
        '') echo "$file names no version of the C library: is it linked to one?" >&2; exit 1 ;;
        # What is private to one C library, or to come, has a word for its version.
        *) echo "$file needs GLIBC_$newest" >&2; exit 1 ;;
    esac
    if [ "$(printf '%s\n' "$newest" "$oldest" | sort -V | tail -n 1)" != "$oldest" ]; then
        echo "$file needs glibc $newest, and $oldest is what there is:" >&2
        echo "$symbols" | grep -F "GLIBC_$newest" >&2
        exit 1
    fi
    echo "$file: glibc $newest; $(echo "$needed" | tr '\n' ' ')"
done
