//! The microphones of this machine among what ALSA lists, and the one that a pipeline names.

use std::fs;

use cpal::ErrorKind;
use cpal::traits::{DeviceTrait, HostTrait};
use glob::{MatchOptions, Pattern};
use serde::Serialize;

use super::errors::explain;
use super::log;
use crate::pipeline::contract::error::{Error, Result};

/// What ALSA and its plug-ins bring along on every machine: converters, mixers, and other ways to the same cards.
const PLUGINS: [&str; 27] = [
    "a52",
    "center_lfe",
    "cards",
    "dmix",
    "dshare",
    "dsnoop",
    "front",
    "hdmi",
    "hw",
    "iec958",
    "jack",
    "lavrate",
    "modem",
    "null",
    "oss",
    "phoneline",
    "plughw",
    "rear",
    "samplerate",
    "side",
    "spdif",
    "speex",
    "speexrate",
    "sysdefault",
    "upmix",
    "usbstream",
    "vdownmix",
];
/// Of a card, the device that takes any rate and channel count.
const CARD: &str = "plughw:CARD=";

/// A microphone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Microphone {
    /// What the option `device` calls it.
    pub device: String,
    /// What people call it.
    pub name: String,
}

/// Microphones of this machine: its cards, and what is set up beside them and can be opened.
pub fn devices() -> Vec<Microphone> {
    log::take_words();
    let host = cpal::default_host();
    // Not `input_devices`, which passes over those that are in use.
    let listed = host.devices().into_iter().flatten();
    let default = host.default_input_device().into_iter();
    let mut found = Vec::new();
    for device in default.chain(listed) {
        let Ok(id) = device.id() else { continue };
        let id = id.id();
        let device_name = by_name(id, card_id);
        let again = found.iter().any(|it: &Microphone| it.device == device_name);
        if again || (is_plugin(id) && !is_card(id)) || !opens(&device) {
            continue;
        }
        let name = device.description().map(|it| it.name().to_owned());
        let name = match name.unwrap_or_default() {
            name if name == "default" => "what this system has chosen".to_owned(),
            name => name,
        };
        found.push(Microphone {
            device: device_name,
            name,
        });
    }
    found
}

/// The microphone of this name, or the system's default.
///
/// # Errors
/// `Retry` if it is not there.
pub fn find(name: Option<&str>) -> Result<cpal::Device> {
    log::take_words();
    let host = cpal::default_host();
    let Some(name) = name else {
        return host
            .default_input_device()
            .ok_or_else(|| explain(&ErrorKind::DeviceNotAvailable.into()));
    };
    let wanted = match name.contains(['*', '?']) {
        true => match first_like(name, &devices()) {
            Some(device) => device,
            None => return Err(unknown(name)),
        },
        false => by_name(&in_full(name), card_id),
    };
    let is_it = |device: &cpal::Device| {
        let id = device.id();
        id.is_ok_and(|id| by_name(id.id(), card_id) == wanted)
    };
    let mut all = host.devices().map_err(|error| explain(&error))?;
    if let Some(device) = all.find(is_it) {
        return Ok(device);
    }
    Err(unknown(name))
}

/// There is no such microphone; those that there are.
fn unknown(name: &str) -> Error {
    let known: Vec<String> = devices().into_iter().map(|it| it.device).collect();
    let here = match known.is_empty() {
        true => "there is none here".to_owned(),
        false => format!("microphones here: {}", known.join(", ")),
    };
    Error::retry(format!("there is no microphone `{name}`; {here}"))
}

/// The first whose name, or what people call it, is like a pattern with `*` and `?`, whatever the case.
fn first_like(pattern: &str, all: &[Microphone]) -> Option<String> {
    // What stands in brackets is no choice of letters here.
    let literal = pattern.replace('[', "[[]");
    let pattern = Pattern::new(&literal).ok()?;
    let options = MatchOptions {
        case_sensitive: false,
        ..MatchOptions::default()
    };
    let fits = |it: &&Microphone| {
        pattern.matches_with(&it.device, options) || pattern.matches_with(&it.name, options)
    };
    all.iter().find(fits).map(|it| it.device.clone())
}

/// What only one may have open: a card by itself, and no server that mixes.
pub fn card_of(name: &str) -> Option<String> {
    let full = in_full(name);
    let is_card = full.starts_with("hw:") || full.starts_with("plughw:");
    // One and the same device, with and without conversion.
    is_card.then(|| full.trim_start_matches("plug").to_owned())
}

/// Whether ALSA's name is a card's by its number, of which there is one for each device of each card.
fn is_card(id: &str) -> bool {
    let number = id.strip_prefix(CARD).and_then(|it| it.split(',').next());
    number.is_some_and(|it| it.parse::<u32>().is_ok())
}

fn is_plugin(id: &str) -> bool {
    let (kind, of_card) = id.split_once(':').unwrap_or((id, ""));
    let again = kind == "default" && !of_card.is_empty();
    again || PLUGINS.contains(&kind) || kind.starts_with("surround")
}

fn opens(device: &cpal::Device) -> bool {
    match device.default_input_config() {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::DeviceBusy,
    }
}

/// `hw:1,0` as `hw:CARD=1,DEV=0`; the first device where none is named. A number is that of a card.
fn in_full(name: &str) -> String {
    if !name.is_empty() && name.bytes().all(|it| it.is_ascii_digit()) {
        return format!("plughw:CARD={name},DEV=0");
    }
    let Some((kind @ ("hw" | "plughw"), rest)) = name.split_once(':') else {
        return name.to_owned();
    };
    let (card, device) = rest.split_once(',').unwrap_or((rest, "0"));
    let card = card.strip_prefix("CARD=").unwrap_or(card);
    let device = device.strip_prefix("DEV=").unwrap_or(device);
    format!("{kind}:CARD={card},DEV={device}")
}

/// A card by its name instead of its number, which depends on what was plugged in first.
fn by_name(id: &str, card_id: impl Fn(u32) -> Option<String>) -> String {
    let named = || {
        let (kind, rest) = id.split_once(":CARD=")?;
        let (number, device) = rest.split_once(',').unwrap_or((rest, "DEV=0"));
        let card = card_id(number.parse().ok()?)?;
        Some(format!("{kind}:CARD={card},{device}"))
    };
    named().unwrap_or_else(|| id.to_owned())
}

fn card_id(number: u32) -> Option<String> {
    let id = fs::read_to_string(format!("/proc/asound/card{number}/id")).ok()?;
    Some(id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As on a machine with an HDA card, PulseAudio and a name of one's own.
    #[test]
    fn cards_and_servers_are_microphones_and_plug_ins_are_not() {
        for plugin in [
            "null",
            "lavrate",
            "speexrate",
            "jack",
            "oss",
            "vdownmix",
            "sysdefault:CARD=PCH",
            "default:CARD=PCH",
            "front:CARD=PCH,DEV=0",
            "surround51:CARD=PCH,DEV=0",
            "iec958:CARD=PCH,DEV=0",
            "dsnoop:CARD=PCH,DEV=0",
            "hw:CARD=PCH,DEV=0",
            "plughw:CARD=PCH,DEV=0",
            "hw:CARD=0,DEV=0",
        ] {
            assert!(is_plugin(plugin) && !is_card(plugin), "{plugin}");
        }
        for it in ["default", "pulse", "pipewire", "door", "bluealsa"] {
            assert!(!is_plugin(it) && !is_card(it), "{it}");
        }
        assert!(is_card("plughw:CARD=1,DEV=0"));
    }

    #[test]
    fn a_card_has_one_name_however_it_is_written() {
        let card_id = |number| (number == 1).then(|| "C920".to_owned());
        for name in [
            "1",
            "plughw:1",
            "plughw:1,0",
            "plughw:CARD=1",
            "plughw:C920",
            "plughw:CARD=C920,DEV=0",
        ] {
            let named = by_name(&in_full(name), card_id);
            assert_eq!(named, "plughw:CARD=C920,DEV=0", "{name}");
        }
        assert_eq!(by_name(&in_full("pulse"), card_id), "pulse");
        assert_eq!(by_name("hw:CARD=7,DEV=2", card_id), "hw:CARD=7,DEV=2");
    }

    #[test]
    fn a_pattern_finds_a_card_wherever_it_is_plugged_in() {
        let all = ["default", "plughw:CARD=PCH,DEV=0", "plughw:CARD=C920,DEV=0"].map(|device| {
            let name = match device.contains("C920") {
                true => "HD Pro Webcam [C920], USB Audio",
                false => "what this system has chosen",
            };
            let (device, name) = (device.to_owned(), name.to_owned());
            Microphone { device, name }
        });
        let found = |pattern| first_like(pattern, &all);
        let webcam = Some("plughw:CARD=C920,DEV=0".to_owned());
        for pattern in [
            "*c920*",
            "*webcam*",
            "HD Pro Webcam [C920]*",
            "plughw:CARD=C?20,*",
        ] {
            assert_eq!(found(pattern), webcam, "{pattern}");
        }
        assert_eq!(found("*jabra*"), None);
    }

    #[test]
    fn a_card_is_one_mans_and_a_server_everybodys() {
        assert_eq!(card_of("plughw:1"), card_of("hw:CARD=1,DEV=0"));
        assert_eq!(card_of("1"), card_of("hw:1"));
        assert_ne!(card_of("hw:1,0"), card_of("hw:1,1"));
        for shared in ["default", "pulse", "*C920*", "otus_test"] {
            assert_eq!(card_of(shared), None);
        }
    }
}
