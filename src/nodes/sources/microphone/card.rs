//! An open sound card: the ring that it writes into, and what it tells.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, StreamConfig, SupportedBufferSize, SupportedStreamConfig};
use crossbeam_channel::{Receiver, bounded};
use rtrb::{Consumer, RingBuffer};

use super::errors::explain;
use super::feed::Feed;
use crate::pipeline::contract::error::Result;

/// Seconds of sound that the ring holds while the node is busy.
const RING_SECONDS: usize = 2;

/// A device that gives sound.
pub struct Card {
    /// Dropping it closes the device.
    _stream: cpal::Stream,
    /// Interleaved samples.
    pub ring: Consumer<f32>,
    /// What the device complains about.
    pub faults: Receiver<cpal::Error>,
    /// Interleaved samples that found no room in the ring.
    pub overrun: Arc<AtomicU64>,
    /// Samples of a channel in a second.
    pub rate: u32,
    /// Channels.
    pub channels: usize,
}

impl Card {
    /// Opens a device as it is, with so much waiting in it, or as much as it has by itself if it cannot.
    ///
    /// # Errors
    /// What the device says, in words.
    pub fn open(device: &cpal::Device, buffer_ms: u32) -> Result<Card> {
        let own = device.default_input_config();
        let own = own.map_err(|error| explain(&error))?;
        let wanted = buffer(buffer_ms, &own);
        match Card::with(device, &own, wanted) {
            // Some say that they can, and cannot.
            Err(error) if wanted != BufferSize::Default => {
                tracing::debug!("no {buffer_ms} ms of sound wait in the device: {error}");
                Card::with(device, &own, BufferSize::Default)
            }
            other => other,
        }
    }

    fn with(
        device: &cpal::Device,
        own: &SupportedStreamConfig,
        buffer_size: BufferSize,
    ) -> Result<Card> {
        let (rate, channels) = (own.sample_rate(), usize::from(own.channels()));
        let (producer, ring) = RingBuffer::new(RING_SECONDS * rate as usize * channels);
        let (fault, faults) = bounded(16);
        let overrun = Arc::new(AtomicU64::new(0));
        let feed = Feed {
            producer,
            fault,
            overrun: Arc::clone(&overrun),
        };
        let config = StreamConfig {
            buffer_size,
            ..own.config()
        };
        let stream = feed.stream(device, config, own.sample_format())?;
        stream.play().map_err(|error| explain(&error))?;
        Ok(Card {
            _stream: stream,
            ring,
            faults,
            overrun,
            rate,
            channels,
        })
    }
}

/// Half of what is to wait, as the sound card hands on one half while it fills the other.
fn buffer(buffer_ms: u32, own: &SupportedStreamConfig) -> BufferSize {
    let half = u64::from(buffer_ms) * u64::from(own.sample_rate()) / 2_000;
    let half = u32::try_from(half).unwrap_or(u32::MAX);
    match *own.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => {
            BufferSize::Fixed(half.clamp(min, max))
        }
        _ => BufferSize::Default,
    }
}
