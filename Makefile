# `make demo` shows otus at work, at a terminal until Ctrl-C, or for so long: `make demo DEMO_FOR=30s`; `make test` runs its
# tests. Both install what is missing on Debian 12 (as root or with sudo), and can be run again and again.

SHELL := /bin/bash
SUDO  := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
CARGO := $(shell command -v cargo || echo /usr/bin/cargo)

# To build: OpenCV, ALSA, whisper.cpp and the generators of their bindings. To fetch: pip.
BUILD_PACKAGES := build-essential clang cmake libasound2-dev libclang-dev libopencv-dev pkg-config \
                  python3 python3-pip
# The demo's spoken words; its video is unpacked from another package.
DEMO_PACKAGES  := alsa-utils
# Real cameras, microphones and models for the tests; and, from PyPI, an FFmpeg as old as those of some boards.
TEST_PACKAGES  := alsa-utils chromium curl espeak-ng faketime ffmpeg gir1.2-gst-rtsp-server-1.0 gstreamer1.0-libav \
                  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-tools \
                  libasound2-plugins mosquitto mosquitto-clients openssl prometheus pulseaudio pulseaudio-utils python3-gi \
                  python3-numpy python3-venv sox zstd

# To build for ARM; where rustup has no standard library for it, Debian has one.
CROSS_PACKAGES := binutils-aarch64-linux-gnu g++-aarch64-linux-gnu gcc-aarch64-linux-gnu libopenblas-dev mmdebstrap \
                  python3-venv
CROSS_RUST     := cargo-web rustc-web libstd-rust-web-dev:arm64
# To try the packages, and machines that boot with them.
TRIAL_PACKAGES := alsa-utils e2fsprogs ffmpeg lintian openssl qemu-system-x86 systemd-container

# Which targets, seconds for each, and where chance begins: 0 begins elsewhere every time.
FUZZ_TARGETS := $(notdir $(wildcard tests/fuzz/corpus/*))
FUZZ_TIME := 60
FUZZ_SEED := 1
# What cargo-fuzz passes to any compiler, without the sanitizers that only a nightly one has.
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
              -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
FUZZ_TARGET := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')

.PHONY: demo test test-all test-zenoh build-tests lint check-arm64 test-arm64 test-faults arm64 packages soak fuzz setup \
        setup-build setup-cross setup-cross-rust setup-demo setup-test setup-trial

demo: setup-build setup-demo
	$(CARGO) build --release
	target/release/otus demo $(if $(DEMO_FOR),--for $(DEMO_FOR))

test: build-tests lint
	target/debug/otus models pull onnxruntime silero-vad
	$(CARGO) test

# The program, OpenCV's part and all tests, with one set of features, so that nothing is compiled twice.
build-tests: setup
	$(CARGO) build --lib --bins --tests

# Here no test that keeps time runs beside it. `cargo test` asks again, and finds nothing to do.
lint: build-tests
	$(CARGO) test --test it -- tidy::

# All that there is, an afternoon long: also what only a change to boards, packages or faults can break.
test-all: test test-zenoh fuzz test-arm64 test-faults
	$(MAKE) -C cross test-packages test-systemd test-repeatable

# Frames, sound and events between two machines, for which the default build has nothing. Its network is pulled apart, as root.
test-zenoh: setup
	$(CARGO) build --features zenoh --lib --bins --tests
	target/debug/otus models pull onnxruntime silero-vad
	$(CARGO) test --features zenoh --lib --test it -- zenoh:: far::

# otus as ARM code, in QEMU; cross/README.md tells of both.
check-arm64 test-arm64: setup
	$(MAKE) -C cross $@

# otus for boards, and packages; cross/README.md tells of both.
arm64 packages:
	$(MAKE) -C cross $@

# Faults that take minutes, an hour in all; they print what they measure.
test-faults: build-tests
	target/debug/otus models pull onnxruntime silero-vad
	$(CARGO) test --lib --test it -- --ignored --nocapture --test-threads 1

# Millions of frames and hours of sound at full speed, with faults. Needs root.
soak: setup
	$(CARGO) build --release
	target/release/otus models pull onnxruntime silero-vad
	tests/soak.py target/release/otus

# F23: what strangers can send us, made up by libFuzzer, on from the inputs in tests/fuzz/corpus.
fuzz: setup-build
	RUSTFLAGS="$(FUZZ_FLAGS)" $(CARGO) build --release --manifest-path tests/fuzz/Cargo.toml \
	  --target $(FUZZ_TARGET) --target-dir target/fuzz
	@for target in $(FUZZ_TARGETS); do \
	  echo "fuzzing $$target for $(FUZZ_TIME) s"; mkdir -p target/fuzz/found/$$target; \
	  OTUS_LOG=off target/fuzz/$(FUZZ_TARGET)/release/$$target -max_total_time=$(FUZZ_TIME) -seed=$(FUZZ_SEED) -timeout=20 \
	    -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 -artifact_prefix=target/fuzz/found/ \
	    target/fuzz/found/$$target tests/fuzz/corpus/$$target 2>&1 \
	    | grep -E "ERROR|panicked|SUMMARY|Test unit|number_of_executed|peak_rss" ; \
	  [ $${PIPESTATUS[0]} = 0 ] && .ci/seen note $$target || exit 1; done

setup: setup-build setup-test setup-demo

setup-build:
	@$(call install,$(BUILD_PACKAGES))
	@[ -x "$(CARGO)" ] || { $(call install,cargo-web rustc-web rustfmt-web); }

setup-test:
	@$(call install,$(TEST_PACKAGES))
	@ls .demo/tools/bin/schemathesis .demo/tools/bin/taplo .demo/ffmpeg-4/ffmpeg > /dev/null 2>&1 || { python3 -m venv .demo/tools && \
	  .demo/tools/bin/pip install -q --disable-pip-version-check schemathesis==4.32.5 imageio-ffmpeg==0.4.3 taplo==0.9.3 && \
	  mkdir -p .demo/ffmpeg-4 && \
	  ln -sf "$$(ls $(CURDIR)/.demo/tools/lib/python3*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*)" .demo/ffmpeg-4/ffmpeg; }

setup-cross: setup-build
	@$(call install,$(CROSS_PACKAGES))

setup-cross-rust:
	@dpkg --print-foreign-architectures | grep -qx arm64 || $(SUDO) dpkg --add-architecture arm64
	@$(call install,$(CROSS_RUST))

setup-trial:
	@$(call install,$(TRIAL_PACKAGES))

setup-demo: .demo/vtest.avi
	@$(call install,$(DEMO_PACKAGES))
	@cp /usr/share/sounds/alsa/*.wav .demo/

# The street video is in a package of 95 MB of which nothing else is wanted.
.demo/vtest.avi:
	@mkdir -p .demo/package
	@$(SUDO) apt-get -qq -o DPkg::Lock::Timeout=600 update
	@cd .demo/package && apt-get -qq download opencv-doc
	@dpkg-deb --fsys-tarfile .demo/package/opencv-doc_*.deb \
	  | tar -xO ./usr/share/doc/opencv-doc/examples/data/vtest.avi > $@.part
	@mv $@.part $@ && rm -r .demo/package

# Asks the package manager only for what is missing, so that a second run needs no network.
install = missing=$$(for it in $(1); do \
    dpkg-query -W -f '$${Status}' $$it 2>/dev/null | grep -q 'ok installed' || echo $$it; done); \
  [ -z "$$missing" ] || { echo "installing" $$missing; \
    $(SUDO) apt-get -qq -o DPkg::Lock::Timeout=600 update && \
    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
      -o Dpkg::Use-Pty=0 install --no-install-recommends --yes $$missing > /dev/null; }
