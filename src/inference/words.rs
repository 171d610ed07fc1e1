//! What native libraries say by themselves: written for those who build them, so only those see it
//! who look closely. The first complaint is kept, for it may be why something failed.

use std::cell::RefCell;

/// A complaint that is longer says nothing more.
const LONGEST: usize = 2000;

thread_local! {
    static COMPLAINT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A library has said something on this thread.
pub fn heard(library: &'static str, complains: bool, text: &str) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    tracing::debug!(library, "{text}");
    if complains {
        let text = || text.chars().take(LONGEST).collect();
        COMPLAINT.with_borrow_mut(|it| _ = it.get_or_insert_with(text));
    }
}

/// What was first complained about on this thread since this was last asked.
pub fn complaint() -> Option<String> {
    COMPLAINT.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_complaint_is_told_once_and_where_it_was_made() {
        heard("a library", true, "\n");
        heard("a library", false, "a remark");
        heard("a library", true, " why\n");
        heard("a library", true, "so it failed");
        let elsewhere = std::thread::spawn(complaint).join();
        assert_eq!(elsewhere.expect("it does not panic"), None);
        assert_eq!(complaint().as_deref(), Some("why"));
        assert_eq!(complaint(), None);
    }
}
