//! Whether an MP4 file is one that can be decoded here: AAC or ALAC, and no more claimed than the file holds. symphonia
//! makes room for whatever a damaged file claims, which FFmpeg does in a process of its own. And where its sound begins:
//! what an encoder needed to get going comes before it, 64 ms of AAC at 16 kHz.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// No sample, not even a picture of a film, is larger.
const LARGEST_SAMPLE: u32 = 64 << 20;
/// No packet of ALAC is longer; encoders use 4096.
const LONGEST_PACKET: u32 = 1 << 16;
/// Boxes at most, and how deep they lie: more is no recording.
const MOST_BOXES: u32 = 10_000;
const DEEPEST: u32 = 8;
/// How deep the descriptions of sound and pictures lie, and the tags, whose names are many.
const DESCRIPTIONS: u32 = 6;
const TAGS: u32 = 4;
/// From here on, times of 32 bits are negative, and no recording is so long.
const NEGATIVE: u64 = 1 << 31;
/// Sound that is not decoded here.
const OTHERS: [&[u8; 4]; 17] = [
    b".mp3", b"Opus", b"ac-3", b"alaw", b"ec-3", b"fLaC", b"fl32", b"fl64", b"in24", b"in32",
    b"lpcm", b"raw ", b"samr", b"sawb", b"sowt", b"twos", b"ulaw",
];

/// A part of the file: what it is, and where its content begins and ends.
#[derive(Clone, Copy)]
struct Part {
    kind: [u8; 4],
    begin: u64,
    end: u64,
}

struct Walk {
    file: BufReader<File>,
    boxes: u32,
    has_sound: bool,
    in_tags: bool,
    /// Of the track: what its edit list leaves out, and how many of these units are a second.
    edited: (u64, u32),
    /// Of the first track with sound, in seconds.
    run_up: f64,
}

/// Reads over the headers of a file: how many seconds come before its sound, if it can be decoded here.
pub fn run_up(file: &File) -> Option<f64> {
    let walk = || {
        let length = file.metadata()?.len();
        let mut walk = Walk {
            file: BufReader::new(file.try_clone()?),
            boxes: 0,
            has_sound: false,
            in_tags: false,
            edited: (0, 1),
            run_up: 0.0,
        };
        let plain = walk.parts(0, length, 0)? && walk.has_sound;
        Ok::<_, io::Error>(plain.then_some(walk.run_up))
    };
    walk().ok().flatten()
}

impl Walk {
    fn parts(&mut self, mut at: u64, end: u64, depth: u32) -> io::Result<bool> {
        while at + 8 <= end {
            let Some(part) = self.part(at)? else {
                return Ok(false);
            };
            // A recording that was cut short.
            if part.end > end {
                return Ok(depth == 0 && part.kind == *b"mdat");
            }
            self.boxes += 1;
            if depth > DEEPEST || self.boxes > MOST_BOXES || !self.is_plain(part, depth)? {
                return Ok(false);
            }
            at = part.end;
        }
        Ok(true)
    }

    fn part(&mut self, at: u64) -> io::Result<Option<Part>> {
        let (size, kind) = (u64::from(self.number(at)?), self.number(at + 4)?);
        let (size, header) = match size {
            1 => {
                let high = u64::from(self.number(at + 8)?);
                (high << 32 | u64::from(self.number(at + 12)?), 16)
            }
            size => (size, 8),
        };
        let end = at.checked_add(size).filter(|_| size >= header);
        Ok(end.map(|end| Part {
            kind: kind.to_be_bytes(),
            begin: at + header,
            end,
        }))
    }

    fn is_plain(&mut self, part: Part, depth: u32) -> io::Result<bool> {
        let Part { kind, begin, end } = part;
        if self.in_tags && depth == TAGS {
            return self.parts(begin, end, depth + 1);
        }
        match &kind {
            b"ilst" => {
                self.in_tags = true;
                let plain = self.parts(begin, end, TAGS);
                self.in_tags = false;
                plain
            }
            b"trak" => {
                self.edited = (0, 1);
                self.parts(begin, end, depth + 1)
            }
            b"elst" => self.edits(part),
            b"mdhd" => {
                let long = self.number(begin)? >> 24 == 1;
                self.edited.1 = self.number(begin + if long { 20 } else { 12 })?.max(1);
                Ok(true)
            }
            b"moov" | b"edts" | b"mdia" | b"minf" | b"stbl" | b"udta" | b"wave" => {
                self.parts(begin, end, depth + 1)
            }
            b"meta" => self.parts(begin + 4, end, depth + 1),
            b"stsd" => self.parts(begin + 8, end, depth + 1),
            b"mp4a" | b"alac" if depth == DESCRIPTIONS => self.sound(begin, end),
            // The settings of ALAC within its description.
            b"alac" => Ok(self.number(begin + 4)? <= LONGEST_PACKET),
            b"stts" | b"co64" => self.table(part, 4, 8),
            b"stsc" => self.table(part, 4, 12),
            b"stco" => self.table(part, 4, 4),
            b"stsz" => self.sizes(part),
            // Fragments claim sizes in many places.
            b"moof" | b"mvex" | b"sidx" => Ok(false),
            other => Ok(!OTHERS.contains(&other)),
        }
    }

    /// Where the first edit of a track begins in it. An edit of nothing, which is -1, is a wait.
    fn edits(&mut self, part: Part) -> io::Result<bool> {
        let (version, count) = (self.number(part.begin)? >> 24, self.number(part.begin + 4)?);
        if count > 0 {
            let start = match version {
                1 => {
                    let high = u64::from(self.number(part.begin + 16)?);
                    high << 32 | u64::from(self.number(part.begin + 20)?)
                }
                _ => u64::from(self.number(part.begin + 12)?),
            };
            self.edited.0 = if start < NEGATIVE { start } else { 0 };
        }
        Ok(true)
    }

    /// A description of sound: numbers, of which QuickTime has more, and the decoder's settings.
    fn sound(&mut self, begin: u64, end: u64) -> io::Result<bool> {
        if !self.has_sound {
            self.run_up = self.edited.0 as f64 / f64::from(self.edited.1);
        }
        self.has_sound = true;
        let numbers = match self.number(begin + 6)? & 0xffff {
            0 => 28,
            1 => 44,
            _ => return Ok(false),
        };
        self.parts(begin + numbers, end, DESCRIPTIONS + 1)
    }

    /// Whether the entries that a table claims are in it.
    fn table(&mut self, part: Part, count_at: u64, entry: u64) -> io::Result<bool> {
        let count = u64::from(self.number(part.begin + count_at)?);
        Ok(part.begin + count_at + 4 + count * entry <= part.end)
    }

    fn sizes(&mut self, part: Part) -> io::Result<bool> {
        match self.number(part.begin + 4)? {
            0 => {}
            all => return Ok(all <= LARGEST_SAMPLE),
        }
        if !self.table(part, 8, 4)? {
            return Ok(false);
        }
        let count = u64::from(self.number(part.begin + 8)?);
        for entry in 0..count {
            if self.number(part.begin + 12 + 4 * entry)? > LARGEST_SAMPLE {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn number(&mut self, at: u64) -> io::Result<u32> {
        let here = self.file.stream_position()?;
        // Within its buffer where that is possible.
        match i64::try_from(i128::from(at) - i128::from(here)) {
            Ok(further) => self.file.seek_relative(further)?,
            Err(_) => self.file.seek(SeekFrom::Start(at)).map(drop)?,
        }
        let mut four = [0; 4];
        self.file.read_exact(&mut four)?;
        Ok(u32::from_be_bytes(four))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn part(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = content.len() as u32 + 8;
        [&size.to_be_bytes()[..], kind, content].concat()
    }

    /// A file with this description of its sound, and a table of so many samples of this size.
    fn film(description: &[u8], claimed: u32, sample: u32) -> Vec<u8> {
        let sizes = [0, 0, claimed, sample].map(u32::to_be_bytes).concat();
        let stsd = [&[0; 8], description].concat();
        let mut inner = [part(b"stsd", &stsd), part(b"stsz", &sizes)].concat();
        for kind in [b"stbl", b"minf", b"mdia", b"trak", b"moov"] {
            inner = part(kind, &inner);
        }
        [part(b"ftyp", b"M4A "), inner].concat()
    }

    fn plain(bytes: &[u8]) -> bool {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("there is room");
        run_up(&file).is_some()
    }

    fn alac(length: u32) -> Vec<u8> {
        let settings = [0, length, 0].map(u32::to_be_bytes).concat();
        part(b"alac", &[&[0; 28][..], &part(b"alac", &settings)].concat())
    }

    #[test]
    fn what_an_edit_list_leaves_out_is_run_up() {
        let header = part(
            b"mdhd",
            &[0, 0, 0, 16_000, 0].map(u32::to_be_bytes).concat(),
        );
        let stsd = part(b"stsd", &[&[0; 8][..], &part(b"mp4a", &[0; 28])].concat());
        let film = |edits: &[u32]| {
            let edits = edits.iter().flat_map(|it| it.to_be_bytes());
            let edits = part(b"edts", &part(b"elst", &edits.collect::<Vec<_>>()));
            let sound = part(b"minf", &part(b"stbl", &stsd));
            let track = [edits, part(b"mdia", &[header.clone(), sound].concat())].concat();
            let mut file = tempfile::tempfile().expect("a file");
            let film = part(b"moov", &part(b"trak", &track));
            file.write_all(&film).expect("there is room");
            run_up(&file)
        };
        assert_eq!(film(&[0, 1, 9_000, 1024, 1 << 16]), Some(0.064));
        assert_eq!(film(&[1 << 24, 1, 0, 9_000, 0, 1024, 1 << 16]), Some(0.064));
        assert_eq!(film(&[0, 1, 9_000, u32::MAX, 1 << 16]), Some(0.0));
        assert_eq!(film(&[0, 0]), Some(0.0));
    }

    #[test]
    fn what_claims_more_than_the_file_holds_is_not_plain() {
        let aac = part(b"mp4a", &[0; 28]);
        assert!(plain(&film(&aac, 1, 500)));
        assert!(plain(&film(&alac(4096), 1, 500)));
        assert!(!plain(&film(&aac, 2, 500)), "a sample too many");
        assert!(!plain(&film(&aac, u32::MAX, 500)));
        assert!(!plain(&film(&aac, 1, u32::MAX)), "a sample of 4 GB");
        assert!(!plain(&film(&alac(u32::MAX), 1, 500)));
        assert!(!plain(&film(&part(b"sowt", &[0; 28]), 1, 500)));
        assert!(!plain(&film(&[], 1, 500)), "no sound");
        let tags = |claimed: u32| {
            let data = [&claimed.to_be_bytes()[..], b"data", &[0; 8]].concat();
            let tags = part(b"ilst", &part(b"\xa9too", &data));
            let moov = part(
                b"moov",
                &part(b"udta", &part(b"meta", &[&[0; 4], &tags[..]].concat())),
            );
            [film(&aac, 1, 500), moov].concat()
        };
        assert!(plain(&tags(16)) && !plain(&tags(u32::MAX)));
        let cut = film(&aac, 1, 500);
        assert!(!plain(&cut[..cut.len() - 1]));
        let fragments = [film(&aac, 1, 500), part(b"moof", &[])].concat();
        assert!(!plain(&fragments));
        let unfinished = [film(&aac, 1, 500), b"\0\0\xff\xffmdat".to_vec()].concat();
        assert!(plain(&unfinished), "it is told that it is cut off");
    }
}
