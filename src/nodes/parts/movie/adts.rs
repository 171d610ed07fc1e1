//! AAC as it stands in a transport stream: each unit has a head of its own (ISO/IEC 14496-3, 1.A.2.2).

/// Bytes of a head without a check sum, and of one with it.
const HEAD: usize = 7;
const CHECKED_HEAD: usize = 9;

fn head(unit: &[u8]) -> Option<&[u8]> {
    let is_head = unit.len() > HEAD && unit[0] == 0xff && unit[1] & 0xf6 == 0xf0;
    is_head.then(|| &unit[..HEAD])
}

/// The unit without its head.
pub fn bare(unit: &[u8]) -> &[u8] {
    match head(unit) {
        Some(head) if head[1] & 1 == 1 => &unit[HEAD..],
        Some(_) => unit.get(CHECKED_HEAD..).unwrap_or_default(),
        None => unit,
    }
}

/// What a head tells, as a decoder is told it in MP4 (1.6.2.1).
pub fn config(unit: &[u8]) -> Option<Vec<u8>> {
    let head = head(unit)?;
    let object = (head[2] >> 6) + 1;
    let rate = head[2] >> 2 & 0xf;
    let channels = (head[2] & 1) << 2 | head[3] >> 6;
    Some(vec![
        object << 3 | rate >> 1,
        (rate & 1) << 7 | channels << 3,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_how_to_decode_what_is_behind_it() {
        // AAC-LC, 44.1 kHz, stereo.
        let unit = [0xff, 0xf1, 0x50, 0x80, 0x01, 0x5f, 0xfc, 1, 2, 3];
        assert_eq!(bare(&unit), [1, 2, 3]);
        assert_eq!(config(&unit), Some(vec![0x12, 0x10]));
        let plain = [0x21, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!((bare(&plain), config(&plain)), (&plain[..], None));
    }
}
