//! A second model that works on some of what the model of a node works on, when there is time.
//!
//! Downstream of files it works on each input that is due, and the node waits for it: the same files give the same counts.
//! Downstream of a device nothing waits: what is due while it is at work is left out.

pub mod options;

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{SendTimeoutError, Sender, bounded};

use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::pressure::{Pressure, Way};
use crate::pipeline::contract::priority;
use crate::pipeline::contract::stop::Stop;

/// No wait is longer, so that a stop is prompt.
const LOOK_UP: Duration = Duration::from_millis(200);

/// A model on a thread that gives way to all others: it is given jobs and gives what came of them.
pub struct Shadow<Job, Done> {
    jobs: Sender<Job>,
    results: Blocking<Done>,
    /// One of so many inputs is due.
    every: u64,
    inputs: u64,
    live: bool,
    pressure: Pressure,
    stop: Stop,
    node: Arc<str>,
}

impl<Job: Send + 'static, Done: Send + 'static> Shadow<Job, Done> {
    /// Starts to load a model, and to let it `work` on this share of the inputs.
    pub fn start<Model: 'static>(
        share: f64,
        context: &Context,
        open: impl FnOnce(&Context) -> Result<Model> + Send + 'static,
        mut work: impl FnMut(&mut Model, Job) -> Result<Done> + Send + 'static,
    ) -> Shadow<Job, Done> {
        // It takes a job only when it has nothing else to do.
        let (jobs, waiting) = bounded::<Job>(0);
        // Its model and its calls are not the node's.
        let own = Context {
            stats: Arc::default(),
            ..context.clone()
        };
        let open = move || {
            priority::give_way();
            open(&own)
        };
        let read = move |model: &mut Model| match waiting.recv() {
            Ok(job) => work(model, job).map(Some),
            Err(_) => Ok(None),
        };
        Shadow {
            jobs,
            results: Blocking::start(&format!("{}-shadow", context.id), open, read),
            every: (1.0 / share).round() as u64,
            inputs: 0,
            live: context.live,
            pressure: context.pressure.clone(),
            stop: context.stop.clone(),
            node: Arc::clone(&context.id),
        }
    }

    /// The node's model has worked on an input; gives what has come of one that was due.
    ///
    /// # Errors
    /// What the shadow's model returned: it works no longer.
    pub fn follow(&mut self, job: impl FnOnce() -> Job) -> Result<Option<Done>> {
        let done = self.take(job);
        done.inspect_err(|error| {
            tracing::warn!(node = %self.node, "the shadow works no longer, which changes nothing else: {error}");
        })
    }

    fn take(&mut self, job: impl FnOnce() -> Job) -> Result<Option<Done>> {
        let rests = self.live && self.pressure.yields(Way::Shadows);
        let is_due = self.inputs.is_multiple_of(self.every) && !rests;
        self.inputs += 1;
        match (self.live, is_due) {
            (true, true) => {
                let _ = self.jobs.try_send(job());
                self.done(Duration::ZERO)
            }
            (true, false) => self.done(Duration::ZERO),
            (false, true) => self.wait(job()),
            (false, false) => Ok(None),
        }
    }

    fn done(&mut self, wait: Duration) -> Result<Option<Done>> {
        Ok(match self.results.next(wait)? {
            Next::Item(done) => Some(done),
            Next::Nothing | Next::End => None,
        })
    }

    fn wait(&mut self, job: Job) -> Result<Option<Done>> {
        let mut waiting = Some(job);
        while !self.stop.is_set() {
            let Some(job) = waiting.take() else {
                match self.done(LOOK_UP)? {
                    None => continue,
                    done => return Ok(done),
                }
            };
            match self.jobs.send_timeout(job, LOOK_UP) {
                Ok(()) => {}
                Err(SendTimeoutError::Timeout(job)) => waiting = Some(job),
                // Its last word says why it is gone.
                Err(SendTimeoutError::Disconnected(_)) => return self.done(LOOK_UP),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::contract::error::Error;
    use crate::pipeline::contract::testing::context;

    fn doubling(
        live: bool,
        share: f64,
        release: crossbeam_channel::Receiver<()>,
    ) -> Shadow<u64, u64> {
        let context = Context { live, ..context() };
        let work = move |calls: &mut u64, job: u64| {
            let _ = release.recv();
            *calls += 1;
            Ok(job * 2)
        };
        Shadow::start(share, &context, |_| Ok(0), work)
    }

    #[test]
    fn of_a_file_every_input_that_is_due_is_waited_for() {
        // Who waits for nobody is released at once.
        let (_, nobody) = bounded(0);
        let mut shadow = doubling(false, 0.5, nobody);
        let done: Vec<_> = (0..5)
            .map(|it| shadow.follow(|| it).expect("it works"))
            .collect();
        assert_eq!(done, [Some(0), None, Some(4), None, Some(8)]);
    }

    #[test]
    fn of_a_device_nothing_waits_and_what_comes_meanwhile_is_left_out() {
        let (release, waits) = bounded(1);
        let mut shadow = doubling(true, 1.0, waits);
        // The thread may come late to its first wait.
        let follow = |it| {
            std::thread::sleep(Duration::from_millis(10));
            shadow.follow(|| it).expect("it works")
        };
        let meanwhile: Vec<_> = (1..50).map(follow).collect();
        assert!(meanwhile.iter().all(Option::is_none), "{meanwhile:?}");
        release.send(()).expect("it waits");
        let mut done = None;
        for _ in 0..500 {
            done = done.or(shadow.done(Duration::from_millis(10)).expect("it works"));
            if done.is_some() {
                break;
            }
        }
        assert!(done.is_some_and(|it| it % 2 == 0), "{done:?}");
    }

    #[test]
    fn a_model_that_cannot_be_had_is_told_and_nothing_hangs() {
        for live in [false, true] {
            let context = Context { live, ..context() };
            let open = |_: &Context| Err::<(), _>(Error::fatal("there is none"));
            let work = |_: &mut (), _: u64| -> Result<u64> { unreachable!("nothing was opened") };
            let mut shadow = Shadow::start(1.0, &context, open, work);
            let mut told = Vec::new();
            while told.is_empty() {
                std::thread::sleep(Duration::from_millis(10));
                told.extend(shadow.follow(|| 1).err().map(|it| it.to_string()));
            }
            assert_eq!(told, ["there is none"]);
        }
    }
}
