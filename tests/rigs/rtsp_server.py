#!/usr/bin/python3
"""A real RTSP camera on loopback for tests: over UDP, TCP or TLS, until SIGTERM.

Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base, -good and -ugly, and for --file
gstreamer1.0-libav. Prints `ready rtsp://127.0.0.1:PORT/PATH` once it listens; --port 0, the default, takes a free port.
"""

import argparse
import signal

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402, the versions must be named first

HOST = "127.0.0.1"
ROLE = "viewer"
# How a camera codes its pictures, a key frame a second so that a viewer starts soon, no frame held back; {fps}, {garble}.
PICTURES = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} ! video/x-h264,stream-format=byte-stream{garble}"
    " ! rtph264pay name=pay0 pt=96 config-interval=1",
    "h264-bframes": "x264enc speed-preset=ultrafast option-string=bframes=2:b-adapt=0:rc-lookahead=0:sync-lookahead=0 key-int-max={fps}"
    " ! video/x-h264,stream-format=byte-stream,profile=main{garble} ! rtph264pay name=pay0 pt=96 config-interval=1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} ! video/x-h265,stream-format=byte-stream{garble}"
    " ! rtph265pay name=pay0 pt=96 config-interval=1",
    "mjpeg": "jpegenc{garble} ! rtpjpegpay name=pay0 pt=26",
}
# How a camera codes its sound.
SOUNDS = {
    "aac": "audio/x-raw,rate=48000,channels=1 ! avenc_aac ! rtpmp4gpay pt=97",
    "opus": "audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay pt=97",
    "pcma": "audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay pt=8",
    "pcmu": "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay pt=0",
    "l16": "audio/x-raw,rate=16000,channels=1,format=S16BE ! rtpL16pay pt=97",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default=HOST, help="an address of a network of the test's own")
    parser.add_argument("--port", default="0")
    parser.add_argument("--path", default="/cam")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--fps", type=int, default=15)
    parser.add_argument("--file", help="a clip to play once for each viewer, instead of the moving ball")
    parser.add_argument("--codec", choices=PICTURES, default="h264")
    parser.add_argument("--sound", choices=SOUNDS, help="with sound: that of --file, else a tick a second")
    parser.add_argument("--garble", type=float, default=0, help="this part of the bytes of the video is nonsense")
    parser.add_argument("--resize", type=int, default=0, help="half the size and back, each for so many seconds")
    parser.add_argument("--cut", type=int, default=0, help="throw the viewers out every so many milliseconds")
    parser.add_argument("--user", help="ask for this user, by digest unless --basic")
    parser.add_argument("--password", default="")
    parser.add_argument("--basic", action="store_true")
    parser.add_argument("--tls", help="a file with a certificate and its key: rtsps")
    return parser.parse_args()


def pipeline(args):
    """Pictures that never stand still."""
    source = "videotestsrc is-live=true pattern=ball"
    garble = f" ! breakmydata probability={args.garble}" if args.garble else ""
    sound, branch = "audiotestsrc is-live=true wave=ticks", ""
    if args.file:
        source, sound = f'filesrc location="{args.file}" ! decodebin name=file', "file."
    if args.sound:
        branch = f" {sound} ! queue ! audioconvert ! audioresample ! {SOUNDS[args.sound]} name=pay1"
    return (
        f"( {source} ! queue ! videoconvert ! videoscale ! videorate"
        f" ! capsfilter name=size caps={size(args, 1)}"
        f" ! {PICTURES[args.codec].format(fps=args.fps, garble=garble)}{branch} )"
    )


def size(args, divisor):
    width, height = args.width // divisor, args.height // divisor
    return f"video/x-raw,format=I420,width={width},height={height},framerate={args.fps}/1"


def resize(args, media):
    """Changes the size of the pictures again and again while somebody looks."""
    filter = media.get_element().get_by_name("size")
    halves = [False]

    def change():
        halves[0] = not halves[0]
        filter.set_property("caps", Gst.Caps.from_string(size(args, 2 if halves[0] else 1)))
        return True

    GLib.timeout_add(1000 * args.resize, change)


def factory(args):
    """An encoder for each viewer, which runs while that one looks.

    With one for all of them gst-rtsp-server 1.22 dies now and then of an assertion in gst_rtsp_media_get_rates, when
    two viewers come at the same time.
    """
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(pipeline(args))
    pool = GstRtspServer.RTSPAddressPool()
    # Without a pool the RTP sockets of UDP viewers listen on every interface.
    pool.add_range(args.host, args.host, 20000, 29999, 0)
    made.set_address_pool(pool)
    if args.resize:
        made.connect("media-configure", lambda factory, media: resize(args, media))
    if args.user or args.tls:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(ROLE, "media.factory.access", True)
        permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
        made.set_permissions(permissions)
    return made


def auth(args):
    """Lets in who knows the password, and nobody else."""
    made, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    if args.tls:
        made.set_tls_certificate(Gio.TlsCertificate.new_from_file(args.tls))
    if not args.user:
        made.set_default_token(token)
    elif args.basic:
        made.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
    else:
        made.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        made.add_digest(args.user, args.password, token)
    return made


def throw_out(server):
    server.client_filter(lambda server, client: GstRtspServer.RTSPFilterResult.REMOVE)


def main():
    args = arguments()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address(args.host)
    server.set_service(args.port)
    server.get_mount_points().add_factory(args.path, factory(args))
    if args.user or args.tls:
        server.set_auth(auth(args))
    if not server.attach(None):
        raise SystemExit(f"rtsp_server: {args.host}:{args.port} is taken")
    loop = GLib.MainLoop()
    if args.cut:
        GLib.timeout_add(args.cut, lambda: throw_out(server) or True)
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    print(f"ready rtsp{'s' if args.tls else ''}://{args.host}:{server.get_bound_port()}{args.path}", flush=True)
    loop.run()
    # Closed here, so that viewers see the end at once rather than a connection that is silent.
    throw_out(server)


if __name__ == "__main__":
    main()
