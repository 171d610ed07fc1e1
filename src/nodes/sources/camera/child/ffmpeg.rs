//! How `ffmpeg` is asked for the pictures, and the sound, of a camera, a stream or a file.

use super::recipe::Recipe;
use crate::nodes::parts::pace::Pace;
use crate::nodes::parts::stream::address::{self, DESCRIBED, LIVE, REMEDY, SIZED, UNBUFFERED};
use crate::nodes::parts::stream::pipe::Pipe;
use crate::nodes::parts::stream::{packets, sound};
use crate::nodes::sources::camera::config::Config;
use crate::nodes::sources::camera::medium::Medium;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;

/// Pictures with BMP headers, whose sizes may change from one to the next; sound and packets into pipes of their own.
pub fn recipe(
    medium: &Medium,
    config: &Config,
    context: &Context,
    (sound, packets): (Option<&Pipe>, Option<&Pipe>),
) -> Result<Recipe> {
    // The filter tells the time of each picture, which pictures in a pipe do not have.
    let is_file = matches!(medium, Medium::Video(_) | Medium::Stills(_));
    let is_stamped = is_file || sound.is_some() || packets.is_some();
    let (level, filters) = match is_stamped {
        true => ("level+info", "vflip,showinfo=checksum=0"),
        false => ("level+error", "vflip"),
    };
    let mut command = address::ffmpeg(level);
    // Of the decoder: larger pictures are refused before room is made for them.
    command.args(["-max_pixels", &config.max_pixels.to_string()]);
    let (mut input, mut file) = (String::new(), None);
    if is_stamped {
        command.arg("-copyts");
    }
    match medium {
        Medium::Device(path) => {
            command.args(UNBUFFERED).args(LIVE).args(["-f", "v4l2"]);
            if let (Some(width), Some(height)) = (config.width, config.height) {
                command.args(["-video_size", &format!("{width}x{height}")]);
            }
            command.arg("-i").arg(path);
        }
        Medium::Video(path) | Medium::Stills(path) => {
            let path = context.resolve(path);
            // At a file's own pace one thread is enough; each one keeps pictures of its own.
            if config.pace == Pace::Realtime {
                command.args(["-threads", "1"]);
            }
            command.arg("-i").arg(format!("file:{}", path.display()));
            file = Some(path);
        }
        Medium::Stream(uri) | Medium::GStreamer(uri) => {
            let looked_at = if packets.is_some() { SIZED } else { DESCRIBED };
            let transport = config.transport.unwrap_or_default();
            input = address::input(&mut command, uri, transport, looked_at)?;
        }
    }
    command.args(["-map", "0:v:0", "-vf", filters, "-vsync", "passthrough"]);
    command.args(["-f", "image2pipe", "-c:v", "bmp", "-pix_fmt", "bgr24"]);
    command.arg("pipe:1");
    if let Some(pipe) = sound {
        sound::ask(&mut command, &pipe.name());
        pipe.give_to(&mut command);
    }
    if let Some(pipe) = packets {
        packets::ask(&mut command, &pipe.name());
        pipe.give_to(&mut command);
    }
    Ok(Recipe {
        command,
        input,
        remedy: REMEDY,
        size: None,
        file,
        is_stamped,
    })
}
