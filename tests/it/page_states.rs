//! The page at `/` where something is amiss, the pictures in its list, and what a browser needs to install it, in a real Chromium.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::{CHROMIUM, TOKEN, Tab};
use crate::drawing;
use crate::recorded::ffmpeg;
use crate::scratch::{Running, Scratch, has_opencv, skipped, wait_for};
use crate::status::{free_port, get};

const PATIENCE: Duration = Duration::from_secs(60);

/// Words that are hard to read, each with its contrast: less than 4.5 to 1, as WCAG has it. What is drawn on pictures is left out.
const FAINT: &str = r#"(() => {
  const parts = colour => { const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = (ink, back) => [0, 1, 2].map(at => ink[at] * ink[3] + back[at] * (1 - ink[3])).concat(1);
  const light = colour => {
    const [r, g, b] = colour.map(it => it / 255).map(it => it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = from => {
    const layers = [];
    for (let it = from; it; it = it.parentElement) layers.unshift(parts(getComputedStyle(it).backgroundColor));
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: holder } = texts.currentNode;
    const drawn = holder instanceof SVGElement;
    if (!data.trim() || !holder.checkVisibility() || holder.closest('script, style, title, .frame')) continue;
    const behind = drawn ? parts(getComputedStyle(document.querySelector('section')).backgroundColor) : back(holder);
    const ink = over(parts(drawn ? getComputedStyle(holder).fill : getComputedStyle(holder).color), behind);
    const [more, less] = [light(ink), light(behind)].sort((a, b) => b - a);
    const contrast = (more + 0.05) / (less + 0.05);
    if (contrast < 4.5) faint.push(data.trim().slice(0, 40) + ' ' + contrast.toFixed(2));
  }
  return faint.join('; ');
})()"#;

fn open(tab: &mut Tab, port: u16) {
    let address = json!({ "url": format!("http://127.0.0.1:{port}/") });
    wait_for("the page", PATIENCE, || {
        tab.call("Page.navigate", address.clone());
        std::thread::sleep(Duration::from_millis(500));
        (tab.evaluate("!!document.getElementById('door')") == true).then_some(())
    });
}

fn enter(tab: &mut Tab) {
    wait_for("the question for the token", PATIENCE, || {
        (tab.evaluate("!document.getElementById('door').hidden") == true).then_some(())
    });
    tab.evaluate(&format!(
        "document.getElementById('token').value = '{TOKEN}'; document.getElementById('token-form').requestSubmit()"
    ));
}

/// That it can be read by day and by night, on a telephone and on a screen.
pub fn is_legible(tab: &mut Tab) {
    tab.evaluate("document.getElementById('fold')?.setAttribute('open', '')");
    for scheme in ["light", "dark"] {
        let wish = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        tab.call("Emulation.setEmulatedMedia", wish);
        for (width, height) in [(390, 844), (1280, 900)] {
            tab.resize(width, height);
            let wide = tab.evaluate("document.documentElement.scrollWidth");
            assert!(wide.as_u64() <= Some(width.into()), "{wide} at {width}");
        }
        assert_eq!(tab.evaluate(FAINT), "", "{scheme}");
    }
}

fn text(tab: &mut Tab, of: &str) -> String {
    let said = tab.evaluate(of);
    said.as_str().unwrap_or_default().to_owned()
}

fn write_token(scratch: &Scratch) {
    use std::os::unix::fs::PermissionsExt;
    let token = scratch.write("token", TOKEN);
    std::fs::set_permissions(token, PermissionsExt::from_mode(0o600)).expect("it is ours");
}

/// A camera that lets nobody in.
fn locked_camera() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || refuse(&stream));
        }
    });
    port
}

fn refuse(mut stream: &TcpStream) {
    let mut number = String::new();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(it) = line.strip_prefix("CSeq:") {
            number = it.trim().to_owned();
        }
        if line.is_empty() {
            let answer = format!(
                "RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\nWWW-Authenticate: Basic realm=\"camera\"\r\n\r\n"
            );
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// A camera whose film is over, one that is not there, one that is locked, and a microphone that nobody has.
fn amiss(scratch: &Scratch, port: u16) -> String {
    let locked = locked_camera();
    let (words, heard) = match cfg!(all(feature = "microphone", feature = "whisper")) {
        true => {
            let words = "[sources.mic]\ntype = 'microphone'\ndevice = 'nobody has it'\n\
                [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
                [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = 'otus-words'\n";
            (words, "'words', ")
        }
        false => ("", ""),
    };
    scratch.write("tone.wav", crate::samples::wav(1_920_000, 1_920_000));
    format!(
        "[sources.gate]\ntype = 'camera'\nuri = 'film.mp4'\npace = 'realtime'\n\
         [sources.porch]\ntype = 'camera'\nuri = 'rtsp://127.0.0.1:1/x'\n\
         [sources.garage]\ntype = 'camera'\nuri = 'rtsp://me:secret@127.0.0.1:{locked}/x'\n\
         [sources.tone]\ntype = 'audio_file'\npath = 'tone.wav'\npace = 'realtime'\n{words}\
         [sinks.log]\ntype = 'jsonl'\ninputs = [{heard}'gate', 'porch', 'garage', 'tone']\npath = 'log.jsonl'\n\
         [status]\nlisten = '127.0.0.1:{port}'\n"
    )
}

#[test]
fn the_page_says_why_there_is_no_picture_and_why_nothing_was_heard() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    if !has_opencv() {
        return skipped("the test needs a camera: there is no libotus_opencv.so");
    }
    let (scratch, port) = (Scratch::new(), free_port());
    let film = "-f lavfi -i testsrc=size=320x180:rate=5:duration=15 -c:v libx264 -pix_fmt yuv420p film.mp4";
    if !ffmpeg(film, &scratch) {
        return;
    }
    let pipeline = amiss(&scratch, port);
    scratch.write("pipeline.toml", &pipeline);
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let mut tab = Tab::open();
    open(&mut tab, port);
    let film = "document.querySelector('[data-node=gate] canvas')";
    wait_for("a picture", PATIENCE, || {
        let width = tab.evaluate(&format!("{film}?.width"));
        (width == 320).then_some(())
    });
    for (camera, why) in [
        ("gate", "gate has ended"),
        ("porch", "porch is away: rtsp://127.0.0.1:1/x: "),
        ("garage", "it refuses user or password (401)"),
    ] {
        let word = format!("document.querySelector('[data-node={camera}].still .word').innerText");
        wait_for(why, PATIENCE, || {
            text(&mut tab, &word).contains(why).then_some(())
        });
    }
    let last = format!("(it => it.width + ' ' + getComputedStyle(it).filter)({film})");
    assert_eq!(text(&mut tab, &last), "320 grayscale(1) brightness(0.55)");
    if pipeline.contains("transcribe") {
        wait_for("the microphone", PATIENCE, || {
            let said = text(&mut tab, "document.getElementById('said').innerText");
            assert!(
                !said.contains("been said yet") || said.contains("mic"),
                "{said}"
            );
            said.contains("mic cannot be heard.").then_some(())
        });
    }
    let page = text(&mut tab, "document.body.innerText");
    assert!(!page.contains("secret"), "{page}");
    is_legible(&mut tab);
    drop(running);
    wait_for("all of it grey", PATIENCE, || {
        (tab.evaluate("document.body.className") == "gone").then_some(())
    });
    is_legible(&mut tab);
}

/// The pictures of the list: how many lines tell of the only visit, and what is on it.
const VISIT: &str = "(lines => [lines.length, lines.flatMap(it => [...it.querySelectorAll('img')])\
     .map(it => it.alt + ' ' + (it.naturalWidth > 0)).join()])\
     ([...document.querySelectorAll('#events li')].filter(it => / 1 (has come|is there|has left)|picture/.test(it.textContent)))";

#[test]
fn a_visit_is_one_line_with_the_picture_that_was_taken_of_it() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    let (scratch, port) = (Scratch::new(), free_port());
    write_token(&scratch);
    let base = drawing::pipeline(&scratch).replace("'places'", "'follow'");
    scratch.write(
        "pipeline.toml",
        format!(
            "{base}[sinks.pictures]\ntype = 'snapshot'\ninputs = ['follow']\nfolder = 'pictures'\nafter_ms = 0\n\
             [status]\nlisten = '127.0.0.1:{port}'\ntoken_file = 'token'\n"
        ),
    );
    let _running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let mut tab = Tab::open();
    tab.resize(390, 844);
    open(&mut tab, port);
    enter(&mut tab);
    let bearer = format!("Bearer {TOKEN}");
    wait_for("the visit and its picture", PATIENCE, || {
        tab.evaluate("document.getElementById('events').scrollIntoView()");
        let seen = tab.evaluate(VISIT);
        let told = seen[1].as_str().unwrap_or_default();
        (told.starts_with("picture of ") && told.ends_with("1 true")).then_some(())
    });
    assert_eq!(tab.evaluate(VISIT)[0], 1);
    is_legible(&mut tab);
    // It grows where it is touched, and shrinks again.
    let touch = "(it => { it.click(); return [it.getAttribute('aria-expanded'), it.firstChild.clientHeight > 60]; })(document.querySelector('.shows'))";
    assert_eq!(tab.evaluate(touch), json!(["true", true]));
    assert_eq!(tab.evaluate(touch), json!(["false", false]));
    let path = text(
        &mut tab,
        "document.querySelector('#events img').dataset.path",
    );
    let file = format!("http://127.0.0.1:{port}{path}");
    for (url, headers, code) in [
        (&file, &[][..], 401),
        (
            &file.replace("/events/", "/events/0"),
            &[("Authorization", &*bearer)][..],
            404,
        ),
    ] {
        let answer = get(url, headers).expect("it answers");
        assert_eq!(answer.0, code, "{url}: {}", answer.1);
    }
    // A visit may last longer than its line finds room.
    let long = "(it => { for (let t = 0; t < 70; t++) happened({ ...it, kind: 'gap', what: undefined, says: 'lost ' + t }); \
        happened({ ...it, kind: 'track', what: undefined, phase: 'end', node: 'other', start: 0, says: 'it has left' }); \
        return document.querySelector('#events li').innerText + document.querySelector('#events li img').alt; })(taken.at(-1))";
    let told = text(&mut tab, long);
    assert!(
        told.contains("it has left") && told.contains("picture of "),
        "{told}"
    );
    // What is there no longer leaves no hole.
    std::fs::remove_dir_all(scratch.path("pictures")).expect("it is ours");
    let gone = format!(
        "picture({{ id: '{}', source: 'cam', time: '2026-01-01T00:00:00Z', path: '/x.jpg', says: 'picture of nobody: /x.jpg' }})",
        path.split('/').nth(2).expect("the id")
    );
    tab.evaluate(&gone);
    wait_for("a line without a picture", PATIENCE, || {
        let code = "[...document.querySelectorAll('#events li')].find(it => it.textContent.includes('nobody')).querySelector('img') === null";
        (tab.evaluate(code) == true).then_some(())
    });
}

#[test]
fn a_browser_finds_all_that_it_needs_to_install_the_page() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    let (scratch, port) = (Scratch::new(), free_port());
    write_token(&scratch);
    scratch.write("tone.wav", crate::samples::wav(1_920_000, 1_920_000));
    scratch.write(
        "pipeline.toml",
        format!(
            "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\npace = 'realtime'\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['mic']\npath = 'events.jsonl'\n\
             [status]\nlisten = '127.0.0.1:{port}'\ntoken_file = 'token'\n"
        ),
    );
    let _running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let mut tab = Tab::open();
    open(&mut tab, port);
    let told = tab.call("Page.getAppManifest", json!({}));
    assert_eq!(told["errors"], json!([]), "{told}");
    let data = told["data"].as_str().expect("the manifest");
    let manifest: Value = serde_json::from_str(data).expect("it is JSON");
    assert_eq!(manifest["display"], "standalone");
    let problems = tab.call("Page.getInstallabilityErrors", json!({}));
    assert_eq!(problems["installabilityErrors"], json!([]), "{problems}");
    let icons = manifest["icons"].as_array().expect("a list");
    let icons = icons.iter().map(|it| it["src"].as_str().expect("a path"));
    tab.evaluate(&format!(
        "self.sizes = []; for (const src of '{}'.split(' ')) {{ const it = new Image(); \
         it.onload = () => sizes.push(it.naturalWidth); it.src = src; }}",
        icons.clone().collect::<Vec<_>>().join(" ")
    ));
    wait_for("the icons", PATIENCE, || {
        (tab.evaluate("sizes.length") == icons.len()).then_some(())
    });
    // What belongs to the page is given as the page is; the rest is not.
    for path in icons.chain(["/manifest.webmanifest", "/history"]) {
        let answer = get(
            &format!("http://127.0.0.1:{port}{path}"),
            &[("Host", "evil.example")],
        );
        assert_eq!(answer.expect("it answers").0, 421, "{path}");
    }
}
