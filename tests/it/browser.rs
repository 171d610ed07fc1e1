//! The page at `/` in a real Chromium, driven over its debugging pipe.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::samples::wav;
use crate::scratch::{Running, Scratch, has_opencv, skipped, wait_for};
use crate::status::free_port;

pub const CHROMIUM: &str = "/usr/bin/chromium";
pub const TOKEN: &str = "3f1c9a52e8d04b7796c1d0aa5be24f10";

/// One tab of one browser.
pub struct Tab {
    browser: Child,
    session: Value,
    asked: u64,
    answers: BufReader<std::process::ChildStdout>,
    _profile: TempDir,
}

impl Tab {
    pub fn open() -> Tab {
        let profile = tempfile::tempdir().expect("a scratch directory");
        let mut command = Command::new("sh");
        // The browser listens on descriptor 3 and answers on 4.
        command
            .args(["-c", "exec \"$@\" 3<&0 4>&1", "sh", CHROMIUM])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--remote-debugging-pipe",
            ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut browser = command.spawn().expect("Chromium is installed");
        let answers = BufReader::new(browser.stdout.take().expect("it is piped"));
        let mut tab = Tab {
            browser,
            session: Value::Null,
            asked: 0,
            answers,
            _profile: profile,
        };
        let target = tab.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        tab.session = tab.call("Target.attachToTarget", target)["sessionId"].take();
        tab
    }

    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": parameters });
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        let pipe = self.browser.stdin.as_mut().expect("it is piped");
        write!(pipe, "{message}\0").expect("Chromium runs");
        loop {
            let mut answer = Vec::new();
            self.answers
                .read_until(0, &mut answer)
                .expect("Chromium runs");
            answer.pop();
            let mut answer: Value = serde_json::from_slice(&answer).expect("it answers in JSON");
            if answer["id"] == self.asked {
                return answer["result"].take();
            }
        }
    }

    pub fn resize(&mut self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    pub fn evaluate(&mut self, code: &str) -> Value {
        let code = json!({ "expression": code, "returnByValue": true });
        self.call("Runtime.evaluate", code)["result"]["value"].take()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

/// Sound, a camera that is not there, and an endpoint with a token.
fn start(scratch: &Scratch, port: u16) -> Running {
    use std::os::unix::fs::PermissionsExt;
    let token = scratch.write("token", TOKEN);
    std::fs::set_permissions(token, PermissionsExt::from_mode(0o600)).expect("it is ours");
    scratch.write("tone.wav", wav(1_920_000, 1_920_000));
    scratch.write(
        "pipeline.toml",
        format!(
            "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\npace = 'realtime'\n\
             [sources.porch]\ntype = 'camera'\nuri = 'rtsp://me:<b>secret</b>@127.0.0.1:1/x'\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['mic', 'porch']\npath = 'events.jsonl'\n\
             [status]\nlisten = '127.0.0.1:{port}'\ntoken_file = 'token'\n"
        ),
    );
    Running::start(scratch.otus(&["run", "pipeline.toml"]))
}

#[test]
fn the_page_asks_for_the_token_and_shows_the_pipeline_on_any_screen() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    if !has_opencv() {
        return skipped("the test needs a camera: there is no libotus_opencv.so");
    }
    let scratch = Scratch::new();
    let port = free_port();
    let running = start(&scratch, port);
    let mut tab = Tab::open();
    let patience = Duration::from_secs(60);
    wait_for("the question for the token", patience, || {
        tab.call(
            "Page.navigate",
            json!({ "url": format!("http://127.0.0.1:{port}/") }),
        );
        std::thread::sleep(Duration::from_millis(500));
        let asks = "!!document.getElementById('door') && !document.getElementById('door').hidden";
        (tab.evaluate(asks) == true).then_some(())
    });
    tab.evaluate(&format!(
        "document.getElementById('token').value = '{TOKEN}'; \
         document.getElementById('token-form').requestSubmit()"
    ));
    wait_for("what is wrong, in words", patience, || {
        let told = tab.evaluate("document.getElementById('findings').textContent");
        told.as_str()?.contains("is being reopened").then_some(())
    });
    let seen = tab.evaluate("document.body.innerText");
    let seen = seen.as_str().expect("the page has text").to_owned();
    for word in [
        "1 problem",
        "mic audio_file",
        "porch camera",
        "retrying",
        "porch is away: ",
    ] {
        assert!(seen.contains(word), "{word} is not in\n{seen}");
    }
    assert!(!seen.contains("secret"), "{seen}");
    let drawn = tab.evaluate("document.querySelectorAll('#graph rect.node').length");
    assert_eq!(drawn, 3);
    for (width, height) in [(375, 812), (1280, 800)] {
        tab.resize(width, height);
        let wide = tab.evaluate("document.documentElement.scrollWidth");
        assert!(wide.as_u64() <= Some(width.into()), "{wide} at {width}");
    }
    // The token is in no address, and nothing was asked of anybody else.
    let asked = tab.evaluate("performance.getEntriesByType('resource').map(it => it.name).join()");
    let asked = asked.as_str().expect("names").to_owned();
    assert!(!asked.contains(TOKEN), "{asked}");
    let own = format!("http://127.0.0.1:{port}/");
    let foreign = asked.split(',').find(|it| !it.starts_with(&own));
    assert_eq!(foreign, None);
    drop(running);
    wait_for("all of it grey", patience, || {
        let said = tab.evaluate("document.body.className + document.body.innerText");
        let said = said.as_str()?;
        (said.contains("gone") && said.contains("No answer from otus, last heard ")).then_some(())
    });
}
