//! Which cameras are meant: found, asked for, and opened once as a run would.

use std::path::Path;
use std::time::Duration;

use super::address::{self, Named, Server};
use super::ask::{Asker, numbers};
use super::draft::Camera;
use super::options::Init;
use super::rtsp::{self, Refusal};
use crate::cli::here;
use crate::cli::meter::{self, Given};
use crate::cli::onvif;
use crate::cli::secrets::Login;
use crate::nodes::NODES;
use crate::pipeline::file;

/// How long each camera is measured.
const SO_LONG: Duration = Duration::from_secs(2);
/// So many are measured at a time.
const AT_A_TIME: usize = 8;
/// A person who has mistyped a password can try again; many cameras lock the account after five tries.
const MOST_LOGINS: usize = 3;

/// A camera that can be chosen.
struct Offer {
    named: Named,
    /// What it says of itself.
    says: String,
}

/// A camera whose address is known to be right.
struct Located {
    name: String,
    address: (String, String),
    login: Option<Login>,
    facts: Vec<String>,
    remark: Option<String>,
    sound: bool,
    coded: bool,
    live: bool,
}

/// The cameras of whoever asks for a pipeline, measured; none where none is wanted.
///
/// # Errors
/// Why not, and what to do.
pub fn choose(wish: &Init, asker: &Asker) -> Result<Vec<Camera>, String> {
    if !wish.camera.is_empty() {
        let read = wish.camera.iter().map(|it| address::read(it));
        let named = read.collect::<Result<Vec<_>, _>>()?;
        let named = named
            .into_iter()
            .map(|(name, named)| (name, named, String::new()));
        return open(named.collect(), asker);
    }
    let mut offers = of_this_machine();
    if wish.find {
        offers.extend(of_this_network(asker)?);
    }
    if !asker.is_person() {
        if !wish.find && wish.microphone.is_none() {
            asker.ask("", "", "--camera ADDRESS")?;
        }
        return without_asking(offers, asker);
    }
    loop {
        let chosen = ask(&mut offers, asker)?;
        match open(chosen, asker) {
            Ok(cameras) => return Ok(cameras),
            Err(why) => asker.say(&format!("\n{why}.\n")),
        }
    }
}

/// The first camera of this machine. Those of the network are taken only by somebody's choice.
fn without_asking(offers: Vec<Offer>, asker: &Asker) -> Result<Vec<Camera>, String> {
    let (here, elsewhere): (Vec<_>, Vec<_>) = offers
        .into_iter()
        .partition(|it| matches!(it.named, Named::Device(_)));
    if !elsewhere.is_empty() {
        let listed = elsewhere.iter().map(|it| format!("  {}", described(it)));
        let listed: Vec<String> = listed.collect();
        return Err(format!(
            "cameras of the network are taken only by name: say `--camera ADDRESS`. These have answered:\n{}",
            listed.join("\n")
        ));
    }
    let first = here.into_iter().next();
    let named = first.map(|it| (None, it.named, it.says));
    open(named.into_iter().collect(), asker)
}

fn of_this_machine() -> Vec<Offer> {
    let cameras = here::cameras().into_iter();
    let offers = cameras.map(|it| Offer {
        named: Named::Device(it.path),
        says: it.name,
    });
    offers.collect()
}

fn of_this_network(asker: &Asker) -> Result<Vec<Offer>, String> {
    asker.say("Asking the cameras of this network who they are ...");
    let found = onvif::find().map_err(|it| format!("this network cannot be asked: {it}"))?;
    if found.is_empty() {
        asker.say("None has answered; write its address, which your router or its app tells.");
    }
    let offers = found.into_iter().map(|it| {
        let host = match it.address {
            std::net::IpAddr::V4(it) => it.to_string(),
            std::net::IpAddr::V6(it) => format!("[{it}]"),
        };
        Offer {
            named: Named::Rtsp(Server { host, login: None }, None),
            says: it.says,
        }
    });
    Ok(offers.collect())
}

fn described(offer: &Offer) -> String {
    let place = match &offer.named {
        Named::Device(path) | Named::File(path) => path.display().to_string(),
        Named::Rtsp(server, _) => server.host.clone(),
        Named::Other(..) => String::new(),
    };
    format!("{place:<14} {}", offer.says).trim_end().to_owned()
}

type Chosen = Vec<(Option<String>, Named, String)>;

/// Asks until something was named that can be a camera.
fn ask(offers: &mut Vec<Offer>, asker: &Asker) -> Result<Chosen, String> {
    loop {
        for (number, offer) in offers.iter().enumerate() {
            asker.say(&format!("  {}  {}", number + 1, described(offer)));
        }
        asker.say(
            "  or an address: 10.0.0.7, user:password@10.0.0.7, rtsp://...\n  or `find`: cameras of this network are \
             asked who they are (ONVIF)\n  or `none`",
        );
        let proposal = if offers.is_empty() { "" } else { "1" };
        let answer = asker.ask("Which camera", proposal, "--camera ADDRESS")?;
        match answer.as_str() {
            "" => asker.say("Please name one, or say `none`."),
            "none" => return Ok(Vec::new()),
            "find" => {
                offers.retain(|it| matches!(it.named, Named::Device(_)));
                match of_this_network(asker) {
                    Ok(found) => offers.extend(found),
                    Err(why) => asker.say(&why),
                }
            }
            answer => match read(answer, offers) {
                Ok(chosen) => return Ok(chosen),
                Err(why) => asker.say(&format!("\n{why}.\n")),
            },
        }
    }
}

fn read(answer: &str, offers: &[Offer]) -> Result<Chosen, String> {
    if let Some(numbers) = numbers(answer, offers.len()) {
        let offers = numbers.into_iter().map(|it| &offers[it - 1]);
        let chosen = offers.map(|it| (None, it.named.clone(), it.says.clone()));
        return Ok(chosen.collect());
    }
    let words = answer.split([',', ' ']).filter(|it| !it.is_empty());
    let named = words.map(address::read).collect::<Result<Vec<_>, _>>()?;
    let named = named
        .into_iter()
        .map(|(name, named)| (name, named, String::new()));
    Ok(named.collect())
}

/// Finds out where the streams of cameras are, and measures them. A person is told of those that cannot be had, and
/// gets the others.
fn open(named: Chosen, asker: &Asker) -> Result<Vec<Camera>, String> {
    let count = named.len();
    let (mut located, mut failures) = (Vec::new(), Vec::new());
    for (number, (name, named, says)) in named.into_iter().enumerate() {
        let usual = match count {
            1 => "camera".to_owned(),
            _ => format!("camera{}", number + 1),
        };
        match locate(name.unwrap_or(usual), named, &says, asker) {
            Ok(it) => located.push(it),
            Err(why) => failures.push(why),
        }
    }
    let mut cameras = Vec::new();
    for some in located.chunks(AT_A_TIME) {
        let measured = std::thread::scope(|scope| {
            let threads: Vec<_> = some
                .iter()
                .map(|it| scope.spawn(move || measure(it)))
                .collect();
            let measured = threads.into_iter().map(|it| it.join());
            measured.collect::<Vec<_>>()
        });
        for (it, measured) in some.iter().zip(measured) {
            match measured.unwrap_or_else(|_| Err("it cannot be measured".to_owned())) {
                Ok(given) => cameras.push(described_by(it, &given)),
                Err(why) => failures.push(format!("{}: {why}", it.name)),
            }
        }
    }
    match failures.is_empty() || (asker.is_person() && !cameras.is_empty()) {
        true => {
            failures
                .iter()
                .for_each(|it| asker.say(&format!("\n{it}. It is left out.\n")));
            Ok(cameras)
        }
        false => Err(failures.join("\n")),
    }
}

fn locate(name: String, named: Named, says: &str, asker: &Asker) -> Result<Located, String> {
    let plain = |address: String, live: bool| Located {
        name: name.clone(),
        address: (String::new(), address),
        login: None,
        facts: vec![says.to_owned()],
        remark: None,
        sound: false,
        coded: false,
        live,
    };
    Ok(match named {
        Named::Device(path) => plain(path.display().to_string(), true),
        Named::File(path) => plain(path.display().to_string(), false),
        Named::Other(scheme, login, rest) => Located {
            address: (format!("{scheme}://"), rest),
            login,
            coded: scheme == "rtsps",
            ..plain(String::new(), true)
        },
        Named::Rtsp(server, path) => {
            asker.say(&format!("Looking for the stream of {} ...", server.host));
            let (server, stream, remark) = stream_of(server, path, says, asker)?;
            let maker = stream.maker.map(|it| format!("as of {it}"));
            let sound = stream.sound.as_ref().map(|it| format!("sound ({it})"));
            Located {
                address: (
                    "rtsp://".to_owned(),
                    format!("{}/{}", server.host, stream.path),
                ),
                login: server.login,
                facts: [Some(says.to_owned()), maker, sound]
                    .into_iter()
                    .flatten()
                    .collect(),
                remark,
                sound: stream.sound.is_some(),
                coded: true,
                ..plain(String::new(), true)
            }
        }
    })
}

type Stream = (Server, rtsp::Stream, Option<String>);

/// The stream of a camera; a person is asked for user and password if it wants them.
fn stream_of(
    mut server: Server,
    path: Option<String>,
    says: &str,
    asker: &Asker,
) -> Result<Stream, String> {
    for tried in 1.. {
        let found = match &path {
            None => rtsp::search(&server, says).map(|it| {
                let remark = it
                    .main
                    .map(|main| format!("Its large picture is at /{main}."));
                (it, remark)
            }),
            Some(path) => rtsp::named(&server, path).map(|(it, sub)| {
                let remark =
                    sub.map(|sub| format!("A smaller picture, which costs less, is at /{sub}."));
                (it, remark)
            }),
        };
        let refusal = match found {
            Ok((stream, remark)) => return Ok((server, stream, remark)),
            Err(refusal) => refusal,
        };
        let may_ask = matches!(refusal, Refusal::WantsLogin | Refusal::Login);
        if !may_ask || !asker.is_person() || tried > MOST_LOGINS {
            return Err(refusal.told(&server.host));
        }
        if refusal == Refusal::Login {
            asker.say(&refusal.told(&server.host));
        }
        let user = asker.ask(&format!("User at {}", server.host), "admin", "--camera")?;
        let password = asker.hidden("Password", "--camera")?;
        server.login = Some(Login::typed(&user, &password));
    }
    unreachable!("it ends after some tries")
}

/// Opens a camera as a run would.
fn measure(camera: &Located) -> Result<Given, String> {
    let (before, after) = &camera.address;
    let login = camera
        .login
        .as_ref()
        .map_or(String::new(), Login::in_address);
    let uri = toml::Value::String(format!("{before}{login}{after}"));
    let text = format!(
        "[sources.camera]\ntype = 'camera'\nuri = {uri}\n[sinks.none]\ntype = 'console'\ninputs = ['camera']\n"
    );
    let plan = file::parse(&text, Path::new("."), NODES);
    let plan = plan.map_err(|it| it.first().map_or(String::new(), |it| it.message.clone()))?;
    let node = &plan.nodes[0];
    match meter::of(node, &plan, SO_LONG) {
        None => Err("it hangs; unplug it, or restart it".to_owned()),
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(given)) if given.frames == 0 => Err("it has given no picture".to_owned()),
        Some(Ok(given)) => Ok(given),
    }
}

fn described_by(it: &Located, given: &Given) -> Camera {
    let (width, height) = given.size;
    let rate = given.rate().map(|it| format!("{it:.0} a second"));
    let size = Some(format!("{width} x {height}"));
    let measured = [size, rate].into_iter().flatten();
    let facts = it.facts.iter().filter(|it| !it.is_empty()).cloned();
    let facts: Vec<String> = facts.chain(measured).collect();
    Camera {
        name: it.name.clone(),
        address: it.address.clone(),
        login: it.login.clone(),
        facts: facts.join(", "),
        remark: it.remark.clone(),
        sound: it.sound,
        coded: it.coded,
        live: it.live,
        size: given.size,
    }
}
