//! What of a configuration of Frigate is carried over.

/// Frigate's own defaults.
const FPS: f64 = 5.0;
const SNAPSHOT_DAYS: f64 = 10.0;

/// A list of corners, in parts of the frame.
pub type Polygon = Vec<[f64; 2]>;

/// All that is carried over.
#[derive(Default)]
pub struct Frigate {
    /// Its cameras that are not turned off.
    pub cameras: Vec<Camera>,
    /// Its broker.
    pub mqtt: Option<Mqtt>,
    /// What is so for all cameras that say nothing else.
    pub usual: Usual,
}

/// Settings that stand on top and in cameras.
#[derive(Clone, Default)]
pub struct Usual {
    /// Pictures a second that are looked at.
    pub fps: Option<f64>,
    /// Width and height of these.
    pub size: [Option<f64>; 2],
    /// What is looked for.
    pub track: Option<Vec<String>>,
    /// From which score on.
    pub score: Option<f64>,
    /// Where nothing counts that is found.
    pub masks: Vec<Polygon>,
    /// Whether all is recorded, and for so many days.
    pub record: Option<bool>,
    /// How long that is kept.
    pub record_days: Option<f64>,
    /// Whether what is detected is kept as a film, for so many days.
    pub clip_days: Option<f64>,
    /// Whether there is a picture of each visit.
    pub snapshots: Option<bool>,
    /// How long these are kept.
    pub snapshot_days: Option<f64>,
}

/// A camera.
pub struct Camera {
    /// Its name.
    pub name: String,
    /// Address and roles of each of its streams.
    pub inputs: Vec<(String, Vec<String>)>,
    /// Its zones.
    pub zones: Vec<Zone>,
    /// Where movement does not count.
    pub quiet: Vec<Polygon>,
    /// Its other settings.
    pub own: Usual,
}

/// A zone.
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Its corners.
    pub polygon: Polygon,
    /// What counts in it; all if empty.
    pub labels: Vec<String>,
    /// Who stays so many seconds loiters.
    pub loiter_s: Option<f64>,
}

/// A broker.
#[derive(Default)]
pub struct Mqtt {
    /// Its machine.
    pub host: String,
    /// Its port, if another than usual.
    pub port: Option<u16>,
    /// Who we are to it.
    pub user: Option<String>,
    /// Our password there.
    pub password: Option<String>,
    /// Who vouches for it.
    pub tls_ca: Option<String>,
}

impl Usual {
    /// What is so for a camera: its own settings, else those of all.
    pub fn with(&self, own: &Usual) -> Usual {
        let or = |own: Option<f64>, all: Option<f64>| own.or(all);
        Usual {
            fps: or(own.fps, self.fps).or(Some(FPS)),
            size: [or(own.size[0], self.size[0]), or(own.size[1], self.size[1])],
            track: own.track.clone().or_else(|| self.track.clone()),
            score: or(own.score, self.score),
            masks: self.masks.iter().chain(&own.masks).cloned().collect(),
            record: own.record.or(self.record),
            record_days: or(own.record_days, self.record_days),
            clip_days: or(own.clip_days, self.clip_days),
            snapshots: own.snapshots.or(self.snapshots),
            snapshot_days: or(own.snapshot_days, self.snapshot_days).or(Some(SNAPSHOT_DAYS)),
        }
    }
}
