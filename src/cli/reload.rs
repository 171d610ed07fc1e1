//! `otus reload`: a running instance reads its pipeline file again.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::Place;
use crate::cli::output::{failed, print_json};

/// How often the instance is asked what came of it.
const LOOK_UP: Duration = Duration::from_millis(100);
/// How long it may take to notice; opening models may take as long as it does.
const PATIENCE: Duration = Duration::from_secs(10);

pub fn reload(place: &Place, json: bool) -> ExitCode {
    match ask(place) {
        Err(message) => failed(message),
        Ok(reload) if json => {
            print_json(&reload);
            ExitCode::SUCCESS
        }
        Ok(_) => {
            println!("the new graph runs");
            ExitCode::SUCCESS
        }
    }
}

/// Tells the process by a signal, as systemd does, so that no request can change anything.
fn ask(place: &Place) -> Result<Value, String> {
    let status = place.status()?;
    let before = number(&status);
    let id = status["process"]
        .as_i64()
        .and_then(|it| i32::try_from(it).ok());
    let id = id
        .filter(|id| is_otus(*id))
        .ok_or("it does not run on this machine; reload it there")?;
    // SAFETY: the call takes two numbers and touches no memory.
    if unsafe { libc::kill(id, libc::SIGHUP) } != 0 {
        let error = std::io::Error::last_os_error();
        return Err(format!(
            "process {id} takes no signal from this user: {error}"
        ));
    }
    let asked = Instant::now();
    loop {
        std::thread::sleep(LOOK_UP);
        let status = place.status()?;
        let reload = &status["pipeline"]["reload"];
        match (number(&status) > before, reload["outcome"].as_str()) {
            (true, Some("done")) => return Ok(reload.clone()),
            (true, Some("refused")) => {
                let why = reload["error"].as_str().unwrap_or("no reason given");
                return Err(format!("not reloaded, the old graph runs on: {why}"));
            }
            (false, _) if asked.elapsed() > PATIENCE => {
                return Err(format!("process {id} does not reload"));
            }
            _ => {}
        }
    }
}

/// How many reloads there have been.
fn number(status: &Value) -> u64 {
    status["pipeline"]["reload"]["number"]
        .as_u64()
        .unwrap_or_default()
}

/// Whether a process of this machine is an otus, and not somebody else under its number.
fn is_otus(id: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|it| it.trim_end() == "otus")
}
