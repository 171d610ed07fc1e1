//! Parameter sets of H.264 and HEVC: what a decoder must know before the first picture.

use mp4_atom::{Atom, Avcc, AvccExt, HvcCArray, Hvcc};

use super::bits::Bits;
use super::nal::{Form, units};

/// Units of H.264, by the five bits of their type.
const H264_SEQUENCE: u8 = 7;
const H264_PICTURE: u8 = 8;
const H264_DELIMITER: u8 = 9;
/// Units of HEVC, by the six bits of theirs.
const HEVC_VIDEO: u8 = 32;
const HEVC_SEQUENCE: u8 = 33;
const HEVC_PICTURE: u8 = 34;
const HEVC_DELIMITER: u8 = 35;
/// Profiles of H.264 whose sequence parameter sets tell colours and depths.
const H264_HIGH: [u8; 4] = [100, 110, 122, 244];

/// The type of a unit of H.264.
fn avc_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |it| it & 0x1f)
}

/// The type of a unit of HEVC.
fn hevc_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |it| it >> 1 & 0x3f)
}

/// How the units of a stream are parted, by its parameters: what is written for MP4 begins with its version.
pub fn form(codec: &str, parameters: &[u8]) -> Form {
    let size_at = if codec == "hevc" { 21 } else { 4 };
    match (parameters.first(), parameters.get(size_at)) {
        (Some(1), Some(size)) => Form::Lengths(usize::from(size & 3) + 1),
        _ => Form::StartCodes,
    }
}

/// Whether a unit belongs into MP4's samples: parameter sets stand in the head of the file.
pub fn is_sample(codec: &str, unit: &[u8]) -> bool {
    match codec {
        "hevc" => !(HEVC_VIDEO..=HEVC_DELIMITER).contains(&hevc_type(unit)),
        _ => !(H264_SEQUENCE..=H264_DELIMITER).contains(&avc_type(unit)),
    }
}

/// Those of H.264, from what the stream tells or from a key picture itself, which goes before. None if they are nowhere.
pub fn avc(told: &[u8], picture: &[u8]) -> Option<Avcc> {
    let form = form("h264", told);
    let sets = |data: &[u8], kind: u8, form: Form| -> Vec<Vec<u8>> {
        let units = units(data, form).into_iter();
        let of_kind = units.filter(|it| avc_type(it) == kind);
        of_kind.map(<[u8]>::to_vec).collect()
    };
    let sequences = sets(picture, H264_SEQUENCE, form);
    let pictures = sets(picture, H264_PICTURE, form);
    match (form, sequences.is_empty() || pictures.is_empty()) {
        (Form::Lengths(_), true) => Avcc::decode_body(&mut &told[..]).ok(),
        (Form::StartCodes, true) => {
            let sequences = sets(told, H264_SEQUENCE, form);
            of_sets(sequences, sets(told, H264_PICTURE, form))
        }
        (_, false) => of_sets(sequences, pictures),
    }
}

fn of_sets(mut sequences: Vec<Vec<u8>>, mut pictures: Vec<Vec<u8>>) -> Option<Avcc> {
    sequences.dedup();
    pictures.dedup();
    let mut avcc = Avcc::new(sequences.first()?, pictures.first()?).ok()?;
    avcc.ext = depths(&sequences[0]);
    (avcc.sequence_parameter_sets, avcc.picture_parameter_sets) = (sequences, pictures);
    Some(avcc)
}

/// Colours and depths in a sequence parameter set of H.264 (7.3.2.1.1).
fn depths(sequence: &[u8]) -> Option<AvccExt> {
    if !H264_HIGH.contains(sequence.get(1)?) {
        return None;
    }
    let mut bits = Bits::of(sequence);
    bits.skip(8 * 4);
    bits.golomb()?;
    let chroma_format = bits.golomb()?;
    if chroma_format == 3 {
        bits.skip(1);
    }
    let mut depth = || u8::try_from(bits.golomb()? + 8).ok();
    Some(AvccExt {
        chroma_format: u8::try_from(chroma_format).ok()?,
        bit_depth_luma: depth()?,
        bit_depth_chroma: depth()?,
        sequence_parameter_sets_ext: Vec::new(),
    })
}

/// Those of HEVC, likewise.
pub fn hevc(told: &[u8], picture: &[u8]) -> Option<Hvcc> {
    let form = form("hevc", told);
    if let Form::Lengths(_) = form {
        return Hvcc::decode_body(&mut &told[..]).ok();
    }
    let sets = |kind: u8| -> Vec<Vec<u8>> {
        let of_kind = |data| {
            let units = units(data, form).into_iter();
            let of_kind = units.filter(|it| hevc_type(it) == kind);
            of_kind.map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        let mut sets = of_kind(picture);
        if sets.is_empty() {
            sets = of_kind(told);
        }
        sets.dedup();
        sets
    };
    let kinds = [HEVC_VIDEO, HEVC_SEQUENCE, HEVC_PICTURE];
    let arrays = kinds.map(|nal_unit_type| HvcCArray {
        completeness: true,
        nal_unit_type,
        nalus: sets(nal_unit_type),
    });
    if arrays.iter().any(|it| it.nalus.is_empty()) {
        return None;
    }
    let mut hvcc = described(&arrays[1].nalus[0])?;
    hvcc.arrays = arrays.into();
    Some(hvcc)
}

/// What a sequence parameter set of HEVC tells (7.3.2.2.1).
fn described(sequence: &[u8]) -> Option<Hvcc> {
    let mut bits = Bits::of(sequence);
    bits.skip(16 + 4);
    let layers = bits.number(3)?;
    let nested = bits.number(1)?;
    let mut byte = || Some(bits.number(8)? as u8);
    let profile = byte()?;
    let compatible = [byte()?, byte()?, byte()?, byte()?];
    let constraints = [byte()?, byte()?, byte()?, byte()?, byte()?, byte()?];
    let level = byte()?;
    skip_layers(&mut bits, layers)?;
    bits.golomb()?;
    let chroma = bits.golomb()?;
    if chroma == 3 {
        bits.skip(1);
    }
    bits.golomb()?;
    bits.golomb()?;
    if bits.number(1)? == 1 {
        (0..4).try_for_each(|_| bits.golomb().map(drop))?;
    }
    let mut depth = || Some(bits.golomb()? as u8);
    let (luma, chroma_depth) = (depth()?, depth()?);
    Some(Hvcc {
        general_profile_space: profile >> 6,
        general_tier_flag: profile >> 5 & 1 == 1,
        general_profile_idc: profile & 0x1f,
        general_profile_compatibility_flags: compatible,
        general_constraint_indicator_flags: constraints,
        general_level_idc: level,
        chroma_format_idc: chroma as u8,
        bit_depth_luma_minus8: luma,
        bit_depth_chroma_minus8: chroma_depth,
        num_temporal_layers: layers as u8 + 1,
        temporal_id_nested: nested == 1,
        length_size_minus_one: 3,
        ..Hvcc::new()
    })
}

/// Goes over what is told of so many layers.
fn skip_layers(bits: &mut Bits, layers: u32) -> Option<()> {
    let mut told = Vec::new();
    for _ in 0..layers {
        told.push((bits.number(1)? == 1, bits.number(1)? == 1));
    }
    if layers > 0 {
        bits.skip(2 * (8 - layers as usize));
    }
    for (profile, level) in told {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        let digit = |it: u8| char::from(it).to_digit(16).expect("a digit") as u8;
        pairs.map(|it| digit(it[0]) << 4 | digit(it[1])).collect()
    }

    fn with_start_codes(units: &[&str]) -> Vec<u8> {
        let coded = units
            .iter()
            .map(|it| [vec![0, 0, 0, 1], bytes(it)].concat());
        coded.collect::<Vec<_>>().concat()
    }

    /// As FFmpeg writes them for the same stream, made by x264 in 4:4:4.
    #[test]
    fn sets_of_h264_are_told_as_a_decoder_wants_them() {
        let sequence = "67f40015919b283c11fdcd4181819000000300100000030140f162d960";
        let told = bytes(&format!(
            "01f40015ffe1001d{sequence}01000668ebe3c44844fff8f800"
        ));
        let expected = Avcc::decode_body(&mut &told[..]).expect("it is right");
        let coded = with_start_codes(&[sequence, "68ebe3c44844"]);
        assert_eq!(avc(&coded, &[]), Some(expected.clone()));
        assert_eq!(expected.ext.as_ref().map(|it| it.chroma_format), Some(3));
        let picture = [&coded[..], &with_start_codes(&["6588"])].concat();
        assert_eq!(avc(&[], &picture), Some(expected.clone()));
        assert_eq!(avc(&told, &[]), Some(expected));
        assert_eq!(avc(&[], &with_start_codes(&["6588"])), None);
    }

    /// Likewise, made by x265.
    #[test]
    fn sets_of_hevc_are_told_as_a_decoder_wants_them() {
        let units = [
            "40010c01ffff01600000030090000003000003003f959809",
            "42010101600000030090000003000003003fa00f080447d65959a4932b9a8303037080000003008000000504",
            "4401c172b46240",
        ];
        let told = bytes("0101600000009000000000003ff000fcfdf8f800000f00");
        let mut expected = Hvcc::decode_body(&mut &told[..]).expect("it is right");
        let arrays = [HEVC_VIDEO, HEVC_SEQUENCE, HEVC_PICTURE]
            .into_iter()
            .zip(units);
        expected.arrays = arrays
            .map(|(nal_unit_type, unit)| HvcCArray {
                completeness: true,
                nal_unit_type,
                nalus: vec![bytes(unit)],
            })
            .collect();
        assert_eq!(hevc(&with_start_codes(&units), &[]), Some(expected));
        assert_eq!(hevc(&with_start_codes(&units[..2]), &[]), None);
    }
}
