//! Scripted walks with what is true of them: at several rates, with boxes that tremble, people who are hidden, cameras that
//! are lost and zones that change meanwhile.

mod rules;
mod walks;

use super::*;
use crate::media::events::{Action, Direction, Event, Reason};
use crate::media::objects::More;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::{Running, transform};
use crate::pipeline::contract::testing::{configure, context};

/// A zone in the middle of the frame, 512 px wide, and a line up its middle.
const MIDDLE: &str =
    "zones = [{ name = 'middle', polygon = [[0.3, 0], [0.7, 0], [0.7, 1], [0.3, 1]] }]
lines = [{ name = 'gate', from = [0.5, 1], to = [0.5, 0] }]";
const SIZE: [u32; 2] = [1280, 720];

/// A node, or several in a row that know what the one before knew.
struct Run {
    context: Context,
    node: Box<dyn Running>,
    out: Vec<Packet>,
}

impl Run {
    fn new(options: &str) -> Run {
        let context = context();
        context.wanted.set(Lane::ALL.iter().copied());
        let node = Run::open(options, &context);
        let out = Vec::new();
        Run { context, node, out }
    }

    fn open(options: &str, context: &Context) -> Box<dyn Running> {
        let configured = configure(&transform::<Zones>(), options).expect("the options are right");
        (configured.open)(context).expect("it opens")
    }

    fn reload(&mut self, options: &str) {
        self.node = Run::open(options, &self.context);
    }

    fn give(&mut self, packet: Packet) {
        let mut sink = |packet| self.out.push(packet);
        let mut out = Emit::new(&self.context, &mut sink);
        self.node.step(Some(packet), &mut out).expect("it works");
    }

    fn pass(&mut self, to: f64) {
        let mut sink = |packet| self.out.push(packet);
        let mut out = Emit::new(&self.context, &mut sink);
        self.node
            .pass(Time::from_secs_f64(to), &mut out)
            .expect("it works");
    }

    /// Somebody stands there at this second, the middle of their feet in pixels.
    fn stand(&mut self, id: u64, at: f64, foot: [f32; 2]) {
        self.give(frame("cam", at, vec![person(id, foot)]));
    }

    fn track(&mut self, phase: Step, id: u64, at: f64) {
        let event = events::Track {
            phase,
            id,
            label: "person".into(),
            score: 0.9,
            bounds: [0.0; 4],
            start: at,
            end: at,
            frames: 2,
            best: None,
        };
        let at = Time::from_secs_f64(at);
        let event = self.context.event(&"cam".into(), at, None, event);
        self.give(event.into());
    }

    fn events(&self) -> Vec<(&Event, &events::Zone)> {
        let events = self.out.iter().filter_map(|packet| match packet {
            Packet::Event(event) => Some(&**event),
            _ => None,
        });
        events
            .map(|event| match &event.body {
                events::Body::Zone(zone) => (event, zone),
                other => unreachable!("no {} is made", other.kind()),
            })
            .collect()
    }

    /// What was told, with its second.
    fn told(&self) -> Vec<String> {
        let events = self.events().into_iter();
        events
            .map(|(event, _)| format!("{:.1} {}", event.head.t, event.sentence()))
            .collect()
    }
}

fn object(id: u64, label: &str, bounds: [f32; 4]) -> Object {
    let more = More {
        track: Some(id),
        ..More::default()
    };
    Object {
        label: label.into(),
        score: 0.9,
        bounds,
        more: Some(Box::new(more)),
    }
}

fn person(id: u64, [x, y]: [f32; 2]) -> Object {
    object(id, "person", [x - 45.0, y - 270.0, 90.0, 270.0])
}

fn frame(source: &str, at: f64, found: Vec<Object>) -> Packet {
    let objects = Objects {
        complete: true,
        source: source.into(),
        seq: (at * 1000.0) as u64,
        at: Time::from_secs_f64(at),
        size: SIZE,
        file: None,
        frame: None,
        found: found.into(),
        model: "test".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    };
    Packet::from(Arc::new(objects))
}

/// A way: seconds and where the feet are then, in pixels; straight between them.
type Way = Vec<(f64, [f32; 2])>;

fn on(way: &Way, at: f64) -> Option<[f32; 2]> {
    let after = way.iter().position(|it| it.0 > at)?;
    let ((t0, a), (t1, b)) = (way[after.checked_sub(1)?], way[after]);
    let part = ((at - t0) / (t1 - t0)) as f32;
    Some([a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part])
}

/// Boxes of all who are under way, each side off by up to four pixels; where there are many, one in ten is missing. Each
/// ends two seconds after the last sight.
fn walk(run: &mut Run, ways: &[Way], rate: f64, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut last: Vec<Option<f64>> = vec![None; ways.len()];
    let until = ways.iter().map(|it| it[it.len() - 1].0).fold(0.0, f64::max) + 4.0;
    for seq in 0..(until * rate) as u64 {
        let at = seq as f64 / rate;
        let mut found = Vec::new();
        for (who, way) in ways.iter().enumerate() {
            let Some(foot) = on(way, at).filter(|_| random.u8(0..10) != 0 || rate < 5.0) else {
                continue;
            };
            let mut object = person(who as u64, foot);
            object.bounds = object.bounds.map(|it| it + (random.f32() - 0.5) * 8.0);
            found.push(object);
            last[who] = Some(at);
        }
        for (who, last) in last.iter_mut().enumerate() {
            if let Some(end) = last.take_if(|it| at - *it > 2.0) {
                run.track(Step::End, who as u64, end);
            }
        }
        run.give(frame("cam", at, found));
    }
}

/// What each one did, in order.
fn deeds(run: &Run, who: u64) -> Vec<&'static str> {
    let of = |(_, it): &(&Event, &events::Zone)| it.track == who;
    let deed = |(_, it): (&Event, &events::Zone)| match (it.action, it.direction, it.reason) {
        (Action::Enter, ..) => "enter",
        (Action::Exit, _, Some(Reason::Gone)) => "gone",
        (Action::Exit, ..) => "exit",
        (Action::Loiter, ..) => "loiter",
        (Action::Cross, Some(Direction::Left), _) => "left",
        (Action::Cross, ..) => "right",
    };
    run.events().into_iter().filter(of).map(deed).collect()
}
