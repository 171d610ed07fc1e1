//! A second model that looks at some of the frames: how often it finds something else, and what.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::options::Config;
use super::told::Told;
use crate::inference::sight::detector::Rules;
use crate::inference::sight::finder::Finder;
use crate::inference::sight::nms::iou;
use crate::media::clock::Time;
use crate::media::events::Disagreement;
use crate::media::frame::Frame;
use crate::media::objects::Object;
use crate::nodes::parts::shadow::Shadow;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::Emit;
use crate::pipeline::contract::runtime_options::Privacy;
use crate::pipeline::count::metrics::NodeStats;

/// Boxes of a label that overlap so much are of the same object.
const SAME: f32 = 0.5;
/// At most one in so long is told.
const SAMPLE: Duration = Duration::from_secs(60);

/// A frame, and what the model has found in it.
struct Job {
    frame: Arc<Frame>,
    found: Arc<[Object]>,
}

/// What came of it.
struct Compared {
    frame: Arc<Frame>,
    told: Disagreement,
}

/// The second model, and what came of it so far.
pub struct Watch {
    shadow: Shadow<Job, Compared>,
    stats: Arc<NodeStats>,
    tally: Arc<Mutex<Tally>>,
    told: Option<Time>,
    /// The frame of the latest example, for who makes a picture of it; none where nobody may.
    example: Option<Arc<Frame>>,
    private: bool,
}

/// What is shown of it.
#[derive(Default)]
struct Tally {
    shadow: Arc<str>,
    compared: u64,
    differ: u64,
    agreed: u64,
    own: u64,
    missed: u64,
    failure: Option<String>,
}

impl Watch {
    /// Starts to load the second model, if the options name one; `model` is what the first is called.
    pub fn start(config: &Config, model: &Arc<str>, context: &Context) -> Option<Watch> {
        let (name, sum) = config.shadow.model()?;
        let tally = Arc::<Mutex<Tally>>::default();
        lock(&tally).shadow = Arc::from(name);
        let shown = Arc::clone(&tally);
        context.describe_live("shadow", move || Some(lock(&shown).says()));
        let (name, sum) = (name.to_owned(), sum.map(str::to_owned));
        let rules = Rules {
            score: config.score,
            overlap: config.overlap,
        };
        // What is set for the model must fit its shadow too, which is to take its place.
        let options = config.options.clone();
        let open =
            move |own: &Context| Finder::open((&*name, sum.as_deref()), &options, rules, own);
        let model = Arc::clone(model);
        let compare = move |finder: &mut Finder, job| compare(finder, job, &model);
        Some(Watch {
            shadow: Shadow::start(config.shadow.shadow_share, context, open, compare),
            stats: Arc::clone(&context.stats),
            tally,
            told: None,
            example: None,
            private: context.runtime.privacy == Privacy::Required,
        })
    }

    /// The model has found this in a frame. What the shadow does, and whether it can, changes nothing for the model.
    pub fn follow(&mut self, frame: &Arc<Frame>, found: &Arc<[Object]>, out: &mut Emit<Told>) {
        if lock(&self.tally).failure.is_some() {
            return;
        }
        let job = || Job {
            frame: Arc::clone(frame),
            found: Arc::clone(found),
        };
        match self.shadow.follow(job) {
            Ok(Some(done)) => self.tell(done, frame.at, out),
            Ok(None) => {}
            Err(error) => lock(&self.tally).failure = Some(error.to_string()),
        }
    }

    fn tell(&mut self, mut done: Compared, now: Time, out: &mut Emit<Told>) {
        let differs = lock(&self.tally).add(&done.told);
        self.stats.count_compared(differs);
        let is_due = |told: Time| now.since(told) >= SAMPLE;
        if differs && self.told.is_none_or(is_due) {
            self.told = Some(now);
            if !self.private {
                done.told.picture = Arc::downgrade(self.example.insert(Arc::clone(&done.frame)));
            }
            let frame = done.frame.whole();
            out.event(&frame.source, now, Some(frame.seq), done.told);
        }
    }
}

impl Tally {
    fn add(&mut self, told: &Disagreement) -> bool {
        let (own, missed) = (told.objects.len(), told.missed.len());
        let differs = own + missed > 0;
        self.shadow = Arc::clone(&told.shadow);
        self.compared += 1;
        self.differ += u64::from(differs);
        self.agreed += told.agreed as u64;
        self.own += own as u64;
        self.missed += missed as u64;
        differs
    }

    fn says(&self) -> String {
        let Tally { shadow, .. } = self;
        if let Some(failure) = &self.failure {
            return format!("{shadow} looks no longer: {failure}");
        }
        format!(
            "{shadow}: {} of {} frames differ; {} objects are the same, {} it does not find, {} it alone does",
            self.differ, self.compared, self.agreed, self.own, self.missed
        )
    }
}

fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at a frame too, and compares what is found.
fn compare(finder: &mut Finder, Job { frame, found }: Job, model: &Arc<str>) -> Result<Compared> {
    let theirs = finder.find(&frame)?;
    let (objects, missed) = differences(&found, &theirs);
    let whole = frame.whole();
    let told = Disagreement {
        frame: [whole.width, whole.height],
        agreed: found.len() - objects.len(),
        objects: objects.into(),
        missed: missed.into(),
        model: Arc::clone(model),
        shadow: Arc::clone(&finder.eye.session.about.name),
        picture: Weak::new(),
    };
    Ok(Compared { frame, told })
}

/// Of each of two lists, strongest first, the objects that have no partner in the other.
fn differences(own: &[Object], theirs: &[Object]) -> (Vec<Object>, Vec<Object>) {
    let mut rest: Vec<&Object> = theirs.iter().collect();
    let has_no_partner = |it: &&Object| {
        let overlap = |other: &Object| iou(corners(other.bounds), corners(it.bounds));
        let same_label = rest
            .iter()
            .enumerate()
            .filter(|other| other.1.label == it.label);
        let overlaps = same_label.map(|(at, other)| (at, overlap(other)));
        let best = overlaps.max_by(|a, b| a.1.total_cmp(&b.1));
        let partner = best.filter(|it| it.1 >= SAME).map(|it| rest.remove(it.0));
        partner.is_none()
    };
    let alone = own.iter().filter(has_no_partner).cloned().collect();
    (alone, rest.into_iter().cloned().collect())
}

fn corners([x, y, width, height]: [f32; 4]) -> [f32; 4] {
    [x, y, x + width, y + height]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(label: &str, score: f32, x: f32) -> Object {
        Object {
            label: Arc::from(label),
            score,
            bounds: [x, 10.0, 20.0, 40.0],
            more: None,
        }
    }

    #[test]
    fn objects_are_the_same_that_overlap_and_have_one_label() {
        let own = [
            object("person", 0.9, 0.0),
            object("person", 0.8, 2.0),
            object("dog", 0.7, 100.0),
        ];
        let theirs = [
            object("person", 0.8, 1.0),
            object("cat", 0.6, 100.0),
            object("person", 0.5, 12.0),
        ];
        let (alone, missed) = differences(&own, &theirs);
        // Of two that overlap one, the stronger has it.
        assert_eq!(alone, own[1..]);
        assert_eq!(missed, theirs[1..]);
        assert_eq!(differences(&own, &own), (vec![], vec![]));
        assert_eq!(differences(&[], &theirs), (vec![], theirs.to_vec()));
    }
}
