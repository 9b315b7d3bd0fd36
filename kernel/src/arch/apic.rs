//! The local APIC: xAPIC registers in memory, or x2APIC registers in MSRs.
//!
//! Numbers are those of the Intel SDM, volume 3, chapter 10.
#![expect(unsafe_code, reason = "the registers are reached by address or by instruction")]

use core::sync::atomic::{AtomicUsize, Ordering};

use raw_cpuid::CpuId;

use super::registers::{self, IA32_APIC_BASE};
use super::{paging, traps, tsc};

const ID: u32 = 0x20;
const TASK_PRIORITY: u32 = 0x80;
const END_OF_INTERRUPT: u32 = 0xb0;
const SPURIOUS_VECTOR: u32 = 0xf0;
const COMMAND_LOW: u32 = 0x300;
const COMMAND_HIGH: u32 = 0x310;
const TIMER: u32 = 0x320;
const LINT0: u32 = 0x350;
const TIMER_START: u32 = 0x380;
const TIMER_NOW: u32 = 0x390;
const TIMER_DIVISOR: u32 = 0x3e0;

const IS_ENABLED: u64 = 1 << 11; // of IA32_APIC_BASE
const IS_X2: u64 = 1 << 10; // of IA32_APIC_BASE
const SOFTWARE_ENABLE: u32 = 1 << 8; // of SPURIOUS_VECTOR
const MASKED: u32 = 1 << 16; // of TIMER, LINT0
const PERIODIC: u32 = 1 << 17; // of TIMER
const BY_16: u32 = 0b0011; // of TIMER_DIVISOR
const DELIVERY_PENDING: u32 = 1 << 12; // of COMMAND_LOW
const INIT: u32 = 0x4500; // of COMMAND_LOW, like the next two: level asserted, edge
const STARTUP: u32 = 0x4600;
const NMI: u32 = 0x4400;

/// Polls for the last interrupt to leave; it takes a few.
const DELIVERY_POLLS: u32 = 100_000;
const CALIBRATION_US: u64 = 10_000;

/// `X2`, or the address of the registers in memory.
static REGISTERS: AtomicUsize = AtomicUsize::new(0);
/// No address of registers: they are aligned to pages.
const X2: usize = 1;

/// Chooses x2APIC mode where the processor has it, and sets up core 0's.
pub(super) fn set_up() {
    // SAFETY: Every processor with long mode has this register.
    let base = unsafe { registers::read_msr(IA32_APIC_BASE) };
    let has_x2 = CpuId::new().get_feature_info().is_some_and(|cpu| cpu.has_x2apic());
    let registers = if has_x2 || base & IS_X2 != 0 {
        X2
    } else {
        let place = paging::map_mmio(base & 0x000f_ffff_ffff_f000, 4096);
        place.map_or(0, |place| place.as_ptr().expose_provenance())
    };
    assert!(registers != 0, "the local APIC's registers cannot be mapped");
    REGISTERS.store(registers, Ordering::Release);
    set_up_this_core();
}

/// Enables this core's; all its own interrupt sources but the NMI pin are masked.
pub(super) fn set_up_this_core() {
    // SAFETY: Every processor with long mode has this register.
    let base = unsafe { registers::read_msr(IA32_APIC_BASE) };
    let mode = if is_x2() { IS_ENABLED | IS_X2 } else { IS_ENABLED };
    if base & mode != mode {
        // SAFETY: Enabling, and going from xAPIC to x2APIC mode, are the allowed changes (10.12.5).
        unsafe { registers::write_msr(IA32_APIC_BASE, base | IS_ENABLED) };
        // SAFETY: As above.
        unsafe { registers::write_msr(IA32_APIC_BASE, base | mode) };
    }
    write(SPURIOUS_VECTOR, SOFTWARE_ENABLE | u32::from(traps::SPURIOUS));
    write(LINT0, MASKED);
    write(TIMER, MASKED);
    write(TASK_PRIORITY, 0);
}

/// Whether the registers are MSRs.
pub(crate) fn is_x2() -> bool {
    REGISTERS.load(Ordering::Acquire) == X2
}

/// Whether the core `apic_id` can be sent interrupts: without x2APIC ids have eight bits, and the last
/// one stands for all (10.12.1, 10.6.2).
pub(super) fn reaches(apic_id: u32) -> bool {
    is_x2() || apic_id < 0xff
}

/// The identity of the core that runs this.
pub(super) fn id() -> u32 {
    if is_x2() { read(ID) } else { read(ID) >> 24 }
}

/// Starts core 0's tick, one each millisecond; its speed is measured against the TSC.
pub(super) fn start_tick() {
    write(TIMER_DIVISOR, BY_16);
    write(TIMER_START, u32::MAX);
    tsc::wait_us(CALIBRATION_US);
    let counted = u32::MAX - read(TIMER_NOW);
    let per_tick = counted / (CALIBRATION_US / 1000) as u32;
    assert!(per_tick > 0, "the local timer stands still: core 0 would never wake up");
    write(TIMER, PERIODIC | u32::from(traps::TIMER));
    write(TIMER_START, per_tick);
}

/// Says that the interrupt that is being served is over.
pub(super) fn end_of_interrupt() {
    write(END_OF_INTERRUPT, 0);
}

/// Resets the core `apic_id`.
pub(super) fn send_init(apic_id: u32) {
    send(apic_id, INIT);
}

/// Has the core `apic_id` start in real mode at `page`, which lies below 1 MiB.
pub(super) fn send_startup(apic_id: u32, page: u64) {
    send(apic_id, STARTUP | (page >> 12) as u32 & 0xff);
}

/// Interrupts the core `apic_id` even if its interrupts are masked.
pub(super) fn send_nmi(apic_id: u32) {
    send(apic_id, NMI);
}

fn send(apic_id: u32, command: u32) {
    if is_x2() {
        let value = u64::from(apic_id) << 32 | u64::from(command);
        settle();
        // SAFETY: In x2APIC mode this is the interrupt command register (10.12.9).
        return unsafe { registers::write_msr(0x800 + (COMMAND_LOW >> 4), value) };
    }
    write(COMMAND_HIGH, apic_id << 24);
    write(COMMAND_LOW, command);
    for _ in 0..DELIVERY_POLLS {
        if read(COMMAND_LOW) & DELIVERY_PENDING == 0 {
            break;
        }
        core::hint::spin_loop();
    }
}

/// Lets all cores see what was stored so far: unlike a store, the write of an MSR in x2APIC mode may
/// overtake stores before it (10.12.3).
fn settle() {
    // SAFETY: Every processor with long mode has SSE2, and so this instruction.
    unsafe { core::arch::x86_64::_mm_mfence() };
    // SAFETY: As above.
    unsafe { core::arch::x86_64::_mm_lfence() };
}

fn read(register: u32) -> u32 {
    match REGISTERS.load(Ordering::Acquire) {
        // SAFETY: In x2APIC mode, register n of xAPIC is MSR 0x800 + n / 16 (table 10-6).
        X2 => unsafe { registers::read_msr(0x800 + (register >> 4)) as u32 },
        base => {
            let place: *const u32 = core::ptr::with_exposed_provenance(base + register as usize);
            // SAFETY: All registers lie in the page that `set_up` mapped.
            unsafe { place.read_volatile() }
        }
    }
}

fn write(register: u32, value: u32) {
    match REGISTERS.load(Ordering::Acquire) {
        // SAFETY: As in `read`; all that is written here is sound to write on any core.
        X2 => unsafe { registers::write_msr(0x800 + (register >> 4), u64::from(value)) },
        base => {
            let place: *mut u32 = core::ptr::with_exposed_provenance_mut(base + register as usize);
            // SAFETY: All registers lie in the page that `set_up` mapped.
            unsafe { place.write_volatile(value) };
        }
    }
}
