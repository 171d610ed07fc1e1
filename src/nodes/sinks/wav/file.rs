//! Sound as a WAV file: 16 kHz, mono, 16 bits (Multimedia Programming Interface and Data Specifications 1.0).

const RATE: u32 = 16_000;
const BYTES: u16 = 2;

/// The file of these samples of -1 to 1.
pub fn of(samples: &[f32]) -> Vec<u8> {
    let bytes = u32::try_from(samples.len()).map_or(u32::MAX - 64, |it| it * u32::from(BYTES));
    let mut file = Vec::with_capacity(bytes as usize + 44);
    file.extend(b"RIFF");
    file.extend((bytes + 36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * u32::from(BYTES)).to_le_bytes());
    file.extend(BYTES.to_le_bytes());
    file.extend((BYTES * 8).to_le_bytes());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    for sample in samples {
        let sample = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
        file.extend(sample.to_le_bytes());
    }
    file
}
