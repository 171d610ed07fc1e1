//! What is seen and heard decides as one: on a film whose truth is known, exactly what is in both is told.

use serde_json::Value;

use crate::scratch::{Scratch, shared};

/// People are in view in six stretches, speech is heard in four, both at once in two. By sound alone or sight alone there would be more.
#[test]
fn somebody_who_speaks_in_view_is_told_each_time_and_nothing_else() {
    let Some(shared) = shared() else {
        return;
    };
    let film = shared.join("media/joint_people_speech.mp4");
    let truth = std::fs::read_to_string(film.with_extension("json")).expect("it lies beside it");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    let scratch = Scratch::new();
    let ended = scratch.run(
        &format!(
            "[sources.porch]\ntype = 'camera'\nuri = '{}'\nfps = 2\n\
             [transforms.see]\ntype = 'detect'\ninputs = ['porch']\nmodel = 'otus-person'\n\
             [transforms.people]\ntype = 'track'\ninputs = ['see']\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['porch']\n\
             [transforms.both]\ntype = 'join'\ninputs = ['people', 'speech']\nwithin_s = 1\nper = 'source'\n\
             all = [{{ name = 'somebody', when = \"kind == 'track' && label == 'person'\" }}, \
             {{ name = 'speech', when = \"kind == 'speech'\" }}]\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['both']\npath = 'log.jsonl'\n",
            film.display()
        ),
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told = scratch.events("log.jsonl");
    let joint = truth["joint"].as_array().expect("a list");
    assert_eq!(told.len(), joint.len(), "{told:?}");
    for (alert, truth) in told.iter().zip(joint) {
        let (t, begin) = (
            alert["t"].as_f64().expect("seconds"),
            truth[0].as_f64().expect("seconds"),
        );
        println!("told {t}, true from {begin}");
        assert!((t - begin).abs() < 1.0, "{alert}: {truth}");
        let of = |at: usize| alert["evidence"][at]["kind"].as_str().map(str::to_owned);
        assert_eq!(
            [of(0), of(1)],
            [Some("track".to_owned()), Some("speech".to_owned())]
        );
    }
}
