#!/bin/sh
# Builds whisper.cpp's kernels for processors that can do more than the oldest of their kind, from the sources in the
# crate that otus is built with. otus takes the best that the processor can run (src/inference/speech/whisper/processor.rs).
#
# Usage: kernels.sh arm64|amd64 GLIBC OUT: for which processors, the oldest C library, and where the modules are put.
# Needs cmake, libopenblas-dev and, on the PATH, cargo-zigbuild.
set -eu

[ $# = 3 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
architecture=$1 glibc=$2 out=$3
case $architecture in
    # Dot products and half floats: Raspberry Pi 5, Jetson Orin, RK3588; then Jetson Thor and servers.
    arm64) processor=aarch64 variants="armv8.2_2 armv8.6_1" ;;
    # Any; AVX2: since 2013, N100; AVX-512; and with products of small numbers, for quantised models. OpenBLAS, where it is
    # installed, takes the large products off them: a quarter less of a processor with AVX-512 for Whisper's encoder.
    amd64) processor=x86_64 variants="x64 haswell skylakex icelake zen4" blas=yes ;;
    *) echo "kernels.sh: $architecture is neither arm64 nor amd64" >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
crate=$(cargo metadata --manifest-path "$here/../Cargo.toml" --format-version 1 --locked |
    grep -o '"manifest_path":"[^"]*/whisper-rs-sys-[^"/]*/Cargo.toml"' | cut -d'"' -f4 | head -n 1)

zig="cargo-zigbuild zig"
# ggml opens every module to ask what it needs, and closes those that the processor is too old for. zig's start-up code does
# not take back what they have asked to be called at the end, so they must stay.
stay="-Wl,-z,nodelete"
export CC="$zig cc -- -target $processor-linux-gnu.$glibc" CXX="$zig c++ -- -target $processor-linux-gnu.$glibc"
cmake -S "${crate%/*}/whisper.cpp" -B "$out/build" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$processor \
    -DBUILD_SHARED_LIBS=ON -DWHISPER_BUILD_TESTS=OFF -DWHISPER_BUILD_EXAMPLES=OFF \
    -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DGGML_NATIVE=OFF -DGGML_LLAMAFILE=ON -DGGML_OPENMP=OFF \
    -DCMAKE_MODULE_LINKER_FLAGS=$stay -DCMAKE_SHARED_LINKER_FLAGS=$stay \
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH='$ORIGIN' >"$out.log" 2>&1 ||
    { tail -n 30 "$out.log" >&2; exit 1; }
# shellcheck disable=SC2086
cmake --build "$out/build" --parallel 2 --target $(for it in $variants; do echo "ggml-cpu-$it"; done) >>"$out.log" 2>&1 ||
    { tail -n 30 "$out.log" >&2; exit 1; }
if [ "${blas:-}" ]; then
    # In the place of OpenBLAS, whose own C library is newer than the oldest that is wanted.
    printf 'void cblas_sgemm(void) {}\nvoid openblas_set_num_threads(void) {}\n' >"$out/openblas.c"
    $CC -shared -Wl,-soname,libopenblas.so.0 -o "$out/build/libopenblas.so" "$out/openblas.c"
    whisper=${crate%/*}/whisper.cpp/ggml
    # shellcheck disable=SC2086
    $CXX -std=c++17 -O3 -fPIC -shared $stay -Wl,-rpath,\$ORIGIN -DNDEBUG -DGGML_BLAS_USE_OPENBLAS -DGGML_SHARED \
        -DGGML_BACKEND_DL -DGGML_BACKEND_SHARED -DGGML_BACKEND_BUILD ${CXXFLAGS:-} -I"$whisper/include" -I"$whisper/src" \
        -I/usr/include/x86_64-linux-gnu/openblas-pthread "$whisper/src/ggml-blas/ggml-blas.cpp" \
        -o "$out/build/bin/libggml-blas.so" -L"$out/build/ggml/src" -lggml-base -L"$out/build" -lopenblas >>"$out.log" 2>&1 ||
        { tail -n 30 "$out.log" >&2; exit 1; }
    cp "$out/build/bin/libggml-blas.so" "$out/"
fi
# The name that modules look for is the one with the first number of the version only.
cp -L "$out"/build/ggml/src/libggml-base.so.? "$out"/build/bin/libggml-cpu-*.so "$out/"
