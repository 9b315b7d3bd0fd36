//! The host's side of a wire to a network card: one unix datagram is one frame.
//!
//! The wire loses nothing: where the guest is slow its socket fills, and [`Wire::send`] waits.
//! Only before QEMU has opened its socket, and after it has ended, is nobody there.

use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::machine::{HubWire, Netdev};
use crate::run_directory::RunDirectory;

/// The shortest time that a socket can wait.
const SHORTEST_WAIT: Duration = Duration::from_micros(1);

/// More than any frame.
const BUFFER: usize = 1 << 16;

/// The host's side of a wire.
#[derive(Debug)]
pub struct Wire {
    socket: UnixDatagram,
    host: PathBuf,
    qemu: PathBuf,
}

impl Wire {
    /// Opens the host's side of a wire called `name`. Do so before QEMU starts: frames for a
    /// socket that is not there yet are gone.
    ///
    /// # Errors
    ///
    /// The socket cannot be made in `run`.
    pub fn open(run: &RunDirectory, name: &str) -> Result<Self> {
        let (host, qemu) = (run.file(&format!("{name}.host")), run.file(&format!("{name}.qemu")));
        let socket = UnixDatagram::bind(&host)
            .with_context(|| format!("cannot open a socket at {}", host.display()))?;
        Ok(Self { socket, host, qemu })
    }

    /// Two wires, for a machine with two cards.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn pair(run: &RunDirectory) -> Result<[Self; 2]> {
        Ok([Self::open(run, "wire0")?, Self::open(run, "wire1")?])
    }

    /// What a network card at the other end is plugged into.
    #[must_use]
    pub fn netdev(&self) -> Netdev {
        Netdev::Dgram { qemu: self.qemu.clone(), host: self.host.clone() }
    }

    /// This wire, plugged into hub number `hub` of the machine.
    #[must_use]
    pub fn into_hub(&self, hub: u32) -> HubWire {
        HubWire { hub, qemu: self.qemu.clone(), host: self.host.clone() }
    }

    /// Sends `frame`, waiting up to `limit` for room. All of it is sent, or nothing.
    ///
    /// # Errors
    ///
    /// `WouldBlock`: no room within `limit`. `NotFound`, `ConnectionRefused`: no QEMU there.
    /// `InvalidInput`: an empty frame, on which QEMU would end the wire.
    pub fn send(&self, frame: &[u8], limit: Duration) -> io::Result<()> {
        if frame.is_empty() {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.socket.set_write_timeout(Some(limit.max(SHORTEST_WAIT)))?;
        self.socket.send_to(frame, &self.qemu).map(drop)
    }

    /// Puts the next frame into `buffer` and returns its length, or nothing if none came
    /// within `limit`. What does not fit into `buffer` is cut off.
    ///
    /// # Errors
    ///
    /// The socket is broken.
    pub fn receive(&self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<usize>> {
        self.socket.set_read_timeout(Some(limit.max(SHORTEST_WAIT)))?;
        match self.socket.recv(buffer) {
            Ok(length) => Ok(Some(length)),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets the frames that have come, as those of firmware.
    ///
    /// # Errors
    ///
    /// The socket is broken.
    pub fn forget(&self) -> io::Result<()> {
        while self.receive(&mut [0; 1], Duration::ZERO)?.is_some() {}
        Ok(())
    }
}

/// Sends `frame` into a wire and has it come out of another, unchanged.
///
/// # Errors
///
/// It is not taken, does not come out within `limit`, or something else does.
pub fn pass([from, to]: [&Wire; 2], frame: &[u8], limit: Duration) -> Result<()> {
    let length = frame.len();
    from.send(frame, limit).with_context(|| format!("{length} bytes are not taken"))?;
    let mut buffer = vec![0; BUFFER];
    let came = to.receive(&mut buffer, limit)?;
    let came = came.with_context(|| format!("a frame of {length} bytes did not come out"))?;
    ensure!(&buffer[..came] == frame, "a frame of {length} bytes came out as {came} others");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// A wire and the socket that QEMU would open.
    fn played() -> (RunDirectory, Wire, UnixDatagram) {
        let run = RunDirectory::new().unwrap();
        let wire = Wire::open(&run, "0").unwrap();
        let qemu = UnixDatagram::bind(run.file("0.qemu")).unwrap();
        (run, wire, qemu)
    }

    #[test]
    fn a_frame_arrives_whole_in_both_directions() {
        let (run, wire, qemu) = played();
        wire.send(&[1, 2, 3], LIMIT).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(qemu.recv(&mut buffer).unwrap(), 3);
        qemu.send_to(&buffer[..2], run.file("0.host")).unwrap();
        assert_eq!(wire.receive(&mut buffer, LIMIT).unwrap(), Some(2));
        assert_eq!(wire.receive(&mut buffer, Duration::ZERO).unwrap(), None);
    }

    #[test]
    fn a_full_wire_says_so_and_keeps_what_it_has() {
        let (_run, wire, qemu) = played();
        let mut sent = 0_u32;
        let error = loop {
            match wire.send(&sent.to_be_bytes(), Duration::ZERO) {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let mut buffer = [0; 4];
        for number in 0..sent {
            qemu.recv(&mut buffer).unwrap();
            assert_eq!(u32::from_be_bytes(buffer), number);
        }
    }

    #[test]
    fn an_empty_frame_and_an_absent_qemu_are_errors() {
        let run = RunDirectory::new().unwrap();
        let wire = Wire::open(&run, "0").unwrap();
        assert_eq!(wire.send(&[], LIMIT).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(wire.send(&[0], LIMIT).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
