//! The cores: who they are, and how all but the first are started.
#![expect(
    unsafe_code,
    reason = "cores are told apart by a register and started through low memory"
)]

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use heapless::Vec;
use kernel::boot::acpi::{PROCESSORS, Platform};
use spin::Once;

use super::descriptors::Descriptors;
use super::interruptions::{Interruptions, Whereabouts};
use super::stacks::Stacks;
use super::{
    acpi, apic, crash, machine_check, memory, paging, performance, processor, registers, sections,
    stolen, traps, tsc,
};

/// The most cores that are used.
pub(crate) const MAX: usize = 64;

const TRAMPOLINE_LEN_MAX: usize = 256;

/// Waits for a core that was told to start, in microseconds. The core of a virtual machine starts when its
/// host lets it: a busy one took longer than 500 ms once in 300 boots.
const FIRST_WAIT_US: u64 = 20_000;
const SECOND_WAIT_US: u64 = 5_000_000;

static CORES: [Core; MAX] = [const { Core::new() }; MAX];
static UP: AtomicU32 = AtomicU32::new(1);
static STARTING: AtomicU32 = AtomicU32::new(0);
static OTHERS: Once<Vec<u32, { MAX - 1 }>> = Once::new();
static ENTRY: Once<fn(usize) -> !> = Once::new();

unsafe extern "C" {
    static trampoline_start: u8;
    static trampoline_end: u8;
    static next_core_tables: AtomicU64;
    static next_core_stack: AtomicU64;
}

/// What is known of a core, for good: a loop may keep the reference. GS points at it.
#[repr(C, align(64))]
pub(crate) struct Core {
    /// First, so that it is read with one instruction.
    index: AtomicU32,
    apic_id: AtomicU32,
    is_up: AtomicBool,
    /// Set by a core that sleeps for good because another one reports a crash.
    pub(super) has_stopped: AtomicBool,
    pub(super) interruptions: Interruptions,
    pub(super) whereabouts: Whereabouts,
    stacks: AtomicU64,
    descriptors: Descriptors,
}

impl Core {
    const fn new() -> Self {
        Self {
            index: AtomicU32::new(0),
            apic_id: AtomicU32::new(0),
            is_up: AtomicBool::new(false),
            has_stopped: AtomicBool::new(false),
            interruptions: Interruptions::new(),
            whereabouts: Whereabouts::new(),
            stacks: AtomicU64::new(0),
            descriptors: Descriptors::new(),
        }
    }

    /// How often this core was interrupted so far, by NMIs other than those of [`where_is`] or by
    /// machine checks; a plain load.
    #[inline]
    pub(crate) fn interruptions(&self) -> u64 {
        self.interruptions.all()
    }

    /// Machine checks of this core that it survived so far.
    pub(crate) fn machine_checks(&self) -> u64 {
        self.interruptions.machine_checks()
    }

    /// Interrupts of this core so far, NMIs left out.
    pub(crate) fn interrupts(&self) -> u64 {
        self.interruptions.interrupts()
    }

    /// Where to send this core an interrupt.
    pub(super) fn apic_id(&self) -> u32 {
        self.apic_id.load(Ordering::Acquire)
    }

    /// This core's stacks, once it has some.
    pub(super) fn stacks(&self) -> Option<Stacks> {
        Some(self.stacks.load(Ordering::Acquire)).filter(|&base| base != 0).map(Stacks::at)
    }
}

/// The number of the core that runs this: 0 for the first, 1 and up for the others as they started.
#[inline]
pub(crate) fn core_id() -> usize {
    let index: u32;
    // SAFETY: From its first Rust code on, each core's GS points at its entry of `CORES`.
    unsafe {
        asm!("mov {:e}, gs:[0]", out(reg) index, options(nostack, preserves_flags, readonly));
    }
    index as usize
}

/// How many cores run; their numbers are the ones below.
pub(crate) fn count() -> usize {
    UP.load(Ordering::Acquire) as usize
}

/// The cores that run.
pub(crate) fn running() -> impl Iterator<Item = (usize, &'static Core)> {
    CORES.iter().enumerate().take(count())
}

/// The core that runs this.
pub(crate) fn this() -> &'static Core {
    &CORES[core_id() % MAX]
}

/// The address of the instruction that `core` is about to execute. Interrupts it by an NMI, and
/// waits 10 ms at most; none if it did not answer, or does not run.
pub(crate) fn where_is(core: usize) -> Option<u64> {
    let (_, core) = running().nth(core)?;
    core.whereabouts.ask(|| apic::send_nmi(core.apic_id()))
}

/// The node of memory that `core` is near.
pub(crate) fn node(core: usize) -> u8 {
    running().nth(core).map_or(0, |(_, core)| acpi::platform().nodes.of_processor(core.apic_id()))
}

/// Whether a core with a lower number, maybe the first, is a thread of the same core as `core`.
pub(crate) fn is_sibling(core: usize) -> bool {
    let bits = processor::thread_bits();
    let physical = |core: &Core| core.apic_id() >> bits;
    let own = running().nth(core).map(|(_, core)| physical(core));
    running().take(core).any(|(_, other)| Some(physical(other)) == own)
}

/// Makes the running core number 0. Nothing else in here works before.
pub(super) fn adopt_first() {
    CORES[0].stacks.store(sections::stacks(), Ordering::Release);
    adopt(&CORES[0], Stacks::at(sections::stacks()));
}

/// Learns the other cores' identities from the firmware.
pub(super) fn number(platform: &Platform) {
    let own = apic::id();
    CORES[0].apic_id.store(own, Ordering::Release);
    let mut others = Vec::new();
    let mut left_out = 0;
    let listed = &platform.processors;
    let (near, far): (Vec<u32, PROCESSORS>, Vec<u32, PROCESSORS>) =
        listed.enabled.iter().filter(|&&id| id != own).partition(|&&id| apic::reaches(id));
    for apic_id in near {
        if others.push(apic_id).is_err() {
            left_out += 1;
        }
    }
    tell(left_out, format_args!("more than {MAX} are not used"));
    tell(far.len() as u32, format_args!("with APIC ids above 254 need x2APIC and are not used"));
    let absent = format_args!("more are disabled in the firmware, or absent");
    tell(listed.disabled + listed.spare, absent);
    OTHERS.call_once(|| others);
}

fn tell(count: u32, what: core::fmt::Arguments<'_>) {
    if count > 0 {
        crash::say(format_args!("note: {count} cores {what}"));
    }
}

/// Starts all other cores, each in `entry` with its number; returns how many cores run, this one
/// included. To be called once; a core that does not start is named and left out.
pub(crate) fn start(entry: fn(core: usize) -> !) -> usize {
    ENTRY.call_once(|| entry);
    let others = OTHERS.get().map_or(&[][..], |others| others);
    if others.is_empty() {
        return count();
    }
    let Some(page) = place_trampoline() else {
        crash::say(format_args!("warning: no free page below 1 MiB, only one core is used"));
        return count();
    };
    // All before the first core starts: later, nobody may find its map changed.
    let stacks: Vec<Stacks, MAX> = others.iter().map_while(|_| carve_stacks()).collect();
    for &apic_id in others {
        let index = count();
        let (Some(core), Some(&stacks)) = (CORES.get(index), stacks.get(index - 1)) else {
            crash::say(format_args!("warning: no memory for the stacks of core {index}"));
            break;
        };
        prepare(index, apic_id, stacks);
        match start_one(core, page) {
            Outcome::Up => tsc::measure_step(index),
            Outcome::Silent => {
                crash::say(format_args!("warning: the core with APIC id {apic_id} did not start"));
            }
            Outcome::Lost => {
                crash::say(format_args!(
                    "warning: the core with APIC id {apic_id} started and was lost"
                ));
                break;
            }
        }
    }
    count()
}

/// The first Rust code of every core but the first: interrupts off, final page tables.
pub(super) extern "C" fn start_next_core() -> ! {
    let index = STARTING.load(Ordering::Acquire) as usize;
    let core = &CORES[index % MAX];
    if let Some(stacks) = core.stacks() {
        adopt(core, stacks);
    }
    traps::load();
    paging::activate();
    apic::set_up_this_core();
    machine_check::set_up_this_core();
    stolen::set_up_this_core();
    performance::set_up_this_core();
    UP.store(index as u32 + 1, Ordering::Release);
    core.is_up.store(true, Ordering::Release);
    tsc::answer();
    match ENTRY.get() {
        Some(entry) => entry(index),
        None => super::power::halt(),
    }
}

/// How an attempt to start a core ended.
enum Outcome {
    Up,
    /// It never took its stack, and was put back to sleep.
    Silent,
    /// It took its stack and went no further.
    Lost,
}

/// Loads `core`'s segments and points GS at it.
fn adopt(core: &'static Core, stacks: Stacks) {
    core.descriptors.load(stacks);
    let address = core::ptr::from_ref(core).addr() as u64;
    // SAFETY: Every processor with long mode has this register, and nobody else uses GS.
    unsafe { registers::write_msr(registers::IA32_GS_BASE, address) };
}

/// Copies the real-mode code to a low page, and says which.
fn place_trampoline() -> Option<u64> {
    let page = memory::trampoline()?;
    let from = &raw const trampoline_start;
    let len = (&raw const trampoline_end).addr() - from.addr();
    assert!(len <= TRAMPOLINE_LEN_MAX, "the trampoline is longer than expected");
    let to: *mut u8 = core::ptr::with_exposed_provenance_mut(page as usize);
    // SAFETY: The page is usable memory that nobody was given, and the code is shorter than it.
    unsafe { core::ptr::copy_nonoverlapping(from, to, len) };
    Some(page)
}

fn carve_stacks() -> Option<Stacks> {
    let memory = memory::carve_dma(Stacks::LEN, 4096)?;
    let stacks = Stacks::at(memory.as_mut_ptr().expose_provenance() as u64);
    paging::unmap_guards(stacks)?;
    Some(stacks)
}

/// Lays out what the next core finds.
fn prepare(index: usize, apic_id: u32, stacks: Stacks) {
    let core = &CORES[index];
    core.index.store(index as u32, Ordering::Relaxed);
    core.apic_id.store(apic_id, Ordering::Release);
    core.stacks.store(stacks.main_top() - Stacks::MAIN_TOP as u64, Ordering::Release);
    tsc::expect_questions();
    STARTING.store(index as u32, Ordering::Release);
    // SAFETY: The symbol is an aligned quadword of the image's data.
    let tables = unsafe { &next_core_tables };
    tables.store(paging::root(), Ordering::Release);
    stack_to_take().store(stacks.main_top(), Ordering::Release);
}

/// The stack that the next core takes by exchanging it for 0.
fn stack_to_take() -> &'static AtomicU64 {
    // SAFETY: The symbol is an aligned quadword of the image's data.
    unsafe { &next_core_stack }
}

/// INIT, then twice the start-up interrupt if need be (Intel SDM volume 3, 9.4.4).
fn start_one(core: &Core, page: u64) -> Outcome {
    let is_up = || core.is_up.load(Ordering::Acquire);
    apic::send_init(core.apic_id());
    tsc::wait_us(200);
    apic::send_startup(core.apic_id(), page);
    if tsc::wait_until(FIRST_WAIT_US, is_up) {
        return Outcome::Up;
    }
    // Old processors need 10 ms after INIT; the first attempt has given them that.
    apic::send_startup(core.apic_id(), page);
    if tsc::wait_until(SECOND_WAIT_US, is_up) {
        return Outcome::Up;
    }
    apic::send_init(core.apic_id());
    tsc::wait_us(10_000);
    if stack_to_take().swap(0, Ordering::AcqRel) == 0 { Outcome::Lost } else { Outcome::Silent }
}
