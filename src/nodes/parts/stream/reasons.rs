//! Why a stream cannot be had, from what FFmpeg says about it.

use std::time::Duration;

use crate::pipeline::contract::error::Error;

/// Words of FFmpeg, and what they mean for who has to mend it. The first that fits counts.
const REASONS: [(&str, &str); 20] = [
    (
        "Decoder (codec",
        "its pictures or sound are coded in a way that this FFmpeg cannot decode; choose H.264, and AAC or G.711, in the camera's settings",
    ),
    (
        "Unknown/unsupported",
        "it has a stream that this FFmpeg does not know; choose H.264, and AAC or G.711, in the camera's settings",
    ),
    (
        "'0:a:0' matches no streams",
        "it sends no sound; turn it on in the camera's settings, or let nothing take its sound",
    ),
    (
        "Failed to resolve hostname",
        "no machine has this name; is it written right, and does DNS work?",
    ),
    (
        "failed to lookup address",
        "no machine has this name; is it written right, and does DNS work?",
    ),
    (
        "Connection refused",
        "its machine is there, but nothing listens at this port; is the port right, and the camera's service on?",
    ),
    (
        "No route to host",
        "there is no way to this address; is the camera on, and in this network?",
    ),
    (
        "Network is unreachable",
        "there is no way to this address; is this machine's network up?",
    ),
    (
        "Connection timed out",
        "it does not answer; is it on, and in this network?",
    ),
    (
        "Operation timed out",
        "it does not answer; is it on, and in this network?",
    ),
    ("Connection reset", "it has broken off the connection"),
    (
        "404",
        "it has nothing under this path (404); is the address right after the machine's name?",
    ),
    (
        "400",
        "it does not understand the request (400); is the address right?",
    ),
    ("454", "it has lost the session (454)"),
    ("500", "its server has failed (500)"),
    (
        "503",
        "its server is overloaded (503); how many viewers may it have?",
    ),
    (
        "453",
        "it has no bandwidth left (453); how many viewers may it have?",
    ),
    ("Too many", "it sends us in circles; is the address right?"),
    (
        "Invalid data found",
        "it answers, but not with video that FFmpeg can read; is the address right?",
    ),
    (
        "Protocol not",
        "it points to a kind of address that cameras do not have",
    ),
];
/// The same of answers that refuse us.
const REFUSALS: [(&str, &str); 2] = [
    (
        "401",
        "it refuses user or password (401); many cameras lock the account after five tries",
    ),
    ("403", "it forbids this user to look (403)"),
];

/// What a complaint of FFmpeg means.
pub fn of(complaint: &str) -> Error {
    if let Some((_, meaning)) = REFUSALS.iter().find(|it| says(complaint, it.0)) {
        return Error::Refused((*meaning).to_owned());
    }
    match REASONS.iter().find(|it| says(complaint, it.0)) {
        Some((_, meaning)) => Error::retry(meaning),
        None => Error::retry(format!("cannot connect ({complaint})")),
    }
}

/// The same where it may be no complaint about a stream: a stream is FFmpeg's standard input to it.
pub fn of_stream(complaint: String) -> Error {
    match complaint.starts_with("pipe:0: ") || is_known(&complaint) {
        true => of(&complaint),
        false => Error::Retry(complaint),
    }
}

/// Nothing was said within so long.
pub fn silent(waited: Duration) -> Error {
    let seconds = waited.as_secs_f64();
    Error::retry(format!(
        "it gives nothing within {seconds} s; is it on, and does it send video?"
    ))
}

/// Whether a complaint says why.
pub fn is_known(complaint: &str) -> bool {
    let words = REFUSALS.iter().chain(&REASONS);
    words.into_iter().any(|it| says(complaint, it.0))
}

/// Whether a complaint has these words; a number only where it is a server's answer.
fn says(complaint: &str, words: &str) -> bool {
    let is_number = words.starts_with(|it: char| it.is_ascii_digit());
    let before = [
        "failed: ",
        "HTTP error ",
        "Server returned ",
        "HTTP/1.1 ",
        "HTTP/1.0 ",
    ];
    match is_number {
        true => before
            .iter()
            .any(|it| complaint.contains(&format!("{it}{words}"))),
        false => complaint.contains(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_servers_are_told_apart() {
        for (complaint, meaning) in [
            (
                "method DESCRIBE failed: 401 Unauthorized",
                "refuses user or password",
            ),
            (
                "pipe:0: Server returned 401 Unauthorized (authorization failed)",
                "refuses user or password",
            ),
            ("HTTP error 403 Forbidden", "forbids this user"),
            (
                "method DESCRIBE failed: 404 Not Found",
                "nothing under this path",
            ),
            (
                "Connection to tcp://10.0.0.7:401?timeout=0 failed: Connection refused",
                "nothing listens",
            ),
            (
                "Failed to resolve hostname porch.lan: Name or service not known",
                "no machine has this name",
            ),
            (
                "pipe:0: Invalid data found when processing input",
                "not with video",
            ),
            (
                "Decoder (codec none) not found for input stream #0:1",
                "choose H.264, and AAC or G.711",
            ),
            (
                "pipe:0: Something new",
                "cannot connect (pipe:0: Something new)",
            ),
        ] {
            let error = of(complaint);
            let refused = matches!(error, Error::Refused(_));
            assert_eq!(
                refused,
                meaning.contains("refuses") || meaning.contains("forbids")
            );
            assert!(error.to_string().contains(meaning), "{complaint}: {error}");
        }
    }
}
