//! Any bytes as a request to the status endpoint of a pipeline that waits for its camera.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use otus::nodes::NODES;
use otus::pipeline::{file, run};
use otus::service::http::{Access, bind};

const PIPELINE: &str = "
[sources.cam]
type = 'camera'
uri = '/dev/video-of-nobody'
[sinks.log]
type = 'console'
inputs = ['cam']
";

/// Where the endpoint listens; it runs as long as this process.
static SOCKET: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = PathBuf::from(format!("/dev/shm/otus-fuzz-{}.sock", std::process::id()));
    let plan = file::parse(PIPELINE, Path::new("/"), NODES).expect("it is a pipeline");
    let access = Access::read(&plan.status, &plan.base).expect("it needs no token");
    let listen = format!("unix:{}", path.display())
        .parse()
        .expect("an address");
    let bound = bind(&listen, Path::new("/"))
        .expect("it can listen")
        .expect("it is wanted");
    let pipeline = run::start(plan);
    std::mem::forget(
        bound
            .serve(pipeline.view(), access)
            .expect("there is room for it"),
    );
    std::mem::forget(pipeline);
    path
});

pub fn read(bytes: &[u8]) {
    let mut socket = UnixStream::connect(&*SOCKET).expect("the endpoint lives");
    let limit = Some(Duration::from_millis(50));
    socket.set_read_timeout(limit).expect("a limit");
    // It may have closed already, having seen enough.
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(Shutdown::Write);
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    // Streams have no end, and half a request is waited for; those limits have tests of their own.
    while let Ok(count @ 1..) = socket.read(&mut part) {
        answer.extend_from_slice(&part[..count]);
    }
    let is_answer = answer.is_empty() || answer.starts_with(b"HTTP/1.");
    assert!(is_answer, "{}", String::from_utf8_lossy(&answer));
}
