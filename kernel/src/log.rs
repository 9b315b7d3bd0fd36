//! Logs: defmt frames on their way to the stream, and the line that carries that.
//!
//! Only the control core logs. What finds no room is lost and counted; nobody ever waits.
#![expect(unsafe_code, reason = "the trait of defmt's loggers is unsafe")]

use kernel::control::{Control, Orders};
use kernel::logs::{Levels, Log, Logs};
use kernel::options::{Options, Stream as Wanted};
use kernel::stream::Way;
use serial::{Place, Port};
use spin::Mutex;

use crate::arch::uart::Uart;
use crate::arch::{cores, tsc};
use crate::ports::{self, Console};
use crate::{outgoing, pmds};

/// Symbols per second of a serial port that the stream goes to.
const BAUD: u32 = 115_200;

/// The levels that hold.
pub(crate) static LEVELS: Levels = Levels::new();

static LOGS: Mutex<Logs> = Mutex::new(Logs::new());

/// Logs about a module, by the name that defmt has for a level of Open vSwitch's. This is the one way to log,
/// so that no log is without a module.
// What reads logs is to find the line that uses the macro, and not one of these.
#[collapse_debuginfo(yes)]
macro_rules! vlog {
    ($module:ident error $($log:tt)+) => { vlog!(@ $module, Err, error, $($log)+) };
    ($module:ident warn $($log:tt)+) => { vlog!(@ $module, Warn, warn, $($log)+) };
    ($module:ident info $($log:tt)+) => { vlog!(@ $module, Info, info, $($log)+) };
    ($module:ident debug $($log:tt)+) => { vlog!(@ $module, Dbg, debug, $($log)+) };
    (@ $module:ident, $level:ident, $macro:ident, $($log:tt)+) => {
        if $crate::log::LEVELS.admit(kernel::logs::Module::$module, kernel::logs::Level::$level) {
            defmt::$macro!($($log)+)
        }
    };
}
pub(crate) use vlog;

/// The log that has waited longest.
pub(crate) fn next() -> Option<Log> {
    LOGS.lock().take()
}

/// Logs that were lost since boot.
pub(crate) fn lost() -> u64 {
    LOGS.lock().lost()
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
    pub(crate) fn find(options: &Options, console: Place) -> Option<Self> {
        match options.stream {
            Wanted::Auto => Self::virtio().or_else(|| Self::serial(other(console))),
            Wanted::Virtio => Self::virtio(),
            Wanted::Serial(place) if place != console => Self::serial(place),
            Wanted::Serial(_) | Wanted::Net | Wanted::Shared | Wanted::None => None,
        }
    }

    fn virtio() -> Option<Self> {
        let console = ports::console()?;
        pmds::carve(console).ok().map(Self::Virtio)
    }

    fn serial(place: Place) -> Option<Self> {
        let uart = Uart::at(place)?;
        let port = uart.open(Some(BAUD)).ok()?;
        outgoing::goes_to(uart);
        Some(Self::Serial(port))
    }

    /// How the stream goes where there is this `line` for it, or none, and maybe a port of `mgmt=`.
    pub(crate) fn way(line: Option<&Self>, has_mgmt: bool, options: &Options) -> Way {
        match (line, options.stream) {
            (Some(line), _) => Way::Own { is_fast: matches!(line, Self::Virtio(_)) },
            (None, Wanted::Net) if has_mgmt => Way::Net,
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

/// Logs by which `way` the stream goes.
pub(crate) fn tell_way(way: Way) {
    let name = match way {
        Way::Nowhere => "nowhere",
        Way::Own { is_fast: true } => "by a virtio console",
        Way::Own { is_fast: false } => "by a serial port of its own",
        Way::Shared => "by the console's line",
        Way::Net => "by TCP",
    };
    vlog!(Stream debug "the stream goes {=str}", name);
}

/// COM2, or COM1 if that is the console's.
fn other(console: Place) -> Place {
    if console == Place::COM2 { Place::COM1 } else { Place::COM2 }
}

#[defmt::global_logger]
struct Logger;

// SAFETY: Frames are written by core 0 alone, outside of interrupts, one after the other; other
// cores write none.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        on_core_0(Logs::begin);
    }

    unsafe fn flush() {}

    unsafe fn release() {
        on_core_0(Logs::end);
    }

    unsafe fn write(bytes: &[u8]) {
        on_core_0(|logs| logs.write(bytes));
    }
}

fn on_core_0(act: impl FnOnce(&mut Logs)) {
    if cores::core_id() == 0 {
        act(&mut LOGS.lock());
    }
}

defmt::timestamp!("{=u64:us}", tsc::now() / (tsc::frequency() / 1_000_000).max(1));
