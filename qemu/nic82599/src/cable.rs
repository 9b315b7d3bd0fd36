//! The cable: a unix datagram socket, one datagram a frame, as QEMU's `-netdev dgram` has it.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// The card's end of a cable.
#[derive(Debug)]
pub(crate) struct Cable {
    socket: UnixDatagram,
    peer: PathBuf,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It left. Where nobody listens it is lost.
    Gone,
    /// The other side is full; it has to be sent again.
    Full,
}

impl Cable {
    /// Opens the end at `own`, whose other end is `peer`.
    ///
    /// # Errors
    ///
    /// There is a file at `own` already, or none can be made.
    pub(crate) fn open(own: &Path, peer: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::bind(own)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, peer: peer.to_owned() })
    }

    /// The same end once more.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, peer: self.peer.clone() })
    }

    /// Sends a frame.
    pub(crate) fn send(&self, frame: &[u8]) -> Sent {
        match self.socket.send_to(frame, &self.peer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Sent::Full,
            _ => Sent::Gone,
        }
    }

    /// Puts the next frame into `buffer`, if there is one, and returns its length.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Option<usize> {
        self.socket.recv(buffer).ok()
    }
}

impl AsFd for Cable {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
