#!/usr/bin/python3
"""A real RTSP camera on loopback for tests: H.264 over UDP or TCP, until SIGTERM.

Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base, -good and -ugly, and for --file
gstreamer1.0-libav. Prints `ready rtsp://127.0.0.1:PORT/PATH` once it listens; --port 0, the default, takes a free port.
"""

import argparse
import signal

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402, the versions must be named first

HOST = "127.0.0.1"
ROLE = "viewer"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", default="0")
    parser.add_argument("--path", default="/cam")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--fps", type=int, default=15)
    parser.add_argument("--file", help="a clip to play once for its viewers, instead of the moving ball")
    parser.add_argument("--user", help="ask for this user, by digest unless --basic")
    parser.add_argument("--password", default="")
    parser.add_argument("--basic", action="store_true")
    return parser.parse_args()


def pipeline(args):
    """Pictures that never stand still, a key frame a second so that a viewer starts soon, no frame held back."""
    source = "videotestsrc is-live=true pattern=ball"
    if args.file:
        source = f'filesrc location="{args.file}" ! decodebin'
    return (
        f"( {source} ! videoconvert ! videoscale ! videorate"
        f" ! video/x-raw,format=I420,width={args.width},height={args.height},framerate={args.fps}/1"
        f" ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={args.fps}"
        " ! rtph264pay name=pay0 pt=96 config-interval=1 )"
    )


def factory(args):
    """One encoder for all viewers, as a camera has; it runs while somebody looks."""
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(pipeline(args))
    made.set_shared(True)
    pool = GstRtspServer.RTSPAddressPool()
    # Without a pool the RTP sockets of UDP viewers listen on every interface.
    pool.add_range(HOST, HOST, 20000, 29999, 0)
    made.set_address_pool(pool)
    if args.user:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(ROLE, "media.factory.access", True)
        permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
        made.set_permissions(permissions)
    return made


def auth(args):
    """Lets in who knows the password, and nobody else."""
    made, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    if args.basic:
        made.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
    else:
        made.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        made.add_digest(args.user, args.password, token)
    return made


def main():
    args = arguments()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address(HOST)
    server.set_service(args.port)
    server.get_mount_points().add_factory(args.path, factory(args))
    if args.user:
        server.set_auth(auth(args))
    if not server.attach(None):
        raise SystemExit(f"rtsp_server: {HOST}:{args.port} is taken")
    loop = GLib.MainLoop()
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    print(f"ready rtsp://{HOST}:{server.get_bound_port()}{args.path}", flush=True)
    loop.run()
    # Closed here, so that viewers see the end at once rather than a connection that is silent.
    server.client_filter(lambda server, client: GstRtspServer.RTSPFilterResult.REMOVE)


if __name__ == "__main__":
    main()
