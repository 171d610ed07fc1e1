//! Samples of G.711 and linear PCM, packed as FLAC without loss (RFC 9639): a frame holds them as they are, or their
//! second differences in Rice codes where that is shorter.

/// So many samples a channel are packed together at most.
pub const BLOCK: usize = 4096;

/// How samples are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// G.711, A-law.
    A,
    /// G.711, µ-law.
    Mu,
    /// 16 bits, the greater byte first.
    Big,
    /// 16 bits, the lesser byte first.
    Little,
}

impl Law {
    /// By FFmpeg's name of the codec.
    pub fn of(codec: &str) -> Option<Law> {
        Some(match codec {
            "pcm_alaw" => Law::A,
            "pcm_mulaw" => Law::Mu,
            "pcm_s16be" => Law::Big,
            "pcm_s16le" => Law::Little,
            _ => return None,
        })
    }

    /// The samples of a unit.
    pub fn samples(self, unit: &[u8]) -> Vec<i16> {
        let pairs = unit.as_chunks::<2>().0.iter();
        match self {
            Law::A => unit.iter().copied().map(a_law).collect(),
            Law::Mu => unit.iter().copied().map(mu_law).collect(),
            Law::Big => pairs.copied().map(i16::from_be_bytes).collect(),
            Law::Little => pairs.copied().map(i16::from_le_bytes).collect(),
        }
    }
}

/// ITU-T G.711, table 1.
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (exponent, mantissa) = (code >> 4 & 7, i16::from(code & 0xf) << 4);
    let size = match exponent {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    if code & 0x80 == 0 { -size } else { size }
}

/// ITU-T G.711, table 2.
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let (exponent, mantissa) = (code >> 4 & 7, i16::from(code & 0xf) << 3);
    let size = ((mantissa + 0x84) << exponent) - 0x84;
    if code & 0x80 == 0 { size } else { -size }
}

/// One FLAC frame of 16-bit samples, channel after channel; `first` is the number of its first sample.
pub fn pack(samples: &[i16], channels: usize, first: u64, to: &mut Vec<u8>) {
    let count = samples.len() / channels;
    let begin = to.len();
    let mut bits = Bits { to, free: 0 };
    // Sync, blocks of any length; their length behind the number, rate as the stream tells, 16 bits.
    bits.put(0b1111_1111_1111_1001, 16);
    bits.put(0b0111_0000, 8);
    bits.put((channels as u32 - 1) << 4 | 0b1000, 8);
    number(first, &mut bits);
    bits.put(count as u32 - 1, 16);
    let check = crc8(&bits.to[begin..]);
    bits.put(check.into(), 8);
    for channel in 0..channels {
        let values: Vec<i32> = samples
            .iter()
            .skip(channel)
            .step_by(channels)
            .map(|it| i32::from(*it))
            .collect();
        subframe(&values[..count], &mut bits);
    }
    let check = crc16(&to[begin..]);
    to.extend_from_slice(&check.to_be_bytes());
}

/// The samples of a channel.
fn subframe(values: &[i32], bits: &mut Bits) {
    let differences: Vec<u32> = values
        .windows(3)
        .map(|it| folded(it[2] - 2 * it[1] + it[0]))
        .collect();
    let sum: u64 = differences.iter().map(|it| u64::from(*it)).sum();
    let mean = sum / (differences.len() as u64).max(1);
    let rice = mean.max(1).ilog2().min(14);
    let length: u64 = differences
        .iter()
        .map(|it| u64::from(it >> rice) + 1 + u64::from(rice))
        .sum();
    if differences.is_empty() || length + 42 >= values.len() as u64 * 16 {
        bits.put(0b0000_0010, 8);
        return values.iter().for_each(|it| bits.put(*it as u32, 16));
    }
    // Fixed prediction of second order, its first two samples, one partition of Rice codes.
    bits.put(0b0001_0100, 8);
    values[..2].iter().for_each(|it| bits.put(*it as u32, 16));
    bits.put(0, 2 + 4);
    bits.put(rice, 4);
    for it in differences {
        (0..it >> rice).for_each(|_| bits.put(0, 1));
        bits.put(1, 1);
        bits.put(it, rice);
    }
}

/// Small numbers of either sign as small ones.
fn folded(value: i32) -> u32 {
    (value << 1 ^ value >> 31) as u32
}

/// A number in as many bytes as it needs, as UTF-8 does it.
fn number(value: u64, bits: &mut Bits) {
    if value < 0x80 {
        return bits.put(value as u32, 8);
    }
    let more = (1..=6)
        .find(|more| value < 1 << (6 * more + 6 - more))
        .unwrap_or(6);
    let lead = 0xff << (7 - more) & 0xff;
    bits.put(lead | (value >> (6 * more)) as u32, 8);
    for at in (0..more).rev() {
        bits.put(0x80 | (value >> (6 * at)) as u32 & 0x3f, 8);
    }
}

/// Bits, the greatest first.
struct Bits<'a> {
    to: &'a mut Vec<u8>,
    /// Bits of the last byte that are not used yet.
    free: u32,
}

impl Bits<'_> {
    /// Appends the lowest bits of a value.
    fn put(&mut self, value: u32, mut count: u32) {
        while count > 0 {
            if self.free == 0 {
                self.to.push(0);
                self.free = 8;
            }
            let now = count.min(self.free);
            let part = value >> (count - now) & ((1 << now) - 1);
            let last = self
                .to
                .last_mut()
                .expect("one was just pushed, or has room");
            *last |= (part << (self.free - now)) as u8;
            self.free -= now;
            count -= now;
        }
    }
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| {
            crc << 1 ^ if crc & 0x80 == 0 { 0 } else { 0x07 }
        })
    })
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let crc = crc ^ u16::from(*byte) << 8;
        (0..8).fold(crc, |crc, _| {
            crc << 1 ^ if crc & 0x8000 == 0 { 0 } else { 0x8005 }
        })
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use symphonia::core::formats::probe::Hint;
    use symphonia::core::io::MediaSourceStream;

    use super::*;

    /// What a decoder of others makes of frames of these samples.
    fn unpacked(blocks: &[&[i16]], channels: usize) -> Vec<i16> {
        let mut file = b"fLaC\x80\0\0\x22".to_vec();
        let sizes = [0, 16, (BLOCK >> 8) as u8, BLOCK as u8, 0, 0, 0, 0, 0, 0];
        file.extend(sizes);
        let info = 8_000_u64 << 44 | (channels as u64 - 1) << 41 | 15 << 36;
        file.extend(info.to_be_bytes());
        file.extend([0; 16]);
        let mut first = 0;
        for block in blocks {
            pack(block, channels, first, &mut file);
            first += (block.len() / channels) as u64;
        }
        let stream = MediaSourceStream::new(Box::new(Cursor::new(file)), Default::default());
        let probe = symphonia::default::get_probe();
        let probed = probe.probe(&Hint::new(), stream, Default::default(), Default::default());
        let mut format = probed.expect("it is FLAC");
        let params = format.tracks()[0].codec_params.clone();
        let codecs = symphonia::default::get_codecs();
        let params = params.as_ref().and_then(|it| it.audio());
        let decoder = codecs.make_audio_decoder(params.expect("it is sound"), &Default::default());
        let mut decoder = decoder.expect("it is FLAC");
        let (mut samples, mut frame) = (Vec::new(), Vec::new());
        while let Ok(Some(packet)) = format.next_packet() {
            let decoded = decoder.decode(&packet).expect("check sums are right");
            decoded.copy_to_vec_interleaved::<i16>(&mut frame);
            samples.append(&mut frame);
        }
        samples
    }

    #[test]
    fn a_decoder_gets_back_every_sample() {
        let tone: Vec<i16> = (0..BLOCK)
            .map(|it| ((it as f64 * 0.07).sin() * 9_000.0) as i16)
            .collect();
        let mut seed = 1_u32;
        let noise: Vec<i16> = (0..3_000)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 16) as i16
            })
            .collect();
        let silence = [0; 160];
        let all: [&[i16]; 5] = [
            &tone,
            &noise,
            &silence,
            &[i16::MIN, i16::MAX, i16::MIN, 7],
            &tone[..300],
        ];
        for channels in [1, 2] {
            assert_eq!(unpacked(&all, channels), all.concat(), "{channels}");
        }
        let mut packed = Vec::new();
        pack(&tone, 1, 0, &mut packed);
        assert!(packed.len() < BLOCK, "{}", packed.len());
    }

    #[test]
    fn laws_are_those_of_the_standard() {
        assert_eq!(
            Law::Mu.samples(&[0, 0x7f, 0x80, 0xff, 0xf0]),
            [-32124, 0, 32124, 0, 120]
        );
        assert_eq!(
            Law::A.samples(&[0x2a, 0xaa, 0xd5, 0x55]),
            [-32256, 32256, 8, -8]
        );
        assert_eq!(Law::Big.samples(&[1, 2, 3]), [0x102]);
        assert_eq!(Law::Little.samples(&[1, 2, 3, 4]), [0x201, 0x403]);
    }
}
