//! Device nodes that this user may not use: who may, and what to do about it.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A kind of devices, in the terms of those who may allow them.
pub struct Kind {
    /// The group that Debian gives them to.
    pub group: &'static str,
    /// What systemd calls them.
    pub class: &'static str,
}

/// Cameras.
pub const VIDEO: Kind = Kind {
    group: "video",
    class: "char-video4linux",
};

/// Sound cards.
pub const SOUND: Kind = Kind {
    group: "audio",
    class: "char-alsa",
};

/// Bits of a mode: its group may read and write.
const GROUP_MAY: u32 = 0o060;

/// Opens a device as the libraries do, which read and write it, and closes it again.
///
/// # Errors
/// What the system says.
pub fn open(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    // A sound card that is in use would keep the caller waiting.
    options.custom_flags(libc::O_NONBLOCK);
    options.open(path).map(drop)
}

impl Kind {
    /// Why this user has no permission, and after a semicolon the remedy; none for other errors.
    pub fn forbidden(&self, path: &Path, error: &io::Error) -> Option<String> {
        if error.kind() != ErrorKind::PermissionDenied {
            return None;
        }
        let (shown, class) = (path.display(), self.class);
        // The mode is not what this comes from.
        if error.raw_os_error() == Some(libc::EPERM) {
            return Some(format!(
                "no permission for {shown}: the service manager or container denies it; a service \
                 needs DeviceAllow={class} rw, a container --device {shown}"
            ));
        }
        let about = fs::metadata(path).ok();
        let (mode, gid) = about.map_or((0, 0), |it| (it.mode(), it.gid()));
        let group = group_name(gid);
        if mode & GROUP_MAY == GROUP_MAY && gid != 0 {
            return Some(format!(
                "no permission for {shown}: it is for the group `{group}`; `sudo usermod -aG \
                 {group} $USER` and log in again, in a service SupplementaryGroups={group}"
            ));
        }
        let (mode, wanted) = (mode & 0o777, self.group);
        Some(format!(
            "no permission for {shown}: its mode is {mode:03o} and its group `{group}`; `sudo chgrp \
             {wanted} {shown} && sudo chmod 660 {shown}` until the next start, and for good by a \
             rule of udev; then `sudo usermod -aG {wanted} $USER`, in a service \
             SupplementaryGroups={wanted}"
        ))
    }
}

/// The name of a group, or its number where it has none.
fn group_name(gid: u32) -> String {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let number = gid.to_string();
    let named = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    named.unwrap_or(number)
}

/// What records sound on this machine.
pub fn sound_cards() -> Vec<PathBuf> {
    let found = glob::glob("/dev/snd/pcmC*c").expect("it is a pattern");
    found.flatten().collect()
}
