//! May this user use the devices?

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::nodes;
use crate::pipeline::config::Plan;

pub fn check(_: &Plan) -> Vec<Finding> {
    let sound = glob::glob("/dev/snd/pcmC*c").expect("it is a pattern");
    vec![
        devices("cameras", "video", &nodes::video_devices()),
        devices("sound cards", "audio", &sound.flatten().collect::<Vec<_>>()),
    ]
}

fn devices(what: &str, group: &str, paths: &[PathBuf]) -> Finding {
    let check = format!("permission for {what}");
    let denied: Vec<String> = paths
        .iter()
        .filter(|path| !is_usable(path))
        .map(|path| path.display().to_string())
        .collect();
    match (paths.len(), denied.is_empty()) {
        (0, _) => Finding::ok(check, "this machine has none in /dev"),
        (count, true) => Finding::ok(check, format!("all {count} may be used")),
        (_, false) => {
            Finding::ok(check, format!("{} may not be used", denied.join(", "))).problem(format!(
                "`sudo usermod -aG {group} $USER`, then log in again; a service needs \
                 SupplementaryGroups={group}"
            ))
        }
    }
}

fn is_usable(path: &Path) -> bool {
    let path = CString::new(path.as_os_str().as_bytes()).expect("paths hold no zeros");
    // SAFETY: the path ends with a zero.
    unsafe { libc::access(path.as_ptr(), libc::R_OK | libc::W_OK) == 0 }
}
