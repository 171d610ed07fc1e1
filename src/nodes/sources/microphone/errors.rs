//! What a failure of a microphone means, and what to do about it.

use cpal::ErrorKind;

use crate::nodes::parts::device::{self, SOUND};
use crate::pipeline::contract::error::Error;

/// What a failure of the device means for the node.
pub fn explain(error: &cpal::Error) -> Error {
    match error.kind() {
        // ALSA passes over what this user may not use, and then finds nothing.
        ErrorKind::PermissionDenied | ErrorKind::DeviceNotAvailable => {
            forbidden().unwrap_or_else(|| unavailable(error))
        }
        ErrorKind::DeviceBusy => {
            Error::retry(format!("another program uses the microphone ({error})"))
        }
        ErrorKind::BackendError => Error::retry(format!("the sound system failed ({error})")),
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

fn unavailable(error: &cpal::Error) -> Error {
    let class = SOUND.class;
    if device::sound_cards().is_empty() {
        return Error::retry(format!(
            "this machine has no microphone: nothing in /dev/snd records ({error}); is it plugged \
             in? `arecord -l` lists sound cards, and a service needs DeviceAllow={class} rw"
        ));
    }
    Error::retry(format!(
        "the microphone is not there ({error}); is it plugged in? `otus devices` lists what is here"
    ))
}
