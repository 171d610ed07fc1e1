//! Any bytes as what a worker process is sent by its parent.

use std::io::Write;
use std::os::unix::net::UnixStream;

use otus::inference::onnx::apart::Input;
use otus::inference::worker::Line;

/// What fits into the socket at once, as nobody reads while this is written.
const ROOM: usize = 64 * 1024;

pub fn read(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(ROOM)];
    let (mut here, there) = UnixStream::pair().expect("a pair of sockets");
    here.write_all(bytes).expect("room in the socket");
    drop(here);
    let mut line = Line::new(there);
    while let Ok(Some(inputs)) = line.receive::<Vec<Input>>() {
        inputs.iter().for_each(|it| drop(it.elements()));
    }
}
