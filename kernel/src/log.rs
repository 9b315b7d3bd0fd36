//! Logs: defmt frames on their way to the stream, and the line that carries that.
//!
//! Only the control core logs. What finds no room is lost and counted; nobody ever waits.
#![expect(unsafe_code, reason = "the trait of defmt's loggers is unsafe")]

use heapless::{Deque, Vec};
use kernel::control::{Control, Orders};
use kernel::options::{Options, Stream as Wanted};
use kernel::stream::Way;
use perf::stream::PAYLOAD;
use serial::{Com, Port};
use spin::Mutex;

use crate::arch::{cores, tsc};
use crate::ports::{self, Console};
use crate::{outgoing, pmds};

/// Logs that wait for the control core at most: some are written before there is one.
const WAITING: usize = 32;
/// Bytes of a log at most.
const LONGEST: usize = 256;
const _: () = assert!(LONGEST <= PAYLOAD);

/// Symbols per second of a serial port that the stream goes to.
const BAUD: u32 = 115_200;

static LOG: Mutex<Log> = Mutex::new(Log::new());

/// The log that is being written, and those that wait.
struct Log {
    frame: Vec<u8, LONGEST>,
    /// The one that is being written did not fit.
    cut: bool,
    waiting: Deque<Vec<u8, LONGEST>, WAITING>,
    lost: u64,
}

impl Log {
    const fn new() -> Self {
        Self { frame: Vec::new(), cut: false, waiting: Deque::new(), lost: 0 }
    }

    fn begin(&mut self) {
        self.frame.clear();
        self.cut = false;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.cut |= self.frame.extend_from_slice(bytes).is_err();
    }

    /// Queues the frame, whole or not at all.
    fn end(&mut self) {
        if self.cut || self.waiting.push_back(self.frame.clone()).is_err() {
            self.lost += 1;
        }
    }
}

/// Gives all logs that wait to `control`.
pub(crate) fn hand_over<O: Orders>(control: &mut Control<'_, O>) {
    let mut log = LOG.lock();
    while let Some(frame) = log.waiting.pop_front() {
        control.log(&frame);
    }
    control.lose_logs(core::mem::take(&mut log.lost));
}

/// A line of the stream's own.
pub(crate) enum Line {
    /// A serial port.
    Serial(Port),
    /// A virtio console.
    Virtio(&'static mut Console),
}

impl Line {
    /// The one that `options` ask for, if it is there and does not carry the console.
    pub(crate) fn find(options: &Options) -> Option<Self> {
        let console = options.console.com;
        match options.stream {
            Wanted::Auto => Self::virtio().or_else(|| Self::serial(other(console))),
            Wanted::Virtio => Self::virtio(),
            Wanted::Serial(com) if com != console => Self::serial(com),
            Wanted::Serial(_) | Wanted::Shared | Wanted::None => None,
        }
    }

    fn virtio() -> Option<Self> {
        let console = ports::console()?;
        pmds::carve(console).ok().map(Self::Virtio)
    }

    fn serial(com: Com) -> Option<Self> {
        let port = Port::open(com, BAUD).ok()?;
        outgoing::goes_to(com);
        Some(Self::Serial(port))
    }

    /// How the stream goes where there is this `line` for it, or none.
    pub(crate) fn way(line: Option<&Self>, options: &Options) -> Way {
        match (line, options.stream) {
            (Some(line), _) => Way::Own { is_fast: matches!(line, Self::Virtio(_)) },
            (None, Wanted::Auto | Wanted::Shared) => Way::Shared,
            (None, _) => Way::Nowhere,
        }
    }

    /// Sends what waits in `control`, as far as the line takes it without waiting.
    pub(crate) fn drain<O: Orders>(&mut self, control: &mut Control<'_, O>) {
        match self {
            Self::Serial(port) => outgoing::drain(port, control),
            Self::Virtio(console) => {
                let taken = console.write(control.stream_unsent());
                control.stream_sent(taken);
            }
        }
    }
}

fn other(com: Com) -> Com {
    match com {
        Com::One => Com::Two,
        Com::Two => Com::One,
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
