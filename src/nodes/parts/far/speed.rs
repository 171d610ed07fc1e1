//! What a frame costs on its way to another process by Zenoh, beside the same JPEG by a pipe. Prints figures:
//! `cargo test --release --features zenoh --lib -- --ignored --nocapture far::speed::by_zenoh`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Network;
use super::inbox::Inbox;
use super::letter::{Header, What, coded, decoded};
use super::line::{Line, Outgoing};
use crate::media::frame::{Frame, PixelFormat};
use crate::media::kind::Lane;

/// Where the process calls that gives everything back.
const PLACE: &str = "OTUS_TEST_PLACE";
const ROUNDS: usize = 200;
const SECOND: Duration = Duration::from_secs(1);

/// A street's worth of detail.
fn frame() -> Frame {
    let mut frame = Frame::empty();
    let mut random = fastrand::Rng::with_seed(1);
    let pixels = frame.reshape(1280, 720, PixelFormat::Bgr8);
    for (at, byte) in pixels.iter_mut().enumerate() {
        *byte = (at / 5 % 200) as u8 + random.u8(..24);
    }
    frame
}

/// Gives everything back, in a process of its own.
#[test]
#[ignore = "the other side of the one below"]
fn echo() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let connect = vec![place];
    let network = Network {
        connect,
        ..Network::default()
    };
    let line = Line::open(&network).expect("it calls");
    let inbox = line.inbox("ping");
    let _way = line.incoming("ping", Lane::Frame, inbox.clone());
    let mut back = line.outgoing("pong", Lane::Frame).expect("it is open");
    while let Some(letter) = inbox.take(20 * SECOND) {
        back.send(&letter.header, letter.payload)
            .expect("it is open");
    }
}

/// Seconds until it is back.
fn round(out: &mut Outgoing, inbox: &Inbox, jpeg: &[u8]) -> f64 {
    let since = Instant::now();
    let header = Header::new(1, out.next(), 0, What::Frame { seq: 0 });
    out.send(&header, jpeg.to_vec()).expect("it is open");
    let back = inbox.take(10 * SECOND).expect("it comes back");
    assert_eq!(back.payload.len(), jpeg.len());
    since.elapsed().as_secs_f64()
}

fn zenoh_rounds(jpeg: &[u8]) -> Vec<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let place = format!("tcp/{}", listener.local_addr().expect("it is bound"));
    drop(listener);
    let listen = vec![place.clone()];
    let network = Network {
        listen,
        ..Network::default()
    };
    let line = Line::open(&network).expect("it listens");
    let inbox = line.inbox("pong");
    let _way = line.incoming("pong", Lane::Frame, inbox.clone());
    let mut out = line.outgoing("ping", Lane::Frame).expect("it is open");
    let program = std::env::current_exe().expect("it runs");
    let mut echo = Command::new(program);
    echo.args(["--ignored", "far::speed::echo"])
        .env(PLACE, place);
    let mut echo = echo.stdout(Stdio::null()).spawn().expect("it starts");
    while !out.is_wanted() {
        sleep(SECOND / 10);
    }
    sleep(SECOND);
    let rounds = (0..ROUNDS).map(|_| round(&mut out, &inbox, jpeg)).collect();
    let _ = echo.kill();
    let _ = echo.wait();
    rounds
}

fn pipe_rounds(jpeg: &[u8]) -> Vec<f64> {
    let mut cat = Command::new("cat");
    cat.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut cat = cat.spawn().expect("it starts");
    let (mut to, mut from) = (cat.stdin.take(), cat.stdout.take());
    let (to, from) = (to.as_mut().expect("a pipe"), from.as_mut().expect("a pipe"));
    let mut back = vec![0; jpeg.len()];
    let mut one = || {
        let since = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| to.write_all(jpeg).expect("it reads"));
            from.read_exact(&mut back).expect("it writes");
        });
        since.elapsed().as_secs_f64()
    };
    let rounds = (0..ROUNDS).map(|_| one()).collect();
    let _ = cat.kill();
    let _ = cat.wait();
    rounds
}

/// What it takes in half of all cases.
fn usual(work: impl Fn()) -> Duration {
    let mut took = [(); 9].map(|()| {
        let since = Instant::now();
        work();
        since.elapsed()
    });
    took.sort_unstable();
    took[took.len() / 2]
}

/// Milliseconds of one way: the median, and what nine of ten keep to.
fn said(mut rounds: Vec<f64>) -> [f64; 2] {
    rounds.sort_by(f64::total_cmp);
    [rounds.len() / 2, rounds.len() * 9 / 10].map(|at| rounds[at] * 500.0)
}

#[test]
#[ignore = "figures mean something on a quiet machine only"]
fn by_zenoh_and_by_a_pipe() {
    let frame = frame();
    let jpeg = coded(&frame, 90).expect("it fits");
    let encoding = usual(|| drop(coded(&frame, 90)));
    let decoding = usual(|| drop(decoded(&jpeg, 10_000_000)));
    let (zenoh, pipe) = (said(zenoh_rounds(&jpeg)), said(pipe_rounds(&jpeg)));
    println!(
        "1280 x 720, {} KB: encoded in {encoding:.1?}, decoded in {decoding:.1?}; one way, median and 90 %: zenoh {:.2} and \
         {:.2} ms, pipe {:.2} and {:.2} ms",
        jpeg.len() >> 10,
        zenoh[0],
        zenoh[1],
        pipe[0],
        pipe[1]
    );
}
