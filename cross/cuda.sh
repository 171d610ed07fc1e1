#!/bin/sh
# Builds whisper.cpp's kernels for Jetson's graphics processor, libggml-cuda.so, from the sources in the crate that otus is
# built with. otus takes it from /usr/lib/otus, where the modules of kernels.sh must be too.
#
# Usage: cuda.sh TOOLKIT ARCHITECTURES OUT: where bin/nvcc is (on a board /usr/local/cuda), for which processors, and where
# the module is put. 72 is Xavier, 87 is Orin, 110 is Thor (101 before CUDA 13); more than one with ; between them.
# The toolkit's first number must be the board's: CUDA 11 for JetPack 5, 12 for JetPack 6, 13 for JetPack 7. Elsewhere than
# on a board the toolkit must have targets/aarch64-linux too, and CXX (aarch64-linux-gnu-g++) must be one that it knows, of a
# system not newer than the board's: what Debian 12's makes needs GLIBCXX_3.4.30 (JetPack 6 on), what Debian 11's makes
# GLIBCXX_3.4.21 (JetPack 5).
# Needs cmake and cargo, and ten minutes to hours. JOBS says how many files are compiled at once (1).
set -eu

[ $# = 3 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
toolkit=$(cd "$1" && pwd) architectures=$2 out=$3
[ -x "$toolkit/bin/nvcc" ] || { echo "cuda.sh: $toolkit has no bin/nvcc" >&2; exit 2; }
case $(uname -m) in
    aarch64) prefix="" target="" other="" ;;
    *) prefix=aarch64-linux-gnu- target="-target-dir aarch64-linux"
        other="-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64" ;;
esac
cxx=${CXX:-${prefix}g++}
here=$(cd "$(dirname "$0")" && pwd)
crate=$(cargo metadata --manifest-path "$here/../Cargo.toml" --format-version 1 --locked |
    grep -o '"manifest_path":"[^"]*/whisper-rs-sys-[^"/]*/Cargo.toml"' | cut -d'"' -f4 | head -n 1)

# One kind of processor is named here, so only its code is made, and none that a driver would have to translate first.
real=$(echo "$architectures" | sed 's/[0-9][0-9]*[a-z]*/&-real/g')
mkdir -p "$out"
# The board's own CUDA runtime is used, which fits its driver. Boards have little address space for the pool of ggml (VMM).
# shellcheck disable=SC2086
cmake -S "${crate%/*}/whisper.cpp" -B "$out/build" -DCMAKE_BUILD_TYPE=Release $other \
    -DCMAKE_C_COMPILER=${prefix}gcc -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CUDA_HOST_COMPILER="$cxx" \
    -DCUDAToolkit_ROOT="$toolkit" -DCMAKE_CUDA_COMPILER="$toolkit/bin/nvcc" \
    -DCMAKE_CUDA_FLAGS="-cudart shared $target" -DCMAKE_CUDA_RUNTIME_LIBRARY=Shared -DCMAKE_CUDA_ARCHITECTURES="$real" \
    -DBUILD_SHARED_LIBS=ON -DWHISPER_BUILD_TESTS=OFF -DWHISPER_BUILD_EXAMPLES=OFF \
    -DGGML_BACKEND_DL=ON -DGGML_NATIVE=OFF -DGGML_CPU=OFF -DGGML_CUDA=ON -DGGML_CUDA_NO_VMM=ON \
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH="\$ORIGIN" >"$out.log" 2>&1 ||
    { tail -n 30 "$out.log" >&2; exit 1; }
cmake --build "$out/build" --parallel "${JOBS:-1}" --target ggml-cuda >>"$out.log" 2>&1 || { tail -n 30 "$out.log" >&2; exit 1; }
${prefix}strip -o "$out/libggml-cuda.so" "$out/build/bin/libggml-cuda.so"
