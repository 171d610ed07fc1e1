//! What a file is, by its first bytes: who reads it, and what it is called where nobody can.

/// So many bytes tell what it is, and hold the names of most codecs.
pub const HEAD: usize = 64 * 1024;
/// So many of them show whether it is text.
const TEXT: usize = 512;
/// A packet of an MPEG transport stream.
const PACKET: usize = 188;

/// Who reads a kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// otus itself, and FFmpeg what of it otus cannot.
    Own,
    /// FFmpeg alone.
    Ffmpeg,
    /// Nobody: there is no sound in it.
    Nobody,
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// As people say it: `an MP4 file`.
    pub name: String,
    /// Who reads it.
    pub reader: Reader,
}

use Reader::{Ffmpeg, Nobody, Own};

/// Where bytes stand, which ones, and of what.
type Mark = (usize, &'static [u8], &'static str, Reader);

/// The more telling ones first.
const MARKS: [Mark; 42] = [
    (8, b"WAVE", "a WAV file", Own),
    (8, b"AVI ", "an AVI film", Ffmpeg),
    (8, b"WEBP", "a WebP picture", Nobody),
    (8, b"AIFF", "an AIFF file", Own),
    (8, b"AIFC", "an AIFF file", Own),
    (8, b"heic", "a HEIF picture", Nobody),
    (8, b"avif", "an AVIF picture", Nobody),
    (8, b"M4A ", "an M4A file", Own),
    (4, b"ftyp", "an MP4 or MOV film", Own),
    (4, b"moov", "a MOV film", Own),
    (4, b"mdat", "a MOV film", Own),
    (0, b"fLaC", "a FLAC file", Own),
    (28, b"OpusHead", "an Ogg Opus file", Ffmpeg),
    (28, b"Speex   ", "an Ogg Speex file", Ffmpeg),
    (0, b"OggS", "an Ogg file", Own),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM film", Ffmpeg),
    (0, b"caff", "a CAF file", Ffmpeg),
    (0, b"ID3", "an MP3 file", Own),
    (0, b"\xff\xf1", "an AAC file", Own),
    (0, b"\xff\xf9", "an AAC file", Own),
    (
        0,
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "a Windows Media file",
        Ffmpeg,
    ),
    (0, b"\0\0\x01\xba", "an MPEG film", Ffmpeg),
    (0, b"FLV", "a Flash film", Ffmpeg),
    (0, b"#!AMR", "an AMR file", Ffmpeg),
    (0, b".snd", "an AU file", Ffmpeg),
    (0, b"wvpk", "a WavPack file", Ffmpeg),
    (0, b"MAC ", "a Monkey's Audio file", Ffmpeg),
    (0, b"\xff\xd8\xff", "a JPEG picture", Nobody),
    (0, b"\x89PNG", "a PNG picture", Nobody),
    (0, b"GIF8", "a GIF picture", Nobody),
    (0, b"BM", "a BMP picture", Nobody),
    (0, b"II*\0", "a TIFF picture", Nobody),
    (0, b"MM\0*", "a TIFF picture", Nobody),
    (0, b"%PDF", "a PDF document", Nobody),
    (0, b"PK\x03\x04", "a ZIP archive", Nobody),
    (0, b"\x1f\x8b", "a gzip archive", Nobody),
    (0, b"\xfd7zXZ", "an xz archive", Nobody),
    (0, b"7z\xbc\xaf", "a 7z archive", Nobody),
    (0, b"\x7fELF", "a program", Nobody),
    // These would lead FFmpeg to other files.
    (0, b"#EXTM3U", "a playlist", Nobody),
    (0, b"ffconcat", "a playlist", Nobody),
    (0, b"MThd", "a MIDI file", Nobody),
];

/// How codecs that FFmpeg is needed for are named inside of films.
const CODECS: [(&[u8], &str); 9] = [
    (b"A_OPUS", "Opus"),
    (b"Opus", "Opus"),
    (b"A_AC3", "Dolby Digital (AC-3)"),
    (b"ac-3", "Dolby Digital (AC-3)"),
    (b"A_EAC3", "Dolby Digital Plus (E-AC-3)"),
    (b"ec-3", "Dolby Digital Plus (E-AC-3)"),
    (b"A_DTS", "DTS"),
    (b"samr", "AMR"),
    (b"A_TRUEHD", "Dolby TrueHD"),
];

impl Kind {
    /// Whether it is made of boxes as MP4 files are.
    pub fn is_mp4(&self) -> bool {
        ["an M4A", "an MP4", "a MOV"]
            .iter()
            .any(|it| self.name.starts_with(it))
    }

    /// Of a file that begins so.
    pub fn of(head: &[u8]) -> Kind {
        let known = |name: &str, reader| Kind {
            name: name.to_owned(),
            reader,
        };
        let is = |(at, bytes, ..): &&Mark| head.get(*at..).is_some_and(|it| it.starts_with(bytes));
        match head {
            [b'R', b'F', b'6', b'4', ..] => return known("an RF64 file", Ffmpeg),
            [b'B', b'W', b'6', b'4', ..] => return known("a BW64 file", Ffmpeg),
            [b'R', b'I', b'F', b'X', ..] => return known("a RIFX file", Ffmpeg),
            _ if is_transport(head) => return known("an MPEG transport stream", Ffmpeg),
            _ => {}
        }
        if let Some((_, _, name, reader)) = MARKS.iter().find(is) {
            return known(&with_codec(name, head), *reader);
        }
        match head {
            [0xff, second, ..] if second & 0xe6 > 0xe0 => known("an MP3 file", Own),
            _ if is_text(head) => known("text", Nobody),
            _ => known("nothing that is known here", Ffmpeg),
        }
    }
}

/// Films can hold any codec.
fn with_codec(name: &str, head: &[u8]) -> String {
    if !["film", "M4A"].iter().any(|it| name.contains(it)) {
        return name.to_owned();
    }
    let holds = |bytes: &[u8]| head.windows(bytes.len()).any(|it| it == bytes);
    match CODECS.iter().find(|(bytes, _)| holds(bytes)) {
        Some((_, codec)) => format!("{name} with {codec}"),
        None => name.to_owned(),
    }
}

fn is_transport(head: &[u8]) -> bool {
    // Cameras' cards put a time of four bytes before each packet.
    [(0, PACKET), (4, PACKET + 4)].iter().any(|&(from, step)| {
        let packets = head.get(from..).unwrap_or_default().iter().step_by(step);
        packets.clone().count() > 2 && packets.take(8).all(|it| *it == 0x47)
    })
}

/// Whether the beginning is UTF-8, perhaps cut within a letter, without what no text has.
fn is_text(head: &[u8]) -> bool {
    let begin = &head[..head.len().min(TEXT)];
    let readable = match std::str::from_utf8(begin) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    let shows = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace();
    readable && begin.iter().all(shows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        for (head, name, reader) in [
            (&b"RIFF\0\0\0\0WAVEfmt "[..], "a WAV file", Own),
            (b"RF64\xff\xff\xff\xffWAVEds64", "an RF64 file", Ffmpeg),
            (b"\0\0\0\x20ftypisom", "an MP4 or MOV film", Own),
            (b"\xff\xfb\x90\x64\0\0", "an MP3 file", Own),
            (b"\xff\xf1\x50\x80", "an AAC file", Own),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture", Nobody),
            (b"#EXTM3U\n/etc/passwd", "a playlist", Nobody),
            (b"Gr\xc3\xbc\xc3\x9fe\n", "text", Nobody),
            (b"\0\x01\x02\x03", "nothing that is known here", Ffmpeg),
            (b"", "text", Nobody),
            (
                b"\x1aE\xdf\xa3 webm A_OPUS",
                "a Matroska or WebM film with Opus",
                Ffmpeg,
            ),
        ] {
            let kind = Kind::of(head);
            assert_eq!((kind.name.as_str(), kind.reader), (name, reader));
        }
        let mut stream = [0; 5 * PACKET];
        stream.iter_mut().step_by(PACKET).for_each(|it| *it = 0x47);
        assert_eq!(Kind::of(&stream).name, "an MPEG transport stream");
    }

    #[test]
    fn text_may_be_cut_within_a_letter() {
        let mut long = "ä".repeat(TEXT);
        long.insert(0, 'x');
        assert_eq!(Kind::of(long.as_bytes()).name, "text");
    }
}
