//! Times as people say them: `2h` ago, `16:42`, a day, or RFC 3339.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// What is accepted, for those who say something else.
const ACCEPTED: &str = "it must be a time ago, such as 30m, 2h or 7d; a time of day, such as 16:42; a day, such as 2026-11-29; \
    both, such as 2026-11-29T16:42; or a time with its zone, such as 2026-11-29T16:42:07Z";

/// The moment that is meant, where clocks show the time of `zone` and it is `now`.
///
/// # Errors
/// What is accepted.
pub fn moment(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    let found = ago(text, now)
        .or_else(|| text.parse().ok())
        .or_else(|| day(text, zone))
        .or_else(|| time_of_day(text, zone, now));
    found.ok_or_else(|| ACCEPTED.to_owned())
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let is_length =
        text.ends_with(char::is_alphabetic) && text.starts_with(|it: char| it.is_ascii_digit());
    let span: Span = is_length.then(|| text.parse().ok())??;
    let days = SpanRelativeTo::days_are_24_hours();
    let length: SignedDuration = span.to_duration(days).ok()?;
    now.checked_sub(length).ok()
}

/// A day, from midnight on, or a time in it.
fn day(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let is_day = text.len() == "2026-11-29".len();
    let at: DateTime = match is_day {
        true => text.parse::<Date>().ok()?.into(),
        false if text.len() > "2026-11-29".len() => text.parse().ok()?,
        false => return None,
    };
    zone.to_timestamp(at).ok()
}

/// The last time that clocks showed this.
fn time_of_day(text: &str, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let is_time = text.len() >= "16:42".len() && text.as_bytes().get(2) == Some(&b':');
    let time: Time = is_time.then(|| text.parse().ok())??;
    let today = now.to_zoned_datetime(zone.clone()).date();
    let at = |day: Date| zone.to_timestamp(day.to_datetime(time)).ok();
    match at(today)? {
        past if past <= now => Some(past),
        _ => at(today.yesterday().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_understood_as_people_say_them() {
        let zone = TimeZone::posix("CET-1").expect("an hour before UTC");
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a time");
        let moment = |text: &str| moment(text, &zone, now).map(|it| it.to_string());
        for (said, meant) in [
            ("2h", "2026-11-29T10:00:00Z"),
            ("90m", "2026-11-29T10:30:00Z"),
            ("7d", "2026-11-22T12:00:00Z"),
            ("1h 30m", "2026-11-29T10:30:00Z"),
            ("12:30", "2026-11-29T11:30:00Z"),
            ("22:00", "2026-11-28T21:00:00Z"),
            ("2026-11-01", "2026-10-31T23:00:00Z"),
            ("2026-11-01T16:42", "2026-11-01T15:42:00Z"),
            ("2026-11-01 16:42:07", "2026-11-01T15:42:07Z"),
            ("2026-11-01T16:42:07Z", "2026-11-01T16:42:07Z"),
            ("2026-11-01T16:42:07+02:00", "2026-11-01T14:42:07Z"),
        ] {
            assert_eq!(moment(said).as_deref(), Ok(meant), "{said}");
        }
        for said in [
            "",
            "yesterday",
            "25:00",
            "2026-13-01",
            "-2h",
            "12",
            "2 years ago",
            "1:30",
        ] {
            let refused = moment(said);
            assert!(
                refused.is_err_and(|it| it.contains("such as 30m")),
                "{said}"
            );
        }
    }
}
