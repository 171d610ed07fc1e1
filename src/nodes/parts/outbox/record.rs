//! An event as it waits to be sent.

use crate::inference::store::sum;
use crate::media::events::Event;

/// So many digits of a line's checksum mark its delivery.
const DIGITS: usize = 16;

/// Its kind, then a line of JSON whose `delivery` is the same however often it is sent: unlike its `id`, which a film has
/// again when it is looked at again.
pub fn of(event: &Event) -> Vec<u8> {
    let json = event.to_json();
    let delivery = &sum::sum(json.as_bytes())[..DIGITS];
    let open = json.strip_suffix('}').unwrap_or(&json);
    format!(
        "{}\n{open},\"delivery\":\"{delivery}\"}}",
        event.body.kind().name
    )
    .into_bytes()
}

/// The kind and the line of what waits.
pub fn parts(record: &[u8]) -> Option<(&str, &[u8])> {
    let at = record.iter().position(|it| *it == b'\n')?;
    Some((std::str::from_utf8(&record[..at]).ok()?, &record[at + 1..]))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::media::packet::Packet;
    use crate::pipeline::contract::testing::gap;

    #[test]
    fn an_event_is_the_same_delivery_whenever_it_is_sent() {
        let Packet::Event(event) = gap("porch", 3) else {
            unreachable!("a gap is an event")
        };
        let waits = of(&event);
        assert_eq!(waits, of(&event));
        let (kind, line) = parts(&waits).expect("it has both");
        let line: Value = serde_json::from_slice(line).expect("JSON");
        assert_eq!((kind, &line["source"]), ("gap", &Value::from("porch")));
        assert_eq!(line["delivery"].as_str().map(str::len), Some(DIGITS));
    }
}
