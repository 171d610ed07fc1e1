//! Which threads give way to the others of the process.

/// The lowest there is.
const LOWEST: libc::c_int = 19;

/// From now on this thread, and those that it starts, runs only as far as others leave it time.
pub fn give_way() {
    // SAFETY: the call takes numbers only. On Linux it is about the calling thread, which has the number 0.
    let status = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, LOWEST) };
    if status != 0 {
        let error = std::io::Error::last_os_error();
        tracing::debug!("this thread gives way to nobody: {error}");
    }
}
