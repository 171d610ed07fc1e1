//! What a failure of a microphone means, and what to do about it.

use cpal::ErrorKind;

use crate::nodes::parts::device::{self, SOUND};
use crate::pipeline::contract::error::Error;

/// What a failure of the device means for the node. The library's own words are for those who look closer.
pub fn explain(error: &cpal::Error) -> Error {
    tracing::debug!(target: "alsa", "alsa: {error}");
    match error.kind() {
        // ALSA passes over what this user may not use, and then finds nothing.
        ErrorKind::PermissionDenied | ErrorKind::DeviceNotAvailable => {
            forbidden().unwrap_or_else(unavailable)
        }
        ErrorKind::DeviceBusy => {
            Error::retry("another program uses the microphone; `fuser -v /dev/snd/*` tells which")
        }
        ErrorKind::BackendError => Error::retry(
            "the sound card or the sound server failed; is it plugged in, does PulseAudio or PipeWire run for this \
             user? `otus devices` lists what is here, and OTUS_LOG=alsa=debug,info shows what ALSA says",
        ),
        ErrorKind::InvalidInput | ErrorKind::UnsupportedOperation => Error::fatal(error),
        _ => Error::retry(error),
    }
}

/// If this user may use none of the sound cards: why not.
fn forbidden() -> Option<Error> {
    let mut why = None;
    for card in device::sound_cards() {
        let error = device::open(&card).err()?;
        why = why.or(SOUND.forbidden(&card, &error));
    }
    why.map(Error::Fatal)
}

fn unavailable() -> Error {
    let class = SOUND.class;
    if device::sound_cards().is_empty() {
        return Error::retry(format!(
            "this machine has no microphone: nothing in /dev/snd records; is it plugged \
             in? `arecord -l` lists sound cards, and a service needs DeviceAllow={class} rw"
        ));
    }
    Error::retry("the microphone is not there; is it plugged in? `otus devices` lists what is here")
}
