//! The topics under which all else is.

/// What topics begin with.
#[derive(Clone)]
pub struct Topics {
    /// Ours.
    pub own: String,
    /// Those under which Home Assistant looks for devices.
    pub discovery: String,
}

impl Topics {
    /// The topic that says whether we are there.
    pub fn availability(&self) -> String {
        format!("{}/availability", self.own)
    }

    /// The topic of events of this kind.
    pub fn events(&self, kind: &str) -> String {
        format!("{}/events/{kind}", self.own)
    }
}
