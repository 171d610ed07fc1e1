//! The device's side of the ring: copies samples on the device's own thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cpal::traits::DeviceTrait;
use cpal::{FromSample, SampleFormat, SizedSample, StreamConfig};
use crossbeam_channel::Sender;
use rtrb::Producer;

use super::errors::explain;
use super::log;
use crate::pipeline::contract::error::{Error, Result};

/// The device's side of the ring.
pub struct Feed {
    /// Where samples go.
    pub producer: Producer<f32>,
    /// Where faults are told.
    pub fault: Sender<cpal::Error>,
    /// Counts samples that find no room.
    pub overrun: Arc<AtomicU64>,
}

impl Feed {
    /// Opens the stream of a device.
    ///
    /// # Errors
    /// What the device says, in words.
    pub fn stream(
        self,
        device: &cpal::Device,
        config: StreamConfig,
        format: SampleFormat,
    ) -> Result<cpal::Stream> {
        match format {
            SampleFormat::I8 => self.typed::<i8>(device, config),
            SampleFormat::I16 => self.typed::<i16>(device, config),
            SampleFormat::I32 => self.typed::<i32>(device, config),
            SampleFormat::U8 => self.typed::<u8>(device, config),
            SampleFormat::U16 => self.typed::<u16>(device, config),
            SampleFormat::F32 => self.typed::<f32>(device, config),
            SampleFormat::F64 => self.typed::<f64>(device, config),
            other => Err(Error::fatal(format!(
                "the microphone gives {other} samples, which otus does not know"
            ))),
        }
    }

    fn typed<T>(mut self, device: &cpal::Device, config: StreamConfig) -> Result<cpal::Stream>
    where
        T: SizedSample,
        f32: FromSample<T>,
    {
        let fault = self.fault.clone();
        device
            .build_input_stream(
                config,
                move |samples: &[T], _| self.push(samples),
                // The queue is for the first few faults; nobody needs the thousandth.
                move |error| drop(fault.try_send(error)),
                None,
            )
            .map_err(|error| explain(&error))
    }

    /// Runs on the device's thread: copies, counts, and never waits.
    fn push<T: SizedSample>(&mut self, samples: &[T])
    where
        f32: FromSample<T>,
    {
        log::take_words();
        let room = self.producer.slots().min(samples.len());
        if let Ok(chunk) = self.producer.write_chunk_uninit(room) {
            chunk.fill_from_iter(samples.iter().map(|&sample| f32::from_sample_(sample)));
        }
        self.overrun
            .fetch_add((samples.len() - room) as u64, Relaxed);
    }
}
