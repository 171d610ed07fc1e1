#!/bin/sh
# Runs otus's tests as ARM code: everything that is Rust, ONNX Runtime, OpenCV, whisper.cpp or ALSA goes through QEMU, and
# what they talk to, such as cameras, browsers and sound servers, is this machine's. First on the oldest processor that otus
# is for (a Raspberry Pi 4's), then what matters to the faster kernels on one that has them.
#
# Usage: test-arm64.sh SYSROOT OUT agreement|all|TEST...: called by `make check-arm64` and `make test-arm64`, which set what
# cargo needs and have the kernel start ARM programs; the libraries, the built kernels, the portable program and the cache
# are in OUT. `agreement` builds everything, and runs what says whether detection, voice activity and words are those of
# x86-64; `all` runs every test that QEMU can; with TESTs only those are run, one at a time.
set -eu

[ $# -ge 3 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
sysroot=$1 out=$2
shift 2
cargo=${CARGO:-cargo} target=aarch64-unknown-linux-gnu
built=$CARGO_TARGET_DIR/$target/debug
export QEMU_LD_PREFIX="$sysroot" QEMU_CPU=cortex-a72 XDG_CACHE_HOME="$out/cache"
# Some tests compile a library that is none of ONNX Runtime's.
export TARGET_CC="$CC_aarch64_unknown_linux_gnu"
# Emulated, a frame through a model takes seconds.
export OTUS_TEST_PATIENCE=10

# Tests and program with one set of features, so that nothing is compiled again for the tests.
"$cargo" build --target $target --lib --bins --tests
"$built/otus" models pull onnxruntime silero-vad

# Left out: what looks at the source or at scripts; what preloads a library that exists for this machine only; what asks for this
# process's memory, which QEMU says is none; what wants to know whether a program is there, which QEMU's vfork cannot tell;
# what must be done within a second or two; what sends hundreds of pictures or utterances through a model, or runs a Whisper
# of full size; and what must write nothing to standard error when a signal ends it, which QEMU tells there.
skip() { for it; do printf -- '--skip %s ' "$it"; done; }
# No examples of the documents: they are in Rust alone.
tests() { "$cargo" test --target $target --lib --bins --tests --no-fail-fast -- "$@"; }
# Microphones keep time, which an emulated processor does not beside another test.
# shellcheck disable=SC2046
{
    case $1 in
    all)
        tests --test-threads 2 \
            $(skip tidy:: landing:: licences:: manual:: clocks:: live_microphone:: this_process_has_memory_threads_and_files golden::yolox \
                child_cameras::what_is_missing_is_named child_cameras::a_file_gives_the_frames_and_times_that_opencv_gives \
                devices::programs_that_decode_are_told_the_package_where_they_are_missing repeatable:: \
                own_models::people own_models::digits own_models::other_words whisper::a_full_size_model whisper::a_model_made \
                faults::a_kill_leaves_whole_lines_only faults::a_full_disk_is_waited_for_and_nothing_is_lost_or_torn \
                isolation::a_worker_that_crashes_or_hangs isolation::no_worker_outlives_its_parent \
                systemd::reload_and_stop_under_load_are_prompt tools::schemathesis_finds_nothing \
                standard_output:: filter::a_crowd editors:: \
                examples:: drifts:: shadows:: own_tests:: motion:: kills:: init:: commands:: replays::decisions recordings::a_day evidence::an_alert chains:: \
                films::a_stream films::recordings films::uneven crowds:: limits:: formats::channels \
                hearing::speech_lies hearing::weeks_later utterances::a_long_utterance transcripts::utterances_of transcripts::who_is_behind \
                transcripts::words_begin transcripts::a_language sounds::known_sounds \
                hard_cameras::silent hard_cameras::what_is_wrong hard_cameras::a_camera_of) || true
        tests --test-threads 1 live_microphone::
        ;;
    agreement) tests agreement:: frames_are_not_paid_for_with_large_allocations ;;
    *) tests --test-threads 1 "$@" ;;
    esac
} 2>&1 | tee "$out/tests.log" || true
failed=$(sed -n '/^failures:$/,/^test result/ s/^    \([a-z0-9_:]*\)$/\1/p' "$out/tests.log" | sort -u)
ran=$(grep -c '^test result' "$out/tests.log" || true)
[ "$ran" -gt 0 ] && [ "$(grep -c '^running [0-9]* test' "$out/tests.log")" = "$ran" ] &&
    { [ -n "$failed" ] || ! grep -q '^error: ' "$out/tests.log"; } || {
    echo "test-arm64.sh: a test program was not built or did not get to its end" >&2
    exit 1
}
# Other tests keep time too: once more, alone.
# shellcheck disable=SC2086
[ -z "$failed" ] || { echo "again, alone:" $failed; tests --test-threads 1 --exact $failed; }

# The same answers from the kernels for processors with dot products and half floats, and from those with matrices too.
rm -rf "$CARGO_TARGET_DIR/$target/lib"
mkdir -p "$CARGO_TARGET_DIR/$target/lib"
ln -s "$out/kernels-arm64" "$CARGO_TARGET_DIR/$target/lib/otus"
trap 'rm -r "$CARGO_TARGET_DIR/$target/lib"' EXIT
agree_on() { # PROCESSOR INSTRUCTION: that only its kernels have
    kernels=$(QEMU_CPU=$1 "$built/otus" doctor 2>/dev/null | grep whisper.cpp || true)
    echo "on $1: $kernels"
    case $kernels in *"$2"*) ;; *) echo "test-arm64.sh: kernels with $2 were to be taken" >&2; exit 1 ;; esac
    QEMU_CPU=$1 "$cargo" test --target $target --test it -- agreement::
}
agree_on neoverse-n1 DOTPROD
agree_on max MATMUL_INT8

# The program for other systems starts, hears speech and writes its words.
try=$(mktemp -d)
trap 'rm -rf "$try" "$CARGO_TARGET_DIR/$target/lib"' EXIT
mkdir "$try/sounds"
cp .demo/Front_Center.wav "$try/sounds/"
cp tests/rigs/words.toml "$try/"
"$out/portable/$target/release/otus" run "$try/words.toml"
grep -q '"front center"' "$try/words.jsonl" || { echo "test-arm64.sh: the portable program did not hear the words" >&2; exit 1; }
