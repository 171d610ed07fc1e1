//! What sinks have written, read as others read it.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

/// Events by their numbers, from the first on without a hole, and at least so many.
pub fn in_order(what: &str, came: Vec<u64>, least: u64) {
    let whole = came.iter().copied().eq(0..came.len() as u64);
    assert!(
        whole && came.len() as u64 >= least,
        "{what}: {least} were acknowledged: {came:?}"
    );
}

/// Numbers of the detections among lines of a log.
pub fn numbers_of(lines: &[Value]) -> Vec<u64> {
    let found = lines.iter().filter(|it| it["kind"] == "detection");
    found
        .map(|it| it["seq"].as_u64().expect("a number"))
        .collect()
}

/// Rows of a history after this one, and the numbers of their events.
pub fn rows(book: &Connection, after: i64) -> rusqlite::Result<Vec<(i64, u64)>> {
    let mut query =
        book.prepare("SELECT id, json ->> 'seq' FROM events WHERE id > ? ORDER BY id")?;
    let rows = query.query_map([after], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)? as u64))
    })?;
    rows.collect()
}

/// Numbers of the whole cues of a file, from 0 on.
pub fn cues(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once("\n\n").map_or("", |it| it.0);
    let number = |cue: &str| cue.lines().next()?.parse::<u64>().ok();
    let cues = whole.split("\n\n").filter(|it| !it.is_empty());
    cues.map(|it| number(it).unwrap_or_else(|| panic!("{it}")) - 1)
        .collect()
}

/// Whether a WAV file is as long as it says, and why not.
pub fn whole_sound(path: &Path) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|it| it.to_string())?;
    let claimed = bytes
        .get(40..44)
        .map(|it| u32::from_le_bytes(it.try_into().expect("four")));
    match claimed {
        Some(claimed) if claimed as usize == bytes.len() - 44 && claimed > 0 => Ok(()),
        _ => Err(format!("{claimed:?} of {} bytes", bytes.len())),
    }
}

/// Whether nobody has written into a film how long it lasts (ISO/IEC 14496-12, 8.2.2).
pub fn is_open(film: &Path) -> bool {
    let bytes = fs::read(film).expect("it is there");
    let at = bytes
        .windows(4)
        .position(|it| it == b"mvhd")
        .expect("a head");
    // In the second version of the box.
    bytes[at + 28..at + 36] == [0; 8]
}
