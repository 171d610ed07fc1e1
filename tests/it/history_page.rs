//! The page at `/history` in a real Chromium, and what it asks for: events, their pictures, and no other file.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::browser::{CHROMIUM, TOKEN, Tab};
use crate::history::street;
use crate::page_states::is_legible;
use crate::recorded::{CLAP, camera, ffmpeg};
use crate::scratch::{Running, Scratch, skipped, wait_for};
use crate::status::{free_port, get};

const PATIENCE: Duration = Duration::from_secs(60);

/// A street with pictures and a history of them, at this port.
fn start(scratch: &Scratch, port: u16, more: &str) -> Option<Running> {
    use std::os::unix::fs::PermissionsExt;
    let token = scratch.write("token", TOKEN);
    std::fs::set_permissions(token, PermissionsExt::from_mode(0o600)).expect("it is ours");
    let text = street(scratch, "path = 'history.db'")?;
    let text = text.replace("inputs = ['see']\nmin", "inputs = ['see', 'pictures']\nmin");
    let text = format!(
        "{text}[sinks.pictures]\ntype = 'snapshot'\ninputs = ['see']\nfolder = 'pictures'\nevery_ms = 300\n\
         [status]\nlisten = '127.0.0.1:{port}'\n{more}"
    );
    scratch.write("pipeline.toml", text);
    Some(Running::start(scratch.otus(&["run", "pipeline.toml"])))
}

/// Adds an event that tells of a file, as if a sink had written it; gives its number.
fn tell_of(scratch: &Scratch, path: &Path) -> i64 {
    let connection = Connection::open(scratch.path("history.db")).expect("it is a database");
    let insert = "INSERT INTO events (t, start, \"end\", kind, source, node, path, private, says, json) \
        VALUES (1, 1, 1, 'saved', 'street', 'n', ?, 0, '', '{}')";
    let path = path.display().to_string();
    wait_for("a moment between two batches", PATIENCE, || {
        connection.execute(insert, [&path]).ok()
    });
    connection.last_insert_rowid()
}

fn curl(url: &str, arguments: &[&str]) -> String {
    let mut curl = Command::new("curl");
    let output = curl.args(["-s", "-i"]).args(arguments).arg(url).output();
    let output = output.expect("it is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn events_come_with_their_pictures_and_no_other_file_does() {
    let scratch = Scratch::new();
    let port = free_port();
    let Some(_running) = start(&scratch, port, "") else {
        return;
    };
    let base = format!("http://127.0.0.1:{port}/history");
    let ask = |path: &str| get(&format!("{base}/{path}"), &[]);
    let event = wait_for("an event with a picture", PATIENCE, || {
        let (_, body) = ask("events?but=saved")?;
        let answer: Value = serde_json::from_str(&body).ok()?;
        let mut events = answer["events"].as_array()?.iter();
        events.find(|it| it["files"][0].is_object()).cloned()
    });
    assert_eq!(event["kind"], "detection");
    assert_eq!(event["files"][0]["type"], "image/jpeg");
    let file = format!("{base}/files/{}", event["files"][0]["id"]);
    let whole = curl(&file, &[]);
    assert!(
        whole.starts_with("HTTP/1.1 200") && whole.contains("accept-ranges: bytes"),
        "{file}"
    );
    let part = curl(&file, &["-H", "Range: bytes=0-9"]);
    assert!(
        part.starts_with("HTTP/1.1 206") && part.contains("content-range: bytes 0-9/"),
        "{part}"
    );
    let beyond = curl(&file, &["-H", "Range: bytes=999999999-"]);
    assert!(beyond.starts_with("HTTP/1.1 416"), "{beyond}");
    std::fs::create_dir(scratch.path("others")).expect("writable");
    let foreign = scratch.write("others/holiday.jpg", "theirs");
    let climbing = scratch.path("pictures/../others/holiday.jpg");
    let link = scratch.path("pictures/link.jpg");
    std::os::unix::fs::symlink(&foreign, &link).expect("writable");
    for path in [
        &foreign,
        &climbing,
        &link,
        &scratch.path("history.db"),
        &scratch.path("token"),
    ] {
        let id = tell_of(&scratch, path);
        let (code, text) = ask(&format!("files/{id}")).expect("it answers");
        assert_eq!(code, 404, "{path:?}: {text}");
    }
    for (path, code) in [
        ("files/0", 404),
        ("files/..%2f..%2ftoken", 404),
        ("events?limit=x", 400),
        ("events?before=x", 400),
        ("events?sink=nobody", 404),
        ("events?text=%22%20OR%20*", 200),
        ("counts?text=a&source=street", 200),
        ("names", 200),
    ] {
        let answer = ask(path).expect("it answers");
        assert_eq!(answer.0, code, "{path}: {}", answer.1);
    }
}

/// Waits for a picture in the history, which nobody sees without the token.
fn wait_for_pictures(port: u16) {
    let (code, _) = wait_for("the endpoint", PATIENCE, || {
        get(&format!("http://127.0.0.1:{port}/history/names"), &[])
    });
    assert_eq!(code, 401);
    let bearer = format!("Bearer {TOKEN}");
    wait_for("pictures", PATIENCE, || {
        let url = format!("http://127.0.0.1:{port}/history/events?kind=saved");
        let (_, body) = get(&url, &[("Authorization", &bearer)])?;
        body.contains("image/jpeg").then_some(())
    });
}

#[test]
fn the_page_shows_what_was_kept_on_any_screen_and_asks_for_the_token() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    let scratch = Scratch::new();
    let port = free_port();
    let Some(_running) = start(&scratch, port, "token_file = 'token'\n") else {
        return;
    };
    wait_for_pictures(port);
    let mut tab = Tab::open();
    let url = format!("http://127.0.0.1:{port}/history");
    tab.call("Page.navigate", json!({ "url": url }));
    let mut seen = |what: &str, code: &str| {
        wait_for(what, PATIENCE, || {
            (tab.evaluate(code) == true).then_some(())
        });
    };
    seen(
        "the question for the token",
        "!document.getElementById('door').hidden",
    );
    seen(
        "the token",
        &format!(
            "document.getElementById('token').value = '{TOKEN}'; \
             document.getElementById('token-form').requestSubmit(); true"
        ),
    );
    seen(
        "a picture",
        "[...document.querySelectorAll('img.thumb')].some(it => it.naturalWidth > 100)",
    );
    seen(
        "the day",
        "document.querySelectorAll('#line rect.bar').length > 0",
    );
    seen(
        "a large picture",
        "(document.querySelector('.more') || document.querySelector('.event:not(.plain)').click(), \
          [...document.querySelectorAll('.more img')].some(it => it.naturalWidth > 100))",
    );
    seen(
        "the cameras",
        "[...document.querySelectorAll('#source option')].map(it => it.value).join() === ',street'",
    );
    is_legible(&mut tab);
    let asked = tab.evaluate("performance.getEntriesByType('resource').map(it => it.name).join()");
    let asked = asked.as_str().expect("names").to_owned();
    assert!(!asked.contains(TOKEN), "{asked}");
    tab.evaluate(
        "document.getElementById('text').value = 'nobody said this'; \
         document.getElementById('text').dispatchEvent(new Event('input'))",
    );
    wait_for("an empty list", PATIENCE, || {
        (tab.evaluate("!document.getElementById('nothing').hidden") == true).then_some(())
    });
}

/// What moves in a film, its clip with sound, and the page, which plays it.
#[test]
fn the_page_plays_the_clip_of_an_event() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    let scratch = Scratch::new();
    // Long enough to be looked at.
    let clap = CLAP.replace("duration=14", "duration=90");
    if !ffmpeg(
        &format!("{clap} -c:v libx264 -g 25 -pix_fmt yuv420p -c:a aac film.mp4"),
        &scratch,
    ) {
        return;
    }
    let port = free_port();
    let pipeline = format!(
        "{}[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\nhold_ms = 500\n\
         [sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\nmin_free_mb = 0\npre_s = 2\npost_s = 1\n\
         [sinks.book]\ntype = 'sqlite'\ninputs = ['moves', 'clips']\npath = 'history.db'\nmin_free_mb = 0\n\
         [status]\nlisten = '127.0.0.1:{port}'\n",
        camera("film.mp4").replace("\nuri", "\npace = 'realtime'\nuri")
    );
    scratch.write("pipeline.toml", pipeline);
    let _running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    wait_for("the clip", PATIENCE, || {
        let (_, body) = get(
            &format!("http://127.0.0.1:{port}/history/events?kind=saved"),
            &[],
        )?;
        body.contains("video/mp4").then_some(())
    });
    let mut tab = Tab::open();
    tab.call(
        "Page.navigate",
        json!({ "url": format!("http://127.0.0.1:{port}/history") }),
    );
    wait_for("the clip on the page", PATIENCE, || {
        let code = "document.querySelector('.more video') || document.querySelector('.event:not(.plain)').click(), \
            (it => it.readyState > 0 && it.duration > 2.9 && it.videoWidth === 320)(document.querySelector('.more video'))";
        (tab.evaluate(code) == true).then_some(())
    });
    tab.evaluate("(it => { it.muted = true; it.playbackRate = 4; it.play(); })(document.querySelector('.more video'))");
    wait_for("its end", PATIENCE, || {
        (tab.evaluate("document.querySelector('.more video').ended") == true).then_some(())
    });
    let sound =
        tab.evaluate("document.querySelector('.more video').webkitAudioDecodedByteCount > 0");
    assert_eq!(sound, true);
}
