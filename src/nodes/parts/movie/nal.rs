//! Units of H.264 and HEVC, parted by start codes or by their lengths.

/// How units are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By start codes (Annex B of the standards), as network cameras send them.
    StartCodes,
    /// By lengths of so many bytes, as they stand in MP4.
    Lengths(usize),
}

/// The units of an access unit. What is cut off ends them.
pub fn units(data: &[u8], form: Form) -> Vec<&[u8]> {
    match form {
        Form::StartCodes => by_start_codes(data),
        Form::Lengths(size) => by_lengths(data, size),
    }
}

/// Appends units as they stand in MP4.
pub fn write<'a>(units: impl Iterator<Item = &'a [u8]>, to: &mut Vec<u8>) {
    for unit in units {
        let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
        to.extend_from_slice(&length.to_be_bytes());
        to.extend_from_slice(unit);
    }
}

fn by_lengths(mut data: &[u8], size: usize) -> Vec<&[u8]> {
    let mut units = Vec::new();
    while let Some((length, rest)) = data.split_at_checked(size) {
        let length = length.iter().fold(0, |sum, it| sum << 8 | usize::from(*it));
        let Some((unit, rest)) = rest.split_at_checked(length) else {
            break;
        };
        if !unit.is_empty() {
            units.push(unit);
        }
        data = rest;
    }
    units
}

fn by_start_codes(data: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    let mut begin = None;
    let mut at = 0;
    while at + 3 <= data.len() {
        // No start code ends before the second next byte if this one is greater than one.
        if data[at + 2] > 1 {
            at += 3;
            continue;
        }
        if data[at..at + 3] == [0, 0, 1] {
            push(&mut units, data, begin, at);
            begin = Some(at + 3);
            at += 3;
        } else {
            at += 1;
        }
    }
    push(&mut units, data, begin, data.len());
    units
}

/// The zeros before a start code belong to it.
fn push<'a>(units: &mut Vec<&'a [u8]>, data: &'a [u8], begin: Option<usize>, end: usize) {
    let Some(begin) = begin else { return };
    let unit = &data[begin..end];
    let zeros = unit.iter().rev().take_while(|it| **it == 0).count();
    if zeros < unit.len() {
        units.push(&unit[..unit.len() - zeros]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_by_start_codes_and_lengths() {
        let coded = [
            0, 0, 0, 1, 0x67, 1, 0, 3, 0, 0, 1, 0x68, 9, 0, 0, 0, 1, 0x65, 0, 0, 3, 1,
        ];
        let found = units(&coded, Form::StartCodes);
        assert_eq!(
            found,
            [&[0x67, 1, 0, 3][..], &[0x68, 9], &[0x65, 0, 0, 3, 1]]
        );
        let mut written = Vec::new();
        write(found.iter().copied(), &mut written);
        assert_eq!(written[..9], [0, 0, 0, 4, 0x67, 1, 0, 3, 0]);
        assert_eq!(units(&written, Form::Lengths(4)), found);
    }

    #[test]
    fn what_is_cut_off_ends_them() {
        assert_eq!(
            units(&[0, 0, 0, 2, 7, 7, 0, 0, 0, 9, 1], Form::Lengths(4)),
            [&[7, 7]]
        );
        assert_eq!(units(&[0, 0], Form::StartCodes), [&[0u8; 0]; 0]);
        assert_eq!(units(&[0, 0, 1], Form::StartCodes), [&[0u8; 0]; 0]);
        assert_eq!(units(&[5, 5, 5, 5], Form::StartCodes), [&[0u8; 0]; 0]);
        assert_eq!(units(&[1, 255, 0], Form::Lengths(2)), [&[0u8; 0]; 0]);
    }
}
