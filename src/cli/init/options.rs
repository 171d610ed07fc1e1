//! What `otus init` can be told instead of asking.

use std::path::PathBuf;

use clap::Args;

/// Answers; what is left out is asked.
#[derive(Args)]
#[group(skip)]
pub struct Init {
    /// The pipeline file to write; there must be none of this name yet.
    #[arg(default_value = "otus.toml")]
    pub file: PathBuf,
    /// A camera, as often as there are some: `/dev/video0`, `10.0.0.7`, `user:password@10.0.0.7`, or an address in full.
    ///
    /// Behind an address without a path those of the usual makers are tried, each once. `NAME=` before it names the
    /// camera, and `${NAME}` in place of the password takes it from the environment.
    #[arg(long, value_name = "ADDRESS")]
    pub camera: Vec<String>,
    /// The microphone to hear with: `default`, or as `otus devices` calls it. Default: a camera's sound, if one has any.
    #[arg(long, value_name = "DEVICE")]
    pub microphone: Option<String>,
    /// What is wanted: `persons`, `objects`, `words`, `pictures`, `clips`, with commas between.
    #[arg(long, value_name = "WISHES")]
    pub want: Option<String>,
    /// Who is told: `console`, `jsonl`, `history`, `mqtt://HOST`, `https://…`, with commas between.
    #[arg(long, value_name = "WHO")]
    pub tell: Option<String>,
    /// Ask the cameras of this network who they are: ONVIF, one question by multicast.
    #[arg(long)]
    pub find: bool,
    /// Ask nothing, and take what is proposed.
    #[arg(long, short)]
    pub yes: bool,
    /// Start it at once.
    #[arg(long)]
    pub run: bool,
}
