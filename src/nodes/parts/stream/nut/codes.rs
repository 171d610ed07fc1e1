//! What the first byte of a packet stands for.

use std::io;

use super::numbers::{signed, small, v};

pub const KEY: u64 = 1;
pub const CODED_PTS: u64 = 1 << 3;
pub const STREAM_ID: u64 = 1 << 4;
pub const SIZE_MSB: u64 = 1 << 5;
pub const CHECKSUM: u64 = 1 << 6;
pub const RESERVED: u64 = 1 << 7;
/// Data beside the packet's own, which FFmpeg writes only where experiments are asked for.
pub const SIDE_DATA: u64 = 1 << 8;
pub const HEADER_IDX: u64 = 1 << 10;
pub const MATCH_TIME: u64 = 1 << 11;
pub const CODED: u64 = 1 << 12;
pub const INVALID: u64 = 1 << 13;

/// What one byte stands for at the beginning of a packet.
#[derive(Clone, Copy, Default)]
pub struct Code {
    pub flags: u64,
    pub stream: u64,
    pub size_mul: u64,
    pub size_lsb: u64,
    pub pts_delta: i64,
    pub reserved: u64,
    pub header: u64,
}

/// What each byte stands for.
pub fn codes(from: &mut &[u8]) -> io::Result<Vec<Code>> {
    let mut codes = Vec::with_capacity(256);
    let mut code = Code {
        size_mul: 1,
        ..Code::default()
    };
    while codes.len() < 256 {
        code.flags = v(from)?;
        let fields = v(from)?;
        let mut field = |at: u64, usual: u64| if fields > at { v(from) } else { Ok(usual) };
        let delta = field(0, 0)?;
        if fields > 0 {
            code.pts_delta = signed(delta)?;
        }
        code.size_mul = field(1, code.size_mul)?;
        code.stream = field(2, code.stream)?;
        let lsb = field(3, 0)?;
        code.reserved = field(4, 0)?;
        let count = field(5, code.size_mul.saturating_sub(lsb))?;
        let _match_time = field(6, 0)?;
        code.header = field(7, code.header)?;
        for at in 8..fields.min(64) {
            field(at, 0)?;
        }
        for more in 0..small(count, 257)? as u64 {
            // The byte that every header begins with stands for none.
            if codes.len() == usize::from(b'N') {
                codes.push(Code {
                    flags: INVALID,
                    ..Code::default()
                });
            }
            code.size_lsb = lsb + more;
            codes.push(code);
        }
    }
    codes.truncate(256);
    Ok(codes)
}
