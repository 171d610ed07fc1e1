//! Whether a camera is there, found out without opening it.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::medium::Medium;
use crate::pipeline::contract::uri::Uri;

/// Longest wait for each of connecting, sending and an answer.
const PATIENCE: Duration = Duration::from_millis(200);

/// Whether the camera answers; none for what cannot be asked.
pub fn is_there(medium: &Medium) -> Option<bool> {
    match medium {
        Medium::Device(path) => Some(path.exists()),
        Medium::Stream(uri) => Some(answers(uri).is_some()),
        Medium::GStreamer(_) | Medium::Video(_) | Medium::Stills(_) => None,
    }
}

/// A server whose process hangs still takes connections, so an RTSP server is asked something that
/// needs no password. Of other servers the open port must do.
fn answers(uri: &Uri) -> Option<()> {
    let (scheme, host) = (uri.scheme()?.to_ascii_lowercase(), uri.host()?);
    let default_port = match scheme.as_str() {
        "rtsp" => 554,
        "rtsps" => 322,
        "https" => 443,
        _ => 80,
    };
    let named = if host.contains(':') && !host.ends_with(']') {
        host.to_owned()
    } else {
        format!("{host}:{default_port}")
    };
    let address = named.to_socket_addrs().ok()?.next()?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    if scheme != "rtsp" {
        return Some(());
    }
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let question =
        format!("OPTIONS rtsp://{named}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: otus\r\n\r\n");
    stream.write_all(question.as_bytes()).ok()?;
    (stream.read(&mut [0; 16]).ok()? > 0).then_some(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn there(address: &str) -> Option<bool> {
        is_there(&Medium::Stream(Uri::new(address)))
    }

    #[test]
    fn a_server_is_there_if_it_answers_not_if_its_port_is_open() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = server.local_addr().expect("it is bound").port();
        let address = format!("rtsp://user:p%40ss@127.0.0.1:{port}/stream");
        assert_eq!(there(&address), Some(false), "nobody answers");
        let answering = std::thread::spawn(move || {
            // The first connection is the one from before.
            for _ in 0..2 {
                let (mut stream, _) = server.accept().expect("it is asked");
                let _ = stream.write_all(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
            }
        });
        assert_eq!(there(&address), Some(true));
        answering.join().expect("it has answered");
        assert_eq!(there(&address), Some(false), "the port is closed");
    }

    #[test]
    fn files_cannot_be_asked_and_devices_are_there_or_not() {
        assert_eq!(is_there(&Medium::Video("clip.mp4".into())), None);
        assert_eq!(
            is_there(&Medium::Device("/dev/video77".into())),
            Some(false)
        );
    }
}
