//! Where the usual makers' cameras have their streams.

/// A maker's streams, by their paths on the camera.
pub struct Maker {
    /// Who makes such cameras.
    pub name: &'static str,
    /// The small picture, which models are shown.
    pub sub: &'static str,
    /// The large one.
    pub main: &'static str,
}

const fn maker(name: &'static str, sub: &'static str, main: &'static str) -> Maker {
    Maker { name, sub, main }
}

/// The most frequent first.
const MAKERS: [Maker; 13] = [
    maker(
        "Hikvision",
        "Streaming/Channels/102",
        "Streaming/Channels/101",
    ),
    maker(
        "Dahua, Amcrest",
        "cam/realmonitor?channel=1&subtype=1",
        "cam/realmonitor?channel=1&subtype=0",
    ),
    maker("Reolink", "h264Preview_01_sub", "h264Preview_01_main"),
    maker("Reolink", "Preview_01_sub", "Preview_01_main"),
    maker("TP-Link, Tapo", "stream2", "stream1"),
    maker(
        "Axis",
        "axis-media/media.amp?resolution=640x360",
        "axis-media/media.amp",
    ),
    maker("Ubiquiti", "s1", "s0"),
    maker("Foscam", "videoSub", "videoMain"),
    maker("Uniview", "media/video2", "media/video1"),
    maker(
        "Hanwha, Samsung",
        "profile3/media.smp",
        "profile2/media.smp",
    ),
    maker("an unknown maker", "live/ch1", "live/ch0"),
    maker("an unknown maker", "12", "11"),
    maker("an unknown maker", "live", "live"),
];

/// All of them, those first that a camera's own words speak for.
pub fn in_order(words: &str) -> Vec<&'static Maker> {
    let words = words.to_lowercase();
    let names = |it: &Maker| {
        let mut names = it.name.split(", ");
        names.any(|name| words.contains(&name.to_lowercase()))
    };
    let (mut first, rest): (Vec<_>, Vec<_>) = MAKERS.iter().partition(|it| names(it));
    first.extend(rest);
    first
}

/// The small picture beside a large one whose path a maker's is.
pub fn sub_of(path: &str) -> Option<&'static str> {
    let same = |it: &&Maker| it.main == path && it.sub != path;
    MAKERS.iter().find(same).map(|it| it.sub)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_camera_says_of_itself_decides_what_is_tried_first() {
        let first = |words| in_order(words)[0].name;
        assert_eq!(first(""), "Hikvision");
        assert_eq!(first("AMCREST IP8M"), "Dahua, Amcrest");
        assert_eq!(first("tapo C210"), "TP-Link, Tapo");
        assert_eq!(in_order("reolink").len(), MAKERS.len());
        assert_eq!(sub_of("stream1"), Some("stream2"));
        assert_eq!(sub_of("live"), None);
    }
}
