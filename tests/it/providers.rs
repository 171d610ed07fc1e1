//! Where models run: what becomes of each provider that is asked for, told while it runs.

use std::time::Duration;

use serde_json::Value;

use crate::bad_input::says;
use crate::scratch::{Running, Scratch, wait_for};
use crate::status::{free_port, get};

const SIGTERM: i32 = 15;
const PATIENCE: Duration = Duration::from_secs(60);

fn start(scratch: &Scratch, runtime: &str, status: &str) -> Running {
    let pipeline = format!(
        "[runtime]\n{runtime}\n[status]\nlisten = '{status}'\n\
         [sources.street]\ntype = 'camera'\nuri = '{}/.demo/vtest.avi'\npace = 'realtime'\nfps = 2\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'log.jsonl'\n",
        env!("CARGO_MANIFEST_DIR")
    );
    scratch.write("pipeline.toml", pipeline);
    Running::start(scratch.otus(&["run", "pipeline.toml"]))
}

/// What is shown of the detector once `condition` holds for it.
fn facts(address: &str, condition: impl Fn(&Value) -> bool) -> Value {
    wait_for("the facts of the detector", PATIENCE, || {
        let (_, body) = get(&format!("http://{address}/status"), &[])?;
        let status: Value = serde_json::from_str(&body).expect("/status is JSON");
        let nodes = status["pipeline"]["nodes"].as_array()?;
        let facts = nodes.iter().find(|it| it["id"] == "people")?["facts"].clone();
        condition(&facts).then_some(facts)
    })
}

#[test]
fn providers_that_are_not_there_are_told_and_the_cpu_serves() {
    for isolation in ["none", "process"] {
        let scratch = Scratch::new();
        let address = format!("127.0.0.1:{}", free_port());
        let asked = format!(
            "providers = ['tensorrt', 'cuda', 'xnnpack', 'cpu']\nisolation = '{isolation}'"
        );
        let running = start(&scratch, &asked, &address);
        let is_settled = |facts: &Value| {
            let told = facts["providers"].as_str().unwrap_or_default();
            ["waiting", "building"].iter().all(|it| !told.contains(it)) && !told.is_empty()
        };
        let facts = facts(&address, is_settled);
        let told = facts["providers"].as_str().unwrap_or_default();
        says(
            told,
            "tensorrt refused: … cuda refused: … xnnpack refused: … cpu in use",
        );
        assert_eq!(facts["provider"], "cpu");
        wait_for("an event", PATIENCE, || {
            (!crate::scratch::events(&scratch.path("log.jsonl")).is_empty()).then_some(())
        });
        running.signal(SIGTERM);
        let ended = running.wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        says(
            &ended.stderr,
            "refused: … provider=\"xnnpack\" model=otus-person",
        );
        let events = scratch.events("log.jsonl");
        assert!(
            events.iter().all(|it| it["provider"] == "cpu"),
            "{events:?}"
        );
    }
}

#[test]
fn those_after_the_cpu_are_not_needed() {
    let scratch = Scratch::new();
    let address = format!("127.0.0.1:{}", free_port());
    let running = start(&scratch, "providers = ['cpu', 'cuda']", &address);
    let facts = facts(&address, |it| it["provider"] == "cpu");
    assert_eq!(facts["providers"], "cpu in use; cuda not in use");
    assert_eq!(facts["batch"], "1 at most (cpu gains nothing by more)");
    running.signal(SIGTERM);
    assert_eq!(running.wait().code, Some(0));
}

#[test]
fn without_the_cpu_in_the_list_a_run_fails_that_has_no_other() {
    let scratch = Scratch::new();
    let ended = start(&scratch, "providers = ['xnnpack']", "off").wait();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let told =
        "cannot run otus-person … xnnpack: this ONNX Runtime has no xnnpack: name one that has";
    says(&ended.stderr, told);
}
