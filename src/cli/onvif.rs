//! Asks the cameras of this network who they are: ONVIF's WS-Discovery, one question to all of them by multicast.
//!
//! Anybody can answer, and say anything. What counts is the address that an answer came from; what it says is shown as
//! a name and nothing else, and addresses that it names are neither taken nor asked.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use percent_encoding::percent_decode_str;

/// Where WS-Discovery asks.
const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(239, 255, 255, 250), 3702);
/// Cameras wait up to half a second by the standard, and some longer.
const PATIENCE: Duration = Duration::from_secs(3);
/// More answers than this are no cameras of one house.
const MOST_ANSWERS: usize = 1024;
const MOST_CAMERAS: usize = 256;
/// Names are cut off here.
const LONGEST_NAME: usize = 40;
/// What all scopes of ONVIF begin with.
const SCOPE: &str = "onvif://www.onvif.org/";

/// A camera that has answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Where the answer came from.
    pub address: IpAddr,
    /// What it says of itself: name and hardware; empty if it says nothing.
    pub says: String,
    /// ONVIF's profiles that it says it has, by letter.
    pub profiles: Vec<String>,
}

/// Asks, and waits for answers; by address.
///
/// # Errors
/// That this machine has no network to ask in.
pub fn find() -> io::Result<Vec<Found>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_multicast_ttl_v4(1)?;
    let question = Question::new();
    socket.send_to(question.text().as_bytes(), GROUP)?;
    let (asked, mut found) = (Instant::now(), BTreeMap::new());
    let mut buffer = vec![0; 65_536];
    for _ in 0..MOST_ANSWERS {
        let left = PATIENCE.saturating_sub(asked.elapsed());
        if left.is_zero() || found.len() == MOST_CAMERAS {
            break;
        }
        socket.set_read_timeout(Some(left))?;
        // What was refused by somebody else's port comes as an error of this socket.
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let text = String::from_utf8_lossy(&buffer[..length]);
        // Of several answers from one address the first counts.
        if let Some(camera) = question.answered_by(from.ip(), &text) {
            found.entry(camera.address).or_insert(camera);
        }
    }
    Ok(found.into_values().collect())
}

/// What is asked; answers name its number.
struct Question {
    id: String,
}

impl Question {
    fn new() -> Question {
        let (high, low) = (fastrand::u64(..), fastrand::u64(..));
        // A random UUID, as RFC 9562 marks them.
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        );
        Question { id }
    }

    fn text(&self) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
             xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\">\
             <e:Header><w:MessageID>uuid:{}</w:MessageID>\
             <w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
             <w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
             <e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>",
            self.id
        )
    }

    /// What a camera says of itself, if this is its answer to the question.
    fn answered_by(&self, address: IpAddr, text: &str) -> Option<Found> {
        let relates = element(text, "RelatesTo")?;
        if !relates.trim().ends_with(&self.id) {
            return None;
        }
        element(text, "ProbeMatch")?;
        let scopes = element(text, "Scopes").unwrap_or_default();
        let words = scopes.split_whitespace();
        let told = words.filter_map(|it| it.strip_prefix(SCOPE)?.split_once('/'));
        let told: Vec<(&str, &str)> = told.collect();
        let of = |what: &str| told.iter().find(|it| it.0 == what).map_or("", |it| it.1);
        let (name, hardware) = (shown(of("name")), shown(of("hardware")));
        let says = match name.contains(&hardware) {
            true => name,
            false => format!("{name} {hardware}").trim().to_owned(),
        };
        let profiles = told.iter().filter(|it| it.0 == "Profile");
        let mut profiles: Vec<String> = profiles.filter_map(|it| profile(it.1)).collect();
        profiles.sort();
        profiles.dedup();
        Some(Found {
            address,
            says,
            profiles,
        })
    }
}

/// The letter of a profile; the first has a name instead (ONVIF Profile S Specification).
fn profile(scope: &str) -> Option<String> {
    match scope {
        "Streaming" => Some("S".to_owned()),
        it => {
            Some(it.to_owned()).filter(|it| it.len() == 1 && it.as_bytes()[0].is_ascii_uppercase())
        }
    }
}

/// The text within the first element of this name, whatever its prefix is.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, inner) = after.split_once('>')?;
        rest = inner;
        let called = tag
            .split([' ', '\t', '\r', '\n'])
            .next()
            .unwrap_or_default();
        if local(called) == name && !tag.ends_with('/') {
            let end = inner.match_indices("</");
            let closes = |at: usize| {
                let called = inner[at + 2..].split('>').next().unwrap_or_default();
                local(called.trim_end()) == name
            };
            let mut ends = end.map(|it| it.0).filter(|at| closes(*at));
            return ends.next().map(|at| &inner[..at]);
        }
    }
    None
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |it| it.1)
}

/// A word of a scope for people.
fn shown(word: &str) -> String {
    let word = word.replace("&amp;", "&");
    let plain = percent_decode_str(&word)
        .decode_utf8_lossy()
        .replace('_', " ");
    let letters = plain.chars().filter(|it| !it.is_control());
    letters.take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn answer(id: &str, scopes: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"x\"><SOAP-ENV:Header>\
             <wsa:RelatesTo SOAP-ENV:mustUnderstand=\"true\">uuid:{id}</wsa:RelatesTo></SOAP-ENV:Header>\
             <SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types>\
             <d:Scopes>{scopes}</d:Scopes><d:XAddrs>http://192.0.2.9/onvif/device_service</d:XAddrs>\
             </d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>"
        )
    }

    #[test]
    fn a_camera_tells_its_name() {
        let question = Question::new();
        assert_eq!(question.id.len(), 36);
        let told = |scopes| question.answered_by(HOME, &answer(&question.id, scopes));
        let says = |scopes| told(scopes).map(|it| it.says);
        let scopes = "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/Front%20Door\n\
                      onvif://www.onvif.org/hardware/DS-2CD2042";
        assert_eq!(says(scopes).as_deref(), Some("Front Door DS-2CD2042"));
        let twice = "onvif://www.onvif.org/name/TP-Link_C210 onvif://www.onvif.org/hardware/C210";
        assert_eq!(says(twice).as_deref(), Some("TP-Link C210"));
        assert_eq!(says("").as_deref(), Some(""));
        let profiles = "onvif://www.onvif.org/Profile/T onvif://www.onvif.org/Profile/Streaming \
                        onvif://www.onvif.org/Profile/Q/Operational onvif://www.onvif.org/Profile/T";
        assert_eq!(told(profiles).expect("an answer").profiles, ["S", "T"]);
    }

    #[test]
    fn what_is_no_answer_to_us_is_none() {
        let question = Question::new();
        let other = "00000000-0000-4000-8000-000000000000";
        assert_eq!(question.answered_by(HOME, &answer(other, "")), None);
        assert_eq!(
            question.answered_by(HOME, &question.text()),
            None,
            "our own question"
        );
        let whole = answer(&question.id, "onvif://www.onvif.org/name/a");
        for end in 0..whole.find("</d:ProbeMatch>").expect("it is there") {
            assert_eq!(question.answered_by(HOME, &whole[..end]), None, "{end}");
        }
        for junk in [
            "",
            "<",
            "<<<>>>",
            "</RelatesTo>",
            "<RelatesTo",
            "\u{0}<a:RelatesTo>",
        ] {
            assert_eq!(question.answered_by(HOME, junk), None, "{junk}");
        }
    }

    #[test]
    fn a_name_that_lies_is_only_shown() {
        let question = Question::new();
        let name = format!("onvif://www.onvif.org/name/%1b%5b2J{}", "x".repeat(500));
        let says = question.answered_by(HOME, &answer(&question.id, &name));
        let says = says.expect("it is an answer").says;
        assert!(
            !says.contains('\u{1b}') && says.len() <= LONGEST_NAME,
            "{says}"
        );
    }
}
