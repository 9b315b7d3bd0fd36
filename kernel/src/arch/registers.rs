//! The few control and model specific registers that are used, and ports.
//!
//! Numbers and bits are those of the Intel SDM, volumes 3 (2.5) and 4.
#![expect(unsafe_code, reason = "these registers and ports are reached by instructions only")]

use core::arch::asm;

pub(super) const IA32_APIC_BASE: u32 = 0x1b;
pub(super) const IA32_PAT: u32 = 0x277;
pub(super) const IA32_GS_BASE: u32 = 0xc000_0101;

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

/// The address whose access faulted last (CR2).
pub(super) fn fault_address() -> u64 {
    x86_64::registers::control::Cr2::read_raw()
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
