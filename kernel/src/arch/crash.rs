//! The end: the first core that crashes stops the others, quiets the devices, and reports.

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serial::{Com, Port};
use spin::Once;

use super::traps::Frame;
use super::{apic, cores, machine_check, power, registers, sections, tsc};

/// How long the other cores have to stop, in microseconds.
const STOP_US: u64 = 10_000;
const CONSOLE_BAUD: u32 = 115_200;

/// The number of the core that reports, or one more than any core's.
static REPORTER: AtomicUsize = AtomicUsize::new(cores::MAX);
static IS_REPORT_BROKEN: AtomicBool = AtomicBool::new(false);
static HOOKS: Once<Hooks> = Once::new();
static IS_ON_COM2: AtomicBool = AtomicBool::new(false);

/// What the rest of the kernel adds to a crash. Both run on the crashed core, on whichever of its
/// stacks it crashed on. All other cores have stopped wherever they were, so no lock may be
/// waited for.
pub(crate) struct Hooks {
    /// Keeps devices from writing to memory, and ends what was half sent.
    pub(crate) quiesce: fn(),
    /// Adds to the report, after the registers.
    pub(crate) report: fn(&mut dyn Write),
}

/// Sets what is called in a crash; the first call counts.
pub(crate) fn set_hooks(hooks: Hooks) {
    HOOKS.call_once(|| hooks);
}

/// Sends reports to `com` from now on; COM1 before.
pub(crate) fn report_to(com: Com) {
    IS_ON_COM2.store(com == Com::Two, Ordering::Relaxed);
}

/// Prints a line on the console by polling. For core 0, before the console has an owner.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    // A console that is stuck has nobody who could be told so.
    let _ = writeln!(port().insist(), "{line}");
}

/// Waits until all that the console was given is on the line.
pub(crate) fn finish() {
    // A line that is stuck must not keep anybody from the end.
    let _ = port().insist().finish();
}

/// Brings the default console to its speed, so that even the first line can be read.
pub(super) fn open_console() {
    // Without the port there is nobody to tell.
    let _ = Port::open(Com::One, CONSOLE_BAUD);
}

/// Whether another core is reporting a crash, and this one should stop.
pub(super) fn is_reported_elsewhere() -> bool {
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
    crash(|out| describe(frame, out))
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
    let mut out = port.insist();
    // A line that is stuck must not keep us from the end.
    let _ = write!(out, "\n\ncrash on core {core}: ");
    let _ = describe(&mut out);
    if running_on > 0 {
        let _ = writeln!(out, "  {running_on} cores did not stop within {STOP_US} us");
    }
    if let Some(hooks) = HOOKS.get() {
        (hooks.report)(&mut out);
    }
    let _ = writeln!(out, "end of the report");
    let _ = out.finish();
    power::exit(power::CRASHED)
}

/// A crash while a crash is reported says what it was, if it can, and is the end.
fn crash_in_report(describe: impl FnOnce(&mut dyn Write) -> fmt::Result) -> ! {
    if !IS_REPORT_BROKEN.swap(true, Ordering::Relaxed) {
        let mut port = port();
        let mut out = port.insist();
        // Whether anybody reads it or not, this is the end.
        let _ = write!(out, "\n\ncrash in the report of a crash: ");
        let _ = describe(&mut out);
        let _ = out.finish();
    }
    power::exit(power::CRASHED)
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
    Port::seize(if IS_ON_COM2.load(Ordering::Relaxed) { Com::Two } else { Com::One })
}

/// Says which exception it was, where, why, and what the registers held.
fn describe(frame: &Frame, out: &mut dyn Write) -> fmt::Result {
    let Frame { vector, error_code, .. } = frame;
    let name = usize::try_from(*vector).ok().and_then(|vector| NAMES.get(vector)).unwrap_or(&"?");
    writeln!(out, "{name} (vector {vector}, error code {error_code:#x})")?;
    if *vector == PAGE_FAULT {
        writeln!(out, "  {}", Reason::of(*error_code, registers::fault_address()))?;
    }
    if *vector == MACHINE_CHECK {
        writeln!(out, "  {}", machine_check::Reason)?;
    }
    writeln!(
        out,
        "  rip {:016x}  rsp {:016x}  rflags {:016x}  cr2 {:016x}",
        frame.rip,
        frame.rsp,
        frame.rflags,
        registers::fault_address()
    )?;
    writeln!(
        out,
        "  rax {:016x}  rbx {:016x}  rcx {:016x}  rdx {:016x}",
        frame.rax, frame.rbx, frame.rcx, frame.rdx
    )?;
    writeln!(
        out,
        "  rsi {:016x}  rdi {:016x}  rbp {:016x}  r8  {:016x}",
        frame.rsi, frame.rdi, frame.rbp, frame.r8
    )?;
    writeln!(
        out,
        "  r9  {:016x}  r10 {:016x}  r11 {:016x}  r12 {:016x}",
        frame.r9, frame.r10, frame.r11, frame.r12
    )?;
    writeln!(
        out,
        "  r13 {:016x}  r14 {:016x}  r15 {:016x}  cs {:04x} ss {:04x}",
        frame.r13, frame.r14, frame.r15, frame.cs, frame.ss
    )
}

const PAGE_FAULT: u64 = 14;
const MACHINE_CHECK: u64 = 18;

/// Names of the exceptions (Intel SDM volume 3, table 6-1).
const NAMES: [&str; 32] = [
    "divide error",
    "debug exception",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack segment fault",
    "general protection fault",
    "page fault",
    "reserved exception",
    "x87 floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point error",
    "virtualization exception",
    "control protection exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "reserved exception",
    "hypervisor injection exception",
    "VMM communication exception",
    "security exception",
    "reserved exception",
];

/// Why an access faulted, as far as its address tells.
enum Reason {
    StackOverflow { core: usize, address: u64 },
    NullPointer { access: &'static str, address: u64 },
    WriteToText { address: u64 },
    Other { access: &'static str, is_mapped: bool, address: u64 },
}

impl Reason {
    /// From the bits of the error code (Intel SDM volume 3, 4.7) and the address.
    fn of(error_code: u64, address: u64) -> Self {
        let access = match error_code {
            code if code & 1 << 4 != 0 => "execution",
            code if code & 1 << 1 != 0 => "write",
            _ => "read",
        };
        let owner = cores::running()
            .find(|(_, core)| core.stacks().is_some_and(|stacks| stacks.is_guard(address)));
        match owner {
            Some((core, _)) => Self::StackOverflow { core, address },
            None if address < 4096 => Self::NullPointer { access, address },
            None if access == "write" && sections::text().contains(&address) => {
                Self::WriteToText { address }
            }
            None => Self::Other { access, is_mapped: error_code & 1 != 0, address },
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StackOverflow { core, address } => {
                write!(f, "stack overflow on core {core} (guard page hit at {address:#x})")
            }
            Self::NullPointer { access, address } => {
                write!(f, "null pointer: {access} at {address:#x}, in page 0")
            }
            Self::WriteToText { address } => write!(f, "write to text at {address:#x}"),
            Self::Other { access, is_mapped: true, address } => {
                write!(f, "{access} at {address:#x} is forbidden")
            }
            Self::Other { access, is_mapped: false, address } => {
                write!(f, "{access} at {address:#x}, where nothing is mapped")
            }
        }
    }
}
