//! An event as it waits for the broker.

use crate::inference::store::sum;
use crate::media::events::Event;

/// So many digits of an event's checksum are its id.
pub const ID: usize = 16;

/// Its kind, then a line of JSON whose `id` is the same however often it is sent.
pub fn of(event: &Event) -> Vec<u8> {
    let json = event.to_json();
    let id = &sum::sum(json.as_bytes())[..ID];
    let open = json.strip_suffix('}').unwrap_or(&json);
    format!("{}\n{open},\"id\":\"{id}\"}}", event.body.kind().name).into_bytes()
}

/// The kind and the line of what waits.
pub fn parts(record: &[u8]) -> Option<(&str, &[u8])> {
    let at = record.iter().position(|it| *it == b'\n')?;
    Some((std::str::from_utf8(&record[..at]).ok()?, &record[at + 1..]))
}
