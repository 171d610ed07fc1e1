//! Boxes that make up the head of a file.

use mp4_atom::{
    Dinf, Dref, DrefEntry, Encode, Hdlr, Mdhd, Mdia, Minf, Moov, Smhd, Stbl, Stco, Stsd, Tkhd,
    Trak, Trex, Url, Vmhd,
};

use super::track::Track;
use crate::media::coded::Medium;

/// The bytes of a box.
pub fn encoded(atom: &impl Encode) -> Vec<u8> {
    let mut bytes = Vec::new();
    atom.encode(&mut bytes)
        .expect("lengths are those of one second of media");
    bytes
}

/// Tells how long a movie lasts, in its ticks.
pub fn lasting(moov: &mut Moov, duration: u64) {
    moov.mvhd.duration = duration;
    if let Some(mehd) = moov.mvex.as_mut().and_then(|it| it.mehd.as_mut()) {
        mehd.fragment_duration = duration;
    }
}

/// What samples of a track are if nothing else is told.
pub fn trex(track: &Track) -> Trex {
    Trex {
        track_id: track.id,
        default_sample_description_index: 1,
        ..Trex::default()
    }
}

/// What a track is.
pub fn trak(track: &Track) -> Trak {
    let (width, height) = match track.stream.medium {
        Medium::Picture { width, height } => (width as u16, height as u16),
        Medium::Sound { .. } => (0, 0),
    };
    let is_picture = track.is_picture();
    Trak {
        tkhd: Tkhd {
            track_id: track.id,
            enabled: true,
            in_movie: true,
            alternate_group: u16::from(!is_picture),
            volume: u8::from(!is_picture).into(),
            width: width.into(),
            height: height.into(),
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd {
                timescale: track.entry.timescale,
                language: "und".into(),
                ..Mdhd::default()
            },
            hdlr: Hdlr {
                handler: if is_picture {
                    b"vide".into()
                } else {
                    b"soun".into()
                },
                name: String::new(),
            },
            minf: Minf {
                vmhd: is_picture.then(Vmhd::default),
                smhd: (!is_picture).then(Smhd::default),
                dinf: Dinf {
                    dref: Dref {
                        entries: vec![DrefEntry::Url(Url::default())],
                    },
                },
                stbl: Stbl {
                    stsd: Stsd {
                        codecs: vec![track.entry.codec.clone()],
                    },
                    // Samples stand in fragments.
                    stco: Some(Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    }
}
