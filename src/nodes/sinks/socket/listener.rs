//! Where programs connect: a socket in a folder, or a port that only this machine reaches.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::nodes::parts::disk;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};

/// Events are for the owner and the group.
const MODE: u32 = 0o660;

/// What `listen` says.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// A socket in a folder.
    Unix(PathBuf),
    /// A port.
    Tcp(SocketAddr),
}

/// A connection that never waits.
pub trait Stream: Write + Send {
    /// Whether the other side has closed it.
    fn has_left(&mut self) -> bool;
}

/// An open place.
pub enum Listener {
    /// A socket, which is removed in the end.
    Unix(UnixListener, PathBuf),
    /// A port.
    Tcp(TcpListener),
}

impl Place {
    /// Makes sense of `listen`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of(listen: &str) -> Result<Place, Misuse> {
        let wrong = |what: &str| {
            let help = "write `unix:/path/to/socket` or `127.0.0.1:PORT`";
            Misuse::new("listen", format!("`{listen}` {what}"), help)
        };
        if let Some(path) = listen.strip_prefix("unix:") {
            return match path {
                "" => Err(wrong("names no path")),
                path => Ok(Place::Unix(path.into())),
            };
        }
        let address: SocketAddr = listen.parse().map_err(|_| wrong("is no such place"))?;
        match address.ip().to_canonical().is_loopback() {
            true => Ok(Place::Tcp(address)),
            false => Err(Misuse::new(
                "listen",
                format!("other machines reach {address}, and nobody is asked who they are"),
                "write `127.0.0.1:PORT`; for other machines there are `mqtt` and `webhook`",
            )),
        }
    }
}

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// `Retry` if somebody else listens there, `Fatal` if nobody can.
    pub fn open(listen: &str, context: &Context) -> Result<Listener> {
        match Place::of(listen).map_err(|it| Error::fatal(it.message))? {
            Place::Unix(path) => {
                let path = context.resolve(&path);
                let listener = unix(&path).map_err(|it| disk::trouble(&path, "listen", &it))?;
                Ok(Listener::Unix(listener, path))
            }
            Place::Tcp(address) => {
                let listener = TcpListener::bind(address);
                let listener = listener.and_then(|it| it.set_nonblocking(true).map(|()| it));
                let listener = listener.map_err(|error| {
                    Error::retry(format!("cannot listen at {address}: {error}"))
                })?;
                Ok(Listener::Tcp(listener))
            }
        }
    }

    /// A program that has come, if one has.
    pub fn next(&self) -> Option<Box<dyn Stream>> {
        match self {
            Listener::Unix(it, _) => {
                let (stream, _) = it.accept().ok()?;
                stream.set_nonblocking(true).ok()?;
                Some(Box::new(stream))
            }
            Listener::Tcp(it) => {
                let (stream, _) = it.accept().ok()?;
                stream.set_nonblocking(true).ok()?;
                Some(Box::new(stream))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self {
            let _ = fs::remove_file(path);
        }
    }
}

/// A socket that a kill has left behind is replaced; one at which somebody listens, and any other file, is not.
fn unix(path: &Path) -> io::Result<UnixListener> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    if is_socket {
        if UnixStream::connect(path).is_ok() {
            let why = "another program listens there";
            return Err(io::Error::new(ErrorKind::AddrInUse, why));
        }
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Whether nothing more can come: what does come is not looked at.
fn is_over(stream: &mut impl Read) -> bool {
    match stream.read(&mut [0; 256]) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

impl Stream for UnixStream {
    fn has_left(&mut self) -> bool {
        is_over(self)
    }
}

impl Stream for TcpStream {
    fn has_left(&mut self) -> bool {
        is_over(self)
    }
}
