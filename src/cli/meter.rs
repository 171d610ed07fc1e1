//! Opens a source as a run would, and measures what it gives for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::patience::within;
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::Running;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Flow};
use crate::pipeline::file::{Plan, PlannedNode};

/// Samples of the blocks in which loudness is measured: 100 ms.
const BLOCK: usize = 1600;
/// A sample from here on was cut off by the card.
const CLIPPED: f32 = 0.999;

/// How long it may take to open.
pub const OPENING: Duration = Duration::from_secs(10);

/// What a source of a plan gives; none if it hangs.
pub fn of(node: &PlannedNode, plan: &Plan, so_long: Duration) -> Option<Result<Given>> {
    let context = Context::new(&node.id, &plan.base, plan.runtime.clone());
    let (stop, open) = (context.stop.clone(), Arc::clone(&node.open));
    // A pipeline file may grant a camera minutes; whoever asks how it is will not wait for them.
    std::thread::spawn(move || {
        std::thread::sleep(OPENING + so_long);
        stop.set();
    });
    within(OPENING + 2 * so_long, move || {
        measure(&*open, &context, so_long)
    })
}

/// What a source gave.
#[derive(Default)]
pub struct Given {
    /// Pictures.
    pub frames: u64,
    /// Width and height of the latest.
    pub size: (u32, u32),
    /// Capture time and number of the first and the last frame.
    first: (Time, u64),
    last: (Time, u64),
    /// Samples of sound.
    pub samples: usize,
    /// Those that the card has cut off.
    pub clipped: usize,
    /// Those that are exactly zero.
    pub silent: usize,
    /// Mean square of each whole block.
    blocks: Vec<f64>,
    block: Vec<f32>,
}

fn measure(
    open: &dyn Fn(&Context) -> Result<Box<dyn Running>>,
    context: &Context,
    so_long: Duration,
) -> Result<Given> {
    let mut node = open(context)?;
    let (started, mut given) = (Instant::now(), Given::default());
    while started.elapsed() < so_long && !context.stop.is_set() {
        let mut sink = |packet| given.take(&packet);
        let flow = node.step(None, &mut Emit::new(context, &mut sink))?;
        if flow == Flow::Done {
            break;
        }
    }
    Ok(given)
}

impl Given {
    fn take(&mut self, packet: &Packet) {
        match packet {
            Packet::Frame(frame) => {
                self.last = (frame.at, frame.seq);
                if self.frames == 0 {
                    self.first = self.last;
                }
                self.size = (frame.width, frame.height);
                self.frames += 1;
            }
            Packet::Audio(audio) => self.hear(audio),
            _ => {}
        }
    }

    pub fn hear(&mut self, audio: &Audio) {
        for &sample in &audio.samples {
            self.samples += 1;
            self.clipped += usize::from(sample.abs() >= CLIPPED);
            self.silent += usize::from(sample == 0.0);
            self.block.push(sample);
            if self.block.len() == BLOCK {
                let sum: f64 = self.block.iter().map(|it| f64::from(*it).powi(2)).sum();
                self.blocks.push(sum / BLOCK as f64);
                self.block.clear();
            }
        }
    }

    /// Frames a second that were captured, whether or not `fps` let them through.
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.last.0.since(self.first.0).as_secs_f64();
        (seconds > 0.0).then(|| (self.last.1 - self.first.1) as f64 / seconds)
    }

    /// The level below which a tenth of the blocks lie, in decibels of full scale.
    pub fn noise_floor(&self) -> f64 {
        let mut blocks = self.blocks.clone();
        blocks.sort_by(f64::total_cmp);
        let quiet = blocks.get(blocks.len() / 10).copied().unwrap_or_default();
        10.0 * quiet.max(1e-10).log10()
    }
}
