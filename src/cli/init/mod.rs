//! `otus init`: from nothing to a pipeline file that is right, with as few questions as can be.

mod address;
mod ask;
mod cameras;
mod draft;
mod ears;
mod makers;
mod options;
mod propose;
mod rtsp;
mod wish;

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use self::ask::Asker;
use self::draft::{Camera, Draft, Microphone};
pub use self::options::Init;
use self::propose::Chosen;

use self::wish::{TELLS, Tell, WANTS, Wants};
use crate::cli::columns::Columns;
use crate::cli::here;
use crate::cli::models::fetch;
use crate::cli::output::{failed, print_json};
use crate::cli::port;
use crate::cli::run;
use crate::cli::save;
use crate::cli::secrets::Secrets;
use crate::inference::onnx::library;
use crate::inference::store::manifest;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::secret::redact;

pub fn init(wish: &Init, json: bool) -> ExitCode {
    let asker = Asker::of(wish.yes, json);
    let made = make(wish, &asker).map_err(|it| redact(&it));
    let nodes = match made {
        Ok(nodes) => nodes,
        Err(message) => return failed(message),
    };
    let beside = save::secrets_of(&wish.file);
    let secrets = beside.exists().then_some(&beside);
    if json {
        print_json(&json!({ "ok": true, "file": wish.file, "secrets": secrets, "nodes": nodes }));
    } else {
        println!(
            "{}",
            Columns::here().fold(&closing(wish, nodes, secrets.map(|it| &**it)))
        );
    }
    match wish.run || starts(wish, &asker) {
        true => run::run(&wish.file, None),
        false => ExitCode::SUCCESS,
    }
}

/// Whether a person wants it to run now; nobody else starts what they have not asked for.
fn starts(wish: &Init, asker: &Asker) -> bool {
    let agrees = || asker.agrees("\nStart it now", "--run");
    asker.is_person() && !wish.run && agrees().unwrap_or(false)
}

fn closing(wish: &Init, nodes: usize, secrets: Option<&Path>) -> String {
    let file = wish.file.display();
    let kept = secrets.map_or(String::new(), |it| {
        format!("{} has the passwords, for you alone.\n", it.display())
    });
    format!(
        "\n{file} is written and right: {nodes} nodes.\n{kept}\n  otus run {file}\n  otus doctor {file}   if it does \
         not do what it should\n\nWhile it runs, http://127.0.0.1:{}/ shows what it sees.",
        port_of(&wish.file)
    )
}

/// The port of the page, as the file says it.
fn port_of(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let listen = text
        .lines()
        .find_map(|it| it.strip_prefix("listen = \"127.0.0.1:"));
    listen.map_or(port::USUAL.to_string(), |it| {
        it.trim_end_matches('"').to_owned()
    })
}

/// Asks what is not told, writes the files, and gives the number of nodes.
fn make(wish: &Init, asker: &Asker) -> Result<usize, String> {
    save::is_free(&wish.file)?;
    let cameras = cameras::choose(wish, asker)?;
    let wants = wants(wish, &cameras, asker)?;
    let microphone = microphone(wish, wants, &cameras)?;
    let tells = tells(wish, asker)?;
    bring(wants, asker)?;
    let eyes = wants.eyes().then(|| eyes(wants, &cameras));
    let ears = wants.words.then(ears::ears).transpose()?;
    let name = |it: &Path| {
        it.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let draft = Draft {
        wants,
        cameras,
        microphone,
        eyes,
        ears,
        tells,
        listen: port::free()
            .filter(|it| *it != port::USUAL)
            .map(|it| format!("127.0.0.1:{it}")),
        file: name(&wish.file),
        secrets_file: name(&save::secrets_of(&wish.file)),
    };
    let mut secrets = Secrets::default();
    let text = draft.text(&mut secrets);
    save::write(&wish.file, &text, &secrets.text())
}

fn wants(wish: &Init, cameras: &[Camera], asker: &Asker) -> Result<Wants, String> {
    let can_see = !cameras.is_empty();
    let can_hear = wish.microphone.is_some()
        || cameras.iter().any(|it| it.sound)
        || !here::microphones().is_empty();
    if !can_see && !can_hear {
        return Err(
            "no camera and no microphone is here, so there is nothing to write; name a camera, \
                    `otus init --camera 10.0.0.7`, or ask those of this network, `otus init --find`"
                .to_owned(),
        );
    }
    let fits = |wants: Wants| match () {
        () if (wants.eyes() || wants.pictures) && !can_see => {
            Err("without a camera only `words` can be wanted".to_owned())
        }
        () if wants.words && !can_hear => Err(
            "nothing here can hear: no camera has sound, and no microphone is \
                                               here; `otus devices` lists what there is"
                .to_owned(),
        ),
        () => Ok(wants),
    };
    if let Some(want) = &wish.want {
        return Wants::read(want).and_then(fits);
    }
    let proposal = if can_see { "persons" } else { "words" };
    for (number, (want, about)) in WANTS.iter().enumerate() {
        asker.say(&format!("  {}  {want:<8} {about}", number + 1));
    }
    loop {
        let answer = asker.ask("What is wanted", proposal, "--want WISHES")?;
        match Wants::read(&answer).and_then(fits) {
            Ok(wants) => return Ok(wants),
            Err(why) if asker.is_person() => asker.say(&format!("{why}.")),
            Err(why) => return Err(why),
        }
    }
}

/// What hears, where words are wanted: the microphone that was named, else cameras that have sound, else the system's.
fn microphone(wish: &Init, wants: Wants, cameras: &[Camera]) -> Result<Option<Microphone>, String> {
    let by_camera = cameras.iter().any(|it| it.sound);
    match wish.microphone.as_deref() {
        _ if !wants.words => Ok(None),
        None if by_camera => Ok(None),
        None | Some("default") => Ok(Some(Microphone(None))),
        Some(device) => {
            let here = here::microphones();
            let named = here.iter().find(|it| it.device == device);
            let known: Vec<&str> = here.iter().map(|it| &*it.device).collect();
            let unknown = || match known.is_empty() {
                true => format!("there is no microphone `{device}`: none is here"),
                false => format!(
                    "there is no microphone `{device}`; here are {}",
                    known.join(", ")
                ),
            };
            let named = named.ok_or_else(unknown)?;
            Ok(Some(Microphone(Some((
                named.device.clone(),
                named.name.clone(),
            )))))
        }
    }
}

fn tells(wish: &Init, asker: &Asker) -> Result<Vec<Tell>, String> {
    if let Some(tell) = &wish.tell {
        return Tell::read(tell);
    }
    asker.say(
        "  1  console  this screen\n  2  jsonl    a file, a line of JSON for each event\n  3  history  a database that \
         is searched\n  or mqtt://user:password@HOST, a broker; Home Assistant finds all of it there",
    );
    loop {
        match Tell::read(&asker.ask("Who is told", "console", "--tell WHO")?) {
            Ok(tells) => return Ok(tells),
            Err(why) if asker.is_person() => asker.say(&format!("{why}.")),
            Err(why) => return Err(format!("{why}; {TELLS}")),
        }
    }
}

/// Fetches what models need that are not part of the program, if whoever asks agrees.
fn bring(wants: Wants, asker: &Asker) -> Result<(), String> {
    let runtime = library::find(&Runtime::default(), Path::new(".")).is_none();
    let objects = !propose::OBJECTS.iter().any(|it| propose::is_here(it.model));
    let wanted = [
        (runtime, "onnxruntime"),
        (wants.objects && objects, propose::OBJECTS[1].model),
        (wants.words && !propose::is_here("silero-vad"), "silero-vad"),
    ];
    let missing: Vec<&str> = wanted.iter().filter(|it| it.0).map(|it| it.1).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let sizes = missing.iter().map(|it| {
        let bytes = manifest::find(it).map_or(0, |it| it.bytes);
        format!("{it} ({:.0} MB)", bytes as f64 / 1e6)
    });
    let sizes: Vec<String> = sizes.collect();
    let question = format!("Not here yet: {}. Fetch now", sizes.join(", "));
    if !asker.agrees(&question, "--yes")? {
        return Ok(());
    }
    for id in missing {
        if let Err(why) = fetch(id) {
            asker.say(&format!("{why}\n`otus models pull {id}` tries it again."));
        }
    }
    Ok(())
}

fn eyes(wants: Wants, cameras: &[Camera]) -> Chosen {
    let of: &'static [_] = match wants.objects {
        true => &propose::OBJECTS,
        false => &propose::PEOPLE,
    };
    let size = cameras.first().map_or((640, 360), |it| it.size);
    propose::eyes(of, cameras.len(), size)
}
