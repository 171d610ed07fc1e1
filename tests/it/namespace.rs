//! Machines made up in a mount namespace: with other devices, or with nothing that can be written to.

use std::process::{Command, Stdio};

use crate::scratch::{Ended, Running, skipped};

/// The exit code of a machine that could not be made up; no otus ends with it.
const NOT_MADE: i32 = 77;

/// In place of `/dev`, one with what every program needs.
const OTHER_DEV: &str = "
    mount --make-rprivate /
    dev=$PWD/$(mktemp -d dev.XXXX)
    mount -t tmpfs -o mode=755 none $dev
    mkdir -m 1777 $dev/shm
    for node in null zero full random urandom tty; do
        touch $dev/$node
        mount --bind /dev/$node $dev/$node
    done
    ln -s /proc/self/fd $dev/fd
    ln -s /proc/self/fd/2 $dev/stderr";

/// All that is mounted, but for the kernel's own file systems.
const READ_ONLY: &str = "
    mount --make-rprivate /
    for place in $(awk '{ print $5 }' /proc/self/mountinfo | sort -r); do
        case $place in
            /proc*|/sys*|/dev*) ;;
            *) mount -o remount,bind,ro $place || true ;;
        esac
    done
    ! touch /tmp/otus-was-here 2> /dev/null";

/// With a camera and a sound card behind which there is no driver, of this mode and these groups.
pub fn devices(mode: u32, groups: [&str; 2]) -> String {
    let [video, audio] = groups;
    format!(
        "{OTHER_DEV}
        mkdir $dev/snd
        mknod $dev/video0 c 81 0
        mknod $dev/snd/controlC0 c 116 0
        mknod $dev/snd/pcmC0D0c c 116 24
        chmod {mode:o} $dev/video0 $dev/snd/*
        chgrp {video} $dev/video0
        chgrp {audio} $dev/snd/*
        mount --move $dev /dev"
    )
}

/// With no camera and no sound card.
pub fn no_devices() -> String {
    format!("{OTHER_DEV}\nmount --move $dev /dev")
}

/// On which nothing can be written.
pub fn read_only() -> String {
    READ_ONLY.to_owned()
}

/// Runs `otus` on a machine that `setup` makes, as root or as nobody. None, said aloud, where no
/// machine can be made up.
pub fn run(setup: &str, as_nobody: bool, otus: &Command) -> Option<Ended> {
    let user = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let script = format!("sh -e -c \"$0\" >&2 || exit {NOT_MADE}; exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script, setup]);
    command.args(user.iter().take(if as_nobody { user.len() } else { 0 }));
    command.arg(otus.get_program()).args(otus.get_args());
    for (name, value) in otus.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(otus.get_current_dir()?);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: asks for a number.
    let is_root = unsafe { libc::geteuid() } == 0;
    let ended = is_root.then(|| Running::start(command).wait());
    let ended = ended.filter(|it| it.code != Some(NOT_MADE) && !it.stderr.contains("unshare: "));
    if ended.is_none() {
        skipped("no other machine can be made up here: that takes root and mount namespaces");
    }
    ended
}
