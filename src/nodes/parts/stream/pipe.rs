//! A pipe beside standard output, in which a child process writes a second stream.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The child's end. To be dropped once the child runs, or the end of the stream would never be seen.
pub struct Pipe(PipeWriter);

impl Pipe {
    /// Makes one and gives our end of it too.
    ///
    /// # Errors
    /// The system's, if there are no more of them.
    pub fn new() -> io::Result<(PipeReader, Pipe)> {
        let (reader, writer) = io::pipe()?;
        Ok((reader, Pipe(writer)))
    }

    /// As FFmpeg names it.
    pub fn name(&self) -> String {
        format!("pipe:{}", self.0.as_raw_fd())
    }

    /// Lets the child of this command have it, and no other.
    pub fn give_to(&self, command: &mut Command) {
        let number = self.0.as_raw_fd();
        let keep = move || {
            // SAFETY: the call takes numbers only and may be made between fork and exec. The number is that of a pipe
            // which lives until the child has been started.
            match unsafe { libc::fcntl(number, libc::F_SETFD, 0) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        };
        // SAFETY: `keep` makes one system call and touches no memory.
        unsafe { command.pre_exec(keep) };
    }
}
