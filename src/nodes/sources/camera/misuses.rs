//! What is wrong with a camera's options, seen without touching anything.

use super::config::{Backend, Config};
use super::medium::Medium;
use super::{elements, snapshots};
use crate::nodes::parts::pace::Pace;
use crate::nodes::parts::polygon::flaws;
use crate::pipeline::contract::error::Misuse;
use crate::pipeline::contract::uri::Uri;

/// All of them.
pub fn of(config: &Config) -> Vec<Misuse> {
    let medium = match Medium::of(&config.uri) {
        Ok(medium) => medium,
        Err(message) => {
            let help = "cameras are read from rtsp, rtsps, http, https, devices and files";
            return vec![Misuse::new("uri", message, help)];
        }
    };
    let mut misuses = flaws::of_masks("mask", &config.mask);
    if let Medium::GStreamer(uri) = &medium {
        misuses.extend(of_pipeline(uri, config));
    }
    let over_http = matches!(&medium, Medium::Stream(uri) if snapshots::may_be(uri));
    if config.snapshots == Some(true) && !over_http {
        let help = "only what is at an `http` or `https` address is asked for single pictures";
        misuses.push(Misuse::new("snapshots", "this is no such camera", help));
    }
    let is_rtsp = |uri: &Uri| uri.expose().to_ascii_lowercase().starts_with("rtsp");
    let over_rtsp = matches!(&medium, Medium::Stream(uri) if is_rtsp(uri));
    if config.transport.is_some() && !(over_rtsp && config.backend != Some(Backend::Opencv)) {
        let help = "only `ffmpeg` can be told how the packets of an `rtsp` address come";
        misuses.push(Misuse::new("transport", "this has no choice", help));
    }
    if medium.is_live() && config.pace == Pace::Realtime {
        let help = "a device has its own pace; remove this";
        misuses.push(Misuse::new("pace", "only files have a pace", help));
    }
    if medium.is_live() && config.begins_at_s > 0.0 {
        let help = "a device begins when it is there; remove this";
        misuses.push(Misuse::new("begins_at_s", "only files begin later", help));
    }
    misuses
}

fn of_pipeline(pipeline: &Uri, config: &Config) -> Vec<Misuse> {
    let mut misuses = Vec::new();
    let sized = config.width.is_some() && config.height.is_some();
    if config.backend() == Backend::Ffmpeg && !sized {
        let message = "GStreamer without OpenCV needs `width` and `height`";
        misuses.push(Misuse::new("uri", message, "write both, in pixels"));
    }
    let writing = elements::writing(pipeline.expose());
    if let Some(element) = writing.filter(|_| !config.may_write) {
        let message = format!("`{element}` writes or sends; cameras only read");
        let help = "take it out, or write `may_write = true` if it is meant to";
        misuses.push(Misuse::new("uri", message, help));
    }
    misuses
}
