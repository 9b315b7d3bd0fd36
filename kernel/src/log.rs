//! Logs: defmt frames inside the stream's own, waiting for the line that carries them.
//!
//! Only the control core logs. What finds no room is lost and shows as a gap in the sequence
//! numbers; nobody ever waits.
#![expect(unsafe_code, reason = "the trait of defmt's loggers is unsafe")]

use core::sync::atomic::{AtomicU16, Ordering::Relaxed};

use heapless::{Deque, Vec};
use perf::stream::{self, Frame, Kind, LINE, PAYLOAD};
use serial::{Com, Port};
use spin::Mutex;

use crate::arch::{cores, tsc};
use crate::pmds;
use crate::ports::{self, Console};

/// Bytes that can wait for the line.
const WAITING: usize = 16 * 1024;

/// Symbols per second of a serial port that the stream goes to.
const BAUD: u32 = 115_200;

/// Address of the serial port that the stream goes to; 0 if it goes to none.
static SERIAL: AtomicU16 = AtomicU16::new(0);

static LOG: Mutex<Log> = Mutex::new(Log::new());

/// The log frame that is being written, and the stream that waits to be sent.
struct Log {
    frame: Vec<u8, PAYLOAD>,
    /// The frame that is being written did not fit.
    cut: bool,
    sequence: u32,
    waiting: Deque<u8, WAITING>,
}

impl Log {
    const fn new() -> Self {
        Self { frame: Vec::new(), cut: false, sequence: 0, waiting: Deque::new() }
    }

    fn begin(&mut self) {
        self.frame.clear();
        self.cut = false;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.cut |= self.frame.extend_from_slice(bytes).is_err();
    }

    /// Queues the frame, whole or not at all. Its number is used up either way.
    fn end(&mut self) {
        let mut line = [0; LINE];
        let frame = Frame { sequence: self.sequence, kind: Kind::Log, payload: &self.frame };
        let len = stream::encode(&frame, &mut line);
        self.sequence = self.sequence.wrapping_add(1);
        if !self.cut && self.waiting.capacity() - self.waiting.len() >= len {
            self.waiting.extend(line[..len].iter().copied());
        }
    }
}

/// Where the stream goes.
pub(crate) enum Line {
    /// A serial port.
    Serial(Port),
    /// A virtio console.
    Virtio(&'static mut Console),
}

impl Line {
    /// The virtio console if there is one, else the serial port `com` if that answers.
    pub(crate) fn find(com: Com) -> Option<Self> {
        let console = ports::console().and_then(|console| pmds::carve(console).ok());
        if let Some(console) = console {
            return Some(Self::Virtio(console));
        }
        let port = Port::open(com, BAUD).ok()?;
        SERIAL.store(com as u16, Relaxed);
        Some(Self::Serial(port))
    }

    /// Sends what waits, as far as the line takes it without waiting.
    pub(crate) fn drain(&mut self) {
        match self {
            Self::Serial(port) => drain(|bytes| port.write(bytes)),
            Self::Virtio(console) => drain(|bytes| console.write(bytes)),
        }
    }
}

/// Ends the stream's open frame, so that a reader does not take what follows for a part of it.
/// For a crash.
pub(crate) fn end_open_frame() {
    let com = [Com::One, Com::Two].into_iter().find(|com| *com as u16 == SERIAL.load(Relaxed));
    if let Some(com) = com {
        // A line that is stuck takes nothing; the report goes on.
        let _ = Port::seize(com).insist().bytes(&[0]);
    }
}

/// Offers the bytes that wait to `write`, which says how many of them it took.
fn drain(mut write: impl FnMut(&[u8]) -> usize) {
    let mut log = LOG.lock();
    let (first, _) = log.waiting.as_slices();
    let taken = write(first).min(first.len());
    for _ in 0..taken {
        log.waiting.pop_front();
    }
}

#[defmt::global_logger]
struct Logger;

// SAFETY: Frames are written by core 0 alone, outside of interrupts, one after the other; other
// cores write none.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        on_core_0(Log::begin);
    }

    unsafe fn flush() {}

    unsafe fn release() {
        on_core_0(Log::end);
    }

    unsafe fn write(bytes: &[u8]) {
        on_core_0(|log| log.write(bytes));
    }
}

fn on_core_0(act: impl FnOnce(&mut Log)) {
    if cores::core_id() == 0 {
        act(&mut LOG.lock());
    }
}

defmt::timestamp!("{=u64:us}", tsc::now() / (tsc::frequency() / 1_000_000).max(1));
