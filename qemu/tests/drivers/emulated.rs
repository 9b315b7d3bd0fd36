//! A card that QEMU plays, with a host around it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use frame::{LocalPool, RxQueue};
use qemu::find;
use qemu::machine::Netdev;
use qemu::run_directory::RunDirectory;
use qemu::wire::Wire;

use crate::bus::Bus;
use crate::emulator::{Emulator, place};
use crate::host::{Host, Time};
use crate::memory::Memory;
use crate::port::{self, Port};
use crate::skipping::Skipped;

/// How long anything may take. No more than what a busy machine does to a process.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How often what is waited for is looked at.
const LOOK_AGAIN: Duration = Duration::from_micros(200);
/// After how long a wire that takes nothing is full.
const SHORT: Duration = Duration::from_millis(20);
/// Frames of a host, and bytes of its memory. The lowest MiB has holes.
const FRAMES: usize = 4000;
const BYTES: usize = 16 << 20;
const LOWEST: usize = 1 << 20;

/// The emulator that there is.
pub(crate) fn any_emulator() -> Result<PathBuf> {
    let missing =
        || format!("{} is missing; on Debian: apt-get install qemu-system-x86", find::QEMU);
    find::program(find::QEMU).ok_or_else(|| Skipped(missing()).into())
}

/// An emulator that has the 82576.
pub(crate) fn newer_emulator() -> Result<PathBuf> {
    let missing = format!("no QEMU of version 8 or newer, with igb; {} may name one", find::NEWER);
    find::qemu_with_igb()?.ok_or_else(|| Skipped(missing).into())
}

/// A card, its cable, and its host.
pub(crate) struct Emulated {
    pub(crate) emulator: Rc<Emulator>,
    pub(crate) host: Host,
    pub(crate) wire: Wire,
}

impl Emulated {
    /// A card of this kind in `program`.
    pub(crate) fn new(program: &Path, device: &str) -> Result<Self> {
        let run = RunDirectory::new()?;
        let wire = Wire::open(&run, "wire")?;
        let (emulator, host) = emulate(program, device, wire.netdev(), run)?;
        Ok(Self { emulator, host, wire })
    }

    /// Opens a card of Intel's with so many pairs of queues, which receive, and waits for its link.
    pub(crate) fn start(&mut self, pairs: usize) -> Result<Port> {
        let port = self.host.start(place(0), pairs);
        let port = port.map_err(|error| anyhow!("it cannot be opened: {error:?}"))?;
        until("a link", || port.card.link().is_up.then_some(()))?;
        Ok(port)
    }

    /// Puts a frame on the wire.
    pub(crate) fn arrive(&self, frame: &[u8]) -> Result<()> {
        Ok(self.wire.send(frame, LIMIT)?)
    }

    /// The next `count` frames that the card sends.
    pub(crate) fn sent(&self, count: usize) -> Result<Vec<Vec<u8>>> {
        let mut buffer = vec![0; 1 << 16];
        let next = |_| {
            let length = self.wire.receive(&mut buffer, LIMIT)?;
            ensure!(length.is_some(), "a frame is missing on the wire");
            Ok(buffer[..length.unwrap_or(0)].to_vec())
        };
        (0..count).map(next).collect()
    }

    /// Closes the card, and finds every frame.
    pub(crate) fn end(mut self, port: Port) -> Result<()> {
        self.host.close(port).map_err(|error| anyhow!("it does not close: {error:?}"))?;
        self.host.census();
        Ok(())
    }
}

/// A QEMU with a card of this kind, plugged into `cable`, and its host.
pub(crate) fn emulate(
    program: &Path,
    device: &str,
    cable: Netdev,
    run: RunDirectory,
) -> Result<(Rc<Emulator>, Host)> {
    let memory = Memory::new(BYTES, 0, LOWEST)?;
    let emulator = Rc::new(Emulator::start(program, device, &[cable], run, &memory.file()?)?);
    let bus: Rc<dyn Bus> = Rc::clone(&emulator) as _;
    let host = Host::new(memory, bus, FRAMES, Time::Real(Instant::now()));
    Ok((emulator, host))
}

impl Drop for Emulated {
    fn drop(&mut self) {
        self.emulator.end();
    }
}

/// Has `frames` come in, as fast as QEMU takes them, and returns what `rx` gives. Nobody looks at its
/// ring before QEMU takes no more.
pub(crate) fn flood(
    card: &mut Emulated,
    rx: &mut impl RxQueue,
    frames: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>> {
    let (mut taken, mut was_full) = (Vec::new(), false);
    for frame in frames {
        while let Err(error) = card.wire.send(frame, SHORT) {
            ensure!(error.kind() == ErrorKind::WouldBlock, "the wire is broken: {error}");
            was_full = true;
            taken.extend(received(rx, 1, card.host.pool)?);
        }
    }
    ensure!(was_full, "QEMU takes {} frames that nobody looks at", frames.len());
    let left = frames.len() - taken.len();
    taken.extend(received(rx, left, card.host.pool)?);
    Ok(taken)
}

/// The next `count` frames that `rx` gives; none of them is refused.
pub(crate) fn received(
    rx: &mut impl RxQueue,
    count: usize,
    pool: &mut LocalPool,
) -> Result<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    until("frames", || {
        let received = port::receive(rx, pool);
        assert!(!received.refused.is_any(), "{:?}", received.refused);
        frames.extend(received.frames);
        (frames.len() >= count).then_some(())
    })?;
    Ok(frames)
}

/// Waits until `look` finds something.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(start.elapsed() < LIMIT, "no {what} within {LIMIT:?}");
        thread::sleep(LOOK_AGAIN);
    }
}
