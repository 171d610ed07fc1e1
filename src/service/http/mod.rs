//! The status endpoint and its page, on loopback, on a Unix socket, or elsewhere with token and TLS.
//!
//! It only reads, and what it is sent never names a file, a command or an address. Any page in any
//! browser on this machine can send requests to loopback, so every request must name this host and
//! must not come from another site (`guard`); how much anybody can have open is limited, and who
//! makes room for whom is decided in one place (`connections`). Wrong tokens are answered ever later
//! (`guesses`).

mod access;
mod connections;
mod events;
mod guard;
mod guesses;
mod history;
mod installed;
mod page;
mod peer;
mod picture_cache;
mod pictures;
mod place;
mod routes;
mod seat;
mod state;
mod streams;
pub mod traffic;
mod write_timeout;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

pub use self::access::{Access, read_token};
use self::connections::Connections;
use self::guard::Guard;
use self::peer::Peer;
use self::place::{Host, Scheme};
use self::traffic::Traffic;
use crate::pipeline::file::status::Listen;
use crate::pipeline::run::View;

/// A listening endpoint. Dropping it stops it.
pub struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Where it listens, for people.
    pub address: String,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, RemoveOnDrop),
}

/// A place where nobody is served yet.
pub struct Bound {
    socket: Socket,
    runtime: Runtime,
    /// Where it is, for people.
    address: String,
}

/// Takes the place to listen at; none if it is off.
///
/// # Errors
/// If it is taken or must not be used.
pub fn bind(listen: &Listen, base: &Path) -> io::Result<Option<Bound>> {
    let (socket, address) = match listen {
        Listen::Off => return Ok(None),
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?.to_string();
            (Socket::Tcp(listener), address)
        }
        Listen::Unix(path) => {
            let path = base.join(path);
            // A socket that a killed process left behind answers nobody and may be replaced.
            let is_socket =
                std::fs::symlink_metadata(&path).is_ok_and(|it| it.file_type().is_socket());
            if is_socket && UnixStream::connect(&path).is_err() {
                let _ = std::fs::remove_file(&path);
            }
            let listener = UnixListener::bind(&path)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660))?;
            listener.set_nonblocking(true)?;
            let address = format!("unix:{}", path.display());
            (Socket::Unix(listener, RemoveOnDrop(path)), address)
        }
    };
    let runtime = Builder::new_current_thread()
        .enable_all()
        // Pictures are made one at a time, beside the event loop.
        .max_blocking_threads(1)
        .build()?;
    Ok(Some(Bound {
        socket,
        runtime,
        address,
    }))
}

impl Bound {
    /// Serves what `view` shows to those who have `access`.
    ///
    /// # Errors
    /// If the system has no room for it.
    pub fn serve(self, view: View, access: Access) -> io::Result<Server> {
        let (stop, stopped) = oneshot::channel::<()>();
        let Bound {
            socket,
            runtime,
            address,
        } = self;
        let address = match (&socket, &access.tls) {
            (Socket::Unix(..), _) => address,
            (_, Some(_)) => format!("https://{address}"),
            (_, None) => format!("http://{address}"),
        };
        let body = move || {
            let served = runtime.block_on(async {
                // Connections in progress are cut: this endpoint has nothing to finish.
                tokio::select! {
                    _ = stopped => Ok(()),
                    result = serve(socket, view, access) => result,
                }
            });
            if let Err(error) = served {
                tracing::error!("the status endpoint ended: {error}");
            }
        };
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(body)?;
        Ok(Server {
            stop: Some(stop),
            thread: Some(thread),
            address,
        })
    }
}

async fn serve(socket: Socket, view: View, access: Access) -> io::Result<()> {
    let traffic = Arc::new(Traffic::default());
    let Access { hosts, token, tls } = access;
    match socket {
        Socket::Tcp(listener) => {
            let listener = net::TcpListener::from_std(listener)?;
            let own = listener.local_addr()?.ip();
            let own = (!own.is_unspecified()).then(|| Host::address(own));
            let hosts = hosts.iter().filter_map(|it| Host::parse(it));
            let hosts = hosts.chain(own).collect();
            let scheme = match tls {
                Some(_) => Scheme::Https,
                None => Scheme::Http,
            };
            let guard = Guard::of_network(hosts, scheme, token).counting(Arc::clone(&traffic));
            let routes = routes::routes(view, Arc::clone(&traffic), guard);
            let mut connections = Connections::new(routes, tls, traffic);
            loop {
                let connection = listener.accept().await;
                let with_peer = |(stream, from): (_, SocketAddr)| (stream, Peer(Some(from.ip())));
                connections.admit(connection.map(with_peer)).await;
            }
        }
        Socket::Unix(listener, _remove) => {
            let listener = net::UnixListener::from_std(listener)?;
            let guard = Guard::of_socket(token).counting(Arc::clone(&traffic));
            let routes = routes::routes(view, Arc::clone(&traffic), guard);
            // Nobody listens in on a Unix socket.
            let mut connections = Connections::new(routes, None, traffic);
            loop {
                let connection = listener.accept().await;
                let with_peer = |(stream, _)| (stream, Peer::default());
                connections.admit(connection.map(with_peer)).await;
            }
        }
    }
}

struct RemoveOnDrop(PathBuf);

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
