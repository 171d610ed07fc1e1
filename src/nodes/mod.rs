//! Every node this build knows. Adding one: write the file, add its `mod` line and its line here.

use crate::pipeline::contract::catalogue::{self, Entry};

mod parts;
mod sinks;
mod sources;
mod transforms;

/// A line that stays when the feature is off, so that the user reads "this build has no
/// `transcribe`" and not "unknown type `transcribe`".
macro_rules! gated {
    ($feature:literal, $name:literal, $role:ident::<$node:path>()) => {{
        #[cfg(feature = $feature)]
        {
            Entry::Present(catalogue::$role::<$node>())
        }
        #[cfg(not(feature = $feature))]
        {
            Entry::Absent {
                name: $name,
                feature: $feature,
            }
        }
    }};
}

/// The list, in the order of the reference.
pub static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<sources::camera::Camera>()),
    gated!(
        "microphone",
        "microphone",
        source::<sources::microphone::Microphone>()
    ),
    Entry::Present(catalogue::source::<sources::audio_file::AudioFile>()),
    Entry::Present(catalogue::source::<sources::audio_stream::AudioStream>()),
    gated!("zenoh", "zenoh", source::<sources::zenoh::Zenoh>()),
    Entry::Present(catalogue::transform::<transforms::frames::detect::Detect>()),
    Entry::Present(catalogue::transform::<transforms::frames::motion::Motion>()),
    Entry::Present(catalogue::transform::<transforms::objects::track::Follow>()),
    Entry::Present(catalogue::transform::<transforms::objects::redact::Redact>()),
    Entry::Present(catalogue::transform::<
        transforms::objects::annotate::Annotate,
    >()),
    Entry::Present(catalogue::transform::<transforms::objects::zones::Zones>()),
    Entry::Present(catalogue::transform::<transforms::frames::classify::Classify>()),
    Entry::Present(catalogue::transform::<transforms::frames::segment::Segment>()),
    Entry::Present(catalogue::transform::<transforms::frames::embed::Embed>()),
    Entry::Present(catalogue::transform::<transforms::frames::crop::Crop>()),
    Entry::Present(catalogue::transform::<transforms::frames::encode::Encode>()),
    Entry::Present(catalogue::transform::<transforms::sound::vad::Vad>()),
    Entry::Present(catalogue::transform::<transforms::sound::tag_sound::TagSound>()),
    gated!(
        "whisper",
        "transcribe",
        transform::<transforms::sound::transcribe::Transcribe>()
    ),
    Entry::Present(catalogue::transform::<
        transforms::events::match_words::MatchWords,
    >()),
    Entry::Present(catalogue::transform::<
        transforms::events::redact_text::RedactText,
    >()),
    Entry::Present(catalogue::transform::<transforms::events::filter::Filter>()),
    Entry::Present(catalogue::transform::<transforms::events::during::During>()),
    Entry::Present(catalogue::transform::<transforms::events::join::Join>()),
    Entry::Present(catalogue::transform::<transforms::several::drift::Drift>()),
    Entry::Present(catalogue::sink::<sinks::console::Console>()),
    Entry::Present(catalogue::sink::<sinks::jsonl::Jsonl>()),
    Entry::Present(catalogue::sink::<sinks::clip::Clip>()),
    Entry::Present(catalogue::sink::<sinks::record::Record>()),
    Entry::Present(catalogue::sink::<sinks::snapshot::Snapshot>()),
    Entry::Present(catalogue::sink::<sinks::wav::Wav>()),
    Entry::Present(catalogue::sink::<sinks::bundle::Bundle>()),
    Entry::Present(catalogue::sink::<sinks::sqlite::Sqlite>()),
    Entry::Present(catalogue::sink::<sinks::text::Text>()),
    Entry::Present(catalogue::sink::<sinks::mqtt::Mqtt>()),
    Entry::Present(catalogue::sink::<sinks::webhook::Webhook>()),
    Entry::Present(catalogue::sink::<sinks::socket::Socket>()),
    // Without the feature the line of the source speaks for both.
    #[cfg(feature = "zenoh")]
    Entry::Present(catalogue::sink::<sinks::zenoh::Zenoh>()),
];

/// The node type of this name, if this build has it.
pub fn find(name: &str) -> Option<&'static catalogue::NodeType> {
    NODES.iter().find_map(|entry| match entry {
        Entry::Present(ty) if ty.name == name => Some(ty),
        _ => None,
    })
}

/// Who may use the devices of this machine.
pub use parts::device;

/// What V4L2 devices say that they can do.
pub use parts::v4l2;

/// What `record` has written, for those who play it again.
pub use parts::recorded;

/// Conditions over events, for those who look for some.
pub use parts::expression::Expression;

/// V4L2 devices of this machine.
pub use sources::camera::video_devices;

/// What the process does that tries a stream for another.
pub use sources::camera::sit_trial;

/// What `bundle` has kept, for those who check it.
pub use parts::evidence;

/// What `sqlite` has kept, for those who search it.
pub use sinks::sqlite::history;

/// What OpenCV finds in the environment.
pub use sources::camera::OPENCV_OPTIONS;

/// What `otus doctor` asks of the library behind cameras.
pub use sources::camera::{key_frame_distance, opencv_version};

/// Microphones of this machine.
#[cfg(feature = "microphone")]
pub use sources::microphone::devices as audio_devices;
