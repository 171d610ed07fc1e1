//! How `gst-launch-1.0` is asked for the pictures of a pipeline, for instance one with the board's own decoder.

use super::recipe::Recipe;
use crate::nodes::sources::camera::config::Config;
use crate::pipeline::contract::child;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::uri::Uri;

/// Raw pictures of the size that is asked for, the latest one only.
pub fn recipe(uri: &Uri, config: &Config) -> Result<Recipe> {
    let text = uri.expose();
    if uri.has_secret() {
        let message = "holds a password, which everybody could read in the list of processes; use `backend = \"opencv\"`";
        return Err(Error::fatal(message));
    }
    let (Some(width), Some(height)) = (config.width, config.height) else {
        return Err(Error::fatal("needs `width` and `height`"));
    };
    let (before, _) = text.rsplit_once("appsink").unwrap_or((text, ""));
    let caps = format!("video/x-raw,format=BGR,width={width},height={height}");
    let whole = format!(
        "{before} queue leaky=downstream max-size-buffers=1 ! videoconvert ! videoscale ! {caps} ! fdsink fd=1"
    );
    let mut command = child::program("gst-launch-1.0");
    command.arg("-q").args(whole.split_whitespace());
    Ok(Recipe {
        command,
        input: String::new(),
        remedy: "install GStreamer's tools: `apt install gstreamer1.0-tools`",
        size: Some((width, height)),
        file: None,
        is_stamped: false,
    })
}
