//! otus: cameras and microphones through detection, voice activity detection and Whisper into
//! events, from one TOML file.
//!
//! # The life of a frame
//!
//! A pipeline file is parsed, checked and only then opened. [`pipeline::file`] turns its text
//! into a plan and finds everything wrong with it; nothing has been touched yet.
//! [`pipeline::run`] starts a thread for every node. They open at the same time, but a device waits
//! until all models are there, half a minute at most, and no file is read before that. A network camera is
//! tried in a process of its own first, as OpenCV opens one at a time.
//!
//! The `camera` decodes into a recycled buffer ([`media::recycle`]): the only copy a frame ever
//! sees. It is stamped with capture time ([`media::clock`]), wrapped into a packet and handed to
//! the node's outlets ([`pipeline::flow::outlets`]), which give every consumer a pointer to it through a
//! bounded link ([`pipeline::flow::link`]). The consumer's intake ([`pipeline::flow::intake`]) merges its
//! links: by arrival downstream of a device, by capture time downstream of files, so that files give the
//! same events every time. `detect` fits the frame into its own input tensor
//! ([`inference::sight::fit`]), runs the model ([`inference::onnx::session`]), decodes the outputs
//! ([`inference::sight::heads`]) and puts the boxes back into pixels of the frame, of the whole one where `crop` has
//! cut it out ([`media::frame::Part`]); `classify`, `segment` and `embed` go the same way. The event
//! ([`media::events`]) is whole when it is made ([`pipeline::contract::emit`]), its author and its
//! wall-clock label included; whoever passes it on leaves it so, and `jsonl` writes a line.
//!
//! Sound goes the same way: `microphone`, `audio_file` or a camera make 16 kHz mono ([`media::resample`]),
//! `vad` cuts utterances ([`inference::speech`]), `transcribe` writes them down, `tag_sound` names what is no
//! word ([`inference::sound`]). Streams of `vad` that have
//! sound at the same time go through its model together. Of a camera whose sound or coded packets ([`media::coded`])
//! somebody takes, one `ffmpeg` hands on all that is wanted, by one connection; the stream's own timestamps become
//! capture times, of all of it alike. With `isolation = "process"` the models run in
//! child processes ([`inference::worker`]), and a crash of native code is one node's failure. Where a GPU
//! is asked for, the CPU runs a model ([`inference::onnx::model`]) until the GPU is ready and was seen to compute the same; what
//! several nodes show it at about the same time is then computed at once (`inference/onnx/together`).
//!
//! What comes of it is kept and told by sinks: `record` and `clip` put a camera's coded packets into films without decoding them
//! ([`nodes`], `parts/movie`), `sqlite` keeps a history that `otus events` and the page search, `mqtt` and `webhook` send what waits on
//! the disk meanwhile (`parts/outbox`), and `bundle` keeps what an alert rests on in a chain that `otus verify` checks (`parts/evidence`). A sink tells of each file that it has written, so that others take it as an input. `join` decides
//! over events of several nodes in the order of their capture times. By `zenoh` another machine takes what this one has captured
//! (`parts/far`), at the times at which that was. `drift` holds what cameras show, microphones hear and models
//! find against its own past. A model may have a shadow (`parts/shadow`), which works on some of its input and changes nothing.
//!
//! `otus replay` and `otus test` ([`cli`]) read the same file with recordings in place of what is live and one listener in place of the
//! sinks ([`pipeline::file`]), on a clock that is the recording's ([`media::clock`]).
//!
//! Time passes without packets too: every link carries how far its producer has told all, and nodes hear
//! of the smallest of these bounds by `pass` ([`pipeline::contract::node`]). Downstream of files only the
//! bounds count, so that results are repeatable; downstream of a device a node waits no longer than its
//! `wait_ms`, and what comes later is dropped and counted. A sink that batches is given again, after a
//! failure, what it had not settled.
//!
//! When a node fails, [`pipeline::run::supervise`] reopens it ([`pipeline::run::restarts`] says how soon)
//! or ends it. A thread that does not come back from a call is left behind and another takes its place.
//! A reload builds the new graph beside the old one and puts it in its place between two packets;
//! nodes that are the same go on. While the machine is short of processor time or memory, or too hot, some of the work gives
//! way in a fixed order ([`pipeline::contract::pressure`]), as [`service::pressure`] judges. There is one way to stop: sources end, what is under way flows on,
//! threads are joined, the books of every link must balance.
//!
//! # Rooms
//!
//! A room knows only those below it, and no file knows itself by a detour; a test checks both.
//!
//! - [`cli`]: what a person calls, one file a command.
//! - [`service`]: how a running pipeline is watched and kept from outside.
//! - [`nodes`]: one file a node; `nodes/mod.rs` is the one list. `sources`, `transforms` (by what they
//!   take) and `sinks` know nothing of each other; what they share is in `parts`.
//! - [`inference`]: what models need: [`inference::sight`], [`inference::sound`] and [`inference::speech`] upon
//!   [`inference::onnx`], [`inference::worker`] and [`inference::store`].
//! - [`pipeline`]: how it flows: [`pipeline::run`] upon [`pipeline::flow`], [`pipeline::file`],
//!   [`pipeline::contract`] (what a node is) and [`pipeline::count`].
//! - [`media`]: what flows.
//!
//! Beside them `src/opencv` makes a library of its own, which the first camera loads: the rest of otus
//! neither needs OpenCV nor pays for it.
//!
//! A new node is one file in `nodes`, copied from its nearest neighbour, and one line in the list.
//! Parsing, checking, threads, queues, counters, reopening, documentation and a floor of tests come
//! with it.
//!
//! # Invariants
//!
//! - Nothing in `nodes` logs its own name or knows another node. None starts a thread by itself; a
//!   device whose calls cannot be interrupted is read through [`pipeline::contract::blocking`].
//! - Only `open`, `next`, `apply` and `write` touch the world. Parsing, checking, geometry and the
//!   decoding of model outputs never do; `at_hand` reads files and nothing else.
//! - Every queue, buffer, retry and file is bounded. Nothing grows with uptime.
//! - On every link, at any time: received = forwarded + dropped + in flight. It is asserted at the
//!   end of every run.
//! - A node never sees a kind of packet that it did not declare. The graph has no cycles, or a stop
//!   would never drain.
//! - Sources return within 250 ms, so that a stop is prompt.
//! - A panic in a node becomes that node's failure.
//! - An error is handled once, logged or returned; it says what to do, and whether a retry can help.
//! - Model files are verified before native code reads them, and the very bytes that were verified
//!   are the ones loaded.
//! - The watchdog is fed by progress ([`service::progress`]): calls that come back, models that succeed.
//! - Where the pipeline file asks for privacy, what people say and what they look like reaches neither a sink nor an onlooker
//!   but through a node that redacts: the graph is checked for it ([`pipeline::file`]), and what onlookers are shown keeps to
//!   it ([`pipeline::flow::tap`], [`pipeline::run::View`]).
//! - Secrets live in types and a register that keep them out of everything that is printed.

pub mod cli;
pub mod inference;
pub mod media;
pub mod nodes;
pub mod pipeline;
pub mod service;
