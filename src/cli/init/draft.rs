//! The pipeline file as it is written for somebody: commented, with nothing in it that was not asked for.

use std::fmt::Write;

use super::propose::Chosen;
use super::wish::{Tell, Wants};
use crate::cli::secrets::{Login, Secrets};

/// A camera, as far as a pipeline file tells of it.
pub struct Camera {
    /// Its name there.
    pub name: String,
    /// What stands before the login in its address, and after it; all of it where it has none.
    pub address: (String, String),
    /// Who we are to it.
    pub login: Option<Login>,
    /// What is known about it, in words.
    pub facts: String,
    /// A remark about the same camera's other picture.
    pub remark: Option<String>,
    /// Whether it has sound.
    pub sound: bool,
    /// Whether it sends packets that need not be coded again.
    pub coded: bool,
    /// Whether it is a device or a stream, and no film.
    pub live: bool,
    /// Width and height.
    pub size: (u32, u32),
}

/// A microphone: what the option `device` calls it, and people; none of both is the system's choice.
pub struct Microphone(pub Option<(String, String)>);

/// A model that writes down what is said, and what is to be said about it.
pub struct Ears {
    /// Its name in the manifest.
    pub model: String,
    /// Lines of remarks.
    pub remark: String,
}

/// All that goes into the file.
pub struct Draft {
    /// What is wanted.
    pub wants: Wants,
    /// Where from.
    pub cameras: Vec<Camera>,
    /// What hears, if no camera does.
    pub microphone: Option<Microphone>,
    /// What looks.
    pub eyes: Option<Chosen>,
    /// What writes down.
    pub ears: Option<Ears>,
    /// Who is told.
    pub tells: Vec<Tell>,
    /// Where the status page listens, if not where it usually does.
    pub listen: Option<String>,
    /// The name of the file that it goes to.
    pub file: String,
    /// The name of the file with its secrets.
    pub secrets_file: String,
}

impl Draft {
    /// The file's text; passwords go to `secrets`.
    pub fn text(&self, secrets: &mut Secrets) -> String {
        let mut out = format!(
            "# {}, by `otus init`. `otus check {file}` finds mistakes, `otus nodes TYPE` explains options.\n",
            self.wants.told(),
            file = self.file
        );
        for camera in &self.cameras {
            out += &self.camera(camera, secrets);
        }
        if let Some(Microphone(device)) = &self.microphone {
            out += "\n[sources.microphone]\ntype   = \"microphone\"\n";
            if let Some((device, name)) = device {
                let _ = writeln!(out, "device = {}   # {}", quoted(device), comment(name));
            }
        }
        out += &self.looking();
        out += &self.hearing();
        out += &self.kept();
        for tell in &self.tells {
            out += &self.told(tell, secrets);
        }
        if let Some(listen) = &self.listen {
            let _ = write!(
                out,
                "\n# Another program has the usual port, 9860.\n[status]\nlisten = \"{listen}\"\n"
            );
        }
        if !secrets.is_empty() {
            let _ = write!(
                out,
                "\n# What `${{…}}` stands for; nobody else may read it.\n[runtime]\nsecrets_file = {}\n",
                quoted(&self.secrets_file)
            );
        }
        out
    }

    fn camera(&self, camera: &Camera, secrets: &mut Secrets) -> String {
        let (before, after) = &camera.address;
        let login = camera.login.as_ref().map_or(String::new(), |login| {
            let password = secrets.reference(&camera.name, login);
            format!("{}:{password}@", login.user_in_address())
        });
        let uri = quoted(&format!("{before}{login}{after}"));
        let mut out = format!("\n# {}\n", comment(&camera.facts));
        if let Some(remark) = &camera.remark {
            let _ = writeln!(out, "# {}", comment(remark));
        }
        let _ = write!(
            out,
            "[sources.{}]\ntype = \"camera\"\nuri  = {uri}\n",
            camera.name
        );
        if let Some(eyes) = &self.eyes {
            let _ = writeln!(out, "fps  = {}", eyes.fps);
        }
        out
    }

    /// Nodes that look at pictures.
    fn looking(&self) -> String {
        let Some(eyes) = &self.eyes else {
            return String::new();
        };
        let model = eyes.eyes.model;
        let whose = if self.cameras.len() == 1 {
            "it"
        } else {
            "each camera"
        };
        let mut out = match &eyes.takes {
            Ok(takes) => format!(
                "\n# Measured here: {:.1} ms a picture, so {} of {whose} a second are no burden.\n",
                takes.as_secs_f64() * 1000.0,
                eyes.fps
            ),
            Err(why) => format!("\n# Not measured: {}.\n", comment(why)),
        };
        let _ = write!(
            out,
            "[transforms.seen]\ntype   = \"detect\"\ninputs = [{}]\nmodel  = \"{model}\"\n",
            names(self.cameras.iter().map(|it| &*it.name))
        );
        if !eyes.eyes.labels.is_empty() {
            let _ = writeln!(
                out,
                "labels = [{}]",
                names(eyes.eyes.labels.iter().copied())
            );
        }
        if let Some(score) = eyes.eyes.score {
            let _ = writeln!(out, "score  = {score}");
        }
        if eyes.workers > 1 {
            let _ = writeln!(out, "workers = {}", eyes.workers);
        }
        out += "\n# Tells when each has come and left, in place of one event a picture.\n\
                [transforms.visits]\ntype   = \"track\"\ninputs = [\"seen\"]\n";
        out
    }

    /// Who hears: the microphone, else cameras that have sound.
    fn hearers(&self) -> Vec<&str> {
        match self.microphone {
            Some(_) => vec!["microphone"],
            None => {
                let with_sound = self.cameras.iter().filter(|it| it.sound);
                with_sound.map(|it| &*it.name).collect()
            }
        }
    }

    /// Nodes that hear.
    fn hearing(&self) -> String {
        let Some(ears) = &self.ears else {
            return String::new();
        };
        let inputs = names(self.hearers().into_iter());
        let remark = ears.remark.lines().map(|it| format!("# {it}\n"));
        format!(
            "\n[transforms.speech]\ntype   = \"vad\"\ninputs = [{inputs}]\n\n{}\
             [transforms.words]\ntype   = \"transcribe\"\ninputs = [\"speech\"]\nmodel  = \"{}\"\n",
            remark.collect::<String>(),
            ears.model
        )
    }

    /// Pictures and films of visits.
    fn kept(&self) -> String {
        let mut out = String::new();
        if self.wants.pictures {
            out += "\n[sinks.pictures]\ntype      = \"snapshot\"\ninputs    = [\"visits\"]\nfolder    = \"pictures\"\n\
                    keep_days = 14\n";
        }
        if !self.wants.clips {
            return out;
        }
        let (sent, made): (Vec<_>, Vec<_>) = self.cameras.iter().partition(|it| it.coded);
        let mut inputs: Vec<&str> = sent.iter().map(|it| &*it.name).collect();
        if !made.is_empty() {
            let _ = write!(
                out,
                "\n# A film needs packets, and a webcam sends pictures.\n[transforms.film]\ntype   = \"encode\"\n\
                 inputs = [{}]\n",
                names(made.iter().map(|it| &*it.name))
            );
            inputs.push("film");
        }
        inputs.push("visits");
        let _ = write!(
            out,
            "\n[sinks.clips]\ntype      = \"clip\"\ninputs    = [{}]\nfolder    = \"clips\"\npre_s     = 5\n\
             keep_days = 14\n",
            names(inputs.into_iter())
        );
        out
    }

    /// A sink that tells of it.
    fn told(&self, tell: &Tell, secrets: &mut Secrets) -> String {
        let inputs = self.tellers(matches!(tell, Tell::Console));
        match tell {
            Tell::Console => {
                format!("\n[sinks.screen]\ntype   = \"console\"\ninputs = [{inputs}]\n")
            }
            Tell::Jsonl => format!(
                "\n[sinks.log]\ntype   = \"jsonl\"\ninputs = [{inputs}]\npath   = \"events.jsonl\"\nmax_mb = 100\n"
            ),
            Tell::History => format!(
                "\n# `otus events {}` searches it.\n[sinks.history]\ntype      = \"sqlite\"\ninputs    = [{inputs}]\n\
                 path      = \"history.db\"\nkeep_days = 30\n",
                self.file
            ),
            Tell::Mqtt(uri, login) => format!(
                "\n[sinks.home]\ntype   = \"mqtt\"\ninputs = [{inputs}]\nuri    = {}\n{}folder = \"outbox-mqtt\"\n\
                 home_assistant = true   # finds all of it by itself\n",
                quoted(uri),
                access("MQTT", login.as_ref(), uri.starts_with("mqtts:"), secrets)
            ),
            Tell::Webhook(uri, login) => format!(
                "\n[sinks.hook]\ntype   = \"webhook\"\ninputs = [{inputs}]\nuri    = {}\n{}folder = \"outbox-hook\"\n",
                quoted(uri),
                access("HOOK", login.as_ref(), uri.starts_with("https:"), secrets)
            ),
        }
    }

    /// Whose events a sink takes: those of sources too, which tell of outages; on a screen only what has happened.
    fn tellers(&self, only_news: bool) -> String {
        let live = self.cameras.iter().filter(|it| it.live && !only_news);
        let mut inputs: Vec<&str> = live.map(|it| &*it.name).collect();
        let others = [
            (self.microphone.is_some() && !only_news, "microphone"),
            (self.eyes.is_some(), "visits"),
            (self.ears.is_some(), "words"),
            (self.wants.pictures, "pictures"),
            (self.wants.clips, "clips"),
        ];
        inputs.extend(others.iter().filter(|it| it.0).map(|it| it.1));
        names(inputs.into_iter())
    }
}

/// Who we are to a receiver.
fn access(node: &str, login: Option<&Login>, tls: bool, secrets: &mut Secrets) -> String {
    let Some(login) = login else {
        return String::new();
    };
    let password = secrets.reference(node, login);
    let mut out = format!("user   = {}\n", quoted(&login.user));
    if !password.is_empty() {
        let _ = writeln!(out, "password = \"{password}\"");
        if !tls {
            out += "unencrypted = true   # the password goes there without TLS\n";
        }
    }
    out
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|it| format!("\"{it}\"")).collect();
    quoted.join(", ")
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Text that others have told us, as one line of remarks.
fn comment(text: &str) -> String {
    text.replace(|it: char| it.is_control(), " ")
}
