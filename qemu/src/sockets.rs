//! Sockets that QEMU listens at.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// How often a socket is tried that nobody listens at yet.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Connects to `socket` as soon as somebody listens there: its file is there a moment before, and then who
/// connects is refused.
///
/// # Errors
///
/// Nobody did within `limit`, or it was in vain to wait longer.
pub fn connect(
    socket: &Path,
    limit: Duration,
    mut is_vain: impl FnMut() -> bool,
) -> Result<UnixStream> {
    let deadline = Instant::now() + limit;
    loop {
        match UnixStream::connect(socket) {
            Err(_) if Instant::now() < deadline && !is_vain() => thread::sleep(LOOK_AGAIN),
            tried => {
                return tried.with_context(|| format!("no QEMU listens at {}", socket.display()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};

    use super::*;
    use crate::run_directory::RunDirectory;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn a_socket_that_nobody_listens_at_yet_is_tried_again() {
        let run = RunDirectory::new().unwrap();
        let path = run.file("qmp");
        let qemu = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&qemu, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        let refused = connect(&path, Duration::ZERO, || false).unwrap_err();
        assert!(format!("{refused:#}").contains("Connection refused"), "{refused:#}");
        let client = thread::spawn(move || connect(&path, LIMIT, || false));
        listen(&qemu, 1).unwrap();
        client.join().unwrap().unwrap();
    }

    #[test]
    fn where_nobody_will_listen_nobody_waits() {
        let run = RunDirectory::new().unwrap();
        assert!(connect(&run.file("qmp"), LIMIT, || true).is_err());
    }
}
