//! The few control and model specific registers that are used, and ports.
//!
//! Numbers and bits are those of the Intel SDM, volumes 3 (2.5) and 4.
#![expect(unsafe_code, reason = "these registers and ports are reached by instructions only")]

use core::arch::{asm, global_asm};
use core::ptr::NonNull;

pub(super) const IA32_APIC_BASE: u32 = 0x1b;
pub(super) const IA32_PAT: u32 = 0x277;
pub(super) const IA32_GS_BASE: u32 = 0xc000_0101;

global_asm!(include_str!("attempts.s"), options(att_syntax));

unsafe extern "C" {
    static attempt_rdmsr: u8;
    static attempt_wrmsr: u8;
    static attempt_rdpmc: u8;
    static attempt_failed: u8;

    fn attempt_to_read_msr(number: u32) -> Attempt;
    fn attempt_to_write_msr(number: u32, value: u64) -> Attempt;
    fn attempt_to_read_pmc(number: u32) -> Attempt;
}

/// How an attempt ended; returned in two registers.
#[repr(C)]
struct Attempt {
    value: u64,
    is_done: u64,
}

impl Attempt {
    fn outcome(self) -> Option<u64> {
        (self.is_done != 0).then_some(self.value)
    }
}

/// Where to go on after a fault at `rip`, if that is where something was attempted.
pub(super) fn landing(rip: u64) -> Option<u64> {
    let attempts = [&raw const attempt_rdmsr, &raw const attempt_wrmsr, &raw const attempt_rdpmc];
    let is_attempt = attempts.into_iter().any(|place| place.addr() as u64 == rip);
    is_attempt.then_some((&raw const attempt_failed).addr() as u64)
}

/// Reads the model specific register `number`; none if the processor, or who plays it, refuses.
///
/// Like the other attempts, not for handlers of NMIs and machine checks: the fault would take the
/// stack of another one that they interrupted.
pub(super) fn try_read_msr(number: u32) -> Option<u64> {
    // SAFETY: Reading a register reaches no memory, and a fault ends at the landing.
    unsafe { attempt_to_read_msr(number) }.outcome()
}

/// Writes the model specific register `number`; none if the processor, or who plays it, refuses.
///
/// # Safety
///
/// What `value` makes the register do must be sound.
pub(super) unsafe fn try_write_msr(number: u32, value: u64) -> Option<()> {
    // SAFETY: As promised by the caller, and a fault ends at the landing.
    unsafe { attempt_to_write_msr(number, value) }.outcome().map(|_| ())
}

/// Reads the performance counter `number` (Intel SDM volume 2, RDPMC); none if there is none.
pub(super) fn try_read_pmc(number: u32) -> Option<u64> {
    // SAFETY: Reading a counter reaches no memory, and a fault ends at the landing.
    unsafe { attempt_to_read_pmc(number) }.outcome()
}

/// Reads the model specific register `number`.
///
/// # Safety
///
/// The processor must have that register.
pub(super) unsafe fn read_msr(number: u32) -> u64 {
    // SAFETY: The caller knows that the register exists.
    unsafe { x86::msr::rdmsr(number) }
}

/// Writes the model specific register `number`.
///
/// # Safety
///
/// The processor must have that register, and what `value` makes it do must be sound.
pub(super) unsafe fn write_msr(number: u32, value: u64) {
    // SAFETY: As promised by the caller.
    unsafe { x86::msr::wrmsr(number, value) };
}

/// Reads a byte from `port`.
///
/// # Safety
///
/// Reading the port must have no effect on memory.
pub(super) unsafe fn read_port8(port: u16) -> u8 {
    // SAFETY: As promised by the caller.
    unsafe { x86::io::inb(port) }
}

/// Writes a byte to `port`.
///
/// # Safety
///
/// What the device behind the port does with it must be sound.
pub(super) unsafe fn write_port8(port: u16, value: u8) {
    // SAFETY: As promised by the caller.
    unsafe { x86::io::outb(port, value) };
}

/// Reads two bytes from `port`.
///
/// # Safety
///
/// Reading the port must have no effect on memory.
pub(super) unsafe fn read_port16(port: u16) -> u16 {
    // SAFETY: As promised by the caller.
    unsafe { x86::io::inw(port) }
}

/// Writes two bytes to `port`.
///
/// # Safety
///
/// What the device behind the port does with it must be sound.
pub(super) unsafe fn write_port16(port: u16, value: u16) {
    // SAFETY: As promised by the caller.
    unsafe { x86::io::outw(port, value) };
}

/// Reads four bytes from `port`.
///
/// # Safety
///
/// Reading the port must have no effect on memory.
pub(super) unsafe fn read_port32(port: u16) -> u32 {
    // SAFETY: As promised by the caller.
    unsafe { x86::io::inl(port) }
}

/// Writes four bytes to `port`.
///
/// # Safety
///
/// What the device behind the port does with it must be sound.
pub(super) unsafe fn write_port32(port: u16, value: u32) {
    // SAFETY: As promised by the caller.
    unsafe { x86::io::outl(port, value) };
}

/// Reads a register in memory by EAX, the only one by which processors of AMD's family 10h reach the
/// configuration space of their northbridge (Linux, `arch/x86/include/asm/pci_x86.h`).
///
/// # Safety
///
/// The register is mapped, and to read it is harmless.
pub(super) unsafe fn read_by_eax(place: NonNull<u32>) -> u32 {
    let value;
    // SAFETY: As promised by the caller.
    unsafe {
        asm!("mov eax, [{}]", in(reg) place.as_ptr(), out("eax") value,
            options(nostack, preserves_flags));
    }
    value
}

/// Writes one by EAX.
///
/// # Safety
///
/// The register is mapped, and the caller may write `value` to it.
pub(super) unsafe fn write_by_eax(place: NonNull<u32>, value: u32) {
    // SAFETY: As promised by the caller.
    unsafe {
        asm!("mov [{}], eax", in(reg) place.as_ptr(), in("eax") value,
            options(nostack, preserves_flags));
    }
}

/// The address whose access faulted last (CR2).
pub(super) fn fault_address() -> u64 {
    x86_64::registers::control::Cr2::read_raw()
}

/// Rests until the time-stamp counter is `until`, or something else ends the rest.
///
/// The processor must have TPAUSE; it is an invalid opcode otherwise, which a core does not survive.
#[inline]
pub(super) fn wait_until(until: u64) {
    let (low, high) = (until as u32, (until >> 32) as u32);
    // SAFETY: It rests, with 1 for the lighter of two states, and changes flags and nothing else.
    unsafe {
        asm!("tpause {0:e}", in(reg) 1_u32, in("eax") low, in("edx") high,
            options(nomem, nostack));
    }
}

/// Rests for `cycles` of the time-stamp counter, or until something else ends the rest.
///
/// The processor must have MWAITX; it is an invalid opcode otherwise, which a core does not survive.
#[inline]
pub(super) fn wait_for(cycles: u32) {
    let watched = 0_u64;
    // SAFETY: It has the line of `watched`, which nobody writes, end a rest, and changes nothing.
    unsafe {
        asm!("monitorx", in("rax") &raw const watched, in("ecx") 0, in("edx") 0,
            options(readonly, nostack, preserves_flags));
    }
    // SAFETY: It rests, with 0xf0 for no sleep of the core beyond the lightest and 2 for the timer in
    // EBX, which the compiler keeps for itself and gets back.
    unsafe {
        asm!("xchg {0:r}, rbx", "mwaitx", "xchg {0:r}, rbx", inout(reg) u64::from(cycles) => _,
            in("eax") 0xf0, in("ecx") 2, options(nomem, nostack, preserves_flags));
    }
}

/// The registers that a called function keeps, roughly those of this function's caller.
#[inline(always)]
pub(super) fn kept() -> [(&'static str, u64); 7] {
    let (rsp, rbp, rbx): (u64, u64, u64);
    // SAFETY: Copies registers.
    unsafe {
        asm!("mov {0}, rsp", "mov {1}, rbp", "mov {2}, rbx", out(reg) rsp, out(reg) rbp,
            out(reg) rbx, options(nomem, nostack, preserves_flags));
    }
    let (r12, r13, r14, r15): (u64, u64, u64, u64);
    // SAFETY: Copies registers.
    unsafe {
        asm!("mov {0}, r12", "mov {1}, r13", "mov {2}, r14", "mov {3}, r15", out(reg) r12,
            out(reg) r13, out(reg) r14, out(reg) r15, options(nomem, nostack, preserves_flags));
    }
    let names = ["rsp", "rbp", "rbx", "r12", "r13", "r14", "r15"];
    let values = [rsp, rbp, rbx, r12, r13, r14, r15];
    core::array::from_fn(|i| (names[i], values[i]))
}
