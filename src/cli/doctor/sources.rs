//! Cameras and microphones: opens each as a run would, and measures what it gives for a while.

use std::time::Duration;

use super::finding::Finding;
use crate::cli::meter::{self, Given, OPENING};
use crate::cli::patience::within;
use crate::pipeline::contract::catalogue::Role;
use crate::pipeline::file::{Plan, PlannedNode};

/// How long a source is measured.
const SO_LONG: Duration = Duration::from_secs(3);
/// Quiet rooms lie below -50 dBFS; from here on, noise hides quiet speech.
const NOISY: f64 = -35.0;
/// More frames than a detector on a small board can look at.
const MANY_FRAMES: f64 = 15.0;
/// Longer waits for a key frame make every reconnect slow.
const LONG_KEY_DISTANCE: f64 = 4.0;

pub fn check(plan: &Plan) -> Vec<Finding> {
    let sources = plan
        .nodes
        .iter()
        .filter(|node| node.ty.role == Role::Source);
    sources.flat_map(|node| source(node, plan)).collect()
}

fn source(node: &PlannedNode, plan: &Plan) -> Vec<Finding> {
    let check = format!("{} {}", node.ty.name, node.id);
    let measured = meter::of(node, plan, SO_LONG);
    match measured {
        None => {
            let finding = Finding::ok(check, "it hangs").problem("unplug it, or restart it");
            vec![finding.of(node)]
        }
        Some(Err(error)) => vec![Finding::failed(check, &error, remedy(node)).of(node)],
        Some(Ok(given)) if given.frames == 0 && given.samples == 0 => {
            let seconds = (OPENING + SO_LONG).as_secs();
            let finding = Finding::ok(check, format!("gave nothing within {seconds} s"));
            vec![finding.problem(remedy(node)).of(node)]
        }
        Some(Ok(given)) if given.frames > 0 => camera(node, plan, check, &given),
        Some(Ok(given)) => vec![sound(check, &given)],
    }
}

fn remedy(node: &PlannedNode) -> &'static str {
    match node.live {
        true => "is it on, plugged in, and not in use? `otus devices` lists what is here",
        false => "correct the path in the pipeline file",
    }
}

fn camera(node: &PlannedNode, plan: &Plan, check: String, given: &Given) -> Vec<Finding> {
    let (width, height) = given.size;
    let Some(rate) = given.rate() else {
        return vec![Finding::ok(check, format!("{width} x {height}, one frame"))];
    };
    let finding = Finding::ok(&check, format!("{width} x {height}, {rate:.1} frames/s"));
    let limited = node.options.contains_key("fps");
    let mut findings = vec![match rate > MANY_FRAMES && node.live && !limited {
        true => finding.recommend(format!("[sources.{}]\nfps = 10", node.id)),
        false => finding,
    }];
    findings.extend(key_frames(node, plan, rate));
    findings
}

fn key_frames(node: &PlannedNode, plan: &Plan, rate: f64) -> Option<Finding> {
    let uri = node.options.get("uri")?.as_str()?.to_owned();
    let base = plan.base.clone();
    let measure = move || crate::nodes::key_frame_distance(uri, &base, 2 * SO_LONG);
    let (frames, seconds) = within(OPENING + 2 * SO_LONG, measure)??;
    // Packets of some streams come without times.
    let seconds = if seconds > 0.0 {
        seconds
    } else {
        frames / rate
    };
    let check = format!("key frames of {}", node.id);
    let finding = Finding::ok(check, format!("one in {frames:.0} frames ({seconds:.1} s)"));
    if seconds < LONG_KEY_DISTANCE || !node.live {
        return Some(finding);
    }
    let patience = (seconds * 2_000.0).ceil();
    let remedy = "nothing is seen for so long after a reconnect; set the camera's I-frame interval \
                  to 1 or 2 s, or wait longer before it is given up";
    let config = format!("[sources.{}]\nread_timeout_ms = {patience}", node.id);
    Some(finding.warning(remedy).recommend(config))
}

fn sound(check: String, given: &Given) -> Finding {
    let floor = given.noise_floor();
    let clipped = 100.0 * given.clipped as f64 / given.samples as f64;
    if given.silent == given.samples {
        return Finding::ok(check, "nothing but zeros")
            .problem("it is muted or not connected: `alsamixer`, F4, unmute capture");
    }
    let found = format!("noise floor {floor:.0} dBFS, {clipped:.2} % clipped");
    let finding = Finding::ok(check, found);
    match () {
        () if clipped > 0.1 => finding.warning("turn the gain down: `alsamixer`, F4"),
        () if floor > NOISY => finding.warning("it is loud there, or the gain is too high"),
        () => finding,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::media::audio::Audio;
    use crate::media::clock::Time;

    #[track_caller]
    fn check(samples: impl Fn(usize) -> f32, expect: &str) {
        let mut given = Given::default();
        given.hear(&Audio {
            source: Arc::from("test"),
            live: true,
            first_sample: 0,
            at: Time::ZERO,
            samples: (0..16_000).map(samples).collect(),
        });
        assert_eq!(sound("mic".to_owned(), &given).found, expect);
    }

    #[test]
    fn sound_is_measured_in_decibels_of_full_scale() {
        check(|_| 0.0, "nothing but zeros");
        check(|_| 0.01, "noise floor -40 dBFS, 0.00 % clipped");
        check(|_| 1.0, "noise floor 0 dBFS, 100.00 % clipped");
        // The floor is what lies below speech.
        check(
            |n| if n < 4_000 { 0.001 } else { 0.1 },
            "noise floor -60 dBFS, 0.00 % clipped",
        );
    }
}
