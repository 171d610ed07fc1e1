//! Configurations as people have them, and pipelines that come of them.

use super::converted;
use crate::nodes::NODES;
use crate::pipeline::file;

const WHOLE: &str = r#"
mqtt:
  host: 10.0.0.2
  user: frigate
  password: hunter2-convert
  topic_prefix: frigate
detectors:
  coral: {type: edgetpu}
record:
  enabled: True
  retain: {days: 3, mode: all}
  alerts: {retain: {days: 14}}
snapshots:
  enabled: yes
  retain: {default: 5}
objects:
  track: [person, car, license_plate]
  filters:
    person: {min_score: 0.55, min_area: 5000}
go2rtc:
  streams:
    yard: ["rtsp://admin:hunter3-convert@10.0.0.8/Streaming/Channels/102#video=copy", "ffmpeg:yard#audio=opus"]
cameras:
  front-door:
    ffmpeg:
      hwaccel_args: preset-vaapi
      inputs:
        - path: rtsp://{FRIGATE_RTSP_USER}:{FRIGATE_RTSP_PASSWORD}@10.0.0.7/stream2
          roles: [detect]
        - path: rtsp://{FRIGATE_RTSP_USER}:{FRIGATE_RTSP_PASSWORD}@10.0.0.7/stream1
          roles: [record]
    detect: {width: 1280, height: 720, fps: 7}
    motion:
      mask: ["0,0,1280,0,1280,72,0,72"]
    zones:
      step:
        coordinates: 0.2,0.5,0.8,0.5,0.8,1,0.2,1
        objects: person
        loitering_time: 4
        inertia: 3
  yard:
    ffmpeg:
      inputs:
        - path: rtsp://127.0.0.1:8554/yard
          roles: [detect, record]
    objects:
      track: [person]
      mask: "0,0,0.5,0,0.5,0.2,0,0.2"
  barn:
    enabled: false
    ffmpeg: {inputs: [{path: "rtsp://10.0.0.9/x", roles: [detect]}]}
"#;

fn set(name: &str) -> String {
    // Frigate's variables are those of the environment, which a test has not.
    let text = converted(WHOLE).expect("it is one of Frigate").0;
    text.replace(&format!("${{{name}}}"), "x")
}

#[test]
fn cameras_objects_zones_masks_and_the_broker_are_carried_over() {
    let (text, secrets, _) = converted(WHOLE).expect("it is one of Frigate");
    for part in [
        "[sources.front_door]",
        "uri  = \"rtsp://${FRIGATE_RTSP_USER}:${FRIGATE_RTSP_PASSWORD}@10.0.0.7/stream2\"",
        "fps  = 7",
        "# mask = [[[0, 0], [1, 0], [1, 0.1], [0, 0.1]]]",
        "[sources.front_door_main]",
        "uri  = \"rtsp://admin:${YARD_PASSWORD}@10.0.0.8/Streaming/Channels/102\"",
        "\n# mask = [[[0, 0], [0.5, 0], [0.5, 0.2], [0, 0.2]]]",
        "labels = [\"person\", \"car\"]",
        "model  = \"otus-person\"",
        "score  = 0.55",
        "sources = [\"front_door\"], polygon = [[0.2, 0.5], [0.8, 0.5], [0.8, 1], [0.2, 1]], labels = [\"person\"], loiter_ms = 4000",
        "uri    = \"mqtt://10.0.0.2\"",
        "password = \"${MQTT_PASSWORD}\"",
        "inputs    = [\"front_door_main\", \"yard\"]",
        "[sinks.clips]\ntype      = \"clip\"\ninputs    = [\"yard\", \"visits\"]",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("hunter"), "{text}");
    assert_eq!(
        secrets.text(),
        "YARD_PASSWORD=hunter3-convert\nMQTT_PASSWORD=hunter2-convert\n"
    );
}

#[test]
fn what_comes_of_it_is_a_right_pipeline() {
    let mut text = set("FRIGATE_RTSP_USER");
    for name in ["FRIGATE_RTSP_PASSWORD", "YARD_PASSWORD", "MQTT_PASSWORD"] {
        text = text.replace(&format!("${{{name}}}"), "x");
    }
    let parsed = file::parse(&text, std::path::Path::new("."), NODES);
    let problems = parsed.err().unwrap_or_default();
    assert!(problems.is_empty(), "{problems:?}\n{text}");
}

#[test]
fn what_cannot_be_carried_over_is_listed_with_its_line() {
    let (_, _, left) = converted(WHOLE).expect("it is one of Frigate");
    for (line, name, part) in [
        (6, "mqtt.topic_prefix", "so that both can run"),
        (7, "detectors", "`[runtime] providers`"),
        (
            19,
            "objects.filters.person.min_area",
            "`filter` behind `detect`",
        ),
        (20, "go2rtc", "hands no streams on"),
        (26, "cameras.front-door.ffmpeg.hwaccel_args", "sub-stream"),
        (40, "cameras.front-door.zones.step.inertia", "`min_ms`"),
        (49, "cameras.barn", "turned off"),
        (
            0,
            "cameras.yard.objects.mask",
            "stands in the file as a remark",
        ),
        (0, "objects.track of front-door", "license_plate"),
    ] {
        let found = left.iter().find(|it| it.name == name);
        let found = found.unwrap_or_else(|| panic!("{name}: {left:#?}"));
        assert!(found.line == line && found.why.contains(part), "{found:?}");
    }
    assert_eq!(left.len(), 9, "{left:#?}");
}

#[test]
fn what_is_none_of_frigate_is_told() {
    let told = |text: &str| converted(text).err().unwrap_or_default();
    assert!(told("a: [").contains("line "), "{}", told("a: ["));
    assert!(told("").contains("holds nothing"));
    assert!(told("homeassistant: {name: x}").contains("no `cameras`"));
    assert!(told("cameras: {a: {enabled: false}}").contains("turned on"));
    assert!(told("cameras: {a: {detect: {fps: 5}}}").contains("turned on"));
    // Nested without end, and aliases that grow.
    assert!(!told(&"[".repeat(100_000)).is_empty());
    assert!(told(&"- ".repeat(100_000)).contains("so deep"));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e]\n";
    assert!(!told(bomb).is_empty());
}
