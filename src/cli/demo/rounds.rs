//! What the demo plays at the pace of life: the street and the spoken names, again and again on one clock, for two hours.

use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::media::FILM;

const ROUNDS: usize = 100;
/// Seconds of the film: with it the names begin again.
const ROUND: f64 = 79.5;
/// Seconds from the beginning of one name to that of the next.
const EVERY: f64 = 8.0;

/// Makes them of what is in `folder`. Nothing is copied but a minute of sound.
///
/// # Errors
/// That a file cannot be read or written, or is no WAV file.
pub fn make(folder: &Path, live: &Path) -> Result<()> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|it| it.path())
        .collect();
    names.retain(|it| it.extension().is_some_and(|it| it == "wav"));
    names.sort();
    fs::write(live.join("round.wav"), round(&names)?)?;
    for number in 0..ROUNDS {
        link("round.wav", &live.join(format!("round-{number:03}.wav")))?;
    }
    // FFmpeg's lists take only what is in their own folder.
    link(&format!("../{FILM}"), &live.join(FILM))?;
    let list = format!("file {FILM}\n").repeat(ROUNDS);
    fs::write(
        live.join("street.ffconcat"),
        format!("ffconcat version 1.0\n{list}"),
    )
}

fn link(to: &str, from: &Path) -> Result<()> {
    match symlink(to, from) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// A WAV file of the names that are as the first one, a while apart, as long as the film.
fn round(names: &[PathBuf]) -> Result<Vec<u8>> {
    let no_names = || Error::new(ErrorKind::NotFound, "there are no WAV files");
    let mut file = fs::read(names.first().ok_or_else(no_names)?)?;
    let start = samples(&file)?;
    file.truncate(start);
    let header = file.clone();
    // Bytes a second stand at byte 28.
    let rate = f64::from(word(&header, 28));
    let length = |seconds: f64| (seconds * rate) as usize / 4 * 4;
    let mut sounds = names.iter().map(fs::read).collect::<Result<Vec<_>>>()?;
    sounds.retain(|it| samples(it).is_ok_and(|at| at == start) && it[12..36] == header[12..36]);
    for (number, sound) in sounds.iter().enumerate() {
        file.resize(start + length(number as f64 * EVERY), 0);
        file.extend(&sound[start..]);
    }
    file.resize(start + length(ROUND), 0);
    let told = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    let (whole, sound) = (told(file.len() - 8), told(file.len() - start));
    file[4..8].copy_from_slice(&whole);
    file[start - 4..start].copy_from_slice(&sound);
    Ok(file)
}

/// Where the samples begin.
fn samples(file: &[u8]) -> Result<usize> {
    let wrong = || Error::new(ErrorKind::InvalidData, "this is no WAV file");
    let data = file.windows(4).position(|it| it == b"data");
    let start = data
        .map(|it| it + 8)
        .filter(|it| (44..=file.len()).contains(it));
    start.ok_or_else(wrong)
}

fn word(header: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of something, of 16 kHz and 16 bits.
    fn wav(channels: u8) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        file.extend([16, 0, 0, 0, 1, 0, channels, 0]);
        file.extend(16_000_u32.to_le_bytes());
        file.extend(32_000_u32.to_le_bytes());
        file.extend([2, 0, 16, 0]);
        file.extend(b"data\0\0\0\0");
        file.extend([1; 32_000]);
        file
    }

    #[test]
    fn names_are_a_while_apart_and_what_is_otherwise_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let live = folder.path().join("live");
        fs::create_dir(&live).expect("a folder");
        let write =
            |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("a file");
        write("a.wav", &wav(1));
        write("b.wav", &wav(2));
        write("c.wav", &wav(1));
        make(folder.path(), &live).expect("it can be made");
        make(folder.path(), &live).expect("it can be made again");
        let made = fs::read(live.join("round-099.wav")).expect("it is there");
        assert_eq!(made.len(), 44 + 159 * 16_000, "79.5 s");
        assert_eq!(word(&made, 40) as usize, made.len() - 44);
        let is_loud = |second: f64| made[44 + (second * 32_000.0) as usize] != 0;
        let loud: Vec<f64> = [0.5, 4.0, 8.5, 16.5, 20.0]
            .into_iter()
            .filter(|it| is_loud(*it))
            .collect();
        assert_eq!(loud, [0.5, 8.5]);
        write("a.wav", b"RIFF");
        assert!(make(folder.path(), &live).is_err());
    }
}
