//! Evidence: folders of bundles, each of which holds what an alert rests on, names the sum of every file in it, and
//! continues the bundle before it by the sum of that one's manifest.
//!
//! A bundle proves that nothing of it was changed since it was written by who holds the key, that it stands in its place among
//! the others, and that none between two of them is missing. It does not prove that the camera saw what was there, nor, to who
//! does not know the sum of the latest bundle from elsewhere, that no later ones were taken away.

pub mod chain;
pub mod key;
pub mod manifest;
pub mod order;
pub mod verify;

use jiff::Timestamp;

use crate::nodes::parts::folder::name;

/// What tells of all that is in a bundle.
pub const MANIFEST: &str = "evidence.json";
/// Sums of all files, as `sha256sum -c` reads them.
pub const SUMS: &str = "evidence.sha256";
/// Signature of the manifest, 64 bytes.
pub const SIGNATURE: &str = "evidence.sig";
/// The public key that it was made with.
pub const PUBLIC_KEY: &str = "evidence.pem";

/// The name of a bundle about something at this time, by its number in the chain.
pub fn name_of(at: Timestamp, source: &str, number: u64) -> String {
    name::stem(at, &[source, &number.to_string()])
}

/// The time and the number in such a name; none if it is another's.
pub fn parts_of(name: &str) -> Option<(Timestamp, u64)> {
    let at = name::time_of(name)?;
    let (_, digits) = name.rsplit_once('_')?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits && number > 0).then_some((at, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_time_and_its_number() {
        let at: Timestamp = "2026-11-29T16:42:07.123Z".parse().expect("a time");
        let name = name_of(at, "front_door", 17);
        assert_eq!(name, "2026-11-29T16-42-07.123Z_front-door_17");
        assert_eq!(parts_of(&name), Some((at, 17)));
        for other in [
            "2026-11-29T16-42-07.123Z_porch",
            "2026-11-29T16-42-07.123Z_porch_017",
            "2026-11-29T16-42-07.123Z_porch_0",
            "2026-11-29T16-42-07.123Z_porch_+7",
            ".2026-11-29T16-42-07.123Z_porch_17",
            "holiday_17",
        ] {
            assert_eq!(parts_of(other), None, "{other}");
        }
    }
}
