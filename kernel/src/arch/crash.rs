//! The end: the first core that crashes stops the others, quiets the devices, and reports.

mod exception;

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use heapless::String;
use serial::{Insist, Port};
use spin::{Mutex, Once};

use super::traps::Frame;
use super::uart::Uart;
use super::{apic, cores, power, registers, tsc};

/// How long the other cores have to stop, in microseconds.
const STOP_US: u64 = 10_000;
const CONSOLE_BAUD: u32 = 115_200;
/// Bytes of a report's line that go by the stream together.
const PIECE: usize = 256;

/// The number of the core that reports, or one more than any core's.
static REPORTER: AtomicUsize = AtomicUsize::new(cores::MAX);
static IS_REPORT_BROKEN: AtomicBool = AtomicBool::new(false);
static HOOKS: Once<Hooks> = Once::new();
static CONSOLE: Once<Uart> = Once::new();
/// What was said before it was known where the console is.
static EARLY: Mutex<String<EARLY_LEN>> = Mutex::new(String::new());
const EARLY_LEN: usize = 2048;
/// Symbols in a second that firmware left COM1 with.
static FOUND: Once<Option<u32>> = Once::new();
/// Seconds from the end of a report until the machine starts again, or `NEVER`.
static RESTART_AFTER: AtomicU32 = AtomicU32::new(NEVER);
const NEVER: u32 = u32::MAX;

/// Core 0 does something that it should come to the end of.
static IS_BUSY: AtomicBool = AtomicBool::new(false);

/// What the rest of the kernel adds to a crash. All of it runs on the crashed core, on whichever of its
/// stacks it crashed on. All other cores have stopped wherever they were, so no lock may be
/// waited for.
pub(crate) struct Hooks {
    /// Keeps devices from writing to memory, and from ending the report.
    pub(crate) quiesce: fn(),
    /// Adds to the report, after the registers.
    pub(crate) report: fn(&mut dyn Write),
    /// Has a piece of the report go by the stream too, if that has a line of its own that can be polled.
    pub(crate) stream: fn(&str),
    /// The report gets on, or the pause after it: not to be mistaken for a machine that stands still.
    pub(crate) go_on: fn(),
}

/// Sets what is called in a crash; the first call counts.
pub(crate) fn set_hooks(hooks: Hooks) {
    HOOKS.call_once(|| hooks);
}

/// Opens `uart` for `baud` symbols a second, or for as many as firmware left it with, and sends reports there
/// from now on; to COM1 before, and what was said there is said here again. What cannot be opened is used as it is.
pub(crate) fn report_to(uart: Uart, baud: Option<u32>) -> Port {
    let found = || FOUND.get().copied().flatten().filter(|_| uart == Uart::COM1);
    let port = uart.open(baud.or_else(found));
    CONSOLE.call_once(|| uart);
    let mut port = port.unwrap_or_else(|_| uart.seize());
    if uart != Uart::COM1 {
        // A console that is stuck has nobody who could be told so.
        let _ = port.insist().write_str(&EARLY.lock());
    }
    port
}

/// Has the machine start again so many seconds after a report, or never, from now on.
pub(crate) fn restart_after(seconds: Option<u32>) {
    RESTART_AFTER.store(seconds.unwrap_or(NEVER), Ordering::Relaxed);
}

/// Whether it does.
pub(crate) fn restarts() -> bool {
    RESTART_AFTER.load(Ordering::Relaxed) != NEVER
}

/// Prints a line on the console by polling. For core 0, before the console has an owner.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    // A console that is stuck has nobody who could be told so.
    let _ = writeln!(port().insist(), "{line}");
    if CONSOLE.get().is_none() {
        let mut early = EARLY.lock();
        let len = early.len();
        if writeln!(early, "{line}").is_err() {
            // A line that there is no room for was said once at least.
            early.truncate(len);
        }
    }
}

/// Waits until all that the console was given is on the line.
pub(crate) fn finish() {
    // A line that is stuck must not keep anybody from the end.
    let _ = port().insist().finish();
}

/// Brings the default console to its speed, so that even the first line can be read.
pub(super) fn open_console() {
    FOUND.call_once(|| Uart::COM1.seize().baud());
    // Without the port there is nobody to tell.
    let _ = Uart::COM1.open(Some(CONSOLE_BAUD));
}

/// Does `act` to its end, even if a core crashes meanwhile that waits for this one to stop. For core 0, and
/// for what takes much less than the time for that.
pub(crate) fn undisturbed(act: impl FnOnce()) {
    IS_BUSY.store(true, Ordering::SeqCst);
    act();
    IS_BUSY.store(false, Ordering::SeqCst);
    if is_reported_elsewhere() {
        stop_here();
    }
}

/// Whether another core is reporting a crash, and this one should stop at once.
pub(super) fn is_to_stop() -> bool {
    is_reported_elsewhere() && !(cores::core_id() == 0 && IS_BUSY.load(Ordering::SeqCst))
}

/// Whether this core reports a crash: no other is to run then, and a lock that is held is held for good.
pub(super) fn is_reported_here() -> bool {
    REPORTER.load(Ordering::Acquire) == cores::core_id()
}

fn is_reported_elsewhere() -> bool {
    let reporter = REPORTER.load(Ordering::Acquire);
    reporter != cores::MAX && reporter != cores::core_id()
}

/// Says that this core has stopped, and stops it.
pub(super) fn stop_here() -> ! {
    cores::this().has_stopped.store(true, Ordering::Release);
    power::halt()
}

/// Reports an exception that nothing returns from.
pub(super) fn on_trap(frame: &Frame) -> ! {
    crash(|out| exception::describe(frame, out))
}

#[panic_handler]
fn on_panic(panic: &PanicInfo<'_>) -> ! {
    let registers = registers::kept();
    crash(|out| {
        write!(out, "panic")?;
        if let Some(place) = panic.location() {
            write!(out, " at {}:{}", place.file(), place.line())?;
        }
        writeln!(out, ": {}", panic.message())?;
        for (position, (name, value)) in registers.into_iter().enumerate() {
            let end = if position % 4 == 3 { "\n" } else { "" };
            write!(out, "  {name} {value:016x}{end}")?;
        }
        writeln!(out)
    })
}

/// The protocol; `describe` writes what happened.
fn crash(describe: impl FnOnce(&mut dyn Write) -> fmt::Result) -> ! {
    x86_64::instructions::interrupts::disable();
    let core = cores::core_id();
    match REPORTER.compare_exchange(cores::MAX, core, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {}
        Err(first) if first == core => crash_in_report(describe),
        Err(_) => stop_here(),
    }
    let running_on = stop_others();
    if let Some(hooks) = HOOKS.get() {
        (hooks.quiesce)();
    }
    let mut port = port();
    let mut out = Report::on(&mut port);
    let _ = write!(out, "crash on core {core}: ");
    let _ = describe(&mut out);
    if running_on > 0 {
        let _ = writeln!(out, "  {running_on} cores did not stop within {STOP_US} us");
    }
    if let Some(hooks) = HOOKS.get() {
        (hooks.report)(&mut out);
    }
    end(out)
}

/// A crash while a crash is reported says what it was, if it can, and is the end.
fn crash_in_report(describe: impl FnOnce(&mut dyn Write) -> fmt::Result) -> ! {
    if !IS_REPORT_BROKEN.swap(true, Ordering::Relaxed) {
        let mut port = port();
        let mut out = Report::on(&mut port);
        let _ = write!(out, "crash in the report of a crash: ");
        let _ = describe(&mut out);
        end(out);
    }
    leave()
}

/// Ends the report.
fn end(mut out: Report<'_>) -> ! {
    let _ = writeln!(out, "end of the report");
    out.finish();
    leave()
}

/// What comes after the report: the machine starts again if that was asked for, or stands still so that the
/// report can be read.
fn leave() -> ! {
    match RESTART_AFTER.load(Ordering::Relaxed) {
        NEVER => power::exit(power::CRASHED),
        seconds => {
            for _ in 0..seconds {
                go_on();
                tsc::wait_us(1_000_000);
            }
            power::reboot()
        }
    }
}

fn go_on() {
    if let Some(hooks) = HOOKS.get() {
        (hooks.go_on)();
    }
}

/// A report on its way to the console, and line by line to the stream. A line that is stuck must not keep
/// us from the end, nor from the other line, so that nothing that is written fails.
struct Report<'a> {
    console: Insist<'a>,
    line: String<PIECE>,
}

impl<'a> Report<'a> {
    /// Begins it, away from whatever the console was saying.
    fn on(port: &'a mut Port) -> Self {
        let mut console = port.insist();
        let _ = console.write_str("\n\n");
        Self { console, line: String::new() }
    }

    fn end_line(&mut self) {
        go_on();
        if let Some(hooks) = HOOKS.get().filter(|_| !self.line.is_empty()) {
            (hooks.stream)(&self.line);
        }
        self.line.clear();
    }

    fn finish(&mut self) {
        self.end_line();
        let _ = self.console.finish();
    }
}

impl Write for Report<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let _ = self.console.write_str(text);
        for letter in text.chars() {
            if self.line.len() + letter.len_utf8() > PIECE {
                self.end_line();
            }
            let _fits = self.line.push(letter);
            if letter == '\n' {
                self.end_line();
            }
        }
        Ok(())
    }
}

/// Stops all other cores; returns how many would not within the limit.
fn stop_others() -> usize {
    let own = cores::core_id();
    let others = || cores::running().filter(move |&(index, _)| index != own).map(|(_, core)| core);
    let awake = || others().filter(|core| !core.has_stopped.load(Ordering::Acquire)).count();
    for core in others() {
        apic::send_nmi(core.apic_id());
    }
    tsc::wait_until(STOP_US, || awake() == 0);
    awake()
}

fn port() -> Port {
    CONSOLE.get().copied().unwrap_or(Uart::COM1).seize()
}
