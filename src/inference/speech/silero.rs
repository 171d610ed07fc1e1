//! Silero VAD, versions 5 and 6: the probability of speech in each 32 ms of audio.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::inference::onnx::session::Session;
use crate::inference::onnx::tensor::{About, Port, Tensor, Values};
use crate::inference::turns::{Seat, Turns};
use crate::media::audio::SAMPLE_RATE;
use crate::pipeline::contract::error::{Error, Result};

/// Samples of one window at 16 kHz: 32 ms.
pub const WINDOW: usize = 512;
/// The model also sees the end of the window before; without it, it hears next to nothing.
const CONTEXT: usize = 64;
/// The model is told the sample rate with every window.
const RATE: [i64; 1] = [SAMPLE_RATE as i64];
/// Numbers of a stream's recurrent state, in two halves.
const STATE: usize = 256;
const HALF: usize = STATE / 2;
/// Windows that are brought at once: a second.
const MOST: usize = 32;
/// Streams that are heard at once, at most, and how long one waits for others whose window is due.
const MOST_STREAMS: usize = 32;
const GATHER: Duration = Duration::from_millis(5);

/// One stream of audio. Those of a process that have sound at the same time go through the model together.
pub struct Silero {
    model: Model,
    /// Its place among the others; none where a model is not shared.
    seat: Option<Seat<Lane>>,
    lane: Lane,
}

/// What a stream brings to the model and gets back.
#[derive(Clone, Default)]
struct Lane {
    /// The context, and windows after it.
    sound: Vec<f32>,
    state: Vec<f32>,
    /// What the model says of the windows.
    probabilities: Vec<f32>,
}

/// The model, and room for its inputs.
struct Model {
    session: Session,
    places: Places,
    input: Vec<f32>,
    state: Vec<f32>,
}

/// Where the inputs and outputs of a model stand among the others.
pub struct Places {
    /// Of `input`, `state` and `sr`.
    order: [usize; 3],
    probability: usize,
    new_state: usize,
}

impl Places {
    /// Finds them.
    ///
    /// # Errors
    /// In words, if the model is no Silero VAD.
    pub fn of(model: &About) -> Result<Places, String> {
        let place = |ports: &[Port], name: &str| ports.iter().position(|it| it.name == name);
        let (input, output) = (
            |name| place(&model.inputs, name),
            |name| place(&model.outputs, name),
        );
        let find = || {
            Some(Places {
                order: [input("input")?, input("state")?, input("sr")?],
                probability: output("output")?,
                new_state: output("stateN")?,
            })
        };
        find().ok_or_else(|| {
            let inputs: Vec<&str> = model.inputs.iter().map(|it| &*it.name).collect();
            format!(
                "{} is no Silero VAD of version 5 or 6: it takes {}",
                model.name,
                inputs.join(", ")
            )
        })
    }
}

impl Silero {
    /// A stream at its beginning.
    ///
    /// # Errors
    /// `Fatal` if the model is no Silero VAD.
    pub fn new(session: Session) -> Result<Silero> {
        let places = Places::of(&session.about).map_err(Error::fatal)?;
        let seat = session.shared().map(|model| Seat::new(together(model)));
        let model = Model {
            session,
            places,
            input: Vec::new(),
            state: Vec::new(),
        };
        let lane = Lane::new();
        Ok(Silero { model, seat, lane })
    }

    /// Forgets everything heard so far.
    pub fn reset(&mut self) {
        self.lane = Lane::new();
    }

    /// The probability, 0 to 1, that there is speech in the next window.
    ///
    /// # Errors
    /// As `probabilities`.
    pub fn probability(&mut self, window: &[f32; WINDOW]) -> Result<f32> {
        let heard = self.probabilities(std::slice::from_ref(window))?;
        Ok(heard[0])
    }

    /// The probability, 0 to 1, that there is speech, of each of the next windows: of the first second of them.
    ///
    /// # Errors
    /// `Retry` if inference fails or gives no number.
    pub fn probabilities(&mut self, windows: &[[f32; WINDOW]]) -> Result<&[f32]> {
        let windows = &windows[..windows.len().min(MOST)];
        let mut lane = std::mem::take(&mut self.lane);
        lane.sound.extend_from_slice(windows.as_flattened());
        let model = &mut self.model;
        self.lane = match &self.seat {
            Some(seat) => seat.work(lane, |lanes| model.hear(lanes))?,
            None => {
                model.hear(std::slice::from_mut(&mut lane))?;
                lane
            }
        };
        let lane = &mut self.lane;
        lane.sound.drain(..windows.len() * WINDOW);
        match lane.probabilities.iter().all(|it| it.is_finite()) {
            true => Ok(&lane.probabilities),
            false => Err(Error::retry("the model gave no speech probability")),
        }
    }
}

impl Lane {
    fn new() -> Lane {
        Lane {
            sound: vec![0.0; CONTEXT],
            state: vec![0.0; STATE],
            probabilities: Vec::new(),
        }
    }

    /// The window of this number, and the context before it.
    fn window(&self, at: usize) -> Option<&[f32]> {
        self.sound.get(at * WINDOW..(at + 1) * WINDOW + CONTEXT)
    }
}

impl Model {
    /// Runs it on all windows: of all streams at once, one after the other of each.
    fn hear(&mut self, lanes: &mut [Lane]) -> Result<()> {
        lanes.iter_mut().for_each(|it| it.probabilities.clear());
        for at in 0.. {
            let has_more = |lane: &&mut Lane| lane.window(at).is_some();
            let mut going: Vec<&mut Lane> = lanes.iter_mut().filter(has_more).collect();
            if going.is_empty() {
                break;
            }
            self.step(&mut going, at)?;
        }
        Ok(())
    }

    /// One window of each stream.
    fn step(&mut self, lanes: &mut [&mut Lane], at: usize) -> Result<()> {
        let count = lanes.len();
        self.input.clear();
        self.state.resize(count * STATE, 0.0);
        let (first, second) = self.state.split_at_mut(count * HALF);
        let halves = first
            .chunks_exact_mut(HALF)
            .zip(second.chunks_exact_mut(HALF));
        for (lane, (first, second)) in lanes.iter().zip(halves) {
            self.input.extend(lane.window(at).into_iter().flatten());
            first.copy_from_slice(&lane.state[..HALF]);
            second.copy_from_slice(&lane.state[HALF..]);
        }
        let tensor = |shape, values| Tensor { shape, values };
        let shape = [count as i64, (CONTEXT + WINDOW) as i64];
        let input = tensor(&shape, Values::Floats(&self.input));
        let mut inputs = [input; 3];
        let shape = [2, count as i64, HALF as i64];
        inputs[self.places.order[1]] = tensor(&shape, Values::Floats(&self.state));
        inputs[self.places.order[2]] = tensor(&[1], Values::Integers(&RATE));
        let outputs = self.session.run(&inputs)?;
        let probabilities = outputs.floats(self.places.probability)?;
        let states = outputs.floats(self.places.new_state)?;
        if (probabilities.len(), states.len()) != (count, count * STATE) {
            return Err(Error::retry("the model gave no speech probability"));
        }
        let (first, second) = states.split_at(count * HALF);
        let halves = first.chunks_exact(HALF).zip(second.chunks_exact(HALF));
        for ((lane, (first, second)), &probability) in
            lanes.iter_mut().zip(halves).zip(probabilities)
        {
            lane.state[..HALF].copy_from_slice(first);
            lane.state[HALF..].copy_from_slice(second);
            lane.probabilities.push(probability);
        }
        Ok(())
    }
}

/// Models in use, and where their streams meet.
static MEETINGS: Mutex<Vec<(usize, Weak<Turns<Lane>>)>> = Mutex::new(Vec::new());

/// Where the streams of a model of this process meet.
fn together(model: usize) -> Arc<Turns<Lane>> {
    let mut meetings = MEETINGS.lock().unwrap_or_else(PoisonError::into_inner);
    meetings.retain(|it| it.1.strong_count() > 0);
    let known = meetings.iter().find(|it| it.0 == model);
    known.and_then(|it| it.1.upgrade()).unwrap_or_else(|| {
        let turns = Arc::new(Turns::new(MOST_STREAMS, GATHER));
        meetings.push((model, Arc::downgrade(&turns)));
        turns
    })
}
