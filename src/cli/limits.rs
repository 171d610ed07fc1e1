//! What the system lets this process have: where that is too little, it is told before anything begins.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files that are asked for where the system lets them be had, and that no pipeline comes near.
const USUAL_FILES: u64 = 1_024;
/// Open files of any command.
const FILES: u64 = 8;
/// Address space of any command: below it, its own libraries do not fit.
const SPACE: u64 = 128 << 20;
/// Open files of a pipeline, and of each of its nodes: pipes of a child, a device, sockets.
const FILES_OF_A_PIPELINE: u64 = 28;
const FILES_OF_A_NODE: u64 = 4;
/// Address space of a pipeline: its libraries and the stacks of their threads, little of which is ever memory.
const SPACE_OF_A_PIPELINE: u64 = 1 << 30;

/// Whether there is enough for a command that opens nothing.
///
/// # Errors
/// What there is too little of, and the remedy.
pub fn of_a_command() -> Result<(), String> {
    enough(FILES, SPACE)
}

/// Whether there is enough for a pipeline of so many nodes. Asks for more open files where that is allowed.
///
/// # Errors
/// What there is too little of, and the remedy.
pub fn of_a_pipeline(nodes: usize) -> Result<(), String> {
    let files = FILES_OF_A_PIPELINE + FILES_OF_A_NODE * nodes as u64;
    let limit = getrlimit(Resource::Nofile);
    let allowed = limit.maximum.unwrap_or(u64::MAX);
    let wanted = files.max(USUAL_FILES).min(allowed);
    if limit.current.is_some_and(|it| it < wanted) {
        let current = Some(wanted);
        // If this fails, what there is is judged.
        let _ = setrlimit(Resource::Nofile, Rlimit { current, ..limit });
    }
    enough(files, SPACE_OF_A_PIPELINE)
}

fn enough(files: u64, space: u64) -> Result<(), String> {
    let limit = |resource| getrlimit(resource).current.unwrap_or(u64::MAX);
    let allowed = limit(Resource::Nofile);
    if allowed < files {
        return Err(format!(
            "this process may open {allowed} files at a time, and {files} are needed: `ulimit -n {files}`, in a \
             service LimitNOFILE={files}"
        ));
    }
    let allowed = limit(Resource::As);
    if allowed < space {
        let (have, need) = (allowed >> 20, space >> 20);
        return Err(format!(
            "this process may have {have} MiB of address space, and {need} MiB are needed: `ulimit -v unlimited`, in \
             a service LimitAS=infinity; MemoryMax= limits what is really used"
        ));
    }
    Ok(())
}
