//! Any bytes as what a worker process is sent by its parent.
#![no_main]

use std::io::Write;
use std::os::unix::net::UnixStream;

use libfuzzer_sys::fuzz_target;
use otus::inference::worker::{Line, Request};

fuzz_target!(|bytes: &[u8]| {
    // What fits into the socket at once, as nobody reads while this is written.
    let Some(bytes) = bytes.get(..bytes.len().min(64 * 1024)) else {
        return;
    };
    let (mut here, there) = UnixStream::pair().expect("a pair of sockets");
    here.write_all(bytes).expect("room in the socket");
    drop(here);
    let mut line = Line::new(there);
    while let Ok(Some(request)) = line.receive::<Request>() {
        if let Request::Run(inputs) = request {
            inputs.iter().for_each(|it| drop(it.elements()));
        }
    }
});
