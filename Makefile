# `make demo` shows otus at work; `make test` runs its tests. Both install what is missing on
# Debian 12 (as root or with sudo), and can be run again and again.

SUDO  := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
CARGO := $(shell command -v cargo || echo /usr/bin/cargo)

# To build: OpenCV, ALSA, whisper.cpp and the generators of their bindings. To fetch: pip.
BUILD_PACKAGES := build-essential clang cmake libasound2-dev libclang-dev libopencv-dev pkg-config \
                  python3 python3-pip
# The demo's spoken words; its video is unpacked from another package.
DEMO_PACKAGES  := alsa-utils
# Real cameras, microphones and models for the tests.
TEST_PACKAGES  := alsa-utils chromium espeak-ng faketime ffmpeg gir1.2-gst-rtsp-server-1.0 gstreamer1.0-libav \
                  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly \
                  libasound2-plugins pulseaudio pulseaudio-utils python3-gi python3-numpy sox

.PHONY: demo test setup-build setup-demo setup-test

demo: setup-build setup-demo
	$(CARGO) build --release
	target/release/otus models pull onnxruntime silero-vad
	target/release/otus run pipelines/demo.toml

test: setup-build setup-test setup-demo
	$(CARGO) build
	target/debug/otus models pull onnxruntime silero-vad
	$(CARGO) test

setup-build:
	@$(call install,$(BUILD_PACKAGES))
	@[ -x "$(CARGO)" ] || { $(call install,cargo-web rustc-web rustfmt-web); }

setup-test:
	@$(call install,$(TEST_PACKAGES))

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
