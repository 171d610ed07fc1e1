//! The header of a WAV file: lengths that its writer could not know, and numbers that no sound has.

use crate::media::mono::MOST;

/// What a header claims in vain.
const LONGEST: u32 = u32::MAX;
/// Where the chunks begin: after `RIFF`, its length and `WAVE`.
const CHUNKS: usize = 12;
/// Formats whose samples have a size of their own.
const PCM: [u16; 2] = [1, 3];

/// Reads the chunks before the sound. Where whoever wrote it into a pipe could not know the length, it is made the
/// longest, which is read as far as the file goes; true if so.
///
/// # Errors
/// In words, if the format has no channels, no rate or no bits.
pub fn prepare(head: &mut [u8]) -> Result<bool, String> {
    let mut at = CHUNKS;
    while let (Some(name), Some(length)) = (head.get(at..at + 4), number(head, at + 4)) {
        let begin = at + 8;
        match name {
            b"fmt " => sane(&head[begin..])?,
            b"data" => {
                let riff = number(head, 4).unwrap_or(0);
                let unknown = is_unknown(length) && (length > 0 || riff as usize + 8 <= begin);
                if unknown {
                    head[4..8].copy_from_slice(&LONGEST.to_le_bytes());
                    head[at + 4..begin].copy_from_slice(&LONGEST.to_le_bytes());
                }
                return Ok(unknown);
            }
            _ => {}
        }
        // Chunks begin at even bytes.
        at = begin.saturating_add(length as usize).next_multiple_of(2);
    }
    Ok(false)
}

/// Zero, or about what the format or a signed number can hold: `arecord` says 2 GiB, SoX a little less.
fn is_unknown(length: u32) -> bool {
    matches!(length, 0 | 0x7fff_0000..=0x8000_ffff | 0xffff_0000..)
}

fn sane(format: &[u8]) -> Result<(), String> {
    let short = |at: usize| Some(u16::from_le_bytes([*format.get(at)?, *format.get(at + 1)?]));
    let (code, channels, bits) = (short(0), short(2), short(14));
    let is_pcm = code.is_some_and(|it| PCM.contains(&it));
    let wrong = match (channels, number(format, 4), bits) {
        (Some(channels), ..) if !(1..=MOST).contains(&usize::from(channels)) => {
            format!("{channels} channels")
        }
        (_, Some(0), _) => "a sample rate of 0 Hz".to_owned(),
        (_, _, Some(0)) if is_pcm => "samples of 0 bits".to_owned(),
        _ => return Ok(()),
    };
    Err(format!(
        "its header claims {wrong}, which is no sound; record or convert it anew"
    ))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(riff: u32, channels: u16, rate: u32, bits: u16, data: u32) -> Vec<u8> {
        let format = [1u16.to_le_bytes(), channels.to_le_bytes()].concat();
        let sizes = [[2, 0], bits.to_le_bytes()].concat();
        [
            b"RIFF",
            &riff.to_le_bytes()[..],
            b"WAVEfmt \x10\0\0\0",
            &format,
            &rate.to_le_bytes(),
            &[0; 4],
            &sizes,
            b"LIST\x03\0\0\0abc\0data",
            &data.to_le_bytes(),
        ]
        .concat()
    }

    #[test]
    fn lengths_that_nobody_knew_are_made_the_longest() {
        let lengths = [
            (u32::MAX, u32::MAX, true),
            (0, 0, true),
            (36, 0, true),
            (0x7fff_fffb, 0x7fff_ffd8, true),
            (0x8000_0024, 0x8000_0000, true),
            (1_000_048, 0, false),
            (1_000_048, 1_000_000, false),
        ];
        for (riff, data, expected) in lengths {
            let mut head = header(riff, 1, 16_000, 16, data);
            let before = head.clone();
            assert_eq!(prepare(&mut head), Ok(expected), "{riff} {data}");
            assert_eq!(head == before, !expected || data == u32::MAX);
            assert_eq!(number(&head, head.len() - 4) == Some(LONGEST), expected);
        }
    }

    #[test]
    fn numbers_that_no_sound_has_are_named() {
        let refused = |channels, rate, bits| {
            let refused = prepare(&mut header(100, channels, rate, bits, 100));
            refused.expect_err("it is refused")
        };
        assert!(refused(0, 16_000, 16).contains("claims 0 channels"));
        assert!(refused(255, 16_000, 16).contains("255 channels"));
        assert!(refused(1, 0, 16).contains("0 Hz"));
        assert!(refused(1, 16_000, 0).contains("0 bits"));
        assert_eq!(prepare(&mut b"RIFF\0\0\0\0WAVE".to_vec()), Ok(false));
    }
}
