//! Tests of the program as a user meets it. One binary, so that everything links once.

mod agreement; // the same answers on every processor
mod at_hand; // what `otus check` says of files that a pipeline names
mod attacks; // what strangers do to the HTTP endpoint
mod bad_input; // what a wrong pipeline, model, device or file is answered with
mod broker; // a real one for the tests
mod brokers; // events at a real MQTT broker
mod browser; // the page, in a real Chromium
mod camera_faults;
mod camera_masks; // parts of a picture that nobody is to see
mod camera_sound; // cameras that send nonsense, nothing, or another size
mod chains; // bundles over kills, a full disk and a reload
mod child_cameras; // ffmpeg and GStreamer as decoders in processes of their own
mod clocks; // wall clocks that step
mod commands; // those that watch, and those that make files
mod containers; // what is packed into an image, and what stands beside it
mod corpora; // what fuzzing begins from
mod crops; // parts of frames, and what is found in them
mod crowds; // who is kept out of the HTTP endpoint by whom
mod detectors; // which family a model is of
mod devices; // cameras and microphones that are not there or belong to others
mod doctor; // what `otus doctor` says about real and missing parts
mod drawing; // zones that a person draws on the page
mod drifts; // cameras and microphones that are covered
mod editors;
mod evidence; // bundles, and what checks them
mod examples;
mod eyes; // models that name pictures and make vectors
mod faults;
mod films;
mod filter; // full and read-only disks, kills
mod flatbuffers; // small TensorFlow Lite models
mod foreign_models; // files that are no whole Whisper model
mod formats; // sound in every format, rate and channel count
mod golden;
mod guides; // pipelines, commands and errors that they tell of
mod hard_cameras; // detections and speech against references made by other tools
mod hearing; // what vad makes of sound
mod history; // events in a database
mod history_page; // what the endpoint shows of them
mod homes; // who a broker lets in, and what Home Assistant is told there
mod init; // from nothing to a pipeline
mod isolation; // models in processes of their own
mod kept; // what sinks have written
mod kills; // every sink at once
mod landing; // what must pass before a change lands
mod libraries; // files that are no ONNX Runtime, or none for this machine
mod licences; // of what is linked
mod limits; // too few files, threads or too little address space
mod live_camera; // a real RTSP server that comes and goes
mod live_microphone;
mod live_recordings; // a real sound server, ALSA and cpal
mod long_faults; // faults that take minutes, for `make test-faults`
mod looks; // pictures in which nobody is to be recognised
mod manual; // the manual page and the shell completions
mod masks; // which pixels things cover
mod monitoring; // Prometheus and Grafana
mod motion; // a gate before a detector
mod namespace; // machines made up in a mount namespace
mod opencv; // that no more of its libraries are loaded than are needed
mod own_models; // the two models that the program carries
mod own_tests; // tests that stand in a pipeline file
mod page_states; // the page where something is amiss
mod pictures;
mod pipelines; // shipped examples and generated documents
#[cfg(feature = "whisper")]
mod privacy; // words that must not be told
mod private; // nothing is kept aside or sent
mod providers; // where models run
mod read_only; // machines on which nothing can be written
mod recorded;
mod recordings;
mod reload; // another pipeline file while it runs
mod repeatable; // the same files give the same events
mod replays; // recordings in place of cameras
mod rooms; // which file of the source knows which
mod samples; // small files that tests make for themselves
mod scratch; // a directory, a pipeline file and the program
mod search; // `otus events`
mod shadows; // a second model that is tried
mod slips; // what people write instead of what they mean
mod snapshots; // pictures of what was found
mod sounds;
mod standard_output;
mod status; // the HTTP endpoint
mod systemd; // what systemd is told, and its units
mod tflite; // TensorFlow Lite models as ONNX
mod tflite_operators;
mod tidy; // formatting, lints, documents, sizes
mod together;
mod tools; // the endpoint as Schemathesis, Prometheus and curl see it
#[cfg(feature = "whisper")]
mod transcripts; // what is heard together, and what is not heard in time
#[cfg(feature = "whisper")]
mod utterances; // sound that no microphone makes
mod wanted;
mod webhooks; // events at a real HTTP server
mod whisper; // speech to text
mod whisper_gpu; // modules for graphics processors that are of no use
#[cfg(feature = "zenoh")]
mod zenoh; // cameras on one machine, models on another
mod zones; // zones and lines behind a tracker
